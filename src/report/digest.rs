//! How a digest is written: the version of its definition, a colon, and 16 hex digits.
//!
//! `docs/determinism.md` has the definition. The version stands first, so that two digests that are compared as texts are
//! never taken for equal or for different runs when it is the definition that differs.

use sim::Outcome;

/// `digest`, of this program's version, as text: `2:0123456789abcdef`.
pub fn written(digest: u64) -> String {
    format!("{}:{digest:016x}", Outcome::DIGEST_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_every_digit_are_there() {
        assert_eq!(written(0), "2:0000000000000000");
        assert_eq!(written(0x0fed_cba9_8765_4321), "2:0fedcba987654321");
    }
}
