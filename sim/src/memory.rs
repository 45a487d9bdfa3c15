//! Simulated shared memory: words that several CPUs share, with stated latencies and one order.
//!
//! Each CPU has a copy of every word. A store at *t* changes its own copy at *t* and the others' at *t* + V; a
//! read-modify-write at *t* is applied to the master in key order and its value is back at *t* + R. An arriving value
//! replaces a copy only if its key is greater, so all copies end alike.
//!
//! Not modelled: cache lines, bandwidth, store buffers, reordering.

use crate::bus::Agent;
use crate::time::Time;
use std::panic::Location;

/// Place of a request in the one order of everything that leaves a CPU: time, then source, then its own sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Key {
    /// The instant of the request.
    pub time: Time,
    /// Who made it.
    pub source: Agent,
    /// The source's own count.
    pub sequence: u64,
}

/// A value on its way to the copy of one CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) at: Time,
    pub(crate) word: u16,
    pub(crate) value: u32,
    pub(crate) key: Key,
}

/// One CPU's copy of the shared words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copy {
    words: Vec<(u32, Key)>,
}

impl Copy {
    pub(crate) fn new(initial: &[u32]) -> Self {
        Self { words: initial.iter().map(|&value| (value, Key::default())).collect() }
    }

    #[inline]
    pub(crate) fn load(&self, word: u16) -> u32 {
        self.words[usize::from(word)].0
    }

    /// Takes a value unless the copy already holds a later one.
    pub(crate) fn take(&mut self, word: u16, value: u32, key: Key) {
        let slot = &mut self.words[usize::from(word)];
        if key > slot.1 {
            *slot = (value, key);
        }
    }

    /// Would `arrival` change what a load gives?
    pub(crate) fn would_change(&self, arrival: &Arrival) -> bool {
        let (value, key) = self.words[usize::from(arrival.word)];
        arrival.key > key && arrival.value != value
    }
}

/// Who changed a word last, and where: what a *why* names as the holder of a lock.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// The CPU.
    pub cpu: Agent,
    /// When.
    pub at: Time,
    /// The value it left.
    pub value: u32,
    /// The line of software.
    pub site: &'static Location<'static>,
}

/// The master copy, written in key order.
#[derive(Debug, Clone)]
pub(crate) struct Master {
    words: Vec<u32>,
    writers: Vec<Option<Writer>>,
}

impl Master {
    pub(crate) fn new(initial: &[u32]) -> Self {
        Self { words: initial.to_vec(), writers: vec![None; initial.len()] }
    }

    pub(crate) fn load(&self, word: u16) -> u32 {
        self.words[usize::from(word)]
    }

    /// Writing the value that is already there is not a change, and does not make its writer the last one.
    pub(crate) fn store(&mut self, word: u16, writer: Writer) {
        let value = &mut self.words[usize::from(word)];
        if *value != writer.value {
            *value = writer.value;
            self.writers[usize::from(word)] = Some(writer);
        }
    }

    pub(crate) fn into_writers(self) -> Vec<Option<Writer>> {
        self.writers
    }
}
