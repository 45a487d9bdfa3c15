//! Injected faults of the serial bus: they act on clock, wires and ids, and what follows follows.
//!
//! Not modelled: an agent that drives wires at random (a jabbering one sends EOI messages that nobody can read); what
//! receivers make of a bus that never looks idle, or of a start that they missed (they wait for the next one).

use super::line::{Line, Symbol};
use crate::bus::{Agent, DeliveryMode, Message, MessageEffect, MessageFault};
use crate::time::Time;

/// A data wire.
///
/// See [`SerialFaultKind`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// PICD0.
    Picd0,
    /// PICD1, on which agents arbitrate.
    Picd1,
}

impl Wire {
    const fn symbol(self) -> Symbol {
        match self {
            Self::Picd0 => 1,
            Self::Picd1 => 2,
        }
    }
}

/// What is wrong with the bus.
///
/// ```
/// use sim::Time;
/// use sim::bus::{SerialBus, SerialFault, SerialFaultKind, Wire};
///
/// let kind = SerialFaultKind::StuckWire { wire: Wire::Picd1, driven: false };
/// let fault = SerialFault { from: Time::from_us(35), until: None, kind };
/// assert!(SerialBus::new(&[0, 1])?.with_faults(vec![fault]).is_ok());
/// # Ok::<(), sim::bus::BusError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerialFaultKind {
    /// Every so many-th message, EOI messages too, arrives damaged (1: every one).
    ChecksumNoise {
        /// The period, at least 1.
        every: u32,
    },
    /// Some messages arrive damaged: the attempts of those that fit are counted, and of these the `nth` is hit, and after
    /// it each `every`-th, at most `count`. Everybody finds them damaged, and their senders send again.
    Damage {
        /// Of this agent; `None`: of any.
        from: Option<Agent>,
        /// With a vector from the first to the second of these; `None`: whatever it is.
        vectors: Option<(u8, u8)>,
        /// Of this delivery mode; `None`: of any.
        mode: Option<DeliveryMode>,
        /// The first that is hit, at least 1.
        nth: u32,
        /// After that each so-many-th, at least 1.
        every: u32,
        /// At most so many.
        count: Option<u32>,
    },
    /// A wire is stuck, and reads the same in every cycle: arbitration, message and status.
    ///
    /// Driven: the bus never looks idle, and nothing starts. A message that is on the bus when the fault begins is found
    /// damaged; or, if only its status is hit, the sender is told what nobody said. A lowest-priority message whose first
    /// status cycle reads 10 is lost: its sender takes it for taken by a focus processor.
    ///
    /// Not driven: nothing is ever accepted. Without PICD0 nobody sees a message start, and nobody answers. Without PICD1
    /// nobody loses an arbitration, so that messages are sent on top of each other; most are found damaged, and an answer
    /// that somebody takes one never arrives. If only status is hit, Retry without PICD0 reads as Accept, and the message
    /// is lost for those who had no room.
    StuckWire {
        /// Which.
        wire: Wire,
        /// Driven (logical 1) or not (logical 0)?
        driven: bool,
    },
    /// PICCLK stands still.
    LostClock,
    /// An agent takes this for its arbitration id, once.
    ArbitrationId {
        /// Whose.
        agent: Agent,
        /// The id, 0 to 15.
        id: u8,
    },
    /// An agent sends EOI messages without end, and with a bad checksum. They beat all other messages.
    Jabber {
        /// Who.
        agent: Agent,
    },
}

impl SerialFaultKind {
    /// The messages that it damages, as a fault of messages would have it. (What that does to them is of no meaning here.)
    fn of_messages(&self) -> Option<MessageFault> {
        let Self::Damage { from, vectors, mode, nth, every, count } = *self else { return None };
        let all = MessageFault::all(MessageEffect::Lose);
        let (nth, every, count) = (nth.into(), every.into(), count.map(u64::from));
        Some(MessageFault { from, vectors, mode, nth, every, count, ..all })
    }

    /// Can the two not be there together?
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::StuckWire { wire, .. }, Self::StuckWire { wire: other, .. }) => wire == other,
            (Self::ArbitrationId { .. } | Self::Damage { .. }, _) => false,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// A fault of the bus.
///
/// See [`SerialFaultKind`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialFault {
    /// When it begins.
    pub from: Time,
    /// When it ends; `None`: never. Of no meaning to a corrupt arbitration id.
    pub until: Option<Time>,
    /// What it is.
    pub kind: SerialFaultKind,
}

impl SerialFault {
    fn holds(&self, at: Time) -> bool {
        self.from <= at && at < self.until.unwrap_or(Time::NEVER)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end_of = |a: &Self, b: &Self| b.until.is_none_or(|until| a.from < until);
        begins_before_end_of(self, other) && begins_before_end_of(other, self)
    }
}

/// Faults that a serial bus cannot have. Faults are named by their place in the list, from 0.
///
/// ```
/// use sim::Time;
/// use sim::bus::{SerialBus, SerialFault, SerialFaultError, SerialFaultKind};
///
/// let jabber = SerialFault { from: Time::ZERO, until: None, kind: SerialFaultKind::Jabber { agent: 9 } };
/// let refused = SerialBus::new(&[0, 1])?.with_faults(vec![jabber]).err();
/// assert_eq!(refused, Some(SerialFaultError::NoSuchAgent { fault: 0, agent: 9, agents: 2 }));
/// # Ok::<(), sim::bus::BusError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SerialFaultError {
    /// A fault of an agent that is not there.
    #[error("fault {fault} names agent {agent}, but the bus has agents 0 to {}", .agents.saturating_sub(1))]
    NoSuchAgent {
        /// The fault.
        fault: usize,
        /// The agent.
        agent: Agent,
        /// How many the bus has.
        agents: Agent,
    },
    /// An arbitration id has four bits.
    #[error("fault {fault} gives arbitration id {id}, which must be 0 to 15")]
    NotAnId {
        /// The fault.
        fault: usize,
        /// The id.
        id: u8,
    },
    /// Noise with a period of 0.
    #[error("fault {fault} damages every 0th message, which must be at least every 1st")]
    NoPeriod {
        /// The fault.
        fault: usize,
    },
    /// It ends before it begins.
    #[error("fault {fault} ends at {until} us and begins at {from} us, which must be earlier")]
    EndsTooEarly {
        /// The fault.
        fault: usize,
        /// Begin.
        from: Time,
        /// End.
        until: Time,
    },
    /// Two of a kind at one time.
    #[error("faults {first} and {second} are of one kind (and wire), and must not overlap")]
    Overlap {
        /// The first of them.
        first: usize,
        /// The other one.
        second: usize,
    },
}

/// All faults of one bus.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    listed: Vec<SerialFault>,
    /// Messages that noise has seen so far.
    noisy: u64,
    /// Attempts that each fault has seen that damages messages, and how many it has hit.
    damaged: Vec<(u64, u64)>,
    /// Corrupt arbitration ids still to come.
    ids: Vec<(Time, Agent, u8)>,
}

/// Longest period of noise, in messages, within which the bus may be found to repeat itself. One that is longer never is.
const NOISE_PERIOD_MAX: u64 = 64;

impl Faults {
    pub(super) fn new(listed: Vec<SerialFault>, agents: Agent) -> Result<Self, SerialFaultError> {
        for (number, fault) in listed.iter().enumerate() {
            check(number, fault, agents)?;
            let clash = |other: &SerialFault| fault.kind.excludes(&other.kind) && fault.overlaps(other);
            if let Some(first) = listed[..number].iter().position(clash) {
                return Err(SerialFaultError::Overlap { first, second: number });
            }
        }
        let mut ids: Vec<_> = listed
            .iter()
            .filter_map(|fault| match fault.kind {
                SerialFaultKind::ArbitrationId { agent, id } => Some((fault.from, agent, id)),
                _ => None,
            })
            .collect();
        ids.sort_by_key(|&(from, ..)| std::cmp::Reverse(from)); // the first one last
        let damaged = vec![(0, 0); listed.len()];
        Ok(Self { listed, noisy: 0, damaged, ids })
    }

    fn holding(&self, at: Time) -> impl Iterator<Item = &SerialFaultKind> {
        self.listed.iter().filter(move |fault| fault.holds(at)).map(|fault| &fault.kind)
    }

    /// The next arbitration id that is corrupted by `now`.
    pub(super) fn corrupt_id(&mut self, now: Time) -> Option<(Agent, u8)> {
        let (_, agent, id) = self.ids.pop_if(|(at, ..)| *at <= now)?;
        Some((agent, id))
    }

    /// Every how many-th message noise damages at `at`, if there is noise.
    fn noise_period(&self, at: Time) -> Option<u64> {
        self.holding(at).find_map(|kind| match kind {
            SerialFaultKind::ChecksumNoise { every } => Some(u64::from(*every)),
            _ => None,
        })
    }

    /// A message goes out at `at`: is it one that noise damages?
    pub(super) fn noise(&mut self, at: Time) -> bool {
        let Some(every) = self.noise_period(at) else { return false };
        self.noisy += 1;
        self.noisy.is_multiple_of(every)
    }

    /// `message` goes out at `at`: is it one that a fault damages? Each that fits counts it.
    pub(super) fn damages(&mut self, at: Time, message: &Message) -> bool {
        let mut damaged = false;
        for (fault, (seen, hits)) in self.listed.iter().zip(&mut self.damaged).filter(|(fault, _)| fault.holds(at)) {
            let Some(of_messages) = fault.kind.of_messages() else { continue };
            if of_messages.fits(at, message.source, message) {
                *seen += 1;
                let hit = of_messages.hits(*seen, *hits);
                *hits += u64::from(hit);
                damaged |= hit;
            }
        }
        damaged
    }

    /// Can a wire ever be stuck?
    pub(super) fn has_stuck_wires(&self) -> bool {
        self.listed.iter().any(|fault| matches!(fault.kind, SerialFaultKind::StuckWire { .. }))
    }

    /// When a stuck wire begins or ends to be stuck.
    pub(super) fn stuck_wires_change(&self) -> impl Iterator<Item = Time> {
        let stuck = |fault: &&SerialFault| matches!(fault.kind, SerialFaultKind::StuckWire { .. });
        self.listed.iter().filter(stuck).flat_map(|fault| [Some(fault.from), fault.until]).flatten()
    }

    /// The wires at `at`.
    pub(super) fn line(&self, at: Time) -> Line {
        self.holding(at).fold(Line::default(), |line, kind| match *kind {
            SerialFaultKind::StuckWire { wire, driven: true } => Line { high: line.high | wire.symbol(), ..line },
            SerialFaultKind::StuckWire { wire, driven: false } => Line { low: line.low | wire.symbol(), ..line },
            _ => line,
        })
    }

    /// The first instant at or after `at` at which the bus looks idle; `None`: never again.
    pub(super) fn idle_from(&self, mut at: Time) -> Option<Time> {
        let stuck = |fault: &&SerialFault| matches!(fault.kind, SerialFaultKind::StuckWire { driven: true, .. });
        while self.line(at).never_idle() {
            at = self.listed.iter().filter(stuck).find(|fault| fault.holds(at))?.until?;
        }
        Some(at)
    }

    /// The agent that jabbers at `at`, if any.
    pub(super) fn jabbering(&self, at: Time) -> Option<Agent> {
        self.holding(at).find_map(|kind| match kind {
            SerialFaultKind::Jabber { agent } => Some(*agent),
            _ => None,
        })
    }

    /// Begins and ends of jabber.
    pub(super) fn jabbers(&self) -> impl Iterator<Item = (Time, Option<Time>)> {
        let of_fault = |fault: &SerialFault| {
            matches!(fault.kind, SerialFaultKind::Jabber { .. }).then_some((fault.from, fault.until))
        };
        self.listed.iter().filter_map(of_fault)
    }

    /// Since when the bus will never carry anything again, seen at `at`.
    pub(super) fn dead_since(&self, at: Time) -> Option<Time> {
        let for_ever = |fault: &&SerialFault| {
            let kind =
                matches!(fault.kind, SerialFaultKind::StuckWire { driven: true, .. } | SerialFaultKind::LostClock);
            kind && fault.until.is_none() && fault.from <= at
        };
        self.listed.iter().filter(for_ever).map(|fault| fault.from).min()
    }

    /// Windows without a clock.
    pub(super) fn clock_gaps(&self) -> Vec<(Time, Option<Time>)> {
        let gap =
            |fault: &SerialFault| matches!(fault.kind, SerialFaultKind::LostClock).then_some((fault.from, fault.until));
        self.listed.iter().filter_map(gap).collect()
    }

    /// What of the faults decides the future of a bus whose last message began at `begun`: nothing recurs before the last
    /// fault has begun and ended, and the message that it hit is gone.
    pub(super) fn state(&self, begun: Time, now: Time, words: &mut Vec<u64>) {
        let ends = self.listed.iter().flat_map(|fault| [Some(fault.from), fault.until]).flatten();
        if ends.max().is_some_and(|last| last >= begun) {
            words.push(now.as_ps());
        }
        words.push(self.ids.len() as u64);
        words.extend(
            self.noise_period(now).map(|every| if every > NOISE_PERIOD_MAX { self.noisy } else { self.noisy % every }),
        );
        for (fault, (seen, hits)) in self.listed.iter().zip(&self.damaged) {
            if let Some(of_messages) = fault.kind.of_messages() {
                words.push(of_messages.phase(*seen, *hits, NOISE_PERIOD_MAX));
            }
        }
    }
}

/// What can be wrong with one fault.
fn check(number: usize, fault: &SerialFault, agents: Agent) -> Result<(), SerialFaultError> {
    if let Some(until) = fault.until.filter(|until| *until <= fault.from) {
        return Err(SerialFaultError::EndsTooEarly { fault: number, from: fault.from, until });
    }
    match fault.kind {
        SerialFaultKind::ArbitrationId { agent, .. } | SerialFaultKind::Jabber { agent } if agent >= agents => {
            Err(SerialFaultError::NoSuchAgent { fault: number, agent, agents })
        }
        SerialFaultKind::ArbitrationId { id: id @ 16.., .. } => Err(SerialFaultError::NotAnId { fault: number, id }),
        SerialFaultKind::ChecksumNoise { every: 0 }
        | SerialFaultKind::Damage { every: 0, .. }
        | SerialFaultKind::Damage { nth: 0, .. } => Err(SerialFaultError::NoPeriod { fault: number }),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
