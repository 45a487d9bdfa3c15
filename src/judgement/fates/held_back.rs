//! What holds a message back: a CPU that does not take it, or slots that are full.

use crate::judgement::keeps::Untaken;
use crate::judgement::state::{CpuState, State};
use sim::bus::{DeliveryMode, Message};

/// Why CPU `number` has not taken `message`, which has come to it.
pub(super) fn held_back(state: &State, number: u16, message: &Message) -> String {
    let place = match message.mode {
        DeliveryMode::Fixed | DeliveryMode::LowestPriority => "in its IRR",
        _ => "latched",
    };
    let Some(kept) = Untaken::of_message(message).kept_by(&state.cpus[usize::from(number)]) else {
        return format!("{place}: the CPU takes it at its next instruction");
    };
    let since = kept.since.map(|since| format!(" since {since} us")).unwrap_or_default();
    format!("{place}: {kept}{since}")
}

/// What fills the slots of a class: `FD in IRR, F1 in ISR`.
pub(super) fn occupied(cpu: &CpuState, class: u8) -> String {
    let (requested, served) = cpu.apic.class_occupancy(class);
    let requested = requested.into_iter().map(|vector| format!("{vector:02X} in IRR"));
    let slots: Vec<String> = requested.chain(served.into_iter().map(|vector| format!("{vector:02X} in ISR"))).collect();
    if slots.is_empty() {
        "it cannot take it now".to_owned()
    } else {
        format!("class {class:X} holds {}", slots.join(", "))
    }
}
