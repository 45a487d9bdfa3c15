//! Records one call on one CPU of the recording machine.

use super::conditions::{Icr, Others};
use super::cpu::Cpu;
use super::machine::{Ended, Machine, catch_quietly};
use super::recording::{End, Recording};
use kernel_model::{Call, Given, Kernel};
use std::panic::{AssertUnwindSafe, resume_unwind};

/// Records one call on CPU `number`. A function that hangs or panics is cut after `limit` accesses.
pub(crate) fn record(
    kernel: &Kernel,
    number: u16,
    surroundings: (Icr, Others),
    limit: usize,
    (call, given): (Call, Given),
) -> Recording {
    let machine = Machine::healthy(kernel, given, surroundings, limit);
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
