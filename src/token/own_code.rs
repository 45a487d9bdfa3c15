//! A token of a run with code that is not of this crate: only a program with that code, in that version, can repeat it.
//!
//! A variant in Rust stands in the token with its version and a hash of what was handed over: `mine=0.1.0=5c0f…`. Not modelled: code
//! whose sources were not handed over is known by name and version only.

use super::beside::plain;
use super::escape::unescape;
use crate::scenario::OwnVariant;
use crate::scenario::diagnostic::InputError;
use std::fmt;

/// The version of a variant's code, and its hash where the token has it: the first that carried a version had none.
///
/// ```
/// # use apicsim::token::Token;
/// let token: Token = "apicsim3:0.1.0:2:nmi-stall:85a20081cb699faf:i386/default:mine=1.2=00000000000000ff:2.6.20:serial:p6:4:0:10:".parse()?;
/// let code = token.own_code.as_ref().expect("the variant is not of this crate");
/// assert_eq!((code.version.as_str(), code.hash.as_deref()), ("1.2", Some("00000000000000ff")));
/// assert!(token.load().unwrap_err().message().contains("does not have: `mine`, version 1.2"));
/// # Ok::<(), apicsim::scenario::diagnostic::InputError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeVersion {
    /// The version.
    pub version: String,
    /// 16 hex digits.
    pub hash: Option<String>,
}

impl CodeVersion {
    /// That of a variant in Rust.
    pub(super) fn of(code: &OwnVariant) -> Self {
        Self { version: code.version_of_code().to_owned(), hash: Some(code.hash()) }
    }

    /// A variant's field, and what it says of code; nothing if it cannot be read.
    pub(super) fn read(field: &str) -> Option<(String, Option<Self>)> {
        let mut parts = field.split('=');
        let name = parts.next().and_then(unescape).filter(|name| !name.is_empty())?;
        let Some(version) = parts.next() else { return Some((name, None)) };
        let hash = match parts.next() {
            None => None,
            Some(hash) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(hash.to_owned())
            }
            Some(_) => return None,
        };
        let version = unescape(version).filter(|_| parts.next().is_none())?;
        Some((name, Some(Self { version, hash })))
    }
}

impl fmt::Display for CodeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.hash.as_ref().map(|hash| format!("={hash}")).unwrap_or_default();
        write!(f, "={}{hash}", plain(&self.version))
    }
}

/// Has this program, with the variants `own`, the code `name` as a token says it, if it says it?
///
/// # Errors
/// It has none of that name, or another version of it, or the same version with another text.
pub(super) fn check(name: &str, code: Option<&CodeVersion>, own: &[OwnVariant]) -> Result<(), InputError> {
    let ours = own.iter().find(|one| one.name() == name);
    let again = "replay it with the program that printed it, or run the scenario anew";
    match (code, ours) {
        (None, None) => Ok(()),
        // A file's `[wait]` of that name, which this program could not load beside it; the loader says so better.
        (None, Some(_)) => Ok(()),
        (Some(code), Some(ours)) if ours.version_of_code() != code.version => Err(InputError::new(format!(
            "the token is of version {} of `{name}`; this program has {}",
            code.version,
            ours.version_of_code()
        ))
        .help(again)),
        (Some(code), Some(ours)) => match &code.hash {
            Some(hash) if *hash != ours.hash() => Err(InputError::new(format!(
                "the token is of other code: `{name}` has changed, and its version is still {}",
                code.version
            ))
            .help(format!(
                "its sources, its base or its promise to be Closed: hash {hash} then, {} now; bring them back, or run the scenario anew",
                ours.hash()
            ))),
            _ => Ok(()),
        },
        (Some(code), None) => Err(InputError::new(format!(
            "the token is of a variant in Rust that this program does not have: `{name}`, version {}",
            code.version
        ))
        .help("replay it with the program that printed it: its `main` hands that variant over")),
    }
}
