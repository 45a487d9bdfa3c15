//! Which CPUs are in a proven loop that reads a word: they must hear when it changes.

use super::slot::Slot;
use crate::processor::Core;
use std::collections::BTreeSet;

/// The pollers of every word.
#[derive(Debug)]
pub(super) struct Pollers {
    /// By word.
    cpus: Vec<BTreeSet<usize>>,
    /// Number of the proof that each CPU was listed for.
    proofs: Vec<u64>,
}

impl Pollers {
    pub(super) fn new(words: usize, cpus: usize) -> Self {
        Self { cpus: vec![BTreeSet::new(); words], proofs: vec![0; cpus] }
    }

    /// CPU `number` has run: it may be in a proven loop since.
    #[inline]
    pub(super) fn note(&mut self, number: usize, cpu: &Core) {
        if cpu.proof_number() != self.proofs[number] {
            self.list(number, cpu);
        }
    }

    fn list(&mut self, number: usize, cpu: &Core) {
        self.proofs[number] = cpu.proof_number();
        for word in cpu.watched_words() {
            self.cpus[usize::from(word)].insert(number);
        }
    }

    /// May anybody be in a proven loop that reads `word`?
    #[inline]
    pub(super) fn has(&self, word: u16) -> bool {
        !self.cpus[usize::from(word)].is_empty()
    }

    /// Pushes the CPUs that are in a proven loop that reads `word`, and forgets those that no longer are.
    pub(super) fn of(&mut self, word: u16, cpus: &[Slot], found: &mut Vec<usize>) {
        self.cpus[usize::from(word)].retain(|&number| {
            let polls = cpus[number].is_proven() && cpus[number].watched_words().any(|watched| watched == word);
            if polls {
                found.push(number);
            }
            polls
        });
    }
}
