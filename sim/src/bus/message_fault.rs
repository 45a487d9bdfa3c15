//! Faults of messages: on its way to a target a message is lost, comes late, comes twice, or is not noticed there.
//!
//! They act on every interconnect alike, once, at the instant at which it would deliver the message to that target. Its
//! sender does not hear of it: the interconnect has done its work. What comes late comes whatever the state of its target,
//! because it was accepted before.
//!
//! Not modelled: faults of messages that an APIC in x2APIC mode gives to itself (they travel on no bus), of remote reads and
//! of EOI messages; damage, which receivers notice and senders hear of, is a fault of the serial bus's wires
//! ([`SerialFaultKind`](super::SerialFaultKind)).

use super::message::{Agent, DeliveryMode, Message};
use crate::time::{Duration, Time};

/// What becomes of a message at a target.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let message_faults = vec![MessageFault::all(MessageEffect::Lose)];
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.message_faults = message_faults;
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let send = Program::from_fn(|cpu| {
///     cpu.write_register(0x310, 1 << 24);
///     cpu.write_register(0x300, 0x41);
/// });
/// let outcome = run(vec![send, Program::from_fn(|cpu| cpu.halt())]);
/// assert_eq!((outcome.message_faults, outcome.cpus[1].requested.len()), (vec![1], 0)); // lost on its way
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEffect {
    /// It is lost.
    Lose,
    /// It comes this much later.
    Delay(Duration),
    /// It comes, and comes again this much later.
    Duplicate(Duration),
    /// Its vector is set in the IRR, and the core is not told: it looks when something else happens to its APIC or its
    /// interrupt flag. Of vectors only.
    Unnoticed,
}

impl MessageEffect {
    /// Its number in the event stream.
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Lose => 0,
            Self::Delay(_) => 1,
            Self::Duplicate(_) => 2,
            Self::Unnoticed => 3,
        }
    }
}

/// A fault of messages. Deliveries count that come in its window of time and fit: each target of a message for itself.
///
/// # Example
///
/// ```
/// use sim::bus::{MessageEffect, MessageFault};
///
/// // The third message to CPU 2 is lost.
/// let fault = MessageFault::all(MessageEffect::Lose).with(|fault| {
///     fault.to = Some(2);
///     fault.nth = 3;
///     fault.count = Some(1);
/// });
/// assert_eq!(fault.every, 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageFault {
    /// What it does.
    pub effect: MessageEffect,
    /// To messages of this agent; `None`: of any.
    pub from: Option<Agent>,
    /// To deliveries to this CPU; `None`: to any.
    pub to: Option<Agent>,
    /// To messages with a vector from the first to the second of these; `None`: whatever it is.
    pub vectors: Option<(u8, u8)>,
    /// To messages of this delivery mode; `None`: of any.
    pub mode: Option<DeliveryMode>,
    /// To deliveries from this instant on.
    pub since: Time,
    /// To deliveries before this instant.
    pub until: Option<Time>,
    /// The first delivery that is hit, from 1.
    pub nth: u64,
    /// After that each so-many-th is.
    pub every: u64,
    /// At most so many are.
    pub count: Option<u64>,
}

impl MessageFault {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl MessageFault {
    /// One that hits every delivery.
    pub const fn all(effect: MessageEffect) -> Self {
        Self {
            effect,
            from: None,
            to: None,
            vectors: None,
            mode: None,
            since: Time::ZERO,
            until: None,
            nth: 1,
            every: 1,
            count: None,
        }
    }

    pub(crate) fn fits(&self, now: Time, to: Agent, message: &Message) -> bool {
        let of_vector = matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority);
        let vector = match self.vectors {
            None => true,
            Some((first, last)) => of_vector && (first..=last).contains(&message.vector),
        };
        now >= self.since
            && now < self.until.unwrap_or(Time::NEVER)
            && message.mode != DeliveryMode::RemoteRead
            && self.from.unwrap_or(message.source) == message.source
            && self.to.unwrap_or(to) == to
            && vector
            && self.mode.unwrap_or(message.mode) == message.mode
            && (of_vector || self.effect != MessageEffect::Unnoticed)
    }

    /// What of the count decides the future: nothing once it is over, its place in the period else, as far as that is no
    /// longer than `longest`.
    pub(crate) fn phase(&self, seen: u64, hits: u64, longest: u64) -> u64 {
        let over = hits >= self.count.unwrap_or(u64::MAX);
        match () {
            () if over => u64::MAX,
            () if self.count.is_some() || seen < self.nth || self.every > longest => seen,
            () => (seen - self.nth) % self.every.max(1),
        }
    }

    /// Is the `seen`-th delivery hit, if `hits` were before it?
    pub(crate) fn hits(&self, seen: u64, hits: u64) -> bool {
        let left = hits < self.count.unwrap_or(u64::MAX);
        left && seen >= self.nth && (seen - self.nth).is_multiple_of(self.every.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{DestinationMode, Shorthand};

    fn message(source: Agent, vector: u8, mode: DeliveryMode) -> Message {
        Message {
            source,
            number: 0,
            mode,
            vector,
            destination_mode: DestinationMode::Physical,
            destination: 0xFF,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::ZERO,
            queues: false,
        }
    }

    #[test]
    fn a_fault_is_of_some_messages() {
        let fixed = message(0, 0x41, DeliveryMode::Fixed);
        let nmi = message(3, 0x41, DeliveryMode::Nmi); // an NMI has no vector
        let lose = MessageFault::all(MessageEffect::Lose);
        let cases = [
            (MessageFault { from: Some(3), ..lose }, false, true),
            (MessageFault { vectors: Some((0x41, 0x41)), ..lose }, true, false),
            (MessageFault { vectors: Some((0x3F, 0x44)), ..lose }, true, false),
            (MessageFault { vectors: Some((0x42, 0x4F)), ..lose }, false, false),
            (MessageFault { mode: Some(DeliveryMode::Nmi), ..lose }, false, true),
            (MessageFault::all(MessageEffect::Unnoticed), true, false),
        ];
        for (fault, of_fixed, of_nmi) in cases {
            let fits = |message| fault.fits(Time::ZERO, 1, message);
            assert_eq!((fits(&fixed), fits(&nmi)), (of_fixed, of_nmi), "{fault:?}");
        }
    }
}
