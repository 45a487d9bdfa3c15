//! A token of a run with code that is not of this crate: only a program with that code, in that version, can repeat it.

use crate::scenario::OwnVariant;
use crate::scenario::diagnostic::InputError;

/// Has this program, with the variants `own`, the code `name` in the version that a token says, if it says one?
///
/// # Errors
/// It has none of that name, or another version of it.
pub(super) fn check(name: &str, version: Option<&str>, own: &[OwnVariant]) -> Result<(), InputError> {
    let Some(version) = version else { return Ok(()) };
    match own.iter().find(|one| one.name() == name) {
        Some(one) if one.version_of_code() == version => Ok(()),
        Some(one) => {
            let ours = one.version_of_code();
            Err(InputError::new(format!("the token is of version {version} of `{name}`; this program has {ours}"))
                .help("replay it with the program that printed it, or run the scenario anew"))
        }
        None => Err(InputError::new(format!(
            "the token is of a variant in Rust that this program does not have: `{name}`, version {version}"
        ))
        .help("replay it with the program that printed it: its `main` hands that variant over")),
    }
}
