//! What may be injected into a front-side bus: spans without completion, and retries of redirectable interrupts.
//!
//! Not modelled: the cause of a fault (locked transactions, a wedged agent, a chipset without buffers): only its span.

use crate::time::{ClockDomain, Time};

/// Nothing completes from `from` until `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stall {
    from: Time,
    until: Option<Time>,
}

/// The chipset retries redirectable transactions from `from` until `until`, `left` more times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Retry {
    from: Time,
    until: Option<Time>,
    left: Option<u32>,
}

const fn covers(from: Time, until: Option<Time>, time: Time) -> bool {
    from.as_ps() <= time.as_ps()
        && match until {
            Some(until) => time.as_ps() < until.as_ps(),
            None => true,
        }
}

/// When a transaction gets its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completion {
    /// In this bus cycle.
    At(u64),
    /// Never: stalled for good since then.
    Never {
        /// Start of the stall.
        since: Time,
    },
}

/// The faults of a bus.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    stalls: Vec<Stall>,
    retries: Vec<Retry>,
}

impl Faults {
    pub(super) fn stall(&mut self, from: Time, until: Option<Time>) {
        self.stalls.push(Stall { from, until });
    }

    pub(super) fn retry(&mut self, from: Time, until: Option<Time>, count: Option<u32>) {
        self.retries.push(Retry { from, until, left: count });
    }

    /// The response that is due in `cycle`.
    #[inline]
    pub(super) fn completion(&self, clock: ClockDomain, cycle: u64) -> Completion {
        if self.stalls.is_empty() { Completion::At(cycle) } else { self.after_stalls(clock, cycle) }
    }

    /// Each turn of the loop leaves a stall for good.
    fn after_stalls(&self, clock: ClockDomain, mut cycle: u64) -> Completion {
        while let Some(stall) = self.stalls.iter().find(|stall| covers(stall.from, stall.until, clock.instant(cycle))) {
            match stall.until {
                Some(until) => cycle = clock.first_at_or_after(until),
                None => return Completion::Never { since: stall.from },
            }
        }
        Completion::At(cycle)
    }

    /// Does the chipset retry a redirectable transaction whose response is due at `now`? Uses one retry up.
    pub(super) fn takes_retry(&mut self, now: Time) -> bool {
        let due = |retry: &&mut Retry| covers(retry.from, retry.until, now) && retry.left != Some(0);
        let Some(retry) = self.retries.iter_mut().find(due) else { return false };
        retry.left = retry.left.map(|left| left - 1);
        true
    }

    /// What is left of the faults at `now`. A fault that begins or ends later makes the state unique: it must not be
    /// skipped across.
    pub(super) fn state(&self, now: Time, words: &mut Vec<u64>) {
        let later = |from: Time, until: Option<Time>| from > now || until.is_some_and(|until| until > now);
        let stalls = self.stalls.iter().any(|stall| later(stall.from, stall.until));
        let retries = self.retries.iter().any(|retry| later(retry.from, retry.until));
        words.push(if stalls || retries { now.as_ps() } else { u64::MAX });
        words.extend(self.retries.iter().map(|retry| retry.left.map_or(u64::MAX, u64::from)));
    }
}
