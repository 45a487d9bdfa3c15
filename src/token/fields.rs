//! The fields of a token that is read: how many, of which format, and where each stands.

use super::escape::unescape;
use crate::scenario::diagnostic::{InputError, Place, Source};
use crate::scenario::named::{Named, by_name};
use crate::scenario::natural_release;
use sim::Outcome;
use std::str::FromStr;
use std::sync::Arc;

/// The first field of every token of this format.
pub(super) const FORMAT: &str = "apicsim3";

/// The first field of the tokens that say no release.
const FORMAT_WITHOUT_RELEASE: &str = "apicsim2";

/// The first field of the tokens that say no version of the digest, because there was one only.
const FORMAT_OF_DIGEST_1: &str = "apicsim1";

/// The names of the fields, in order; the last is there only where it says anything.
const FIELDS: [&str; 15] = [
    "format",
    "version",
    "digest",
    "scenario",
    "hash",
    "arch",
    "variant",
    "release",
    "bus",
    "generation",
    "cpus",
    "seed",
    "limit",
    "settings",
    "beside",
];

/// The place of what else decides a run.
pub(super) const BESIDE: usize = 14;

/// The place of the release.
pub(super) const RELEASE: usize = 7;

/// A token on its way in: its fields with their places.
pub(super) struct Fields<'t> {
    source: Arc<Source>,
    pub(super) texts: Vec<(&'t str, usize)>,
}

impl<'t> Fields<'t> {
    pub(super) fn split(text: &'t str) -> Result<Self, InputError> {
        let source = Source::new("token", text);
        let mut texts = Vec::new();
        let mut at = 0;
        for field in text.split(':') {
            texts.push((field, at));
            at += field.len() + 1;
        }
        if let (FORMAT_WITHOUT_RELEASE, Some(&(variant, place))) = (texts[0].0, texts.get(RELEASE - 1)) {
            texts.insert(RELEASE, (natural_release(variant), place));
            texts[0].0 = FORMAT;
        }
        let fields = Self { source, texts };
        if fields.texts[0].0 == FORMAT_OF_DIGEST_1 {
            return Err(fields.of_digest(0, 1));
        }
        if fields.texts[0].0 != FORMAT {
            let later = fields.texts[0].0.starts_with("apicsim");
            let what = if later { "a token of another version" } else { "not a token" };
            return Err(fields.error(0, what).help(format!("a token is the line after `token` of a run: {FORMAT}:…")));
        }
        if ![BESIDE, FIELDS.len()].contains(&fields.texts.len()) {
            let (found, place) = (fields.texts.len(), Place::new(&fields.source, 0..text.len()));
            let wanted = BESIDE;
            return Err(InputError::new(format!("the token has {found} fields instead of {wanted}"))
                .at(&place, if found < wanted { "cut off?" } else { "something is added" })
                .help(format!("copy it whole, as one word: {}", FIELDS[..BESIDE].join(":"))));
        }
        match fields.number(2)? {
            Outcome::DIGEST_VERSION => Ok(fields),
            other => Err(fields.of_digest(2, other)),
        }
    }

    /// The refusal of a token of another digest version, which the field at `index` tells.
    fn of_digest(&self, index: usize, version: u32) -> InputError {
        let ours = Outcome::DIGEST_VERSION;
        self.error(
            index,
            &format!(
                "this token is of digest version {version}; this program has version {ours}: \
                 the digest of a replay could not be compared"
            ),
        )
        .help("replay it with the apicsim that printed it, or run the scenario anew for a token of this one")
    }

    pub(super) fn error(&self, index: usize, message: &str) -> InputError {
        let (text, start) = self.texts[index];
        let place = Place::new(&self.source, start..start + text.len());
        InputError::new(message).at(&place, format!("the {} field", FIELDS[index]))
    }

    pub(super) fn text(&self, index: usize) -> Result<String, InputError> {
        match unescape(self.texts[index].0) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.error(index, &format!("the token's {} cannot be read", FIELDS[index]))),
        }
    }

    pub(super) fn number<N: FromStr>(&self, index: usize) -> Result<N, InputError> {
        let text = self.texts[index].0;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|_| plain)
            .ok_or_else(|| self.error(index, &format!("the token's {} is not a number in range", FIELDS[index])))
    }

    pub(super) fn name<T: Named>(&self, index: usize) -> Result<T, InputError> {
        by_name(self.texts[index].0).map_err(|error| self.error(index, &error.message).help(error.help))
    }
}
