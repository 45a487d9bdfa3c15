//! Helpers for the tests of the local APIC.

use super::local_apic::Clocks;
use super::{LocalApic, Preset};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::{Generation, Knobs};
use crate::time::Time;

/// An APIC with id = agent, as after a reset, default knobs.
pub(super) fn reset(generation: Generation, agent: Agent) -> LocalApic {
    let clocks = Clocks { core: generation.core_clock(), timer: generation.timer_clock() };
    LocalApic::new(generation, Knobs::default(), agent, u32::from(agent), clocks)
}

/// An APIC with id = agent, software-enabled, default knobs.
pub(super) fn enabled(generation: Generation, agent: Agent) -> LocalApic {
    let mut apic = reset(generation, agent);
    apic.preset(&Preset::default());
    apic
}

/// A fixed edge message to a physical destination.
pub(super) fn fixed(source: Agent, vector: u8, destination: u32) -> Message {
    Message {
        source,
        number: 0,
        mode: DeliveryMode::Fixed,
        vector,
        destination_mode: DestinationMode::Physical,
        destination,
        shorthand: Shorthand::None,
        level_triggered: false,
        asserted: true,
        written_at: Time::ZERO,
        queues: false,
    }
}

/// An NMI to a physical destination.
pub(super) fn nmi(source: Agent, destination: u32) -> Message {
    Message { mode: DeliveryMode::Nmi, ..fixed(source, 0, destination) }
}
