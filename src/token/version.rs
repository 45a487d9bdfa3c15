//! Whether a token of a version can be replayed by this one.

use crate::scenario::diagnostic::InputError;
use std::cmp::Ordering;

/// The three numbers of a version; none if it is not written so.
pub(super) fn parts(version: &str) -> Option<[u64; 3]> {
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| plain)
    };
    let parts: Option<Vec<u64>> = version.split('.').map(number).collect();
    parts?.try_into().ok()
}

/// Results may differ between minor versions, and only there; but a later patch may know what this one does not.
///
/// # Errors
/// The token is of another minor version, or of a later patch.
pub(super) fn check(version: &str) -> Result<(), InputError> {
    let ours = env!("CARGO_PKG_VERSION");
    let (its, own) = (parts(version).unwrap_or_default(), parts(ours).unwrap_or_default());
    let help = match (its[..2] == own[..2], its[2].cmp(&own[2])) {
        (false, _) => "results are the same only within one minor version: replay it with that version",
        (true, Ordering::Greater) => {
            "that version is later than this one: replay it with that one, or with a later one"
        }
        (true, _) => return Ok(()),
    };
    Err(InputError::new(format!("the token is of apicsim {version}, and this is {ours}")).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_plain_numbers() {
        assert_eq!(parts("0.1.0"), Some([0, 1, 0]));
        assert_eq!(parts("10.0.27"), Some([10, 0, 27]));
        for damaged in
            ["", "0.1", "0.1.", "0.1.0.0", "0.1.0x", "0.1.-1", "0.1.+1", "0.1.00", "0.01.0", "0.1.0 ", "x.y.z"]
        {
            assert_eq!(parts(damaged), None, "{damaged}");
        }
        assert_eq!(parts("0.1.99999999999999999999"), None);
    }

    #[test]
    fn only_what_this_program_can_know_is_replayed() {
        let [major, minor, patch] = parts(env!("CARGO_PKG_VERSION")).expect("ours is one");
        let of = |parts: [u64; 3]| parts.map(|part| part.to_string()).join(".");
        assert_eq!(check(&of([major, minor, patch])), Ok(()));
        assert_eq!(
            patch.checked_sub(1).map(|earlier| check(&of([major, minor, earlier]))),
            patch.checked_sub(1).map(|_| Ok(()))
        );
        for other in [[major, minor, patch + 1], [major, minor + 1, patch], [major + 1, minor, patch]] {
            assert!(check(&of(other)).is_err(), "{other:?}");
        }
    }
}
