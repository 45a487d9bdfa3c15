//! What is going to happen on a point-to-point fabric, in order: by instant and, within one, in the order of its planning.
//!
//! Not modelled: see the [module](super).

use super::flights::Slot;
use super::topology::Distance;
use crate::bus::Agent;
use crate::time::{Duration, Time};
use std::collections::VecDeque;

/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The message reaches all agents at that distance.
    Visit(Slot, Distance),
    /// The sender's interface redirects the message.
    Redirect(Slot),
    /// The redirected message reaches its target.
    Arrive(Slot, Agent),
    /// The last completion is back.
    Complete(Slot),
    /// An EOI reaches the I/O agent.
    EndOfInterrupt(u8),
}

/// How long after its cause a step comes. Causes come in the order of time, so steps of one delay do too, but for jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delay {
    /// The latency of a distance.
    Way(Distance),
    /// None.
    Nothing,
}

impl Delay {
    const COUNT: usize = 4;

    const fn index(self) -> usize {
        match self {
            Self::Way(distance) => distance as usize,
            Self::Nothing => Self::COUNT - 1,
        }
    }
}

/// An instant, and below it the order among all steps: no two steps have one key.
type Key = u128;

/// Later than every step.
const NEVER: Key = Key::MAX;

const fn at(key: Key) -> Time {
    Time::from_ps((key >> 64) as u64)
}

/// All steps: a queue for each delay, so that planning and taking one cost the same however many there are.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    /// By delay, in order.
    queues: [VecDeque<(Key, Step)>; Delay::COUNT],
    /// Key of each queue's front.
    fronts: [Key; Delay::COUNT],
    /// The queue whose front is the next of all, and its key.
    first: (Key, usize),
    planned: u64,
}

impl Steps {
    pub(super) const fn new() -> Self {
        let queues = [const { VecDeque::new() }; Delay::COUNT];
        Self { queues, fronts: [NEVER; Delay::COUNT], first: (NEVER, 0), planned: 0 }
    }

    #[inline]
    pub(super) fn plan(&mut self, time: Time, delay: Delay, step: Step) {
        let key = Key::from(time.as_ps()) << 64 | Key::from(self.planned);
        self.planned += 1;
        let index = delay.index();
        let queue = &mut self.queues[index];
        if queue.back().is_none_or(|&(last, _)| last < key) {
            queue.push_back((key, step));
        } else {
            insert(queue, key, step);
        }
        if key < self.fronts[index] {
            self.fronts[index] = key;
            if key < self.first.0 {
                self.first = (key, index);
            }
        }
    }

    /// When the next step is due; [`Time::NEVER`]: there is none.
    #[inline]
    pub(super) const fn next(&self) -> Time {
        at(self.first.0)
    }

    /// The next step, which takes place now.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(Time, Step)> {
        let index = self.first.1;
        let (key, step) = self.queues[index].pop_front()?;
        self.fronts[index] = self.queues[index].front().map_or(NEVER, |&(key, _)| key);
        self.choose();
        Some((at(key), step))
    }

    fn choose(&mut self) {
        let mut first = (NEVER, 0);
        for (index, &key) in self.fronts.iter().enumerate() {
            if key < first.0 {
                first = (key, index);
            }
        }
        self.first = first;
    }

    /// All, in order.
    pub(super) fn sorted(&self) -> impl Iterator<Item = (Time, Step)> {
        let mut steps: Vec<_> = self.queues.iter().flatten().copied().collect();
        steps.sort_unstable_by_key(|&(key, _)| key);
        steps.into_iter().map(|(key, step)| (at(key), step))
    }

    /// Everything is `span` later.
    pub(super) fn skip(&mut self, span: Duration) {
        let later = |key: Key| Key::from((at(key) + span).as_ps()) << 64 | Key::from(key as u64);
        self.queues.iter_mut().flatten().for_each(|(key, _)| *key = later(*key));
        for (front, queue) in self.fronts.iter_mut().zip(&self.queues) {
            *front = queue.front().map_or(NEVER, |&(key, _)| key);
        }
        self.choose();
    }
}

/// A step before others: its message had less jitter.
#[cold]
fn insert(queue: &mut VecDeque<(Key, Step)>, key: Key, step: Step) {
    queue.insert(queue.partition_point(|&(other, _)| other < key), (key, step));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_by_instant_and_then_as_planned() {
        let mut steps = Steps::new();
        let (own, cross) = (Delay::Way(Distance::Own), Delay::Way(Distance::Cross));
        let table = [(30, own), (10, cross), (30, Delay::Nothing), (20, own), (30, own), (10, cross)];
        for (slot, (ps, delay)) in (0..).zip(table) {
            steps.plan(Time::from_ps(ps), delay, Step::Complete(slot));
        }
        let expected = [(10, 1), (10, 5), (20, 3), (30, 0), (30, 2), (30, 4)];
        let expected = expected.map(|(ps, slot)| (Time::from_ps(ps), Step::Complete(slot)));
        assert_eq!(steps.sorted().collect::<Vec<_>>(), expected);
        let mut later = steps.clone();
        later.skip(Duration::from_ps(7));
        assert_eq!(later.next(), Time::from_ps(17));
        assert_eq!(std::iter::from_fn(|| steps.take()).collect::<Vec<_>>(), expected);
        assert_eq!((steps.next(), std::iter::from_fn(|| later.take()).count()), (Time::NEVER, 6));
    }
}
