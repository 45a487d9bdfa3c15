//! Attempts of messages that ended in an injected retry. They decide nothing; a report shows them.
//!
//! Not modelled: see [`faults`](super::faults).

use crate::bus::{Agent, AttemptOutcome, Message, Undispatched};
use crate::time::ClockDomain;
use std::collections::{BTreeMap, VecDeque};

/// Retries remembered: more than one period of senders that are retried for ever.
const RECENT_MAX: usize = 1024;

/// Those of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    count: u64,
    /// Bus cycle of the last one's grant.
    last: u64,
    /// Cycles between the last two.
    period: Option<u64>,
}

/// Those of all messages that are not dispatched.
#[derive(Debug, Clone, Default)]
pub(super) struct Retries {
    /// By the message's name, if it was ever retried.
    tallies: BTreeMap<(Agent, u32), Tally>,
    /// Senders of the latest, newest last: what [`skip`](Self::skip) shares attempts out by.
    recent: VecDeque<Agent>,
}

impl Retries {
    /// One more of `message`, granted in cycle `granted`.
    pub(super) fn add(&mut self, message: &Message, granted: u64) {
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(message.source);
        let tally = self.tallies.entry((message.source, message.number)).or_default();
        if tally.count > 0 {
            tally.period = Some(granted - tally.last);
        }
        tally.count += 1;
        tally.last = granted;
    }

    /// `message` is done, or another one has taken its place.
    #[inline(always)]
    pub(super) fn forget(&mut self, message: &Message) {
        if !self.tallies.is_empty() {
            self.forget_one(message);
        }
    }

    #[inline(never)]
    fn forget_one(&mut self, message: &Message) {
        self.tallies.remove(&(message.source, message.number));
    }

    pub(super) fn report(&self, message: &Message, clock: ClockDomain, granted: bool) -> Undispatched {
        let tally = self.tallies.get(&(message.source, message.number)).copied().unwrap_or_default();
        Undispatched {
            message: *message,
            attempts: tally.count + u64::from(granted),
            last: (tally.count > 0).then_some(AttemptOutcome::Retry),
            attempt_period: tally.period.map(|cycles| clock.span(cycles)),
            stalled_since: None,
        }
    }

    /// Everything is `cycles` later, after `periods` times the latest `attempts`: each sender gets its own share.
    pub(super) fn skip(&mut self, cycles: u64, periods: u64, attempts: u64) {
        let latest = || self.recent.iter().rev().take(attempts as usize);
        for (&(source, _), tally) in &mut self.tallies {
            tally.count += latest().filter(|&&sender| sender == source).count() as u64 * periods;
            tally.last += cycles;
        }
    }
}
