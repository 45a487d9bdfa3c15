//! What decides a run beside its scenario, its machine and its seed: what a program asked for that no file can say.
//!
//! It is the last field of a token, and there only where there is any of it, so that programs that know nothing of it refuse such a
//! token: `cut=300,to-the-end,chooser=longest=0.1.0,parts=time-slots=0`. In each part, `=` of its own is escaped, too.

use super::escape::{escape, unescape};
use crate::scenario::decimal::{self, Unit};
use std::fmt;

/// The name and the version by which a token knows a part of one's own.
///
/// ```
/// use apicsim::token::OwnName;
///
/// assert_eq!(OwnName::new("longest", "0.1.0").to_string(), "`longest`, version 0.1.0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnName {
    /// Its name.
    pub name: String,
    /// The version of its code.
    pub version: String,
}

impl OwnName {
    /// The part of that name, in that version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into() }
    }
}

impl fmt::Display for OwnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, version {}", self.name, self.version)
    }
}

/// What decides a run beside its scenario, its machine and its seed. Most runs have nothing of it.
///
/// ```
/// # use apicsim::prelude::*;
/// let mut settings = Settings::seeded(0);
/// assert!(settings.beside().is_nothing());
/// settings.choices.cut_ps = Some(30_000_000);
/// assert_eq!(settings.beside().cut_ps, Some(30_000_000));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Beside {
    /// The run is cut here.
    pub cut_ps: Option<u64>,
    /// It goes on past the instant at which it has nothing more to show.
    pub to_the_end: bool,
    /// Who decides instead of the seed.
    pub chooser: Option<OwnName>,
    /// The bus and the software that are not the scenario's.
    pub parts: Option<OwnName>,
}

impl Beside {
    /// Is the run decided by its scenario, its machine and its seed?
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The field of a token that says so.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value)));
            let fresh = match (key, value) {
                ("cut", Some(us)) => {
                    let ps = decimal::picoseconds(us, Unit::Microseconds).ok()?;
                    found.cut_ps.replace(ps).is_none()
                }
                ("to-the-end", None) => !std::mem::replace(&mut found.to_the_end, true),
                ("chooser", Some(name)) => found.chooser.replace(own_name(name)?).is_none(),
                ("parts", Some(name)) => found.parts.replace(own_name(name)?).is_none(),
                _ => false,
            };
            if !fresh {
                return None;
            }
        }
        Some(found)
    }

    /// All of it, in words.
    pub(super) fn in_words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.cut_ps.map(|ps| format!("cut at {} us", decimal::microseconds(ps))));
        words.extend(self.to_the_end.then(|| "played to its very end".to_owned()));
        words.extend(self.chooser.as_ref().map(|name| format!("with the chooser {name}")));
        words.extend(self.parts.as_ref().map(|name| format!("with the parts {name}")));
        words.join(", ")
    }
}

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = |key: &str, own: &OwnName| format!("{key}={}={}", plain(&own.name), plain(&own.version));
        let mut parts = Vec::new();
        parts.extend(self.cut_ps.map(|ps| format!("cut={}", decimal::microseconds(ps))));
        parts.extend(self.to_the_end.then(|| "to-the-end".to_owned()));
        parts.extend(self.chooser.as_ref().map(|name| own("chooser", name)));
        parts.extend(self.parts.as_ref().map(|name| own("parts", name)));
        f.write_str(&parts.join(","))
    }
}

/// Text that has no `=`, either.
pub(super) fn plain(text: &str) -> String {
    escape(text).replace('=', "%3D")
}

fn own_name(text: &str) -> Option<OwnName> {
    let (name, version) = text.split_once('=')?;
    let inner = |text: &str| unescape(text).filter(|_| !text.contains('='));
    Some(OwnName { name: inner(name)?, version: inner(version)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_comes_back() {
        let chooser = Some(OwnName::new("a=b, c: µ", "0.1.0+x=1"));
        let all = Beside { cut_ps: Some(300_000_001), to_the_end: true, chooser, parts: Some(OwnName::new("", "0")) };
        for beside in
            [all.clone(), Beside { cut_ps: None, parts: None, ..all.clone() }, Beside { chooser: None, ..all }]
        {
            let text = beside.to_string();
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/=,%".contains(&b)), "{text}");
            assert_eq!(Beside::read(&text), Some(beside), "{text}");
        }
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        for text in [
            "",
            "cut",
            "cut=",
            "cut=1e3",
            "cut=1,cut=1",
            "to-the-end=1",
            "to-the-end,to-the-end",
            "chooser",
            "chooser=a",
            "chooser=a=b=c",
            "chooser=%zz=0",
            "parts=a=0,parts=b=0",
            "bus=a=0",
            "cut=1,",
            " cut=1",
        ] {
            assert_eq!(Beside::read(text), None, "{text}");
        }
    }
}
