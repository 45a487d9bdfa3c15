//! The options of `apicsim run`, `explain` and `replay`.

use super::execution::Execution;
use super::output::Output;
use super::overrides::{MACHINE, Overrides};
use super::values::{help_list, parse_arch, parse_variant};
use crate::scenario::{ALL_ARCHES, Request, VARIANTS};
use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim run nmi-stall --arch i386/numaq --variant merged
  apicsim run nmi-stall --arch x86_64/flat --set 'fault=[]'      without the injection
  apicsim run nmi-stall --set event.3.at_us=30.5 --cpus 8 --json
  apicsim run my-scenario.toml --trace run.txt

Exit status: 0 if the scenario's `expect` held, 1 if not.";

/// `run` and `explain`.
#[derive(Debug, Args)]
pub struct Run {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Sub-architecture.
    #[arg(long, value_name = "A", value_parser = parse_arch, help_heading = MACHINE, help = help_list("Sub-architecture; without it, the scenario's, else i386/default", &ALL_ARCHES))]
    pub arch: Option<String>,
    /// Wait variant.
    #[arg(long, value_name = "V", value_parser = parse_variant, help_heading = MACHINE, help = help_list("How the kernel waits for the ICR; without it, the scenario's, else before, or modern on modern/*", &VARIANTS))]
    pub variant: Option<String>,
    /// What else changes the run.
    #[command(flatten)]
    pub overrides: Overrides,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The token that a run printed.
    #[arg(value_name = "TOKEN")]
    pub token: String,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
}

impl Run {
    /// The scenario that is asked for.
    pub fn request(&self) -> Request {
        self.overrides.request(&self.scenario, self.arch.clone(), self.variant.clone())
    }
}
