//! The fate of one message at each CPU that it was for, as the machine stands.

use super::held_back::{held_back, occupied};
use super::report::{FateReport, MessageFate};
use crate::judgement::state::{Arrival, Effect, End, MessageState, Miss, Origin, Sleep, State, UnsentMessage};
use sim::bus::{AttemptOutcome, DeliveryMode, Message};
use sim::{Context, Generation, Time};

/// The fates of a message: one for each CPU that it was for or has reached, or one of its own.
pub(super) fn of_message(state: &State, held: &MessageState) -> Vec<FateReport> {
    let one = held.message.mode == DeliveryMode::LowestPriority;
    let reached = held.arrivals.iter().map(|arrival| arrival.cpu);
    let mut cpus: Vec<u16> = held.meant.iter().copied().filter(|_| !one).chain(reached).collect();
    cpus.sort_unstable();
    cpus.dedup();
    if cpus.is_empty() {
        return vec![nowhere(state, held)];
    }
    cpus.into_iter().map(|cpu| at_cpu(state, held, cpu)).collect()
}

/// The fates of a command that has not become a message.
pub(super) fn of_command(state: &State, unsent: &UnsentMessage, waits: bool) -> Vec<FateReport> {
    let (fate, at, because) = match unsent.replaced {
        _ if waits => {
            let because = "its write found the ICR busy, and waits until that is idle".to_owned();
            (MessageFate::UnderWay, None, because)
        }
        Some(at) => {
            (MessageFate::Replaced, Some(at), "a newer write took its place behind the message under way".to_owned())
        }
        None => {
            let because = "its write found the ICR busy, and such a write is lost".to_owned();
            (MessageFate::Dropped, Some(unsent.message.written_at), because)
        }
    };
    let report = |cpu| FateReport { cpu, fate, at, because: because.clone() };
    let meant = state.meant(&unsent.message);
    if meant.is_empty() { vec![report(None)] } else { meant.into_iter().map(|cpu| report(Some(cpu))).collect() }
}

fn at_cpu(state: &State, held: &MessageState, number: u16) -> FateReport {
    let (fate, at, because) = match held.arrival(number) {
        Some(arrival) if arrival.waits() && held.unnoticed.contains(&number) => {
            let because = "in its IRR: its core has not been told of it (injected)".to_owned();
            (MessageFate::Pending, Some(arrival.at), because)
        }
        Some(arrival) => arrived(state, &held.message, arrival),
        None => match held.missed.iter().find(|(missed, _)| *missed == number) {
            Some(&(_, Miss::Lost(at))) => (MessageFate::Lost, Some(at), missed(Miss::Lost(at))),
            Some(&(_, miss)) => (MessageFate::Ignored, held.dispatched, missed(miss)),
            None => on_the_way(state, held, Some(number)),
        },
    };
    FateReport { cpu: Some(number), fate, at, because }
}

/// A message that addresses no CPU, or one of several, undecided.
fn nowhere(state: &State, held: &MessageState) -> FateReport {
    let (fate, at, because) = match held.dispatched {
        Some(at) if held.meant.is_empty() => {
            (MessageFate::Ignored, Some(at), "no CPU has an APIC with that ID".to_owned())
        }
        _ => on_the_way(state, held, None),
    };
    FateReport { cpu: None, fate, at, because }
}

fn arrived(state: &State, message: &Message, arrival: &Arrival) -> (MessageFate, Option<Time>, String) {
    let Arrival { cpu: number, at, effect, end } = *arrival;
    match end {
        Some(End::Taken(at, context)) => return (MessageFate::Taken, Some(at), taken(message, context)),
        Some(End::Initialised(at)) => {
            return (MessageFate::Cleared, Some(at), "it waited there when the CPU was initialised".to_owned());
        }
        Some(End::Disabled(at)) => {
            return (MessageFate::Cleared, Some(at), "it waited there when its APIC was globally disabled".to_owned());
        }
        None => {}
    }
    let at = Some(at);
    match effect {
        Effect::Requested | Effect::Latched => (MessageFate::Pending, at, held_back(state, number, message)),
        Effect::Merged(with) => {
            let by = by(state, with);
            (MessageFate::Merged, at, format!("{:02X} was in the IRR already, {by}", message.vector))
        }
        Effect::Collapsed(with) => {
            (MessageFate::Merged, at, format!("one was latched there already, {}", by(state, with)))
        }
        Effect::Started => (MessageFate::Taken, at, taken(message, None)),
        Effect::Nothing if message.is_init_deassert() => {
            let external = state.cpus[usize::from(number)].apic.generation() == Generation::I82489Dx;
            let because =
                if external { "the level of its INIT is gone" } else { "its arbitration ID is its APIC ID again" };
            (MessageFate::Taken, at, because.to_owned())
        }
        Effect::Nothing => (MessageFate::Taken, at, "its APIC did what it asks".to_owned()),
        Effect::DidNotWait { sleep, system_management, .. } => {
            let did = match sleep {
                _ if system_management => "was in system-management mode",
                Some(Sleep::Shutdown { .. }) => "was in shutdown",
                Some(Sleep::Halt(_)) => "was in HLT",
                _ => "ran",
            };
            (MessageFate::Ignored, at, format!("the CPU did not wait for a start-up message: it {did}"))
        }
        Effect::ResetAlready => (MessageFate::Ignored, at, "the CPU waited for a start-up message already".to_owned()),
        Effect::LostInReset => (MessageFate::Ignored, at, "the CPU waited for a start-up message".to_owned()),
        Effect::SoftwareDisabled => (MessageFate::Ignored, at, missed(Miss::SoftwareDisabled)),
        Effect::IllegalVector => (MessageFate::Ignored, at, "its vector is illegal".to_owned()),
    }
}

fn taken(message: &Message, context: Option<Context>) -> String {
    match context {
        Some(Context::Interrupt(vector)) => format!("by the handler of {vector:02X}"),
        Some(Context::Nmi) => "by the NMI handler".to_owned(),
        Some(Context::SystemManagement) => "in system-management mode".to_owned(),
        _ if message.mode == DeliveryMode::StartUp => "it started".to_owned(),
        _ => "it was initialised".to_owned(),
    }
}

/// Whose request another one has merged into.
fn by(state: &State, origin: Origin) -> String {
    match origin {
        Origin::Message(source, number) if usize::from(source) < state.cpus.len() => {
            format!("by message {number} of CPU{source}")
        }
        Origin::Message(_, number) => format!("by message {number} of the I/O agent"),
        Origin::Local => "by a source of the CPU's own".to_owned(),
        Origin::Injected => "by an injected fault".to_owned(),
    }
}

fn missed(miss: Miss) -> String {
    match miss {
        Miss::Dead(since) => format!("its APIC is dead since {since} us (injected fault)"),
        Miss::GloballyDisabled => "its APIC was globally disabled".to_owned(),
        Miss::WaitsForStartUp => "its APIC was as after a reset: it waited for a start-up message".to_owned(),
        Miss::SoftwareDisabled => "its APIC was software-disabled".to_owned(),
        Miss::NotNamed => "the destination did not name its APIC".to_owned(),
        Miss::Lost(_) => "a fault lost it on its way (injected)".to_owned(),
    }
}

/// A message that has not come to `number`, and may still.
fn on_the_way(state: &State, held: &MessageState, number: Option<u16>) -> (MessageFate, Option<Time>, String) {
    if let Some((at, by)) = held.replaced {
        let line = state.messages.named(held.message.source, by).and_then(|newer| newer.site);
        let line = line.map(|site| state.places.describe(site));
        let line = line.map(|line| format!(": {line}")).unwrap_or_default();
        return (MessageFate::Replaced, Some(at), format!("message {by} of its sender took its place{line}"));
    }
    let late = held.late.iter().find(|(cpu, _)| Some(*cpu) == number);
    if let Some((cpu, at)) = late {
        return match state.cpus[usize::from(*cpu)].dead_since {
            Some(since) => (MessageFate::Ignored, Some(since), missed(Miss::Dead(since))),
            None => (MessageFate::UnderWay, None, format!("a fault keeps it back until {at} us (injected)")),
        };
    }
    if let Some(at) = held.dispatched {
        return if state.late_deliveries {
            (MessageFate::UnderWay, Some(at), "its sender's bus is done with it, and it has not arrived".to_owned())
        } else {
            (MessageFate::Lost, Some(at), "the bus told its sender that it was taken, and nobody got it".to_owned())
        };
    }
    let sender = state.cpus.get(usize::from(held.message.source));
    if let Some(since) = sender.and_then(|cpu| cpu.dead_since).filter(|since| *since <= held.sent) {
        let because = format!("its sender's APIC is dead since {since} us (injected fault)");
        return (MessageFate::Lost, Some(held.sent), because);
    }
    if let Some(stall) = state.stall(held) {
        let because = format!("`{}` stops its bus since {} us (injected fault)", stall.fault, stall.since);
        return (MessageFate::UnderWay, None, because);
    }
    let Some(attempts) = held.attempts else {
        return (MessageFate::UnderWay, None, "the bus has not carried it yet".to_owned());
    };
    let at = Some(attempts.first);
    match attempts.outcome {
        AttemptOutcome::Retry => (MessageFate::Retried, at, retried(state, &held.message, number)),
        AttemptOutcome::AcceptError => {
            (MessageFate::AcceptError, at, "no APIC answers to its destination: it is sent again".to_owned())
        }
        AttemptOutcome::ChecksumError => {
            (MessageFate::Retried, at, "an agent found it damaged: it is sent again".to_owned())
        }
        AttemptOutcome::Accepted => (MessageFate::UnderWay, at, "the bus has carried it".to_owned()),
    }
}

/// Who answers Retry: this CPU, or another that the message is for.
fn retried(state: &State, message: &Message, number: Option<u16>) -> String {
    let refusers = state.refusers(message);
    match number.filter(|number| refusers.contains(number)).or(refusers.first().copied()) {
        Some(cpu) if message.mode == DeliveryMode::Nmi => {
            format!("CPU{cpu} answers Retry: an NMI is latched while another is handled")
        }
        Some(cpu) => {
            format!("CPU{cpu} answers Retry: {}", occupied(&state.cpus[usize::from(cpu)], message.vector >> 4))
        }
        None => "the way to its target has no room: it is sent again".to_owned(),
    }
}
