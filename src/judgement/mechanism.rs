//! Which of the mechanisms that can keep an ICR busy a run shows.
//!
//! Not modelled: two mechanisms at once; the first that holds along the chain from the waiting CPU is named.

use crate::scenario::{FaultKind, FaultName, Mechanism, Scenario};
use kernel_model::Wait;
use sim::bus::{AttemptOutcome, DeliveryMode, DestinationMode, Message, Shorthand};
use sim::{Activity, Context, CpuReport, Outcome, UndispatchedReport};

/// The mechanism that keeps the ICR of CPU `number` busy at the end of the run, if it is; or that has sent its message
/// elsewhere. None if what the CPU waits for is a lock.
pub(crate) fn shown(scenario: &Scenario, outcome: &Outcome, number: u16) -> Option<Mechanism> {
    let has = |name: FaultName| scenario.faults.iter().any(|fault| fault.kind.fault_name() == name);
    let jammed = |fault: &crate::scenario::Fault| {
        matches!(fault.kind, FaultKind::Cpu { cpu, .. } if cpu == u32::from(number))
            && fault.kind.fault_name() == FaultName::IcrStuck
    };
    if scenario.faults.iter().any(jammed) {
        return Some(Mechanism::JammedBit);
    }
    let cpu = outcome.cpus.get(usize::from(number))?;
    if cpu.waits.last().is_some_and(|wait| wait.code == Wait::Lock as u32) {
        return None; // whatever its ICR reads
    }
    let held = outcome.undispatched.iter().find(|held| held.held.message.source == number);
    let unanswered_call = cpu.waits.last().is_some_and(|wait| wait.code == Wait::Acknowledgement as u32);
    if let Some(misdirected) = cpu.misdirected
        && held.map_or(unanswered_call, |held| held.held.message == misdirected.message)
    {
        return Some(Mechanism::InterleavedSend);
    }
    let held = held?;
    if held.held.stalled_since.is_some() {
        let wires = has(FaultName::StuckWire) || has(FaultName::LostClock);
        return Some(match has(FaultName::FsbLock) {
            _ if wires => Mechanism::BadWires,
            true => Mechanism::BlockedFrontSideBus,
            false => Mechanism::BackPressure,
        });
    }
    match held.held.last {
        Some(AttemptOutcome::Retry) => Some(refused(outcome, held)),
        Some(AttemptOutcome::AcceptError) if !held.refusers.is_empty() => Some(refused(outcome, held)),
        Some(AttemptOutcome::AcceptError) => Some(unanswered(outcome)),
        Some(AttemptOutcome::ChecksumError) if has(FaultName::ArbitrationId) => Some(Mechanism::OutOfStep),
        Some(AttemptOutcome::ChecksumError) => Some(Mechanism::BadWires),
        Some(AttemptOutcome::Accepted) | None => not_attempted(outcome, held, has(FaultName::Jabber)),
    }
}

/// A message that was not even attempted: the bus, or the way to another cluster, is taken.
fn not_attempted(outcome: &Outcome, held: &UndispatchedReport, jabber: bool) -> Option<Mechanism> {
    let failing = |other: &&UndispatchedReport| {
        other.held.message != held.held.message && other.held.last == Some(AttemptOutcome::AcceptError)
    };
    if jabber {
        return Some(Mechanism::Traffic);
    }
    if outcome.undispatched.iter().any(|other| failing(&other)) {
        return Some(Mechanism::NoAnswer);
    }
    (!outcome.in_transit.is_empty()).then_some(Mechanism::ClusterManager)
}

/// Somebody answers Retry.
fn refused(outcome: &Outcome, held: &UndispatchedReport) -> Mechanism {
    if held.refusers.is_empty() {
        let carried = !outcome.in_transit.is_empty();
        return if carried { Mechanism::ClusterManager } else { Mechanism::RedirectionRetried };
    }
    if held.held.message.mode == DeliveryMode::Nmi {
        return Mechanism::NmiRefused;
    }
    let cpus = || held.refusers.iter().filter_map(|&agent| outcome.cpus.get(usize::from(agent)));
    let in_smm = |cpu: &CpuReport| cpu.frames.iter().any(|frame| frame.context == Context::SystemManagement);
    if cpus().any(|cpu| cpu.activity == Activity::Shutdown) {
        return Mechanism::TargetInShutdown;
    }
    if cpus().any(in_smm) {
        return Mechanism::TargetInSmm;
    }
    if cpus().any(|cpu| cpu.activity == Activity::WaitForStartUp) {
        return Mechanism::TargetInReset;
    }
    if is_multicast(&held.held.message) { Mechanism::AllOrNothing } else { Mechanism::SlotExhaustion }
}

/// Nobody answers.
fn unanswered(outcome: &Outcome) -> Mechanism {
    let waits = |cpu: &CpuReport| cpu.activity == Activity::WaitForStartUp;
    let dead = outcome.cpus.iter().any(|cpu| cpu.dead);
    if !dead && outcome.cpus.iter().any(waits) { Mechanism::TargetInReset } else { Mechanism::NoAnswer }
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
