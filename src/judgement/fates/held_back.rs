//! What keeps a CPU from taking what waits there, in one sentence: the first thing that would have to end.

use crate::judgement::state::{CpuState, Sleep, State};
use sim::Context;
use sim::bus::{DeliveryMode, Message};

/// Why CPU `number` has not taken `message`, which has come to it.
pub(super) fn held_back(state: &State, number: u16, message: &Message) -> String {
    let cpu = &state.cpus[usize::from(number)];
    let place = match message.mode {
        DeliveryMode::Fixed | DeliveryMode::LowestPriority => "in its IRR",
        _ => "latched",
    };
    format!("{place}: {}", reason(cpu, message))
}

fn reason(cpu: &CpuState, message: &Message) -> String {
    match cpu.sleep() {
        Some(Sleep::Shutdown { since, .. }) if !ends_shutdown(cpu, message) => {
            return format!("the CPU is in shutdown since {since} us");
        }
        Some(Sleep::WaitForStartUp(reset)) => {
            return format!("the CPU waits for a start-up message since {} us", reset.since);
        }
        _ => {}
    }
    if let Some(since) = cpu.system_management_since() {
        return format!("the CPU is in system-management mode since {since} us");
    }
    match message.mode {
        DeliveryMode::Nmi => cpu.handler(Context::Nmi).map_or_else(
            || "the CPU takes it at its next instruction".to_owned(),
            |frame| format!("NMIs are blocked by the NMI handler since {} us", frame.since),
        ),
        DeliveryMode::Init if cpu.stalled_since.is_none() => "the CPU takes it at its next instruction".to_owned(),
        _ => masked(cpu, message),
    }
}

/// Does it lead out of a shutdown (SDM vol. 3 §6.15)? Not out of one in an NMI handler.
fn ends_shutdown(cpu: &CpuState, message: &Message) -> bool {
    let maskable = matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority | DeliveryMode::ExtInt);
    !maskable && cpu.handler(Context::Nmi).is_none()
}

fn masked(cpu: &CpuState, message: &Message) -> String {
    if let Some(since) = cpu.interrupts_off_since {
        return format!("interrupts are off since {since} us");
    }
    if let Some(since) = cpu.stalled_since {
        return format!("a store to its ICR has not completed since {since} us");
    }
    let class = message.vector >> 4;
    if message.mode != DeliveryMode::ExtInt && class <= cpu.apic.ppr() >> 4 {
        let served = cpu.apic.in_service().find(|vector| vector >> 4 >= class);
        return match served {
            Some(vector) => format!("{vector:02X} is in service"),
            None => format!("the task priority is {:02X}", cpu.apic.tpr()),
        };
    }
    "the CPU takes it at its next instruction".to_owned()
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
