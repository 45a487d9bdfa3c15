//! The one event stream: every effective event of every source, and the runs of polls and delays between them.
//!
//! An *effective event* is a value that changed, a write, a delivery, interrupt entry or exit, a request, the start or
//! end of a wait. Polls and delays between two of them form runs. The digest, traces, statistics and explanations are
//! views of this stream and compute nothing that it does not say.

mod digest;
mod event;
mod interest;
mod runs;
mod told;
mod words;

pub(crate) use digest::{DIGEST_VERSION, Digest};
pub use event::{Access, Context, Event, Source, What};
pub use interest::Interest;
pub(crate) use runs::{Fit, Poll, Runs, Tally};
pub use told::Told;

use crate::coroutine::Site;
use crate::time::Time;
use std::hint::black_box;

/// The stream of one source: it hashes always, and keeps only the events that somebody wants, until they are handed over.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    source: Source,
    digest: Digest,
    wanted: Interest,
    kept: Vec<Told>,
    last: Time,
}

impl Stream {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, digest: Digest::new(), wanted: Interest::NOTHING, kept: Vec::new(), last: Time::ZERO }
    }

    /// Appends an effective event.
    #[inline(always)] // what it is, is known where it is called: a few multiplications are left
    pub(crate) fn push(&mut self, time: Time, site: Option<Site>, what: What) {
        what.feed(time, &mut self.digest);
        self.last = time;
        if self.wanted.wants(&what) {
            self.keep(time, time, site, black_box(what));
        }
    }

    /// The same, of an event that is made as often as it is looked at: nothing is copied for those who do not want it.
    #[inline(always)]
    pub(crate) fn push_made(&mut self, time: Time, what: impl Fn() -> What) {
        what().feed(time, &mut self.digest);
        self.last = time;
        if self.wanted.wants(&what()) {
            self.keep(time, time, None, black_box(what()));
        }
    }

    /// Does nobody want events like this one?
    #[inline(always)]
    pub(crate) fn is_untold(&self, what: &What) -> bool {
        !self.wanted.wants(what)
    }

    /// Does nobody want any event?
    #[inline(always)]
    pub(crate) fn is_unheard(&self) -> bool {
        self.wanted == Interest::NOTHING
    }

    /// Appends an effective event that [nobody wants](Self::is_untold).
    #[inline(always)]
    pub(crate) fn push_untold(&mut self, time: Time, what: What) {
        debug_assert!(self.is_untold(&what), "{what:?} is wanted");
        what.feed(time, &mut self.digest);
        self.last = time;
    }

    /// Appends a run that began at `first` and is ended by something at `at`.
    #[inline(always)]
    pub(crate) fn push_run(&mut self, at: Time, first: Time, site: Option<Site>, what: What) {
        what.feed(first, &mut self.digest);
        if self.wanted.wants(&what) {
            self.keep(at, first, site, black_box(what));
        }
    }

    /// Out of the way of runs that keep nothing, which are most.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, at: Time, time: Time, site: Option<Site>, what: What) {
        self.kept.push(Told { at, event: Event { time, source: self.source, site, what } });
    }

    /// A value changed at `time`, seen by a read: effective, though the read itself begins a run.
    #[inline]
    pub(crate) fn touch(&mut self, time: Time) {
        self.last = time;
    }

    /// Instant of the last effective event.
    #[inline]
    pub(crate) fn last(&self) -> Time {
        self.last
    }

    pub(crate) const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// From now on these events are kept until they are handed over.
    pub(crate) fn observe(&mut self, wanted: Interest) {
        self.wanted = wanted;
    }

    /// Moves what was told before `until` to `to`.
    pub(crate) fn hand_over(&mut self, until: Time, to: &mut Vec<Told>) {
        if self.kept.first().is_some_and(|told| told.at < until) {
            let count = self.kept.partition_point(|told| told.at < until);
            to.extend(self.kept.drain(..count));
        }
    }

    /// What is kept and not handed over yet.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Told> {
        self.kept.iter()
    }
}
