//! The hash by which tokens know a text: a scenario's, or that of code that was handed over.

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// The hash of a scenario's text that tokens carry: SipHash-1-3 with a zero key, 16 hex digits.
pub(super) fn content_hash(text: &str) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_stable() {
        assert_eq!(content_hash(""), "d1fba762150c532c");
        assert_ne!(content_hash("a"), content_hash("b"));
    }
}
