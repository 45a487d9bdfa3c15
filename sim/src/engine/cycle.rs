//! Recurrence of the interconnect: the proof that it repeats itself.

use super::attempts::AttemptRun;
use crate::bus::Interconnect;
use crate::time::{Duration, Time};

/// A cycle of an interconnect: its state recurred, every sample gave the same answer, nothing was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) period: Duration,
    /// Attempts of each message that is being attempted, in the order of their runs.
    pub(crate) attempts: Vec<u64>,
    /// Events of the interconnect within the period, attempts and others.
    pub(super) events: usize,
    /// The instant of the attempt that proved it.
    pub(crate) at: Time,
}

#[derive(Debug)]
struct Reference {
    state: Vec<u64>,
    next_event: Time,
    counts: Vec<u64>,
    events: usize,
}

/// Looks for a cycle by Brent's rule: the reference moves at powers of two of attempts.
#[derive(Debug, Default)]
pub(crate) struct CycleSearch {
    /// None: there is no reference, and nothing was found.
    attempts: u64,
    /// Events since the first of these attempts.
    events: usize,
    reference: Option<Reference>,
    scratch: Vec<u64>,
    found: Option<Cycle>,
    /// The last instant at which something changed that the proof would rest on. A CPU may have changed it before the
    /// attempts of earlier instants are looked at.
    disturbed_at: Time,
}

impl CycleSearch {
    /// Something that the proof would rest on has changed at `at`. If it [is under way](Self::is_under_way), it must be
    /// [forgotten](Self::forget).
    #[inline]
    pub(crate) fn disturb(&mut self, at: Time) {
        if at > self.disturbed_at {
            self.disturbed_at = at;
        }
    }

    /// Begins anew.
    pub(crate) fn forget(&mut self) {
        (self.attempts, self.events) = (0, 0);
        (self.reference, self.found) = (None, None);
    }

    /// What is found.
    #[inline]
    pub(crate) const fn found(&self) -> Option<&Cycle> {
        self.found.as_ref()
    }

    /// Was there an attempt since something was disturbed?
    #[inline]
    pub(crate) const fn is_under_way(&self) -> bool {
        self.attempts > 0
    }

    /// The event at `now` has ended without effect; it was an attempt, or not. `runs` are the attempts of each message so far.
    pub(crate) fn went_on(&mut self, now: Time, attempted: bool, bus: &dyn Interconnect, runs: &[AttemptRun]) {
        if attempted
            && self.found.is_none()
            && now >= self.disturbed_at
            && let Some(next_event) = bus.next_event()
        {
            self.attempts += 1;
            self.attempt(now, next_event, bus, runs);
        }
        self.events += 1;
    }

    fn attempt(&mut self, now: Time, next_event: Time, bus: &dyn Interconnect, runs: &[AttemptRun]) {
        self.scratch.clear();
        bus.state(&mut self.scratch);
        if let Some(reference) = &self.reference
            && reference.state == self.scratch
        {
            let period = next_event.since(reference.next_event);
            let attempts = runs.iter().zip(&reference.counts).map(|(run, before)| run.count - before).collect();
            self.found = Some(Cycle { period, attempts, events: self.events - reference.events, at: now });
        } else if self.attempts.is_power_of_two() {
            let (state, counts) = (self.scratch.clone(), runs.iter().map(|run| run.count).collect());
            self.reference = Some(Reference { state, next_event, counts, events: self.events });
        }
    }
}
