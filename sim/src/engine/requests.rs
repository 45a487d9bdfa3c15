//! Requests that have left CPUs and are not committed yet, in key order.

use crate::memory::Key;
use crate::processor::Outgone;
use crate::time::Time;

/// Committed requests that are kept at most, if they are not the greater part.
const FOLDED: usize = 64;

/// The requests. Most of the time there are none, or those of one CPU.
#[derive(Debug, Default)]
pub(super) struct Requests {
    list: Vec<Outgone>,
    /// Those before this place are committed.
    next: usize,
    /// When the oldest was made.
    oldest: Time,
}

impl Requests {
    /// Of the I/O agent, before the run.
    pub(super) fn new(mut list: Vec<Outgone>) -> Self {
        list.sort_by_key(|request| request.key);
        let mut requests = Self { list, next: 0, oldest: Time::NEVER };
        requests.look();
        requests
    }

    fn look(&mut self) {
        self.oldest = self.oldest().map_or(Time::NEVER, |request| request.key.time);
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// When the oldest was made.
    #[inline]
    pub(super) const fn oldest_time(&self) -> Time {
        self.oldest
    }

    /// The oldest.
    #[inline]
    pub(super) fn oldest(&self) -> Option<&Outgone> {
        self.list.get(self.next)
    }

    /// The oldest is committed.
    #[inline]
    pub(super) fn commit(&mut self) {
        self.next += 1;
        if self.next >= self.list.len() {
            self.list.clear();
            self.next = 0;
        } else if self.next >= FOLDED && 2 * self.next >= self.list.len() {
            self.list.drain(..self.next);
            self.next = 0;
        }
        self.look();
    }

    /// Takes what has left a CPU, which has made it in key order.
    #[inline]
    pub(super) fn take(&mut self, outbox: &mut Vec<Outgone>) {
        if self.list.is_empty() {
            std::mem::swap(&mut self.list, outbox);
        } else {
            outbox.drain(..).for_each(|request| self.insert(request));
        }
        self.look();
    }

    #[inline(never)]
    fn insert(&mut self, request: Outgone) {
        let later = |key: &Key| *key > request.key;
        match self.list.last() {
            Some(last) if later(&last.key) => {
                let place = self.next + self.list[self.next..].partition_point(|other| other.key < request.key);
                self.list.insert(place, request);
            }
            _ => self.list.push(request),
        }
    }
}
