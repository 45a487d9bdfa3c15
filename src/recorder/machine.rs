//! The machine around the recorded CPU: what it shares with the others, and what has been recorded so far.
//!
//! Not modelled: a bus. A command that was written is remembered, and nothing carries it.

use super::conditions::{Icr, Others};
use super::recording::{End, Entry};
use kernel_model::{Given, Kernel, Word};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::UnwindSafe;

/// The payload that unwinds a function of the recorded CPU at its end.
pub(super) struct Ended(pub(super) End);

/// The machine around the recorded CPU: what it shares with the others, and what has been recorded.
pub(super) struct Machine<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) given: Given,
    pub(super) icr: Icr,
    pub(super) others: Others,
    pub(super) limit: usize,
    pub(super) delayed_us: Cell<u64>,
    pub(super) words: RefCell<Vec<u32>>,
    /// The I/O APIC: the register that is selected, and those that were written.
    pub(super) selected: Cell<u32>,
    pub(super) io_apic: RefCell<BTreeMap<u32, u32>>,
    /// The low half of the ICR that the recorded CPU wrote last: to whom it was sent does not matter here.
    pub(super) command: Cell<Option<u32>>,
    pub(super) entries: RefCell<Vec<Entry>>,
}

/// Delivery mode, a field of the ICR.
pub(super) const DELIVERY_MODE: u32 = 0x700;

/// More than any function of Linux does before it returns. Of FreeBSD's loop no more is kept.
const ENTRIES_KEPT: usize = 2_000_000;

impl<'a> Machine<'a> {
    /// A healthy machine, on which nothing has been recorded yet.
    pub(super) fn healthy(kernel: &'a Kernel, given: Given, (icr, others): (Icr, Others), limit: usize) -> Self {
        Self {
            kernel,
            given,
            icr,
            others,
            limit,
            delayed_us: Cell::new(0),
            words: RefCell::new(words(kernel)),
            selected: Cell::new(0),
            io_apic: RefCell::new(BTreeMap::new()),
            command: Cell::new(None),
            entries: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn record(&self, entry: Entry) {
        let mut entries = self.entries.borrow_mut();
        if entries.len() < ENTRIES_KEPT {
            entries.push(entry);
        }
    }

    pub(super) fn word(&self, word: Word) -> u32 {
        self.words.borrow()[usize::from(word.0)]
    }

    /// Changes a shared word; gives the old value.
    pub(super) fn change(&self, word: Word, change: impl FnOnce(u32) -> u32) -> u32 {
        let word = &mut self.words.borrow_mut()[usize::from(word.0)];
        let old = *word;
        *word = change(old);
        old
    }
}

/// The shared words of a healthy machine: timer interrupts go on everywhere.
fn words(kernel: &Kernel) -> Vec<u32> {
    let layout = kernel.layout();
    let mut words = vec![0; layout.count()];
    let going_on = (0..kernel.cpus).map(|cpu| (layout.timer_goes_on(cpu), 1));
    for (word, value) in layout.initial_values().chain(going_on) {
        words[usize::from(word.0)] = value;
    }
    words
}

/// Unwinding with [`resume_unwind`](std::panic::resume_unwind) calls no panic hook: a function that never returns is no panic of ours.
pub(super) fn catch_quietly(run: impl FnOnce() + UnwindSafe) -> Result<(), Box<dyn Any + Send>> {
    std::panic::catch_unwind(run)
}
