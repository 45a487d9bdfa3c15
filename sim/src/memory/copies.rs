//! A plain copy of every word for every CPU, and values on their way: how the reference executor keeps shared memory.

use super::{Key, Written};
use crate::bus::Agent;
use crate::time::Time;
use std::collections::BTreeMap;

/// A value on its way to everybody but its writer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) word: u16,
    source: Agent,
    pub(crate) written: Written,
}

/// The copies.
#[derive(Debug)]
pub(crate) struct Copies {
    copies: Vec<Vec<Written>>,
    /// By instant and key.
    in_flight: BTreeMap<(Time, Key), Arrival>,
}

impl Copies {
    pub(crate) fn new(initial: &[u32], cpus: usize) -> Self {
        let copy: Vec<_> = initial.iter().map(|&value| Written { value, key: None }).collect();
        Self { copies: vec![copy; cpus], in_flight: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.copies.first().map_or(0, Vec::len)
    }

    /// `None`: there is no such word.
    pub(super) fn load(&self, cpu: Agent, word: u16) -> Option<&Written> {
        self.copies[usize::from(cpu)].get(usize::from(word))
    }

    /// `written` is its writer's at once, and on its way to the others, who see it at `at`.
    pub(crate) fn send(&mut self, word: u16, written: Written, at: Time) {
        let Some(key) = written.key else { return };
        self.take(usize::from(key.source), word, written);
        self.in_flight.insert((at, key), Arrival { word, source: key.source, written });
    }

    /// A value replaces a copy only if its key is greater.
    fn take(&mut self, cpu: usize, word: u16, written: Written) {
        let copy = &mut self.copies[cpu][usize::from(word)];
        if written.key > copy.key {
            *copy = written;
        }
    }

    /// When the next values arrive.
    pub(crate) fn next_arrival(&self) -> Time {
        self.in_flight.first_key_value().map_or(Time::NEVER, |(&(at, _), _)| at)
    }

    /// Everything that arrives at the next instant, in key order.
    pub(crate) fn due(&self) -> Vec<Arrival> {
        let now = self.next_arrival();
        self.in_flight
            .range(..=(now, Key { time: Time::NEVER, source: Agent::MAX, sequence: u64::MAX }))
            .map(|(_, arrival)| *arrival)
            .collect()
    }

    /// What `cpu` will see of `word` when all that is due has arrived.
    pub(crate) fn after(&self, cpu: Agent, word: u16, due: &[Arrival]) -> u32 {
        let own = self.load(cpu, word);
        let arrivals = due.iter().filter(|arrival| arrival.word == word && arrival.source != cpu);
        arrivals
            .map(|arrival| arrival.written)
            .chain(own.copied())
            .max_by_key(|written| written.key)
            .map_or(0, |w| w.value)
    }

    /// What is due arrives.
    pub(crate) fn arrive(&mut self) {
        for Arrival { word, source, written } in self.due() {
            for cpu in (0..self.copies.len()).filter(|&cpu| cpu != usize::from(source)) {
                self.take(cpu, word, written);
            }
        }
        let now = self.next_arrival();
        self.in_flight.retain(|&(at, _), _| at != now);
    }
}
