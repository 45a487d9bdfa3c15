//! The options of `apicsim script`.

use super::budgets::Budgets;
use super::execution::Execution;
use super::output::{OUTPUT, parse_trace};
use super::overrides::MACHINE;
use super::values::{help_names, parse_name};
use crate::scenario::Bus;
use clap::Args;
use sim::Generation;
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim script poke.apic
  apicsim script poke.apic --generation p6 --bus serial --set knobs.slots=per-vector
  apicsim script --interactive

A script has one operation a line, for example:
  cpu 1 sti
  cpu 0 ipi 1 ASSERT|0x31
  wait
  irqlog *";

/// `script`.
#[derive(Debug, Args)]
pub(crate) struct Script {
    /// The script (- is standard input); without it, at a terminal, line by line.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Type operations line by line; FILE, if given, is run first.
    #[arg(long, short, conflicts_with = "trace")]
    pub interactive: bool,
    /// APIC generation.
    #[arg(long, value_name = "G", default_value = "x2apic", value_parser = parse_name::<Generation>, help_heading = MACHINE, help = help_names::<Generation>("APIC generation"))]
    pub generation: Generation,
    /// Bus.
    #[arg(long, value_name = "B", default_value = "ideal", value_parser = parse_name::<Bus>, help_heading = MACHINE, help = help_names::<Bus>("Bus; ideal is what emulators have"))]
    pub bus: Bus,
    /// Change a knob, as knobs.invalid_shorthand=delivered; repeatable.
    #[arg(long = "set", value_name = "PATH=VALUE", help_heading = MACHINE)]
    pub sets: Vec<String>,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What ends the run early.
    #[command(flatten)]
    pub budgets: Budgets,
    /// Write every event to a file (- is standard output): .ndjson for programs, else text.
    #[arg(long, value_name = "FILE", value_parser = parse_trace, help_heading = OUTPUT)]
    pub trace: Option<PathBuf>,
    /// Report accesses that are legal on this part and wrong on another.
    #[arg(long, help_heading = OUTPUT, conflicts_with = "interactive")]
    pub strict: bool,
    /// Print one JSON document on standard output.
    #[arg(long, help_heading = OUTPUT, conflicts_with = "interactive")]
    pub json: bool,
}
