//! Recurrence of the interconnect: the proof that it repeats itself, and the arithmetic to skip what it repeats.

use crate::time::{Duration, Time};

/// A cycle of an interconnect: its state recurred, every sample gave the same answer, nothing was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) period: Duration,
    /// Attempts of each message that is being attempted, in the order of their runs.
    pub(crate) attempts: Vec<u64>,
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
    attempts: u64,
    reference: Option<Reference>,
    scratch: Vec<u64>,
    pub(crate) found: Option<Cycle>,
}

impl CycleSearch {
    /// Something that the proof would rest on has changed.
    pub(crate) fn disturb(&mut self) {
        self.attempts = 0;
        self.reference = None;
        self.found = None;
    }

    /// An attempt has ended without effect; `state` writes the interconnect's state, `counts` are the attempts of each
    /// message so far.
    pub(crate) fn attempt(
        &mut self,
        next_event: Time,
        counts: impl Iterator<Item = u64>,
        state: impl FnOnce(&mut Vec<u64>),
    ) {
        if self.found.is_some() {
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
            self.found = Some(Cycle { period, attempts });
            return;
        }
        if self.attempts.is_power_of_two() {
            let state = self.scratch.clone();
            self.reference = Some(Reference { state, next_event, counts: counts.collect() });
        }
    }
}
