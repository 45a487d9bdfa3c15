//! What a page is made of: the events of a run, and what became of its messages, taken down while it runs.
//!
//! A page holds all it shows, so it ends after a number of events, and says so.

use crate::judgement::fates::{Fates, MessagesReport};
use crate::scenario::Scenario;
use sim::{Batch, Event, Observer, Outcome, Told};

/// Events that a page holds at most.
const EVENTS: usize = 1_000_000;

/// An observer that takes down what a page needs.
#[derive(Debug)]
pub(crate) struct Recording {
    told: Vec<Told>,
    open: Vec<Event>,
    left_out: u64,
    fates: Fates,
}

impl Observer for Recording {
    fn take(&mut self, batch: &Batch<'_>) {
        let room = (EVENTS - self.told.len()).min(batch.events.len());
        self.told.extend_from_slice(&batch.events[..room]);
        self.left_out += (batch.events.len() - room) as u64;
        batch.events[..room].iter().for_each(|told| self.fates.follow(&told.event));
        if batch.last && self.left_out == 0 {
            self.open = batch.under_way();
            self.open.iter().for_each(|run| self.fates.follow(run));
        }
    }
}

/// An event of a page, and its place among those that were told; `None`: a run that is open at the end, and no part of the
/// stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) event: Event,
    pub(super) told: Option<usize>,
}

/// A run, taken down.
#[derive(Debug)]
pub(super) struct Recorded {
    /// The events by their beginnings: a run stands where it began.
    pub(super) entries: Vec<Entry>,
    pub(super) messages: MessagesReport,
    pub(super) left_out: u64,
}

impl Recording {
    /// Of a run of `scenario` that is to begin.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let fates = Fates::every(scenario);
        Self { told: Vec::new(), open: Vec::new(), left_out: 0, fates }
    }

    /// The run is over.
    pub(super) fn end(self, outcome: &Outcome) -> Recorded {
        let told = self.told.iter().enumerate().map(|(place, told)| Entry { event: told.event, told: Some(place) });
        let open = self.open.iter().map(|&event| Entry { event, told: None });
        let mut entries: Vec<Entry> = told.chain(open).collect();
        entries.sort_by_key(|entry| (entry.event.time, entry.event.source)); // stable: each source's own order stays
        Recorded { entries, messages: self.fates.end(outcome), left_out: self.left_out }
    }
}
