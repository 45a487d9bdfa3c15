//! The mechanisms that can keep an ICR busy, as the project's hardware facts list them (§4.5, A to R).
//!
//! A scenario names the one that it is about; which one a run shows is judged (`judgement/mechanism.rs`).

use super::named::named;

named! {
    /// A mechanism.
    ///
    /// ```
    /// # use apicsim::prelude::*;
    /// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &Settings::seeded(0))?;
    /// let mechanism = report.hang.and_then(|hang| hang.mechanism).expect("a busy ICR has one");
    /// assert_eq!(apicsim::sim::Named::name(mechanism).len(), 1); // a letter of docs/mechanisms.md
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[non_exhaustive]
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
    /// Its letter and what it is; what is none of hardware's has no letter.
    pub fn with_name(self) -> String {
        match self {
            Self::JammedBit => self.about().to_owned(),
            _ => format!("{self}: {}", self.about()),
        }
    }

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
