//! A CPU with nothing to do.
//!
//! Not modelled: looking for work after each interrupt, which [v6](crate::v6::cpu_startup_entry) does.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6::cpu_startup_entry;

/// The idle task of a kernel.
pub fn idle_task(kernel: &Kernel, cpu: &impl Processor) -> ! {
    if kernel.arch.is_modern() {
        cpu_startup_entry(kernel, cpu)
    }
    cpu_idle(cpu)
}

/// `cpu_idle` (`arch/i386/kernel/process.c`, `arch/x86_64/kernel/process.c`, 2.6.20): sleeps from one interrupt to the
/// next, for ever.
pub fn cpu_idle(cpu: &impl Processor) -> ! {
    loop {
        cpu.halt();
    }
}
