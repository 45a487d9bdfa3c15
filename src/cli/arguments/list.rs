//! The options of `apicsim list`.

use super::values::{help_names, parse_name};
use crate::scenario::named::named;
use clap::Args;

/// `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list; everything without it.
    #[arg(value_name = "KIND", value_parser = parse_name::<ListKind>, help = help_names::<ListKind>("What to list; without it, everything"))]
    pub kind: Option<ListKind>,
    /// Print one JSON document on standard output.
    #[arg(long)]
    pub json: bool,
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
        /// What an event starts on a CPU.
        Roles = "roles",
        /// What a program of a scenario is made of.
        Steps = "steps",
        /// What has to be reached.
        Goals = "goals",
        /// What can keep an ICR busy.
        Mechanisms = "mechanisms",
        /// Lessons of `demo`.
        Lessons = "lessons",
        /// Names in the stack traces of today's kernels.
        Functions = "functions",
        /// Kernel functions that `accesses --call` takes.
        Calls = "calls",
    }
}
