//! The search for a recurrence: when a checkpoint is taken and compared, and what was found.
//!
//! A CPU repeats itself if at two operations its live stack, its saved registers, the operation and its software-visible
//! state are equal, and in between nothing effective happened: no clock read, no choice, no write, no interrupt, and every
//! location it read kept one value. Time is no input to it, so it goes on repeating itself for as long as those locations
//! keep those values and nothing reaches it.
//!
//! The schedule is one of counts of operations since the last effective event, so that no execution finds a proof that
//! another does not: a reference is taken at operation 64, 128, 256 and so on, and the sixteenth part of as many operations
//! after it is compared with it. The first that is equal gives the least period.

use super::pending::Pending;
use crate::coroutine::{Hot, Live, Site};
use crate::memory::Written;
use crate::stream::Tally;
use crate::time::{ClockDomain, Time};

/// Operation at which the first reference is taken.
const FIRST_REFERENCE: u64 = 64;
/// The part of the operations after a reference that is compared with it.
const COMPARED_PART: u64 = 16;

/// What the next operation that is looked at is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// The one after it will be a reference.
    #[default]
    Counting,
    /// To be the reference.
    Reference,
    /// To be compared.
    Comparing,
    /// Nothing is looked for: a recurrence was found, or cannot be.
    Over,
}

/// One checkpoint.
#[derive(Debug, Clone)]
struct Checkpoint {
    live: Live,
    operation: u64,
    value: u64,
    site: Site,
    clock: u64,
    counts: Vec<u64>,
}

/// A word that a proven loop reads, and when it will be another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub(super) word: u16,
    /// What it sees of it.
    pub(super) seen: Written,
    pub(super) wake: Time,
}

/// A proven recurrence.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Least period in core cycles.
    pub(super) period: u64,
    /// The instant at which the operation began that proved it.
    pub(super) at: Time,
    /// Polls and delays of the open runs at the proof.
    pub(super) count: u64,
    /// Growth of each open run in one period.
    pub(super) growth: Vec<u64>,
}

impl Found {
    /// Those of the open runs that the loop goes through.
    pub(super) fn runs<'runs>(&'runs self, open: &'runs [Tally]) -> impl DoubleEndedIterator<Item = &'runs Tally> {
        growing(open, &self.growth)
    }
}

/// The open runs that grow: what was read on the way to a loop is no part of it.
pub(super) fn growing<'runs>(
    open: &'runs [Tally],
    growth: &'runs [u64],
) -> impl DoubleEndedIterator<Item = &'runs Tally> {
    open.iter().zip(growth).filter(|&(_, &growth)| growth > 0).map(|(run, _)| run)
}

/// The search, and what it found.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Operations from an effective event to the first that is looked at: none ever is, if software's state cannot be.
    first: u64,
    /// Something is to be forgotten when it is looked for anew.
    begun: bool,
    phase: Phase,
    /// Number of the operation that is, or was, the reference.
    stretch: u64,
    reference: Option<Checkpoint>,
    pub(super) found: Option<Found>,
    /// The CPU is skipped rather than executed.
    pub(super) parked: bool,
    /// Period of an Open program, whose stack recurs but whose future may not: a suspicion, no proof.
    pub(super) suspected: Option<u64>,
    /// What the proof rests on changes here, whatever the words do.
    wake: Option<Time>,
    pub(super) watched: Vec<Watched>,
    /// First cycle at or after the earliest wake of what was found.
    wake_cycle: u64,
    /// Counts proofs, so that whoever keeps a list of watched words knows that it is old.
    pub(super) epoch: u64,
}

/// What an operation that begins finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing.
    Nothing,
    /// It repeats the reference, this many cycles later.
    Repeats(u64),
}

impl Search {
    pub(super) fn new(possible: bool) -> Self {
        let first = if possible { FIRST_REFERENCE - 1 } else { u64::MAX };
        Self { first, stretch: FIRST_REFERENCE, wake_cycle: u64::MAX, ..Self::default() }
    }

    /// Something effective happened: look anew.
    pub(super) fn restart(&mut self, hot: &mut Hot) {
        if self.begun {
            self.forget(hot);
        }
        self.count_anew(hot);
    }

    /// Something effective happened, and nothing was looked at since the last time.
    #[inline]
    pub(super) const fn count_anew(&self, hot: &mut Hot) {
        hot.left = self.first;
    }

    /// The same, and the operation that has just begun is the first that counts.
    pub(super) fn restart_here(&mut self, hot: &mut Hot) {
        self.restart(hot);
        hot.left = hot.left.saturating_sub(1).max(1);
    }

    #[inline(never)]
    fn forget(&mut self, hot: &mut Hot) {
        hot.watch(false);
        self.begun = false;
        self.stretch = FIRST_REFERENCE;
        self.phase = Phase::Counting;
        self.reference = None;
        self.found = None;
        self.parked = false;
        self.suspected = None;
        self.wake = None;
        self.wake_cycle = u64::MAX;
        self.watched.clear();
    }

    /// Nothing more is looked for.
    fn rest(&mut self, hot: &mut Hot) {
        hot.watch(false);
        hot.left = u64::MAX;
        self.phase = Phase::Over;
        self.reference = None;
    }

    /// Is an operation with its registers saved certain to differ from the reference?
    #[inline]
    pub(super) fn differs(&self, hot: &Hot, operation: u64, site: Site) -> bool {
        self.phase == Phase::Comparing
            && hot.left > 1
            && self.reference.as_ref().is_some_and(|reference| {
                reference.operation != operation
                    || reference.site.address() != site.address()
                    || !reference.live.equals(hot)
            })
    }

    /// An operation begins that the schedule wants to see, or whose registers were saved; `counts` are those of the open
    /// runs. Says whether it repeats the reference.
    pub(super) fn look(&mut self, hot: &mut Hot, pending: &Pending, site: Site, counts: impl Fn() -> Vec<u64>) -> Look {
        let (operation, value) = (pending.operation.pack(), pending.value);
        match self.phase {
            Phase::Over => {}
            Phase::Counting => {
                self.begun = true;
                hot.watch(true);
                hot.left = 1;
                self.phase = Phase::Reference;
            }
            Phase::Reference => {
                let live = Live::capture(hot);
                self.reference = Some(Checkpoint { live, operation, value, site, clock: hot.clock, counts: counts() });
                hot.left = self.stretch / COMPARED_PART;
                self.phase = Phase::Comparing;
            }
            Phase::Comparing => {
                if let Some(reference) = &self.reference
                    && (reference.operation, reference.value) == (operation, value)
                    && reference.site == site
                    && hot.clock > reference.clock
                    && reference.live.equals(hot)
                {
                    return Look::Repeats(hot.clock - reference.clock);
                }
                if hot.left == 0 {
                    hot.watch(false);
                    self.phase = Phase::Counting;
                    hot.left = self.stretch - self.stretch / COMPARED_PART - 1;
                    self.stretch *= 2;
                }
            }
        }
        Look::Nothing
    }

    /// The recurrence is no proof: the software may count where nobody looks.
    pub(super) fn suspect(&mut self, hot: &mut Hot, period: u64) {
        self.rest(hot);
        self.suspected = Some(period);
    }

    /// By how much each open run has grown since the reference; `counts` are those of now. A run that was opened since then
    /// stands after the others.
    pub(super) fn growth(&self, counts: impl Iterator<Item = u64>) -> Vec<u64> {
        let before = self.reference.iter().flat_map(|reference| reference.counts.iter().copied());
        counts.zip(before.chain(std::iter::repeat(0))).map(|(now, then)| now - then).collect()
    }

    /// The recurrence is proven.
    pub(super) fn prove(&mut self, hot: &mut Hot, found: Found) {
        self.rest(hot);
        self.found = Some(found);
        self.wake_cycle = u64::MAX;
        self.epoch += 1;
    }

    /// What the proof rests on changes at `at`, whatever the words do.
    pub(super) fn wake(&mut self, at: Time) {
        self.wake = Some(self.wake.map_or(at, |before| before.min(at)));
    }

    /// The wakes have changed.
    pub(super) fn refresh_wake(&mut self, clock: ClockDomain) {
        self.wake_cycle = self.wake_instant().map_or(u64::MAX, |at| clock.first_at_or_after(at));
    }

    /// When what the proof rests on changes.
    pub(super) fn wake_instant(&self) -> Option<Time> {
        let words = self.watched.iter().map(|watched| watched.wake).min().filter(|&at| at != Time::NEVER);
        self.wake.into_iter().chain(words).min().filter(|_| self.found.is_some())
    }

    /// First cycle at which an operation of a proven loop ends the proof.
    #[inline]
    pub(super) const fn wake_cycle(&self) -> u64 {
        self.wake_cycle
    }
}
