//! Runs: polls and delays between two effective events of one CPU, coalesced by (site, location, value).

use super::Stream;
use super::event::{Access, What};
use crate::time::Time;
use std::panic::Location;

/// Runs kept at most between two effective events; one more closes them all.
const RUNS_MAX: usize = 256;

/// One open run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) site: &'static Location<'static>,
    pub(crate) access: Access,
    pub(crate) value: u64,
    pub(crate) first: Time,
    pub(crate) last: u64,
    pub(crate) count: u64,
}

/// The open runs of a CPU, in the order of first use. `last` is kept in core cycles: the hot path divides nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    open: Vec<Tally>,
    /// Where the next access is expected: loops walk the runs in turn.
    next: usize,
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

fn same_site(a: &'static Location<'static>, b: &'static Location<'static>) -> bool {
    std::ptr::eq(a, b) || (a.line() == b.line() && a.column() == b.column() && a.file() == b.file())
}

impl Runs {
    /// Extends the run that this access repeats, if there is one.
    #[inline]
    pub(crate) fn extend(&mut self, site: &'static Location<'static>, access: Access, value: u64, cycle: u64) -> Fit {
        if let Some(run) = self.open.get_mut(self.next)
            && run.access == access
            && run.value == value
            && same_site(run.site, site)
        {
            run.last = cycle;
            run.count += 1;
            self.next = if self.next + 1 == self.open.len() { 0 } else { self.next + 1 };
            return Fit::Repeats;
        }
        self.search(site, access, value, cycle)
    }

    #[cold]
    fn search(&mut self, site: &'static Location<'static>, access: Access, value: u64, cycle: u64) -> Fit {
        let mut found = None;
        for (index, run) in self.open.iter().enumerate() {
            if run.access == access {
                if run.value != value {
                    return Fit::Changed;
                }
                if same_site(run.site, site) {
                    found = Some(index);
                }
            }
        }
        let Some(index) = found else { return Fit::New };
        let run = &mut self.open[index];
        run.last = cycle;
        run.count += 1;
        self.next = (index + 1) % self.open.len();
        Fit::Repeats
    }

    /// Opens a run. Gives false, and opens nothing, when there are too many: close them first.
    pub(crate) fn open(
        &mut self,
        site: &'static Location<'static>,
        access: Access,
        value: u64,
        cycle: u64,
        time: Time,
    ) -> bool {
        if self.open.len() >= RUNS_MAX {
            return false;
        }
        self.open.push(Tally { site, access, value, first: time, last: cycle, count: 1 });
        self.next = 0;
        true
    }

    /// Closes all runs into the stream.
    pub(crate) fn close(&mut self, stream: &mut Stream, instant: impl Fn(u64) -> Time) {
        for run in self.open.drain(..) {
            let what = What::Run { access: run.access, value: run.value, last: instant(run.last), count: run.count };
            stream.push(run.first, Some(run.site), what);
        }
        self.next = 0;
    }

    pub(crate) fn tallies(&self) -> &[Tally] {
        &self.open
    }

    /// Counts `periods` repetitions in which each run grew by its entry of `growth`, `cycles` long each.
    pub(crate) fn repeat(&mut self, growth: &[u64], periods: u64, cycles: u64) {
        for (run, grown) in self.open.iter_mut().zip(growth) {
            if *grown > 0 {
                run.count += grown * periods;
                run.last += cycles * periods;
            }
        }
    }
}
