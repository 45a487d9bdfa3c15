//! A CPU with nothing to do.
//!
//! Not modelled: looking for work after each interrupt, which [v6](crate::v6::cpu_startup_entry) does, and 2.6 where the log
//! daemon is to run ([`Kernel::klogd_reschedule`]).

use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::schedule::schedule;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::v6::cpu_startup_entry;

/// The idle task of a kernel.
pub fn idle_task(kernel: &Kernel, cpu: &impl Processor) -> ! {
    if kernel.arch.is_modern() {
        cpu_startup_entry(kernel, cpu)
    }
    if kernel.klogd_reschedule {
        cpu_idle_and_klogd(kernel, cpu)
    }
    cpu_idle(cpu)
}

/// `cpu_idle` with `default_idle` (`arch/i386/kernel/process.c`, 2.6.20), which looks with interrupts off whether it is to schedule, and
/// halts with the instruction that turns them on; and the daemon, which reads all there is in no time, and waits again.
fn cpu_idle_and_klogd(kernel: &Kernel, cpu: &impl Processor) -> ! {
    let layout = kernel.layout();
    let need_resched = layout.need_resched(this_cpu(cpu));
    loop {
        let flags = cpu.irq_save();
        let asked = cpu.load(need_resched) != 0;
        cpu.irq_restore(flags);
        if !asked {
            cpu.halt();
            continue;
        }
        schedule(kernel, cpu);
        if this_cpu(cpu) == kernel.klogd_cpu && cpu.load(layout.log_wait_empty()) != 0 {
            let flags = cpu.irq_save();
            spin_lock(cpu, layout.log_wait_lock());
            cpu.store(layout.log_wait_empty(), 0);
            spin_unlock(cpu, layout.log_wait_lock());
            cpu.irq_restore(flags);
        }
    }
}

/// `cpu_idle` (`arch/i386/kernel/process.c`, `arch/x86_64/kernel/process.c`, 2.6.20): sleeps from one interrupt to the
/// next, for ever.
pub fn cpu_idle(cpu: &impl Processor) -> ! {
    loop {
        cpu.halt();
    }
}
