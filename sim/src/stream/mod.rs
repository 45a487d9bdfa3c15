//! The one event stream: every effective event of every source, and the runs of polls and delays between them.
//!
//! An *effective event* is a value that changed, a write, a delivery, interrupt entry or exit, a request, the start or
//! end of a wait. Polls and delays between two of them form runs. The digest, traces, statistics and explanations are
//! views of this stream and compute nothing that it does not say.

mod digest;
mod event;
mod runs;
mod words;

pub(crate) use digest::{DIGEST_VERSION, Digest};
pub use event::{Access, Context, Event, Source, What};
pub(crate) use runs::{Fit, Poll, Runs, Tally};

use crate::time::Time;
use std::panic::Location;

/// The stream of one source: it hashes always, and keeps events only where somebody wants them.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    source: Source,
    digest: Digest,
    kept: Option<Vec<Event>>,
    last: Time,
}

impl Stream {
    pub(crate) fn new(source: Source, keep: bool) -> Self {
        Self { source, digest: Digest::new(), kept: keep.then(Vec::new), last: Time::ZERO }
    }

    /// Appends an effective event (or a run that such an event has closed).
    #[inline(always)] // what it is, is known where it is called: a few multiplications are left
    pub(crate) fn push(&mut self, time: Time, site: Option<&'static Location<'static>>, what: What) {
        what.feed(time, &mut self.digest);
        if !matches!(what, What::Run { .. } | What::Attempts { .. }) {
            self.last = time;
        }
        if self.kept.is_some() {
            self.keep(time, site, what);
        }
    }

    /// Out of the way of runs that keep nothing, which are most.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, time: Time, site: Option<&'static Location<'static>>, what: What) {
        if let Some(kept) = &mut self.kept {
            kept.push(Event { time, source: self.source, site, what });
        }
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

    /// Are its events kept?
    pub(crate) const fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// Takes what was kept.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        self.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
