//! The variants that a scenario can have: those of this crate, that of its file, and those that were handed over.
//!
//! Not modelled: several waits of one's own in one file.

use super::diagnostic::InputError;
use super::machine::{OWN_VARIANT, VARIANTS, is_other, natural_variant};
use super::own_variant::{OwnVariant, wrong_name};
use super::own_wait::{OwnPlan, is_base};
use super::reader::Table;
use kernel_model::Own;
use std::borrow::Cow;

/// A variant of one's own, as a file describes it or as it was handed over.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::OwnWaits;
/// let request = Request::new("nmi-stall").with(|request| request.sets = vec!["wait={ name = \"mine\", rounds = 20 }".to_owned()]);
/// let own = load(&request)?.own.expect("the file has one");
/// assert!(matches!(&own, OwnWaits::Plan(_)) && own.name() == "mine");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnWaits {
    /// `[wait]` of the file.
    Plan(OwnPlan),
    /// Rust.
    Code(OwnVariant),
}

impl OwnWaits {
    /// The name by which it is chosen.
    pub fn name(&self) -> &str {
        match self {
            Self::Plan(plan) => &plan.name,
            Self::Code(code) => code.name(),
        }
    }

    /// The version of the code; the text of a file is known by its hash.
    pub fn version(&self) -> Option<&'static str> {
        match self {
            Self::Plan(_) => None,
            Self::Code(code) => Some(code.version_of_code()),
        }
    }

    pub(crate) fn base(&self) -> Option<&'static str> {
        match self {
            Self::Plan(plan) => plan.base,
            Self::Code(code) => code.base(),
        }
    }

    /// Can software that waits so be proven to hang?
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Plan(_) => true,
            Self::Code(code) => code.is_closed(),
        }
    }

    /// As the kernel has it.
    pub(crate) fn of_kernel(&self) -> Own {
        match self {
            Self::Plan(plan) => Own::Planned(plan.plan),
            Self::Code(code) => Own::Code(code.code()),
        }
    }
}

impl std::fmt::Display for OwnWaits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plan(plan) => plan.fmt(f),
            Self::Code(code) => {
                let open = if code.is_closed() { "" } else { ", Open: no hang of it is proven" };
                write!(f, "in Rust, version {}{open}", code.version_of_code())
            }
        }
    }
}

/// The variants that a scenario can have.
#[derive(Debug)]
pub(super) struct Variants<'a> {
    plan: Option<&'a OwnPlan>,
    handed_over: &'a [OwnVariant],
}

impl<'a> Variants<'a> {
    /// Those of a file with the wait `plan`, or none.
    pub(super) fn of(
        root: &Table<'_>,
        plan: Option<&'a OwnPlan>,
        handed_over: &'a [OwnVariant],
    ) -> Result<Self, InputError> {
        let name = plan.and_then(|plan| handed_over.iter().find(|own| own.name() == plan.name)).map(OwnVariant::name);
        if let (Some(name), Some(table)) = (name, root.get("wait")) {
            let table = Table::open(table, "[wait]", &super::own_wait::WAIT_KEYS)?;
            return Err(table
                .need("name", "\"mine\"")?
                .error(&format!("this program has a variant `{name}` already, in Rust"), "two of one name")
                .help("give the file's another name"));
        }
        Ok(Self { plan, handed_over })
    }

    /// All names, one's own last.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let handed_over = self.handed_over.iter().map(OwnVariant::name);
        let plan = self.plan.map(|plan| plan.name.as_str());
        VARIANTS.into_iter().chain(handed_over).map(|name| name as &'a str).chain(plan).collect()
    }

    /// The variant of that name, if it is one's own.
    pub(super) fn own(&self, name: &str) -> Option<OwnWaits> {
        let code = self.handed_over.iter().find(|own| own.name() == name).copied().map(OwnWaits::Code);
        code.or_else(|| self.plan.filter(|plan| plan.name == name).cloned().map(OwnWaits::Plan))
    }

    /// The variant that a machine has unless it names one: the file's own; a kernel that is not Linux has no other.
    pub(super) fn unless_named(&self, arch: &'static str) -> Cow<'static, str> {
        match self.plan.filter(|_| !is_other(arch)) {
            Some(plan) => plan.name.clone().into(),
            None => natural_variant(arch).into(),
        }
    }

    /// The variant whose waits stand where one's own do not, for a variant of one's own; for any other, itself.
    pub(super) fn base(&self, name: &str, arch: &'static str) -> &'static str {
        match self.own(name) {
            Some(own) => own.base().unwrap_or_else(|| natural_variant(arch)),
            None => VARIANTS.into_iter().find(|one| *one == name).unwrap_or(OWN_VARIANT),
        }
    }
}

/// Can these be variants beside those of this crate?
pub(super) fn check_handed_over(own: &[OwnVariant]) -> Result<(), InputError> {
    for (n, one) in own.iter().enumerate() {
        let name = one.name();
        let wrong = wrong_name(name).map(|wrong| format!("`{name}` {wrong}"));
        let twice = || own[..n].iter().any(|other| other.name() == name).then(|| format!("`{name}` is there twice"));
        if let Some(wrong) = wrong.or_else(twice) {
            return Err(InputError::new(format!("the variant in Rust: {wrong}"))
                .help(format!("give it another name; taken: {}", VARIANTS.join(", "))));
        }
        if let Some(base) = one.base().filter(|base| !is_base(base)) {
            return Err(InputError::new(format!("the variant `{name}` in Rust cannot build on `{base}`"))
                .help("it can on any variant that waits before its messages, such as `merged`"));
        }
    }
    Ok(())
}
