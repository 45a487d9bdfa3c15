//! The valid name nearest to a mistyped one.

/// Longer names are not compared: nobody mistypes a paragraph.
const LENGTH_MAX: usize = 64;

/// The candidate nearest to `name`, if one is near enough to be what was meant: few edits away, or `name` is a part
/// of it (`bigsmp` of `i386/bigsmp`, `at` at the start of `at_us`). The first of several equally near ones.
pub(crate) fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    if length == 0 || length > LENGTH_MAX {
        return None;
    }
    let close = candidates
        .iter()
        .map(|candidate| (distance(&name, &candidate.to_lowercase()), *candidate))
        .filter(|(edits, candidate)| *edits <= (length.max(candidate.len()) / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate);
    close
        .or_else(|| same_words(&name, candidates))
        .or_else(|| {
            let part = |candidate: &str| match length {
                0..2 => false,
                2 => candidate.starts_with(&name),
                _ => candidate.contains(&name),
            };
            candidates.iter().copied().find(|candidate| part(&candidate.to_lowercase()))
        })
        .or_else(|| shared_word(&name, candidates))
}

/// The words of a name, in the order of the alphabet.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = name.to_lowercase().split(['-', '_', '/', '.']).map(str::to_owned).collect();
    words.sort_unstable();
    words
}

/// The candidate of the same words in another order: `apic-dead` for `dead-apic`.
pub(super) fn same_words<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let wanted = words(name);
    candidates.iter().copied().find(|candidate| words(candidate) == wanted)
}

/// The first candidate that begins with the word with which the name begins: `dead-target` for `dead-apic`.
fn shared_word<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    /// A shorter word says nothing.
    const WORD_MIN: usize = 4;
    let first = |name: &str| name.split(['-', '_', '/', '.']).next().unwrap_or_default().to_lowercase();
    let wanted = first(name);
    let begins = |candidate: &&&str| wanted.chars().count() >= WORD_MIN && first(candidate) == wanted;
    candidates.iter().find(begins).copied()
}

/// A help line for a name that is none of `candidates`: the nearest one, and all of them.
pub(crate) fn suggestion(name: &str, candidates: &[&str]) -> String {
    let all = candidates.join(", ");
    match nearest(name, candidates) {
        Some(candidate) => format!("did you mean `{candidate}`? Valid: {all}"),
        None => format!("valid: {all}"),
    }
}

/// Edit distance: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [("", "", 0), ("", "abc", 3), ("slots", "slot", 1), ("form", "from", 1), ("cat", "cut", 1)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        let arches = ["i386/default", "i386/bigsmp", "x86_64/flat"];
        assert_eq!(nearest("i386/defualt", &arches), Some("i386/default"));
        assert_eq!(nearest("I386/BIGSMP", &arches), Some("i386/bigsmp"));
        assert_eq!(nearest("flat", &arches), Some("x86_64/flat"));
        assert_eq!(nearest("at", &["cpu", "at_us"]), Some("at_us"));
        assert_eq!(nearest("dead-apic", &["nmi", "apic-dead"]), Some("apic-dead"));
        assert_eq!(nearest("dead-apic", &["nmi-stall", "dead-target", "dead-link"]), Some("dead-target"));
        assert_eq!(nearest("nmi-x-y-z-apic", &["nmi-stall"]), None);
        assert_eq!(nearest("rnu", &["list", "run"]), Some("run"));
        assert_eq!(nearest("sparc", &arches), None);
        assert_eq!(nearest("", &arches), None);
        assert_eq!(nearest(&"x".repeat(100_000), &arches), None);
    }

    #[test]
    fn the_help_line_lists_all() {
        assert_eq!(suggestion("befor", &["before", "rfc"]), "did you mean `before`? Valid: before, rfc");
        assert_eq!(suggestion("zzzzzz", &["before", "rfc"]), "valid: before, rfc");
    }
}
