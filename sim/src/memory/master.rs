//! The master copy of the shared words, written in key order.

use crate::bus::Agent;
use crate::coroutine::Site;
use crate::time::Time;

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
    pub site: Site,
}

/// The master copy.
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
