//! Requests that have left CPUs and are not committed yet, in key order.

use crate::memory::Key;
use crate::processor::Outgone;
use crate::queue::Queue;
use crate::slots::Slots;
use crate::time::Time;
use std::collections::VecDeque;

/// The requests. Most of the time there are none, or those of one CPU.
#[derive(Debug)]
pub(super) struct Requests {
    /// Of the I/O agent, known from the start.
    devices: VecDeque<Outgone>,
    /// When the first of them is made.
    device_at: Time,
    /// Of CPUs.
    list: Queue<Outgone>,
    /// When the oldest was made.
    oldest: Time,
}

impl Requests {
    /// Before the run: those of the I/O agent.
    pub(super) fn new(mut devices: Vec<Outgone>) -> Self {
        devices.sort_by_key(|request| request.key);
        let mut requests =
            Self { devices: devices.into(), device_at: Time::NEVER, list: Queue::default(), oldest: Time::NEVER };
        requests.look_at_devices();
        requests
    }

    #[inline]
    fn look(&mut self) {
        let of_cpus = self.list.front().map_or(Time::NEVER, |request| request.key.time);
        self.oldest = of_cpus.min(self.device_at);
    }

    fn look_at_devices(&mut self) {
        self.device_at = self.devices.front().map_or(Time::NEVER, |request| request.key.time);
        self.look();
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.oldest == Time::NEVER
    }

    /// When the oldest was made.
    #[inline]
    pub(super) const fn oldest_time(&self) -> Time {
        self.oldest
    }

    /// The oldest.
    ///
    /// # Panics
    /// If there is none.
    #[inline(always)]
    pub(super) fn oldest(&self) -> &Outgone {
        if self.device_at > self.oldest { self.of_cpu() } else { self.older() }
    }

    #[inline(always)]
    fn of_cpu(&self) -> &Outgone {
        self.list.front().expect("a CPU made the oldest request")
    }

    /// The first of the I/O agent, or of the CPUs, if that is older.
    #[inline(never)]
    fn older(&self) -> &Outgone {
        let firsts = self.devices.iter().take(1).chain(self.list.front());
        firsts.min_by_key(|request| request.key).expect("the oldest request is there")
    }

    /// The oldest is committed.
    #[inline]
    pub(super) fn commit(&mut self) {
        if self.device_at > self.oldest || !self.commit_device() {
            self.list.drop_front();
            self.look();
        }
    }

    /// Commits the oldest, if it is one of the I/O agent.
    #[inline(never)]
    fn commit_device(&mut self) -> bool {
        let first = self.list.front();
        let is_oldest = self.devices.front().is_some_and(|device| first.is_none_or(|first| device.key < first.key));
        if is_oldest {
            self.devices.pop_front();
            self.look_at_devices();
        }
        is_oldest
    }

    /// Takes what has left a CPU, which has made it in key order.
    #[inline(always)]
    pub(super) fn take(&mut self, outbox: &mut Slots<Outgone>) {
        if self.list.is_empty() {
            self.list.swap_in(outbox);
        } else {
            outbox.iter().for_each(|request| self.insert(*request));
            outbox.clear();
        }
        self.look();
    }

    #[inline(never)]
    fn insert(&mut self, request: Outgone) {
        let later = |key: &Key| *key > request.key;
        if self.list.back().is_some_and(|last| later(&last.key)) {
            let place = self.list.waiting().partition_point(|other| other.key < request.key);
            self.list.insert(place, request);
        } else {
            self.list.push(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coroutine::Site;
    use crate::processor::Outgoing;
    use std::collections::BTreeSet;

    fn request(time: u64, source: u16, sequence: u64) -> Outgone {
        let key = Key { time: Time::from_ps(time), source, sequence };
        Outgone { key, site: Site::caller(), what: Outgoing::Milestone(0) }
    }

    /// Against a set: CPUs make requests at any time from the last committed one on, each in its own order, and the I/O agent
    /// has listed some before.
    #[test]
    fn the_oldest_comes_first_whoever_made_it() {
        let mut state = 11u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for (devices, kept) in [(0, 3), (40, 3), (0, 400), (200, 400)] {
            let listed: Vec<Outgone> = (0..devices).map(|number| request(next(9_000), 9, number)).collect();
            let mut set: BTreeSet<Key> = listed.iter().map(|request| request.key).collect();
            let mut requests = Requests::new(listed);
            let (mut now, mut sequence) = (0, 0);
            for _ in 0..3_000 {
                if set.len() < kept || next(2) == 0 {
                    let (source, mut time) = (next(5) as u16, now);
                    let mut outbox = Slots::default();
                    for _ in 0..1 + next(3) {
                        (time, sequence) = (time + next(20), sequence + 1);
                        outbox.push(request(time, source, sequence));
                        set.insert(outbox[outbox.len() - 1].key);
                    }
                    requests.take(&mut outbox);
                    assert!(outbox.is_empty());
                } else if let Some(oldest) = set.pop_first() {
                    assert_eq!(requests.oldest().key, oldest);
                    assert_eq!(requests.oldest_time(), oldest.time);
                    now = oldest.time.as_ps();
                    requests.commit();
                }
                assert_eq!(requests.is_empty(), set.is_empty());
            }
        }
    }
}
