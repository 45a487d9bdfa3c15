//! Recurrence of the interconnect: the proof that it repeats itself, and the arithmetic to skip what it repeats.

use crate::time::{Duration, Time};

/// A cycle of an interconnect: its state recurred, every sample gave the same answer, nothing was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) period: Duration,
    /// Attempts of each message that is being attempted, in the order of their runs.
    pub(crate) attempts: Vec<u64>,
    /// The instant of the attempt that proved it.
    pub(crate) at: Time,
}

#[derive(Debug)]
struct Reference {
    state: Vec<u64>,
    next_event: Time,
    counts: Vec<u64>,
}

/// Looks for a cycle by Brent's rule: the reference moves at powers of two of attempts.
#[derive(Debug, Default)]
pub(crate) struct CycleSearch {
    /// None: there is no reference, and nothing was found.
    attempts: u64,
    reference: Option<Reference>,
    scratch: Vec<u64>,
    pub(crate) found: Option<Cycle>,
    /// The last instant at which something changed that the proof would rest on. A CPU may have changed it before the
    /// attempts of earlier instants are looked at.
    disturbed_at: Time,
}

impl CycleSearch {
    /// Something that the proof would rest on has changed at `at`.
    #[inline]
    pub(crate) fn disturb(&mut self, at: Time) {
        if self.attempts > 0 {
            self.forget();
        }
        self.disturbed_at = self.disturbed_at.max(at);
    }

    #[inline(never)]
    fn forget(&mut self) {
        self.attempts = 0;
        self.reference = None;
        self.found = None;
    }

    /// An attempt has ended at `now` without effect; `state` writes the interconnect's state, `counts` are the attempts
    /// of each message so far.
    pub(crate) fn attempt(
        &mut self,
        now: Time,
        next_event: Time,
        counts: impl Iterator<Item = u64>,
        state: impl FnOnce(&mut Vec<u64>),
    ) {
        if self.found.is_some() || now < self.disturbed_at {
            return;
        }
        self.attempts += 1;
        self.scratch.clear();
        state(&mut self.scratch);
        if let Some(reference) = &self.reference
            && reference.state == self.scratch
        {
            let period = next_event.since(reference.next_event);
            let attempts = counts.zip(&reference.counts).map(|(now, before)| now - before).collect();
            self.found = Some(Cycle { period, attempts, at: now });
            return;
        }
        if self.attempts.is_power_of_two() {
            let state = self.scratch.clone();
            self.reference = Some(Reference { state, next_event, counts: counts.collect() });
        }
    }
}
