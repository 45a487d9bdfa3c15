//! Words to find in what is said of an event: as they stand in a trace, with `...` for anything between.

/// Parts that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase(Vec<String>);

impl Phrase {
    /// None of nothing: that would be every event.
    pub(super) fn read(text: &str) -> Option<Self> {
        let parts = text.split("...").map(str::trim).filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.map(str::to_owned).collect();
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// Does `said` have all parts, whole words, in their order?
    pub(crate) fn is_in(&self, said: &str) -> bool {
        let mut rest = said;
        self.0.iter().all(|part| {
            let found = whole(rest, part);
            rest = found.map_or("", |end| &rest[end..]);
            found.is_some()
        })
    }
}

/// The end of the first place of `part` in `text` that begins and ends with words.
fn whole(text: &str, part: &str) -> Option<usize> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (first, last) = (part.chars().next(), part.chars().next_back());
    let mut places = text.match_indices(part).map(|(at, _)| (at, at + part.len()));
    places.find_map(|(from, end)| {
        let cut_before = is_word(first) && is_word(text[..from].chars().next_back());
        let cut_after = is_word(last) && is_word(text[end..].chars().next());
        (!cut_before && !cut_after).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_words_in_their_order() {
        let said = "FIXED FC from CPU0 to logical 04: Retry";
        for (text, is) in [
            ("FIXED FC", true),
            ("FIXED F", false),
            ("FC ... Retry", true),
            ("Retry ... FC", false),
            ("from CPU0 ... logical 04:", true),
            ("CPU", false),
            ("04: Retry", true),
        ] {
            assert_eq!(Phrase::read(text).expect("words").is_in(said), is, "{text}");
        }
        assert_eq!((Phrase::read(" ... "), Phrase::read("")), (None, None));
        assert!(Phrase::read("FD").expect("words").is_in("XFD FD"), "the second of two places");
    }
}
