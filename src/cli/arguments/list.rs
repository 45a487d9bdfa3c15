//! The options of `apicsim list`.

use super::values::{help_names, parse_name};
use crate::scenario::named::named;
use clap::Args;

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// What to list; everything without it.
    #[arg(value_name = "KIND", value_parser = parse_name::<ListKind>, help = help_names::<ListKind>("What to list; without it, everything"))]
    pub kind: Option<ListKind>,
}

named! {
    /// What can be listed.
    pub enum ListKind ("kind") {
        /// Built-in scenarios.
        Scenarios = "scenarios",
        /// Sub-architectures.
        Archs = "archs",
        /// Wait variants.
        Variants = "variants",
        /// Releases.
        Releases = "releases",
        /// Buses.
        Buses = "buses",
        /// APIC generations.
        Generations = "generations",
        /// Points at which documents disagree, with their values.
        Knobs = "knobs",
        /// Faults.
        Faults = "faults",
        /// Lessons of `demo`.
        Lessons = "lessons",
        /// Kernel functions that `accesses --call` takes.
        Calls = "calls",
    }
}
