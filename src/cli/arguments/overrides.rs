//! Options that change what is simulated: the machine, the seed, the end, and single values of the scenario.

use super::values::{help_list, help_names, parse_microseconds, parse_name, parse_release, parse_seed};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{Bus, OwnVariant, RELEASES, Request, load_setting};
use clap::Args;
use sim::Generation;

/// The heading of these options.
pub(super) const MACHINE: &str = "Machine and scenario";

/// Options that change what is simulated.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Overrides {
    /// Release.
    #[arg(long, value_name = "R", value_parser = parse_release, help_heading = MACHINE, help = help_list("Release that the rest of the kernel's code is of; without it, the scenario's, else that of the variant", &RELEASES))]
    pub release: Option<String>,
    /// Bus.
    #[arg(long, value_name = "B", value_parser = parse_name::<Bus>, help_heading = MACHINE, help = help_names::<Bus>("Bus; without it, the arch's natural one"))]
    pub bus: Option<Bus>,
    /// APIC generation.
    #[arg(long, value_name = "G", value_parser = parse_name::<Generation>, help_heading = MACHINE, help = help_names::<Generation>("APIC generation; without it, the arch's natural one"))]
    pub generation: Option<Generation>,
    /// Number of CPUs; without it, the scenario's.
    #[arg(long, value_name = "N", help_heading = MACHINE)]
    pub cpus: Option<u32>,
    /// Seed of all choices, decimal or 0x hex.
    #[arg(long, value_name = "S", default_value = "0", value_parser = parse_seed, help_heading = MACHINE, allow_negative_numbers = true)]
    pub seed: u64,
    /// End of the run in simulated µs; without it, the scenario's, else 10000000 (10 s).
    #[arg(id = "limit_us", long = "limit-us", value_name = "US", value_parser = parse_microseconds, help_heading = MACHINE, allow_negative_numbers = true)]
    pub limit_ps: Option<u64>,
    /// Change one value of the scenario, as knobs.slots=per-vector, costs.pause_cycles=10, event.3.at_us=30.5 or
    /// fault=[] (none); repeatable.
    #[arg(long = "set", value_name = "PATH=VALUE", help_heading = MACHINE)]
    pub sets: Vec<String>,
    /// Put work under the story that arrives whatever the CPUs are doing: ipis, flushes, calls, devices, eois, each with
    /// what lies between two arrivals if it is to be another, as ipis=exp(20us)+flushes; a file with [[load]]; or none.
    /// `measure` takes several, with commas.
    #[arg(long, value_name = "LOAD", value_parser = parse_loads, help_heading = MACHINE)]
    pub load: Option<Loads>,
}

/// The loads of the command line: each as it was asked for, and the setting that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loads(pub(crate) Vec<(String, String)>);

fn parse_loads(text: &str) -> Result<Loads, String> {
    let mut loads = Vec::new();
    for load in outside_parentheses(text, ',') {
        let setting =
            load_setting(load).map_err(|error| format!("{} ({})", error.message(), error.help_lines().join("; ")))?;
        loads.push((load.to_owned(), setting));
    }
    Ok(Loads(loads))
}

/// The parts of `text` between separators that stand in no parentheses.
fn outside_parentheses(text: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_u32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

impl Overrides {
    /// The load, of a command that takes one.
    ///
    /// # Errors
    /// There are several.
    pub(super) fn check_load(&self) -> Result<(), InputError> {
        match &self.load {
            Some(Loads(loads)) if loads.len() > 1 => {
                Err(InputError::new("--load takes one load here, and here are several")
                    .help("with + between them they come together: ipis+flushes; `measure` compares several"))
            }
            _ => Ok(()),
        }
    }

    /// The scenario that is asked for, on one sub-architecture under one variant, which may be one of these.
    pub(crate) fn request(
        &self,
        scenario: &str,
        (arch, variant): (Option<String>, Option<String>),
        own: &[OwnVariant],
    ) -> Request {
        let load = self.load.iter().flat_map(|Loads(loads)| loads).map(|(_, setting)| setting.clone());
        Request {
            scenario: scenario.to_owned(),
            arch,
            variant,
            release: self.release.clone(),
            generation: self.generation,
            bus: self.bus,
            cpus: self.cpus,
            limit_ps: self.limit_ps,
            sets: self.sets.iter().cloned().chain(load.take(1)).collect(),
            own: own.to_vec(),
        }
    }
}
