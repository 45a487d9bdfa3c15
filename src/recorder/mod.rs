//! A recording APIC: the ordered accesses of one kernel function, without a machine.
//!
//! Not modelled: time but that of delays and of readings of the time-stamp counter (1 µs); an ICR that becomes busy by itself
//! (it is idle, stuck, or becomes idle after so much delay); interrupts that come while the function runs.

mod cpu;
mod others;

use crate::cli::arguments::{Icr, Others};
use cpu::Cpu;
use kernel_model::{Call, Given, Kernel, Wait, Word};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, UnwindSafe, resume_unwind};

/// One entry of the listing (notation of `kernel.md` §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `R`: a read of a register.
    Read(u16),
    /// `W`: a write.
    Write(u16, u32),
    /// `X`: a locked exchange.
    Exchange(u16, u32),
    /// `N`: a read of an APIC register as an MSR.
    ReadMsr(u16),
    /// `M`: a write.
    WriteMsr(u16, u64),
    /// `R` of another device, at a physical address.
    ReadDevice(u32),
    /// `W` of another device.
    WriteDevice(u32, u32),
    /// `I`: a byte read from a port.
    ReadPort(u16),
    /// `D`: a delay, in µs.
    Delay(u32),
    /// `P`: PAUSE.
    Pause,
    /// `HLT`.
    Halt,
    /// `IRQ-`: interrupts saved and disabled.
    IrqSave,
    /// `IRQ+`: interrupts restored.
    IrqRestore,
}

/// How a call came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The function returns.
    Returns,
    /// It waits, without a bound, for something that can never come.
    Hangs(Option<Wait>),
    /// Its kernel panics after its last access.
    Panics,
    /// It halts for good: only interrupts can follow.
    Halts,
    /// The capture kernel has control.
    HandsOver,
    /// It has stopped the others and stays, delaying for ever.
    Stays,
}

/// What a call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The accesses, in order; cut at the limit where the function hangs or panics.
    pub(crate) entries: Vec<Entry>,
    /// How it ended.
    pub(crate) end: End,
}

/// The payload that unwinds a function of the recorded CPU at its end.
struct Ended(End);

/// The machine around the recorded CPU: what it shares with the others, and what has been recorded.
struct Machine<'a> {
    kernel: &'a Kernel,
    given: Given,
    icr: Icr,
    others: Others,
    limit: usize,
    delayed_us: Cell<u64>,
    words: RefCell<Vec<u32>>,
    /// The I/O APIC: the register that is selected, and those that were written.
    selected: Cell<u32>,
    io_apic: RefCell<BTreeMap<u32, u32>>,
    /// The low half of the ICR that the recorded CPU wrote last: to whom it was sent does not matter here.
    command: Cell<Option<u32>>,
    entries: RefCell<Vec<Entry>>,
}

/// Delivery mode, a field of the ICR.
const DELIVERY_MODE: u32 = 0x700;

/// More than any function of Linux does before it returns. Of FreeBSD's loop no more is kept.
const ENTRIES_KEPT: usize = 2_000_000;

impl Machine<'_> {
    fn record(&self, entry: Entry) {
        let mut entries = self.entries.borrow_mut();
        if entries.len() < ENTRIES_KEPT {
            entries.push(entry);
        }
    }

    fn word(&self, word: Word) -> u32 {
        self.words.borrow()[usize::from(word.0)]
    }

    /// Changes a shared word; gives the old value.
    fn change(&self, word: Word, change: impl FnOnce(u32) -> u32) -> u32 {
        let word = &mut self.words.borrow_mut()[usize::from(word.0)];
        let old = *word;
        *word = change(old);
        old
    }
}

/// The shared words of a healthy machine: timer interrupts go on everywhere.
fn healthy(kernel: &Kernel) -> Vec<u32> {
    let layout = kernel.layout();
    let mut words = vec![0; layout.count()];
    let going_on = (0..kernel.cpus).map(|cpu| (layout.timer_goes_on(cpu), 1));
    for (word, value) in layout.initial_values().chain(going_on) {
        words[usize::from(word.0)] = value;
    }
    words
}

/// Records one call on CPU `number`. A function that hangs or panics is cut after `limit` accesses.
pub(crate) fn record(
    kernel: &Kernel,
    number: u16,
    (icr, others): (Icr, Others),
    limit: usize,
    (call, given): (Call, Given),
) -> Recording {
    let machine = Machine {
        kernel,
        given,
        icr,
        others,
        limit,
        delayed_us: Cell::new(0),
        words: RefCell::new(healthy(kernel)),
        selected: Cell::new(0),
        io_apic: RefCell::new(BTreeMap::new()),
        command: Cell::new(None),
        entries: RefCell::new(Vec::new()),
    };
    let cpu = Cpu::recorded(&machine, number);
    let end = match catch_quietly(AssertUnwindSafe(|| call.run(kernel, &cpu, &given))) {
        Ok(()) => End::Returns,
        Err(payload) => match payload.downcast::<Ended>() {
            Ok(ended) => ended.0,
            Err(panic) => resume_unwind(panic),
        },
    };
    let mut entries = machine.entries.into_inner();
    if matches!(end, End::Hangs(_) | End::Panics) {
        entries.truncate(limit);
    }
    Recording { entries, end }
}

/// Unwinding with [`resume_unwind`] calls no panic hook: a function that never returns is no panic of ours.
fn catch_quietly(run: impl FnOnce() + UnwindSafe) -> Result<(), Box<dyn Any + Send>> {
    std::panic::catch_unwind(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_model::{Arch, Variant};

    /// Every function of every kernel comes to an end here, whatever the ICR and the other CPUs do, from either end of a
    /// machine of any size: what does not return is seen to hang, and only with reason.
    #[test]
    fn every_call_of_every_kernel_ends() {
        for (arch, variant) in Arch::ALL.iter().flat_map(|arch| Variant::ALL.map(|variant| (*arch, variant))) {
            for &call in Call::ALL {
                for (cpus, number, others) in [(1, 0, Others::Answer), (5, 4, Others::Answer), (5, 0, Others::Silent)] {
                    let kernel = Kernel::new(arch, variant, cpus);
                    if !call.is_of(&kernel) {
                        continue;
                    }
                    let mask = kernel.cpu_possible_map().without(number);
                    let target = mask.iter().next().unwrap_or_default();
                    let given = Given { mask, target, vector: arch.reschedule_vector() };
                    let run = |icr| record(&kernel, number, (icr, others), 8, (call, given));
                    let idle = run(Icr::Idle);
                    let about = format!("{} {} {} {others:?}", arch.name(), variant.name(), call.name());
                    let lonely = others == Others::Silent || cpus == 1 || arch == Arch::ModernNoop;
                    assert!(lonely || !matches!(idle.end, End::Hangs(_)), "{about}: {:?}", idle.end);
                    assert_ne!(idle.end, End::Panics, "{about}");
                    if let End::Hangs(wait) = run(Icr::Stuck).end {
                        assert!(wait == Some(Wait::IcrIdle) || lonely, "{about}: {wait:?}");
                    }
                }
            }
        }
    }
}
