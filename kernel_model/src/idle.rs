//! A CPU with nothing to do.
//!
//! Not modelled: looking for work after each interrupt.

use crate::processor::Processor;

/// `cpu_idle` (`arch/i386/kernel/process.c`, `arch/x86_64/kernel/process.c`, 2.6.20): sleeps from one interrupt to the
/// next, for ever.
pub fn cpu_idle(cpu: &impl Processor) -> ! {
    loop {
        cpu.halt();
    }
}
