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

/// What is on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Load {
    /// A message.
    Message(Pending),
    /// Messages of agents that won one arbitration together: they are out of step.
    Collision(Vec<Pending>),
    /// An EOI message.
    EndOfInterrupt {
        /// The vector.
        vector: u8,
    },
    /// An EOI message that nobody can read.
    Jabber,
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

/// Status sample of an EOI message: the earliest of all.
pub(super) const EOI_SAMPLE: u64 = 12;
/// Status sample of every other message.
pub(super) const SAMPLE: u64 = 19;

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnBus {
    /// Who sends it; the lowest of several.
    pub(super) source: Agent,
    /// Bus cycle of its first cycle, the arbitration edge.
    pub(super) start: u64,
    pub(super) load: Load,
    /// What happens next.
    pub(super) phase: Phase,
    /// Its length in cycles, as far as it is known.
    pub(super) cycles: u64,
    /// Who takes it, once sampled; of a lowest-priority message, who takes part.
    pub(super) takers: AgentSet,
    /// Combined status, once sampled.
    pub(super) outcome: Option<AttemptOutcome>,
    /// Data of a remote read, once valid.
    pub(super) data: Option<u32>,
}

impl OnBus {
    pub(super) fn new(source: Agent, start: u64, load: Load) -> Self {
        let cycles = match &load {
            Load::Message(pending) => Format::of(pending.message.mode).cycles(),
            Load::Collision(_) => Format::Short.cycles(),
            Load::EndOfInterrupt { .. } | Load::Jabber => 14,
        };
        let (takers, outcome, data) = (AgentSet::default(), None, None);
        Self { source, start, load, phase: Phase::Sample, cycles, takers, outcome, data }
    }

    /// Bus cycle of its next phase. A short message is 21 cycles long, status in 19 and 20; an EOI message 14, status in
    /// 12 and 13; the third status of a lowest-priority message is one cycle before its idle cycle, the data status of
    /// a remote read two (SDM vol. 3 §10.13.2; 82801BA §5.8.3).
    pub(super) const fn next_cycle(&self) -> u64 {
        let short = !matches!(self.load, Load::EndOfInterrupt { .. } | Load::Jabber);
        let offset = match self.phase {
            Phase::Sample if short => SAMPLE,
            Phase::Sample => EOI_SAMPLE,
            Phase::Status if short => SAMPLE + 1,
            Phase::Status => EOI_SAMPLE + 1,
            Phase::Decision if self.data.is_some() || self.is_remote_read() => self.cycles - 2,
            Phase::Decision => self.cycles - 1,
            Phase::End => self.cycles,
        };
        self.start + offset
    }

    pub(super) const fn is_remote_read(&self) -> bool {
        match &self.load {
            Load::Message(pending) => matches!(Format::of(pending.message.mode), Format::RemoteRead),
            _ => false,
        }
    }

    /// First bus cycle after it.
    pub(super) const fn end(&self) -> u64 {
        self.start + self.cycles
    }

    /// Everything that decides the future, relative to bus cycle `base`.
    pub(super) fn state(&self, base: u64, words: &mut Vec<u64>) {
        match &self.load {
            Load::Message(pending) => words.push(u64::from(pending.message.number) << 2),
            Load::EndOfInterrupt { vector } => words.push(u64::from(*vector) << 2 | 1),
            Load::Jabber => words.push(2),
            Load::Collision(pendings) => words.extend(pendings.iter().map(|p| u64::from(p.message.number) << 2 | 3)),
        }
        let outcome = self.outcome.map_or(0, |outcome| outcome as u64 + 1);
        words.extend([
            u64::from(self.source) << 48 | (self.phase as u64) << 40 | outcome << 32 | u64::from(self.takers.0),
            self.cycles << 32 | u64::from(self.data.unwrap_or_default()),
            base - self.start,
        ]);
    }
}
