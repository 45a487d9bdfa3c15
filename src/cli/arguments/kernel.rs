//! Which kernel a scenario runs on: the options that one run has once, and a matrix as lists.

use super::overrides::MACHINE;
use super::values::{help_list, parse_arch};
use crate::scenario::{ALL_ARCHES, VARIANTS};
use clap::Args;

/// Sub-architecture and wait variant.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KernelOf {
    /// Sub-architecture.
    #[arg(long, value_name = "A", value_parser = parse_arch, help_heading = MACHINE, help = help_list("Sub-architecture; without it, the scenario's, else i386/default", &ALL_ARCHES))]
    pub arch: Option<String>,
    /// Wait variant.
    #[arg(long, value_name = "V", help_heading = MACHINE, help = help_list("How the kernel waits for the ICR; without it, the scenario's, else before, or modern on modern/*", &VARIANTS))]
    pub variant: Option<String>,
}
