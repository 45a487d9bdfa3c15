//! Values of options that several commands take, and the lists of names in their help.

use crate::scenario::decimal::{self, Unit};
use crate::scenario::named::{self, Named};
pub(super) use crate::scenario::number;
use crate::scenario::{ALL_ARCHES, OWN_VARIANT, RELEASES};

pub(super) fn help_list(what: &str, names: &[&str]) -> String {
    format!("{what} [possible: {}]", names.join(", "))
}

pub(super) fn help_names<T: Named>(what: &str) -> String {
    help_list(what, &T::names())
}

pub(super) fn parse_name<T: Named>(text: &str) -> Result<T, String> {
    named::by_name(text).map_err(|error| error.to_string())
}

pub(super) fn parse_arch(text: &str) -> Result<String, String> {
    one_of("sub-architecture", text, &ALL_ARCHES)
}

pub(super) fn parse_release(text: &str) -> Result<String, String> {
    if text == OWN_VARIANT { Ok(text.to_owned()) } else { one_of("release", text, &RELEASES) }
}

fn one_of(what: &str, text: &str, names: &'static [&'static str]) -> Result<String, String> {
    named::one_of(what, text, names).map(str::to_owned).map_err(|error| error.to_string())
}

pub(super) fn parse_microseconds(text: &str) -> Result<u64, String> {
    decimal::picoseconds(text, Unit::Microseconds).map_err(|error| error.to_string())
}

pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    number(text).ok_or_else(|| "a seed is a number from 0 to 2^64 - 1, decimal or 0x hex".to_owned())
}
