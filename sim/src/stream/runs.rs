//! Runs: polls and delays between two effective events of one CPU, coalesced by (site, location, value).
//!
//! The runs of a loop are linked in the order in which it walks them. Along a link the boundary repeats an access without a
//! look at it; whatever may change a value cuts all links ([`Runs::unlink`]).

use super::Stream;
use super::event::{Access, Event, Source, What};
use crate::coroutine::{Hot, Repeat, Site};
use crate::time::Time;

/// Runs kept at most between two effective events; one more closes them all.
const RUNS_MAX: usize = 256;

/// An access that may repeat without effect, as it is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll {
    pub(crate) site: Site,
    pub(crate) access: Access,
    pub(crate) value: u64,
    /// Packed operation and value operand.
    pub(crate) operation: u64,
    pub(crate) argument: u64,
    /// Core cycles; none: it must never be repeated without a look.
    pub(crate) cost: u64,
}

/// One open run.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Tally {
    repeat: Repeat,
    pub(crate) site: Site,
    pub(crate) access: Access,
    first: Time,
}

impl Tally {
    pub(crate) const fn value(&self) -> u64 {
        self.repeat.value
    }

    pub(crate) const fn argument(&self) -> u64 {
        self.repeat.argument
    }

    pub(crate) const fn count(&self) -> u64 {
        self.repeat.count
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(&self.repeat).expose_provenance()
    }
}

/// The open runs of a CPU, in the order of first use. Their last instants are in core cycles: the hot path divides nothing.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    open: Vec<Tally>,
}

/// Whether an access fits the open runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It repeats: the run was extended.
    Repeats,
    /// Its location was not accessed from here since the last effective event.
    New,
    /// The same location gave another value before: a value has changed.
    Changed,
}

impl Runs {
    /// Extends the run that `poll` repeats at the clock of `hot`, if there is one. `before` is the cycle of the effect
    /// before it: the run that was extended then leads to this one.
    pub(crate) fn extend(&mut self, hot: &mut Hot, poll: &Poll, before: u64) -> Fit {
        let mut found = None;
        for (index, run) in self.open.iter().enumerate() {
            if run.access == poll.access {
                if run.repeat.value != poll.value {
                    return Fit::Changed;
                }
                if run.site == poll.site {
                    found = Some(index);
                }
            }
        }
        let Some(index) = found else { return Fit::New };
        self.link(index, before);
        let run = &mut self.open[index];
        run.repeat.last = hot.clock;
        run.repeat.count += 1;
        hot.next = run.repeat.next;
        let same = run.repeat.operation == poll.operation && run.repeat.argument == poll.argument;
        if !same || run.site.address() != poll.site.address() {
            run.repeat.cost = 0; // two kinds of access in one run
            self.unlink(hot);
        }
        Fit::Repeats
    }

    /// The run that was extended at `before` leads to that at `index`.
    fn link(&mut self, index: usize, before: u64) {
        let target = &self.open[index];
        if target.repeat.cost == 0 {
            return;
        }
        let address = target.address();
        if let Some(previous) = self.open.iter_mut().find(|run| run.repeat.last == before) {
            previous.repeat.next = address;
        }
    }

    /// Are there as many as may be? Then they must be closed before another is opened.
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= RUNS_MAX
    }

    /// Opens a run.
    #[inline]
    pub(crate) fn open(&mut self, hot: &mut Hot, poll: &Poll, time: Time) {
        if self.open.len() == self.open.capacity() {
            self.grow(hot);
        }
        let &Poll { site, access, value, operation, argument, cost } = poll;
        let next = crate::coroutine::NOTHING.address();
        let site_address = site.address();
        let (last, count) = (hot.clock, 1);
        let repeat = Repeat { operation, argument, site: site_address, value, cost, next, last, count };
        self.open.push(Tally { repeat, site, access, first: time });
        hot.expect_nothing();
    }

    #[cold]
    fn grow(&mut self, hot: &mut Hot) {
        self.unlink(hot); // they move
        self.open.reserve(self.open.len().max(4));
    }

    /// A value may have changed: each access is looked at again before it repeats.
    pub(crate) fn unlink(&mut self, hot: &mut Hot) {
        hot.expect_nothing();
        for run in &mut self.open {
            run.repeat.next = crate::coroutine::NOTHING.address();
        }
    }

    /// The expected access, repeated by a look at it instead of by the boundary. `None`: it is another one, or its effect
    /// may be the first to see a change.
    #[inline]
    pub(crate) fn repeat(&mut self, hot: &mut Hot, operation: u64, argument: u64, site: Site) -> Option<u64> {
        let base = self.open.as_ptr().addr();
        let index = hot.next.wrapping_sub(base) / size_of::<Tally>();
        let run = self.open.get_mut(index)?;
        let repeat = &mut run.repeat;
        let effect = hot.clock + repeat.cost;
        let same = (repeat.operation, repeat.argument, repeat.site) == (operation, argument, site.address());
        if !same || effect >= hot.slow_at {
            return None;
        }
        hot.clock = effect;
        repeat.last = effect;
        repeat.count += 1;
        hot.next = repeat.next;
        Some(repeat.value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Closes all runs into the stream: something at `at` ends them.
    pub(crate) fn close(&mut self, hot: &mut Hot, stream: &mut Stream, at: Time, instant: impl Fn(u64) -> Time) {
        hot.expect_nothing();
        for run in &self.open {
            let Repeat { value, last, count, .. } = run.repeat;
            let last = if count == 1 { run.first } else { instant(last) };
            stream.push_run(at, run.first, Some(run.site), What::Run { access: run.access, value, last, count });
        }
        self.open.clear();
    }

    /// The open runs as they stand, as events of `source`.
    pub(crate) fn events(&self, source: Source, instant: impl Fn(u64) -> Time) -> impl Iterator<Item = Event> {
        self.open.iter().map(move |run| {
            let Repeat { value, last, count, .. } = run.repeat;
            let last = if count == 1 { run.first } else { instant(last) };
            let what = What::Run { access: run.access, value, last, count };
            Event { time: run.first, source, site: Some(run.site), what }
        })
    }

    pub(crate) fn tallies(&self) -> &[Tally] {
        &self.open
    }

    /// Counts `periods` repetitions in which each run grew by its entry of `growth`, `cycles` long each.
    pub(crate) fn skip(&mut self, growth: &[u64], periods: u64, cycles: u64) {
        for (run, grown) in self.open.iter_mut().zip(growth) {
            if *grown > 0 {
                run.repeat.count += grown * periods;
                run.repeat.last += cycles * periods;
            }
        }
    }
}
