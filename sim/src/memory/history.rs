//! One history of writes a word, in key order, for all CPUs: what a CPU sees at an instant is the last entry that is visible
//! then. No CPU has a copy.

use super::Written;
use crate::time::{Duration, Time};
use std::collections::VecDeque;

#[derive(Debug, Clone, Default)]
struct Word {
    /// The last write of all, and when it is seen: most of the time it has been.
    last: Written,
    seen: Time,
    /// The last of the others that everybody has seen for good.
    base: Written,
    /// Those between the two, in key order.
    entries: VecDeque<Written>,
}

impl Word {
    /// The later ones in key order, the last of all among them.
    fn entry(&self, index: usize) -> Option<&Written> {
        match index.checked_sub(self.entries.len()) {
            None => self.entries.get(index),
            Some(0) => Some(&self.last),
            Some(_) => None,
        }
    }

    /// The last write is not everybody's yet, and another one comes: it becomes one of those between.
    #[inline(never)]
    fn keep_last(&mut self, visibility: Duration, now: Time) {
        while let Some(first) = self.entries.front()
            && first.seen_at(visibility) < now
        {
            self.base = *first;
            self.entries.pop_front();
        }
        self.entries.push_back(self.last);
    }
}

/// The histories of all words.
#[derive(Debug)]
pub(crate) struct History {
    words: Vec<Word>,
    /// From a store until others see it.
    visibility: Duration,
    version: u64,
}

impl History {
    pub(crate) fn new(initial: &[u32], visibility: Duration) -> Self {
        let word = |&value: &u32| {
            let base = Written { value, key: None };
            Word { last: base, seen: Time::ZERO, base, entries: VecDeque::new() }
        };
        Self { words: initial.iter().map(word).collect(), visibility, version: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// Entries of `word` that are visible at `at`.
    fn visible(&self, word: &Word, at: Time) -> usize {
        if word.seen <= at {
            return word.entries.len() + 1;
        }
        word.entries.partition_point(|entry| entry.seen_at(self.visibility) <= at)
    }

    /// `None`: there is no such word.
    #[inline(always)]
    pub(super) fn load(&self, word: u16, at: Time) -> Option<&Written> {
        let word = self.words.get(usize::from(word))?;
        Some(if word.seen <= at { &word.last } else { self.load_before(word, at) })
    }

    #[inline(never)]
    fn load_before<'a>(&self, word: &'a Word, at: Time) -> &'a Written {
        let before = self.visible(word, at).checked_sub(1);
        before.map_or(&word.base, |place| &word.entries[place])
    }

    #[inline]
    pub(super) fn next_change(&self, word: u16, at: Time) -> Time {
        let word = &self.words[usize::from(word)];
        if word.seen <= at { Time::NEVER } else { self.next_seen(word, at) }
    }

    #[inline(never)]
    fn next_seen(&self, word: &Word, at: Time) -> Time {
        word.entry(self.visible(word, at)).map_or(Time::NEVER, |entry| entry.seen_at(self.visibility))
    }

    /// Of entries that become visible at one instant the last one counts; earlier writes than what was `seen` never do.
    pub(super) fn first_other(&self, word: u16, seen: Written, at: Time) -> Time {
        let word = &self.words[usize::from(word)];
        let instant = |index: usize| word.entry(index).map(|entry| entry.seen_at(self.visibility));
        let differs = |&index: &usize| {
            let is_other = |entry: &Written| entry.key > seen.key && entry.value != seen.value;
            word.entry(index).is_some_and(is_other) && instant(index) != instant(index + 1)
        };
        let first = (self.visible(word, at)..=word.entries.len()).find(differs);
        first.and_then(instant).unwrap_or(Time::NEVER)
    }

    /// The next write in key order. Entries that others see before it is made are seen by everybody: no CPU can still
    /// read before them, and one that is skipped reads nothing that has changed until it looks up, which is later.
    pub(crate) fn write(&mut self, word: u16, written: Written) {
        self.version += 1;
        let now = written.key.map_or(Time::ZERO, |key| key.time);
        let word = &mut self.words[usize::from(word)];
        debug_assert!(word.last.key <= written.key, "writes come in key order");
        if word.seen < now {
            word.base = word.last;
            word.entries.clear();
        } else {
            word.keep_last(self.visibility, now);
        }
        (word.last, word.seen) = (written, written.seen_at(self.visibility));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::*;

    const V: Duration = Duration::from_ps(100);

    fn written(value: u32, time: u64, source: u16) -> Written {
        Written { value, key: Some(Key { time: Time::from_ps(time), source, sequence: 0 }) }
    }

    fn is_seen(written: &Written, at: Time) -> bool {
        written.key.is_none_or(|key| key.time + V <= at)
    }

    /// Against the rule itself: of all writes with time + V at or before the load, the greatest key.
    #[test]
    fn a_load_sees_the_greatest_visible_key() {
        let mut state = 7u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut history = History::new(&[9], V);
        let mut all = vec![Written { value: 9, key: None }];
        let mut time = 0;
        for _ in 0..500 {
            time += next(60);
            let sequence = all.len() as u64;
            let key = Some(Key { time: Time::from_ps(time), source: 0, sequence });
            let written = Written { value: next(3) as u32, key };
            history.write(0, written);
            all.push(written);
            for at in (time..time + 250).step_by(7).map(Time::from_ps) {
                let last_at = |at| all.iter().filter(|entry| is_seen(entry, at)).max_by_key(|entry| entry.key);
                let last = last_at(at).expect("the initial value");
                assert_eq!(history.load(0, at), Some(last));
                let value = last.value;
                let changes = |&later: &Time| last_at(later).is_some_and(|entry| entry.value != value);
                let instants = all.iter().map(|entry| entry.seen_at(V)).filter(|&instant| instant > at);
                let expected = instants.filter(changes).min().unwrap_or(Time::NEVER);
                assert_eq!(history.first_other(0, *last, at), expected);
            }
        }
        assert!(history.words[0].entries.len() < 100, "what everybody has seen is folded");
    }

    #[test]
    fn writes_that_are_seen_at_one_instant_change_once() {
        let mut history = History::new(&[5], V);
        history.write(0, written(6, 10, 1));
        history.write(0, written(5, 10, 2));
        let seen = Written { value: 5, key: None };
        assert_eq!(history.first_other(0, seen, Time::from_ps(20)), Time::NEVER);
        let own = written(7, 10, 3);
        assert_eq!(history.first_other(0, own, Time::from_ps(20)), Time::NEVER, "it has seen a later write");
        assert_eq!(history.next_change(0, Time::from_ps(20)), Time::from_ps(110));
    }
}
