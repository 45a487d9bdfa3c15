//! One bus of the front side: what waits for it, what is granted, and what the chipset still has to show on it.
//!
//! Not modelled: the phases within a transaction (arbitration, request, response, data): it is one span of cycles.

use super::{Agent, AttemptOutcome, Message, Undispatched};
use crate::time::{ClockDomain, Time};
use std::collections::VecDeque;

/// What a transaction carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// A message, by its sender.
    Message(Message),
    /// An EOI, by the agent whose service ended.
    EndOfInterrupt {
        /// The agent.
        source: Agent,
        /// The vector.
        vector: u8,
    },
    /// A directed message of another bus, by the chipset.
    Shown(Message),
    /// A redirected message, by the chipset: directed to `winner`.
    Redirected {
        /// The message.
        message: Message,
        /// Whose id the chipset has put in.
        winner: Agent,
    },
}

impl Load {
    /// The message, if it carries one.
    pub(super) const fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) | Self::Shown(message) | Self::Redirected { message, .. } => Some(message),
            Self::EndOfInterrupt { .. } => None,
        }
    }

    fn state(&self, words: &mut Vec<u64>) {
        words.extend(match self {
            Self::Message(m) => [u64::from(m.source) << 2, u64::from(m.number)],
            Self::EndOfInterrupt { source, vector } => [u64::from(*source) << 2 | 1, u64::from(*vector)],
            Self::Shown(m) => [u64::from(m.source) << 2 | 2, u64::from(m.number)],
            Self::Redirected { message, winner } => {
                [u64::from(message.source) << 2 | 3, u64::from(*winner) << 32 | u64::from(message.number)]
            }
        });
    }
}

/// Attempts that ended in a retry. They decide nothing; a report shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Retries {
    count: u64,
    /// Bus cycle of the last one's grant.
    last: u64,
    /// Cycles between the last two.
    period: Option<u64>,
}

impl Retries {
    /// One more, of a transaction granted in cycle `granted`.
    pub(super) const fn add(&mut self, granted: u64) {
        if self.count > 0 {
            self.period = Some(granted - self.last);
        }
        self.count += 1;
        self.last = granted;
    }

    fn report(&self, message: Message, clock: ClockDomain, granted: bool) -> Undispatched {
        Undispatched {
            message,
            attempts: self.count + u64::from(granted),
            last: (self.count > 0).then_some(AttemptOutcome::Retry),
            attempt_period: self.period.map(|cycles| clock.span(cycles)),
            stalled_since: None,
        }
    }

    const fn skip(&mut self, cycles: u64, attempts: u64) {
        self.count += attempts;
        self.last += cycles;
    }
}

/// A transaction that waits for its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) load: Load,
    /// First bus cycle in which it may be granted.
    pub(super) from: u64,
    pub(super) retries: Retries,
}

impl Waiting {
    pub(super) fn new(load: Load, from: u64) -> Self {
        Self { load, from, retries: Retries::default() }
    }
}

/// A granted transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) load: Load,
    /// Bus cycle of the grant.
    pub(super) granted: u64,
    pub(super) retries: Retries,
}

/// Who gets the bus next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grantee {
    /// The chipset: it is the priority agent, and goes before the others.
    Chipset,
    /// The first of the others that wait.
    Sender,
}

/// One bus.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    pub(super) waiting: VecDeque<Waiting>,
    /// What the chipset drives.
    pub(super) chipset: VecDeque<Waiting>,
    pub(super) active: Option<Active>,
    /// First cycle in which the bus is free.
    pub(super) free_from: u64,
}

impl Lane {
    /// The next grant, if the bus is free: its cycle, and who gets it. `senders_from`: first cycle in which others than
    /// the chipset may have the bus; `None`: they may not.
    pub(super) fn grant(&self, senders_from: Option<u64>) -> Option<(u64, Grantee)> {
        if self.active.is_some() {
            return None;
        }
        let cycle = |waiting: &Waiting| waiting.from.max(self.free_from);
        let chipset = self.chipset.front().map(|waiting| (cycle(waiting), Grantee::Chipset));
        let sender = self.waiting.front().map(cycle).zip(senders_from);
        let sender = sender.map(|(cycle, from)| (cycle.max(from), Grantee::Sender));
        chipset.into_iter().chain(sender).min()
    }

    /// Grants the bus in cycle `granted`.
    pub(super) fn give(&mut self, grantee: Grantee, granted: u64) {
        let queue = match grantee {
            Grantee::Chipset => &mut self.chipset,
            Grantee::Sender => &mut self.waiting,
        };
        self.active = queue.pop_front().map(|Waiting { load, retries, .. }| Active { load, granted, retries });
    }

    /// The message of `source` that waits, if any.
    pub(super) fn waiting_message(&mut self, source: Agent) -> Option<&mut Waiting> {
        let own = |waiting: &&mut Waiting| matches!(waiting.load, Load::Message(m) if m.source == source);
        self.waiting.iter_mut().chain(&mut self.chipset).find(own)
    }

    /// Messages that their senders wait for, the granted one first. `stalled_since`: when the bus stopped for good.
    pub(super) fn undispatched(
        &self,
        clock: ClockDomain,
        stalled_since: Option<Time>,
        messages: &mut Vec<Undispatched>,
    ) {
        if let Some(Active { load: Load::Message(message), retries, .. }) = self.active {
            messages.push(Undispatched { stalled_since, ..retries.report(message, clock, true) });
        }
        messages.extend(self.waiting.iter().chain(&self.chipset).filter_map(|waiting| match waiting.load {
            Load::Message(message) => {
                Some(Undispatched { stalled_since, ..waiting.retries.report(message, clock, false) })
            }
            _ => None,
        }));
    }

    /// Everything that decides the future, relative to bus cycle `base`.
    pub(super) fn state(&self, base: u64, words: &mut Vec<u64>) {
        words.push(self.free_from.saturating_sub(base));
        words.extend([u64::from(self.active.is_some()), self.waiting.len() as u64, self.chipset.len() as u64]);
        if let Some(active) = &self.active {
            active.load.state(words);
            words.push(base.wrapping_sub(active.granted));
        }
        for waiting in self.waiting.iter().chain(&self.chipset) {
            waiting.load.state(words);
            words.push(waiting.from.saturating_sub(base));
        }
    }

    /// Everything is `cycles` later; `attempts` says how many attempts a sender had meanwhile.
    pub(super) fn skip(&mut self, cycles: u64, attempts: impl Fn(Agent) -> u64) {
        let of = |load: &Load| match load {
            Load::Message(message) => attempts(message.source),
            _ => 0,
        };
        self.free_from += cycles;
        for waiting in self.waiting.iter_mut().chain(&mut self.chipset) {
            waiting.from += cycles;
            waiting.retries.skip(cycles, of(&waiting.load));
        }
        if let Some(active) = &mut self.active {
            active.granted += cycles;
            active.retries.skip(cycles, of(&active.load));
        }
    }
}
