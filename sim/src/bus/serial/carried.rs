//! What is on the bus: whose, in which cycle what happens to it, and what is remembered of its attempts.
//!
//! Not modelled: see the [module](super).

use super::agent_set::AgentSet;
use super::bus_clock::BusClock;
use super::frame::Format;
use crate::bus::{Agent, AttemptOutcome, Message, Undispatched};
use crate::time::Time;

/// A message that waits for the bus, or is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) message: Message,
    /// First bus cycle in which it may arbitrate.
    pub(super) from: u64,
    attempts: u64,
    last: Option<AttemptOutcome>,
    last_start: u64,
    /// Cycles from one attempt to the next.
    period: Option<u64>,
}

impl Pending {
    pub(super) const fn new(message: Message, from: u64) -> Self {
        Self { message, from, attempts: 0, last: None, last_start: 0, period: None }
    }

    /// An attempt that began at cycle `start` had its status sampled.
    pub(super) const fn attempted(&mut self, start: u64, outcome: AttemptOutcome) {
        if self.attempts > 0 {
            self.period = Some(start - self.last_start);
        }
        self.attempts += 1;
        self.last = Some(outcome);
        self.last_start = start;
    }

    /// `attempts` more took place, and everything is `cycles` later.
    pub(super) const fn skip(&mut self, cycles: u64, attempts: u64) {
        self.from += cycles;
        self.last_start += cycles;
        self.attempts += attempts;
    }

    pub(super) fn report(&self, clock: &BusClock, stalled_since: Option<Time>) -> Undispatched {
        Undispatched {
            message: self.message,
            attempts: self.attempts,
            last: self.last,
            attempt_period: self.period.map(|cycles| clock.domain().span(cycles)),
            stalled_since,
        }
    }
}

/// What is on the bus. Several agents send at once if they won one arbitration together: they are out of step, or
/// cannot hear each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Load {
    /// Messages, by agent: at least one.
    Messages(Vec<Pending>),
    /// EOI messages, by agent: sender and vector; at least one.
    EndOfInterrupts(Vec<(Agent, u8)>),
    /// An EOI message that nobody can read.
    Jabber(Agent),
}

impl Load {
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Messages(pendings) => Format::of(pendings[0].message.mode),
            Self::EndOfInterrupts(_) | Self::Jabber(_) => Format::EndOfInterrupt,
        }
    }

    pub(super) fn senders(&self) -> AgentSet {
        match self {
            Self::Messages(pendings) => pendings.iter().map(|pending| pending.message.source).collect(),
            Self::EndOfInterrupts(sent) => sent.iter().map(|&(agent, _)| agent).collect(),
            Self::Jabber(agent) => [*agent].into_iter().collect(),
        }
    }
}

/// The next thing that happens to what is on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// First status cycle: the answers are sampled.
    Sample,
    /// Second status cycle: what they mean takes effect.
    Status,
    /// Third status cycle of a lowest-priority message, data status of a remote read.
    Decision,
    /// The idle cycle is over.
    End,
}

/// What receivers make of what they hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// The message.
    Clearly,
    /// A message whose checksum does not fit.
    Damaged,
    /// No message: they missed its start.
    Nothing,
}

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnBus {
    /// Bus cycle of its first cycle, the arbitration edge.
    pub(super) start: u64,
    pub(super) load: Load,
    /// What happens next.
    pub(super) phase: Phase,
    /// Its length in cycles, as far as it is known.
    pub(super) cycles: u64,
    /// What receivers heard of it.
    pub(super) heard: Heard,
    /// Who takes it, once sampled; of a lowest-priority message, who has won.
    pub(super) takers: AgentSet,
    /// Combined status, once sampled.
    pub(super) outcome: Option<AttemptOutcome>,
    /// Data of a remote read, once valid.
    pub(super) data: Option<u32>,
}

impl OnBus {
    pub(super) fn new(start: u64, load: Load) -> Self {
        let cycles = load.format().cycles();
        let (takers, outcome, data, heard) = (AgentSet::default(), None, None, Heard::Clearly);
        Self { start, load, phase: Phase::Sample, cycles, heard, takers, outcome, data }
    }

    /// Bus cycle of its next phase. A short message is 21 cycles long, status in 19 and 20; an EOI message 14, status in
    /// 12 and 13; the third status of a lowest-priority message is one cycle before its idle cycle, the data status of
    /// a remote read two (SDM vol. 3 §10.13.2; 82801BA §5.8.3).
    pub(super) fn next_cycle(&self) -> u64 {
        let format = self.load.format();
        let offset = match self.phase {
            Phase::Sample => format.first_status(),
            Phase::Status => format.first_status() + 1,
            Phase::Decision if format == Format::RemoteRead => self.cycles - 2,
            Phase::Decision => self.cycles - 1,
            Phase::End => self.cycles,
        };
        self.start + offset
    }

    /// Have receivers noticed that it failed with this outcome?
    pub(super) fn noticed(&self, outcome: AttemptOutcome) -> bool {
        match outcome {
            AttemptOutcome::ChecksumError => self.heard == Heard::Damaged,
            _ => self.heard != Heard::Nothing,
        }
    }

    /// First bus cycle after it.
    pub(super) const fn end(&self) -> u64 {
        self.start + self.cycles
    }

    /// Everything that decides the future, relative to bus cycle `base`.
    pub(super) fn state(&self, base: u64, words: &mut Vec<u64>) {
        match &self.load {
            Load::Messages(pendings) => {
                words.extend(pendings.iter().map(|p| u64::from(p.message.source) << 32 | u64::from(p.message.number)));
            }
            Load::EndOfInterrupts(sent) => {
                words.extend(sent.iter().map(|(agent, vector)| u64::from(*agent) << 32 | u64::from(*vector) | 1 << 48));
            }
            Load::Jabber(agent) => words.push(u64::from(*agent) | 1 << 49),
        }
        let outcome = self.outcome.map_or(0, |outcome| outcome as u64 + 1);
        words.extend([
            (self.heard as u64) << 48 | (self.phase as u64) << 40 | outcome << 32 | u64::from(self.takers.0),
            self.cycles << 33 | self.data.map_or(0, |data| 1 << 32 | u64::from(data)),
            base - self.start,
        ]);
    }
}
