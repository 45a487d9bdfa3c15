//! How many of something there are, in words.

/// `1 wait`, `2 waits`, `0 waits`.
pub(crate) fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_not_many() {
        assert_eq!([0_u32, 1, 2].map(|count| counted(count, "CPU")), ["0 CPUs", "1 CPU", "2 CPUs"]);
    }
}
