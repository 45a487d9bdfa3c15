//! Options that change what is simulated: the machine, the seed, the end, and single values of the scenario.

use super::values::{help_list, help_names, parse_microseconds, parse_name, parse_release, parse_seed};
use crate::scenario::{Bus, OwnVariant, RELEASES, Request};
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
}

impl Overrides {
    /// The scenario that is asked for, on one sub-architecture under one variant, which may be one of these.
    pub(crate) fn request(
        &self,
        scenario: &str,
        (arch, variant): (Option<String>, Option<String>),
        own: &[OwnVariant],
    ) -> Request {
        Request {
            scenario: scenario.to_owned(),
            arch,
            variant,
            release: self.release.clone(),
            generation: self.generation,
            bus: self.bus,
            cpus: self.cpus,
            limit_ps: self.limit_ps,
            sets: self.sets.clone(),
            own: own.to_vec(),
        }
    }
}
