//! Transactions that wait for one bus, in the order in which they asked for it, with the messages of each sender at hand.
//! The one that has been granted stays at the front until its response.
//!
//! Not modelled: arbitration among agents that ask in one cycle (rotating ids of symmetric agents): requests come in an
//! order of their own.

use super::load::Load;
use crate::bus::Agent;
use std::collections::VecDeque;

/// A place in the queue, counted from the first transaction that ever waited in it.
type Place = u64;

#[derive(Debug, Clone, Copy)]
struct Entry {
    load: Load,
    /// First bus cycle in which it may be granted.
    from: u64,
    /// The next message of the same sender, if there is one.
    next_own: Place,
}

/// The messages of one sender that wait: first and last of a chain.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    messages: u32,
    first: Place,
    last: Place,
}

/// The queue.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    /// Place of the front.
    front: Place,
    /// The front has been granted, and waits no more.
    granted: bool,
    /// First bus cycle in which the front may be granted; `u64::MAX` if there is none.
    from: u64,
    /// By sender, as far as any has sent.
    own: Vec<Own>,
}

impl Default for Queue {
    fn default() -> Self {
        Self { entries: VecDeque::new(), front: 0, granted: false, from: u64::MAX, own: Vec::new() }
    }
}

impl Queue {
    /// First bus cycle in which the front may be granted; `u64::MAX` if there is none.
    pub(super) const fn from(&self) -> u64 {
        self.from
    }

    pub(super) fn front(&self) -> Option<&Load> {
        self.entries.front().map(|entry| &entry.load)
    }

    /// What waits, each with the first cycle in which it may be granted.
    pub(super) fn waiting(&self) -> impl ExactSizeIterator<Item = (&Load, u64)> {
        self.entries.range(usize::from(self.granted)..).map(|entry| (&entry.load, entry.from))
    }

    /// Does a message of `source` wait?
    pub(super) fn holds(&self, source: Agent) -> bool {
        self.own.get(usize::from(source)).is_some_and(|own| own.messages > 0)
    }

    /// `load` may be granted from cycle `from` on.
    #[inline]
    pub(super) fn push(&mut self, load: Load, from: u64) {
        if let Some(message) = load.asked() {
            self.link(usize::from(message.source));
        }
        if self.entries.is_empty() {
            self.from = from;
        }
        self.entries.push_back(Entry { load, from, next_own: 0 });
    }

    /// A message of `source` is about to come behind its others.
    #[inline]
    fn link(&mut self, source: usize) {
        let place = self.front + self.entries.len() as Place;
        if source >= self.own.len() {
            self.admit(source);
        }
        let own = &mut self.own[source];
        if own.messages == 0 {
            own.first = place;
        } else {
            self.entries[(own.last - self.front) as usize].next_own = place;
        }
        own.last = place;
        own.messages += 1;
    }

    /// The first message of a sender.
    #[cold]
    fn admit(&mut self, source: usize) {
        self.own.resize(source + 1, Own::default());
    }

    /// Grants the front; gives it, if there is one.
    #[inline]
    pub(super) fn grant(&mut self) -> Option<&Load> {
        let Entry { load, next_own, .. } = self.entries.front()?;
        self.granted = true;
        if let Some(message) = load.asked() {
            let own = &mut self.own[usize::from(message.source)];
            own.messages -= 1;
            own.first = *next_own;
        }
        Some(load)
    }

    /// The front, which was granted, waits again.
    pub(super) fn take_back(&mut self) {
        self.granted = false;
        if let Some(message) = self.entries.front().and_then(|entry| entry.load.asked()) {
            let own = &mut self.own[usize::from(message.source)];
            self.entries[0].next_own = own.first;
            (own.first, own.messages) = (self.front, own.messages + 1);
            if own.messages == 1 {
                own.last = self.front;
            }
        }
    }

    /// The front, which was granted, has had its response.
    #[inline]
    pub(super) fn end(&mut self) {
        self.entries.pop_front();
        self.front += 1;
        self.granted = false;
        self.from = self.entries.front().map_or(u64::MAX, |entry| entry.from);
    }

    /// Puts `load`, a message of `source`, into the place of its oldest one, if one waits; gives that.
    pub(super) fn replace(&mut self, source: Agent, load: Load) -> Option<Load> {
        if !self.holds(source) {
            return None;
        }
        let place = self.own[usize::from(source)].first - self.front;
        Some(std::mem::replace(&mut self.entries[place as usize].load, load))
    }

    /// Everything is `cycles` later.
    pub(super) fn skip(&mut self, cycles: u64) {
        self.entries.iter_mut().for_each(|entry| entry.from += cycles);
        self.from = self.entries.front().map_or(u64::MAX, |entry| entry.from);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Request;
    use super::super::super::testing::message;
    use super::*;

    fn load(source: Agent, number: u32) -> Load {
        Load::Asked(Request::Message(message(source, number, 0)))
    }

    /// What is taken back is as if it had never been granted: by replacing what waits.
    #[test]
    fn a_grant_that_is_taken_back_was_none() {
        for behind in [0, 1, 2] {
            let mut queue = Queue::default();
            (0..=behind).for_each(|number| queue.push(load(1, number), 5));
            queue.push(load(2, 0), 5);
            assert_eq!(queue.grant(), Some(&load(1, 0)));
            queue.take_back();
            assert_eq!((queue.waiting().len(), queue.holds(1), queue.from()), (behind as usize + 2, true, 5));
            assert_eq!(queue.replace(1, load(1, 7)), Some(load(1, 0)));
            queue.push(load(1, 8), 6);
            let rest = (1..=behind).map(|number| load(1, number));
            let expected: Vec<_> = [load(1, 7)].into_iter().chain(rest).chain([load(2, 0), load(1, 8)]).collect();
            for expected in &expected {
                assert_eq!(queue.grant(), Some(expected));
                queue.end();
            }
            assert!(!queue.holds(1) && !queue.holds(2));
        }
    }

    #[test]
    fn the_oldest_message_of_a_sender_is_replaced_where_it_waits() {
        let mut queue = Queue::default();
        assert_eq!((queue.replace(1, load(1, 9)), queue.from()), (None, u64::MAX));
        queue.push(Load::Asked(Request::EndOfInterrupt { source: 1, vector: 0x41 }), 4);
        assert!(!queue.holds(1), "an EOI is no message");
        for (source, number) in [(1, 0), (2, 0), (1, 1), (1, 2)] {
            queue.push(load(source, number), 5);
        }
        assert_eq!(queue.from(), 4);
        queue.grant();
        queue.end();
        assert_eq!(queue.from(), 5);
        assert_eq!(queue.replace(1, load(1, 7)), Some(load(1, 0)));
        assert_eq!(queue.grant(), Some(&load(1, 7)));
        assert_eq!(queue.replace(1, load(1, 8)), Some(load(1, 1)), "the granted one is spared");
        assert_eq!(queue.waiting().len(), 3);
        queue.end();
        for expected in [load(2, 0), load(1, 8), load(1, 2)] {
            assert_eq!(queue.grant(), Some(&expected));
            queue.end();
        }
        assert!(!queue.holds(1) && !queue.holds(2) && queue.waiting().len() == 0 && queue.from() == u64::MAX);
    }
}
