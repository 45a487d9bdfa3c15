//! A message on its way over the serial bus: its cycles, and what is remembered of its attempts.
//!
//! Not modelled: the bits on the wires, checksums, the 34-cycle lowest-priority and the 39-cycle remote-read message.

use super::serial_status::Takers;
use super::{Agent, AttemptOutcome, Message, Undispatched};
use crate::time::ClockDomain;

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

    pub(super) fn report(&self, clock: ClockDomain) -> Undispatched {
        Undispatched {
            message: self.message,
            attempts: self.attempts,
            last: self.last,
            attempt_period: self.period.map(|cycles| clock.span(cycles)),
            stalled_since: None,
        }
    }
}

/// What is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// A short message.
    Message(Pending),
    /// An EOI message.
    EndOfInterrupt {
        /// The vector.
        vector: u8,
    },
}

/// The next thing that happens to what is on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The status is sampled (first status cycle).
    Sample,
    /// It takes effect (second status cycle).
    Status,
    /// The idle cycle is over.
    End,
}

impl Load {
    /// Cycle, counted from the first one of the message, in which `phase` happens. A short message is 21 cycles long,
    /// status in 19 and 20; an EOI message 14, status in 12 and 13; both with their idle cycle (SDM vol. 3 §10.13.2;
    /// 82801BA §5.8.3).
    pub(super) const fn cycle(&self, phase: Phase) -> u64 {
        match (self, phase) {
            (Self::Message(_), Phase::Sample) => 19,
            (Self::Message(_), Phase::Status) => 20,
            (Self::Message(_), Phase::End) => 21,
            (Self::EndOfInterrupt { .. }, Phase::Sample) => EOI_SAMPLE,
            (Self::EndOfInterrupt { .. }, Phase::Status) => 13,
            (Self::EndOfInterrupt { .. }, Phase::End) => 14,
        }
    }
}

/// Status sample of an EOI message: the earliest of all.
pub(super) const EOI_SAMPLE: u64 = 12;

/// A message on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) source: Agent,
    /// Bus cycle of its first cycle, the arbitration edge.
    pub(super) start: u64,
    pub(super) load: Load,
    /// What happens next.
    pub(super) phase: Phase,
    /// Who takes it, once sampled.
    pub(super) takers: Takers,
    /// Combined status, once sampled.
    pub(super) outcome: Option<AttemptOutcome>,
}

impl Wire {
    /// Bus cycle of `phase`.
    pub(super) const fn at(&self, phase: Phase) -> u64 {
        self.start + self.load.cycle(phase)
    }

    /// Everything that decides the future, relative to bus cycle `base`.
    pub(super) fn state(&self, base: u64, words: &mut Vec<u64>) {
        let what = match self.load {
            Load::Message(pending) => u64::from(pending.message.number) << 1,
            Load::EndOfInterrupt { vector } => u64::from(vector) << 1 | 1,
        };
        let outcome = self.outcome.map_or(0, |outcome| outcome as u64 + 1);
        words.extend([
            what,
            u64::from(self.source) << 48 | (self.phase as u64) << 40 | outcome << 32 | u64::from(self.takers.0),
            base - self.start,
        ]);
    }
}
