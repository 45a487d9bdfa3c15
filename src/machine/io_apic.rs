//! Which I/O APIC a machine has: the hardware that is built, and what its kernel reads of it.

use crate::scenario::{Bus, Scenario};
use sim::io_apic::IoApicVersion;

/// The I/O APIC: a part of its own beside CPUs with four-bit ids, later in the south bridge.
pub(super) fn io_apic(scenario: &Scenario) -> Option<IoApicVersion> {
    let machine = &scenario.machine;
    let of_its_own = machine.generation.profile().serial && machine.bus != Bus::Cluster;
    machine.io_agent.then_some(if of_its_own { IoApicVersion::I82093Aa } else { IoApicVersion::I82801 })
}
