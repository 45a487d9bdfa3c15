//! A story in short: its first sentence, and that in one line.

/// Up to the first full stop or question mark before a capital letter ("SDM vol. 3" goes on), in one line.
pub(crate) fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ends = |&(at, _): &(usize, &str)| {
        let rest = text[at + 1..].trim_start();
        rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_uppercase())
    };
    let end = text.match_indices(['.', '?']).find(ends).map_or(text.len(), |(at, _)| at + 1);
    text[..end].to_owned()
}

/// The first sentence in at most so many characters: without what stands behind its first colon or semicolon, if it has
/// to be, and in the end without its last words.
pub(crate) fn one_line(text: &str, characters: usize) -> String {
    let sentence = first_sentence(text);
    let fits = |text: &str| text.chars().count() <= characters;
    if fits(&sentence) {
        return sentence;
    }
    let clause = sentence.split([':', ';']).next().unwrap_or_default().to_owned() + ".";
    if fits(&clause) {
        return clause;
    }
    let mut line = String::new();
    for word in sentence.split(' ') {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if !fits(&format!("{longer} …")) {
            break;
        }
        line = longer;
    }
    line + " …"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        let sentences = [
            ("A wire is stuck (SDM vol. 3 §8.11). More.", "A wire is stuck (SDM vol. 3 §8.11)."),
            ("Is the fix\nenough? The goal.", "Is the fix enough?"),
            ("One 2.6.22 only", "One 2.6.22 only"),
            (" The end. ", "The end."),
        ];
        for (story, sentence) in sentences {
            assert_eq!(first_sentence(story), sentence);
        }
    }

    #[test]
    fn a_line_is_no_longer_than_it_may_be() {
        let story = "A target in shutdown: a triple fault stops CPU 2. More.";
        assert_eq!(one_line(story, 60), "A target in shutdown: a triple fault stops CPU 2.");
        assert_eq!(one_line(story, 40), "A target in shutdown.");
        assert_eq!(one_line(story, 15), "A target in …");
    }
}
