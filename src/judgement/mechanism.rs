//! Which of the mechanisms that can keep an ICR busy a run shows.
//!
//! Not modelled: two mechanisms at once; the first that holds along the chain from the waiting CPU is named.

use super::state::{CpuState, MessageState, Sleep, State};
use crate::scenario::{FaultName, Mechanism};
use kernel_model::Wait;
use sim::Context;
use sim::bus::{AttemptOutcome, DeliveryMode, DestinationMode, Message, Shorthand};

/// The mechanism that keeps the ICR of CPU `number` busy at an instant, if it is; or that has sent its message
/// elsewhere. None if what the CPU waits for is a lock.
pub(crate) fn shown(state: &State, number: u16) -> Option<Mechanism> {
    let cpu = state.cpus.get(usize::from(number))?;
    if cpu.jammed_since.is_some() {
        return Some(Mechanism::JammedBit);
    }
    if cpu.software.waits.last().is_some_and(|wait| wait.code == Wait::Lock as u32) {
        return None; // whatever its ICR reads
    }
    let held = state.undispatched().find(|held| held.message.source == number);
    let unanswered_call = cpu.software.waits.last().is_some_and(|wait| wait.code == Wait::Acknowledgement as u32);
    if let Some(misdirected) = cpu.misdirected()
        && held.map_or(unanswered_call, |held| held.message == misdirected.message)
    {
        return Some(Mechanism::InterleavedSend);
    }
    let held = held?;
    if let Some(stall) = state.stall(held) {
        return Some(match stall.fault {
            FaultName::StuckWire | FaultName::LostClock => Mechanism::BadWires,
            FaultName::FsbLock => Mechanism::BlockedFrontSideBus,
            _ => Mechanism::BackPressure,
        });
    }
    match held.attempts.map(|attempts| attempts.outcome) {
        Some(AttemptOutcome::Retry) => Some(refused(state, held)),
        Some(AttemptOutcome::AcceptError) if !state.refusers(&held.message).is_empty() => Some(refused(state, held)),
        Some(AttemptOutcome::AcceptError) => Some(unanswered(state)),
        Some(AttemptOutcome::ChecksumError) if state.injected.is_out_of_step(state.now) => Some(Mechanism::OutOfStep),
        Some(AttemptOutcome::ChecksumError) => Some(Mechanism::BadWires),
        Some(AttemptOutcome::Accepted) | None => not_attempted(state, held),
    }
}

/// A message that was not even attempted: the bus, or the way to another cluster, is taken.
fn not_attempted(state: &State, held: &MessageState) -> Option<Mechanism> {
    let failing = |other: &MessageState| {
        other.message != held.message
            && other.attempts.is_some_and(|attempts| attempts.outcome == AttemptOutcome::AcceptError)
    };
    if state.injected.jabberer(state.now).is_some() {
        return Some(Mechanism::Traffic);
    }
    if state.undispatched().any(failing) {
        return Some(Mechanism::NoAnswer);
    }
    state.in_transit().next().map(|_| Mechanism::ClusterManager)
}

/// Somebody answers Retry.
fn refused(state: &State, held: &MessageState) -> Mechanism {
    let refusers = state.refusers(&held.message);
    if refusers.is_empty() {
        let carried = state.in_transit().next().is_some();
        return if carried { Mechanism::ClusterManager } else { Mechanism::RedirectionRetried };
    }
    if held.message.mode == DeliveryMode::Nmi {
        return Mechanism::NmiRefused;
    }
    let any = |is: &dyn Fn(&CpuState) -> bool| refusers.iter().any(|&cpu| is(&state.cpus[usize::from(cpu)]));
    if any(&|cpu| matches!(cpu.sleep(), Some(Sleep::Shutdown { .. }))) {
        return Mechanism::TargetInShutdown;
    }
    if any(&|cpu| cpu.handler(Context::SystemManagement).is_some()) {
        return Mechanism::TargetInSmm;
    }
    if any(&|cpu| cpu.reset.is_some()) {
        return Mechanism::TargetInReset;
    }
    if is_multicast(&held.message) { Mechanism::AllOrNothing } else { Mechanism::SlotExhaustion }
}

/// Nobody answers.
fn unanswered(state: &State) -> Mechanism {
    let dead = state.cpus.iter().any(|cpu| cpu.dead_since.is_some());
    let waits = state.cpus.iter().any(|cpu| cpu.reset.is_some());
    if !dead && waits { Mechanism::TargetInReset } else { Mechanism::NoAnswer }
}

/// Is it for several, as its destination says?
fn is_multicast(message: &Message) -> bool {
    match (message.shorthand, message.destination_mode) {
        (Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf, _) => true,
        (Shorthand::Own, _) => false,
        (Shorthand::None, DestinationMode::Logical) => (message.destination & 0xF).count_ones() > 1,
        (Shorthand::None, DestinationMode::Physical) => message.destination == 0xFF || message.destination == 0xF,
    }
}
