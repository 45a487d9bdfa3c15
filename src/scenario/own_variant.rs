//! A variant in Rust that is not of this crate: the code, and what tokens and reports must know of it.
//!
//! Not modelled: two pieces of code in one kernel. Code that differs, has the same name and version and hands over no sources is not
//! told apart.

use super::content_hash::content_hash;
use super::machine::{OWN_VARIANT, VARIANTS};
use kernel_model::OwnWait;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Kernel code of one's own: it is a variant of every scenario that it is handed to, chosen by its name.
///
/// ```
/// use apicsim::kernel_model::{Kernel, OwnWait, Processor, Site, Waited};
/// use apicsim::scenario::{self, Request};
/// use apicsim::{OwnVariant, Settings, Verdict, run};
///
/// /// Never looks at the ICR.
/// #[derive(Debug)]
/// struct NoWait;
///
/// impl OwnWait for NoWait {
///     fn name(&self) -> &'static str {
///         "no-wait"
///     }
///     fn wait(&self, _: &Kernel, _: &dyn Processor, _: Site) -> Option<Waited> {
///         Some(Waited::Idle)
///     }
/// }
///
/// let mut request = Request::new("nmi-stall");
/// request.own = vec![OwnVariant::new(&NoWait).closed()];
/// request.variant = Some("no-wait".to_owned());
/// let (report, _) = run(&scenario::load(&request)?, &Settings::seeded(0)).expect("it runs");
/// assert_eq!(report.verdict, Verdict::Completed); // nothing waits, and so nothing hangs
/// # Ok::<(), apicsim::scenario::diagnostic::InputError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OwnVariant {
    code: &'static dyn OwnWait,
    version: &'static str,
    sources: &'static [(&'static str, &'static str)],
    base: Option<&'static str>,
    closed: bool,
}

impl PartialEq for OwnVariant {
    /// Code is known by its name and its version.
    fn eq(&self, other: &Self) -> bool {
        (self.name(), self.version) == (other.name(), other.version)
    }
}

impl Eq for OwnVariant {}

// A panic of the code ends the run: nobody sees what it has left half done.
impl UnwindSafe for OwnVariant {}
impl RefUnwindSafe for OwnVariant {}

impl OwnVariant {
    /// Such code, of version 0, Open, without its sources.
    pub const fn new(code: &'static dyn OwnWait) -> Self {
        Self { code, version: "0", sources: &[], base: None, closed: false }
    }

    /// The version of the code, which tokens carry: `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub const fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// The files of the code, so that reports quote its lines: `&[(file!(), include_str!("lib.rs"))]`, written in the file
    /// itself.
    #[must_use]
    pub const fn sources(self, sources: &'static [(&'static str, &'static str)]) -> Self {
        Self { sources, ..self }
    }

    /// The variant whose waits stand where the code leaves them; without it, the natural one of the sub-architecture.
    #[must_use]
    pub const fn based_on(self, variant: &'static str) -> Self {
        Self { base: Some(variant), ..self }
    }

    /// A promise: all that the code changes is on its stack, in the machine, or in shared words, as [`sim::Closed`] says. Only
    /// then can a hang in a machine that runs it be proven. A promise that is broken makes false proofs.
    #[must_use]
    pub const fn closed(self) -> Self {
        Self { closed: true, ..self }
    }

    /// The name by which it is chosen.
    pub fn name(&self) -> &'static str {
        self.code.name()
    }

    /// The version that tokens carry.
    pub const fn version_of_code(&self) -> &'static str {
        self.version
    }

    /// The hash that tokens carry, 16 hex digits: of the sources, the base and the promise. Code whose sources were not handed over
    /// is not told apart by it.
    pub(crate) fn hash(&self) -> String {
        let mut text = format!("{} {}", self.base.unwrap_or_default(), self.closed);
        for (_, source) in self.sources {
            text += &format!(" {} {source}", source.len());
        }
        content_hash(&text)
    }

    pub(crate) const fn code(&self) -> &'static dyn OwnWait {
        self.code
    }

    pub(super) const fn base(&self) -> Option<&'static str> {
        self.base
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) const fn source_files(&self) -> &'static [(&'static str, &'static str)] {
        self.sources
    }
}

/// Why a variant cannot be called that, if it cannot.
pub(super) fn wrong_name(name: &str) -> Option<&'static str> {
    const LONGEST: usize = 24;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name == OWN_VARIANT || name == "all" || VARIANTS.contains(&name) {
        return Some("is a variant already");
    }
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    (!begins || name.len() > LONGEST || !name.chars().all(plain))
        .then_some("is not a name: small letters, digits and -, a letter first, 24 at most")
}
