//! What a program has of its own, beside what apicsim has: variants, choosers, and parts of machines. Tokens say them by name and
//! version, and this is where a token's are looked for.
//!
//! Not modelled: a chooser or part that differs and has the same name and version; their text is not handed over, as a variant's is.

use crate::machine::OwnParts;
use crate::scenario::OwnVariant;
use crate::scenario::diagnostic::InputError;
use crate::token::OwnName;
use sim::Chooser;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// A chooser or parts of one's own, with the name and the version by which tokens know them.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::OwnPart;
///
/// let chooser = OwnPart::chooser("of-seed-7", Seeded(7)).version("0.1.0");
/// let settings = Settings::seeded(0).with_chooser(chooser);
/// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &settings)?;
/// assert!(report.token.ends_with(":chooser=of-seed-7=0.1.0"), "{}", report.token);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OwnPart<P: ?Sized> {
    name: OwnName,
    part: Arc<P>,
}

impl OwnPart<dyn Chooser> {
    /// Who decides instead of a seed; of version 0.
    pub fn chooser(name: impl Into<String>, chooser: impl Chooser + 'static) -> Self {
        Self { name: OwnName::new(name, "0"), part: Arc::new(chooser) }
    }
}

impl OwnPart<dyn OwnParts> {
    /// A bus and software in the place of a scenario's; of version 0.
    pub fn parts(name: impl Into<String>, parts: impl OwnParts + 'static) -> Self {
        Self { name: OwnName::new(name, "0"), part: Arc::new(parts) }
    }
}

impl<P: ?Sized> OwnPart<P> {
    /// The version of its code: `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(self, version: impl Into<String>) -> Self {
        Self { name: OwnName::new(self.name.name, version), ..self }
    }

    /// What tokens say of it.
    pub fn name(&self) -> &OwnName {
        &self.name
    }

    /// The part itself.
    pub fn part(&self) -> &Arc<P> {
        &self.part
    }
}

impl<P: ?Sized> Clone for OwnPart<P> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), part: Arc::clone(&self.part) }
    }
}

impl<P: ?Sized> fmt::Debug for OwnPart<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnPart({})", self.name)
    }
}

/// What a program has of its own: for the `main` of a crate outside, and for who replays a token.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::{OwnCode, OwnPart, restore};
///
/// let own = OwnCode::default().with_chooser(OwnPart::chooser("of-seed-7", Seeded(7)));
/// let settings = Settings::seeded(0).with_chooser(own.choosers()[0].clone());
/// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &settings)?;
///
/// let token: apicsim::token::Token = report.token.parse()?;
/// let (scenario, settings) = restore(&token, None, &own)?;
/// assert_eq!(run(&scenario, &settings)?.0.digest, report.digest);
/// assert!(restore(&token, None, &OwnCode::default()).is_err()); // and never another run in its place
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct OwnCode {
    variants: Vec<OwnVariant>,
    choosers: Vec<OwnPart<dyn Chooser>>,
    parts: Vec<OwnPart<dyn OwnParts>>,
}

// A panic of the code ends the run: nobody sees what it has left half done.
impl UnwindSafe for OwnCode {}
impl RefUnwindSafe for OwnCode {}

impl OwnCode {
    /// With these variants, too.
    #[must_use]
    pub fn with_variants(mut self, variants: &[OwnVariant]) -> Self {
        self.variants.extend(variants);
        self
    }

    /// With this chooser, too.
    #[must_use]
    pub fn with_chooser(mut self, chooser: OwnPart<dyn Chooser>) -> Self {
        self.choosers.push(chooser);
        self
    }

    /// With these parts of machines, too.
    #[must_use]
    pub fn with_parts(mut self, parts: OwnPart<dyn OwnParts>) -> Self {
        self.parts.push(parts);
        self
    }

    /// All variants.
    pub fn variants(&self) -> &[OwnVariant] {
        &self.variants
    }

    /// All choosers.
    pub fn choosers(&self) -> &[OwnPart<dyn Chooser>] {
        &self.choosers
    }

    /// All parts of machines.
    pub fn parts(&self) -> &[OwnPart<dyn OwnParts>] {
        &self.parts
    }
}

impl From<&[OwnVariant]> for OwnCode {
    fn from(variants: &[OwnVariant]) -> Self {
        Self::default().with_variants(variants)
    }
}

impl<const N: usize> From<&[OwnVariant; N]> for OwnCode {
    fn from(variants: &[OwnVariant; N]) -> Self {
        Self::default().with_variants(variants)
    }
}

/// The part that a token names, if it names one.
pub(super) fn named<P: ?Sized>(
    what: &str,
    wanted: Option<&OwnName>,
    own: &[OwnPart<P>],
) -> Result<Option<OwnPart<P>>, InputError> {
    let Some(wanted) = wanted else { return Ok(None) };
    let error = |message: String, help: &str| Err(InputError::new(message).help(help));
    let mut of_that_name = own.iter().filter(|part| part.name.name == wanted.name);
    match (of_that_name.next(), of_that_name.next()) {
        (None, _) => error(
            format!("the token's run had {what} of its own that this program does not have: {wanted}"),
            "replay it with a program whose `main` hands that over, by `OwnCode`",
        ),
        (Some(_), Some(_)) => error(
            format!("this program has {what} of the name `{}` twice", wanted.name),
            "give one of them another name: tokens know them by it",
        ),
        (Some(part), None) if part.name == *wanted => Ok(Some(part.clone())),
        (Some(part), None) => error(
            format!("the token's run had {what} of its own, {wanted}; this program has version {}", part.name.version),
            "replay it with the program that printed it, or run the scenario anew",
        ),
    }
}
