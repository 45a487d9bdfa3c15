//! The lists that the form offers.

use super::asked::FieldName;
use crate::scenario::named::Named;
use crate::scenario::{self, ALL_ARCHES, Bus, RELEASES, VARIANTS};
use sim::Generation;

/// Fields with lists, and what each is called.
pub(super) fn lists() -> [(FieldName, &'static str, Vec<&'static str>); 6] {
    [
        (FieldName::Scenario, "scenario", scenario::builtin_names()),
        (FieldName::Arch, "sub-architecture", ALL_ARCHES.to_vec()),
        (FieldName::Variant, "variant of the wait", VARIANTS.to_vec()),
        (FieldName::Release, "release", RELEASES.to_vec()),
        (FieldName::Bus, "bus", Bus::names()),
        (FieldName::Generation, "generation", Generation::names()),
    ]
}
