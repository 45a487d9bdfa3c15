//! The options of `apicsim messages`.

use super::kernel::KernelOf;
use super::output::OUTPUT;
use super::overrides::Overrides;
use super::values::{help_names, number, parse_name};
use crate::judgement::{Filter, MessageFate};
use crate::scenario::{OwnVariant, Request};
use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim messages nmi-stall
  apicsim messages nmi-stall --fate retried
  apicsim messages dead-target --to 2 --json

Exit status: 0 if the scenario's `expect` held, 1 if not.";

/// The heading of these options.
const WHICH: &str = "Which messages";

/// `messages`.
#[derive(Debug, Args)]
pub(crate) struct Messages {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Which kernel.
    #[command(flatten)]
    pub kernel: KernelOf,
    /// What else changes the run.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Those that this CPU sent.
    #[arg(long, value_name = "C", help_heading = WHICH)]
    pub from: Option<u16>,
    /// What became of them at this CPU.
    #[arg(long, value_name = "C", help_heading = WHICH)]
    pub to: Option<u16>,
    /// Those with this vector, decimal or 0x hex.
    #[arg(long, value_name = "V", value_parser = parse_vector, help_heading = WHICH)]
    pub vector: Option<u8>,
    /// Those with this end.
    #[arg(long, value_name = "F", value_parser = parse_name::<MessageFate>, help_heading = WHICH, help = help_names::<MessageFate>("Those with this end"))]
    pub fate: Option<MessageFate>,
    /// Print one JSON document on standard output.
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

impl Messages {
    /// The scenario that is asked for.
    pub(crate) fn request(&self, own: &[OwnVariant]) -> Request {
        let KernelOf { arch, variant } = self.kernel.clone();
        self.overrides.request(&self.scenario, (arch, variant), own)
    }

    /// Which messages.
    pub(crate) fn filter(&self) -> Filter {
        Filter { from: self.from, to: self.to, vector: self.vector, fate: self.fate }
    }
}

/// A vector is written as on the whole command line.
fn parse_vector(text: &str) -> Result<u8, String> {
    number(text)
        .and_then(|vector| u8::try_from(vector).ok())
        .ok_or_else(|| "a vector is a number from 0 to 0xff, decimal or 0x hex".to_owned())
}
