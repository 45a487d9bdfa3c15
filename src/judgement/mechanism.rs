//! The mechanisms that can keep an ICR busy, as the project's hardware facts list them (§4.5, A to R), and which of them a
//! run shows.
//!
//! Not modelled: two mechanisms at once; the first that holds along the chain from the waiting CPU is named.

use crate::scenario::{FaultKind, FaultName, Scenario};
use kernel_model::Wait;
use sim::bus::{AttemptOutcome, DeliveryMode, DestinationMode, Message, Shorthand};
use sim::{Activity, Context, CpuReport, Outcome, UndispatchedReport, named};

named! {
    /// A mechanism.
    pub enum Mechanism ("mechanism") {
        /// The target's interrupt slots are full, and it takes nothing.
        SlotExhaustion = "A",
        /// One full target blocks a multicast for everybody.
        AllOrNothing = "B",
        /// No APIC answers: absent, off, or starved by one that sends to such.
        NoAnswer = "C",
        /// An NMI between the two writes of the ICR sends the message elsewhere.
        InterleavedSend = "D",
        /// An NMI is refused while one is latched.
        NmiRefused = "E",
        /// The target is in reset or waits for a start-up message.
        TargetInReset = "F",
        /// The target is in shutdown, and interrupts pile up.
        TargetInShutdown = "G",
        /// The target is in system-management mode, and interrupts pile up.
        TargetInSmm = "H",
        /// Wires, clock or checksums of the serial bus are bad.
        BadWires = "I",
        /// Agents share an arbitration id.
        OutOfStep = "J",
        /// Traffic of others keeps a sender from the bus.
        Traffic = "K",
        /// The chipset is out of resources and lets no interrupt transaction through.
        BackPressure = "L",
        /// The front-side bus is locked, or an agent on it is wedged.
        BlockedFrontSideBus = "M",
        /// Redirectable transactions are retried by the chipset.
        RedirectionRetried = "N",
        /// Negative control: a front-side bus asks no target.
        NoAnswerNeeded = "O",
        /// A cluster manager has no room, or its link is dead.
        ClusterManager = "P",
        /// Negative control: a deep sleep state loses the ICR.
        DeepSleep = "Q",
        /// Negative control: a hypervisor never shows the bit.
        Hypervisor = "R",
        /// None: the bit itself is jammed, which no document describes.
        JammedBit = "none",
    }
}

impl Mechanism {
    /// What it is, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::SlotExhaustion => "slot exhaustion: two interrupts of the class wait, the third is refused",
            Self::AllOrNothing => "all-or-nothing multicast: one full target blocks it for everybody",
            Self::NoAnswer => "no APIC answers: an accept error, resent for ever",
            Self::InterleavedSend => "an NMI between the two writes of the ICR",
            Self::NmiRefused => "an NMI refused while one is latched",
            Self::TargetInReset => "a target in reset or wait-for-SIPI",
            Self::TargetInShutdown => "a target in shutdown",
            Self::TargetInSmm => "a target in system-management mode",
            Self::BadWires => "bad wires, clock or checksums of the serial bus",
            Self::OutOfStep => "arbitration ids out of step",
            Self::Traffic => "traffic of others keeps the sender from the bus",
            Self::BackPressure => "back-pressure: a chipset that takes no interrupt transaction",
            Self::BlockedFrontSideBus => "a front-side bus locked or blocked by another agent",
            Self::RedirectionRetried => "redirectable transactions retried by the chipset",
            Self::NoAnswerNeeded => "none on a front-side bus: its targets answer nothing",
            Self::ClusterManager => "a cluster manager without room, or a dead link",
            Self::DeepSleep => "none: an ICR lost in deep sleep is not busy",
            Self::Hypervisor => "none: this interconnect never shows the delivery status",
            Self::JammedBit => "none that hardware has: the bit itself is jammed (injected)",
        }
    }
}

/// The mechanism that keeps the ICR of CPU `number` busy at the end of the run, if it is; or that has sent its message
/// elsewhere.
pub fn shown(scenario: &Scenario, outcome: &Outcome, number: u16) -> Option<Mechanism> {
    let has = |name: FaultName| scenario.faults.iter().any(|fault| fault.kind.fault_name() == name);
    let jammed = |fault: &crate::scenario::Fault| {
        matches!(fault.kind, FaultKind::Cpu { cpu, .. } if cpu == u32::from(number))
            && fault.kind.fault_name() == FaultName::IcrStuck
    };
    if scenario.faults.iter().any(jammed) {
        return Some(Mechanism::JammedBit);
    }
    let held = outcome.undispatched.iter().find(|held| held.held.message.source == number);
    let cpu = outcome.cpus.get(usize::from(number))?;
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
