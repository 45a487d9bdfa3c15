//! The idle loop of v6 and what ends it: a CPU sleeps until it is asked to schedule, and runs what others have queued for it on
//! the way there.
//!
//! Not modelled: the tick, deeper states than HLT, a CPU that polls and needs no IPI (the flag that says so is clear while it
//! halts), the first of its two looks at the flag, tasks.

use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::v6::apic_send_ipi::native_smp_send_reschedule;
use crate::v6::smp_call_function::flush_smp_call_function_queue;

/// `cpu_startup_entry` with `do_idle`, `cpuidle_idle_call` and `default_idle_call` (`kernel/sched/idle.c`, v6.13): looks with
/// interrupts off whether it is to schedule, and halts with the instruction that turns them on. Whoever is asked runs its queue of
/// calls, whether an IPI came for them or not; that there is something to do is forgotten in `schedule_idle`.
pub fn cpu_startup_entry(kernel: &Kernel, cpu: &impl Processor) -> ! {
    let need_resched = kernel.layout().need_resched(this_cpu(cpu));
    loop {
        let flags = cpu.irq_save();
        let asked = cpu.load(need_resched) != 0;
        cpu.irq_restore(flags);
        if asked {
            flush_smp_call_function_queue(kernel, cpu);
            cpu.store(need_resched, 0);
        } else {
            cpu.halt();
        }
    }
}

/// `resched_cpu` with `resched_curr` (`kernel/sched/core.c`, v6.13): says that CPU `target` is to schedule, and sends it an IPI. (A
/// CPU that has been asked already gets none; here the flag is taken to be clear.)
pub fn resched_cpu(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    cpu.fetch_or(kernel.layout().need_resched(target), 1);
    native_smp_send_reschedule(kernel, cpu, target);
}
