//! Records one call on one CPU of such a machine.

use super::conditions::{Icr, Others};
use super::cpu::Cpu;
use super::machine::{Ended, Machine, catch_quietly};
use super::recording::{End, Recording};
use kernel_model::{Call, Given, Kernel};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};

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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_model::{Arch, Variant, Wait};

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
