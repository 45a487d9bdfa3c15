//! How a CPU stops that is told to: the last thing that it does.
//!
//! Not modelled: a CPU on which HLT does not work, which spins instead.

use crate::kernel::Kernel;
use crate::lapic::disable_local_APIC;
use crate::processor::{IrqFlags, Processor};
use crate::wait::Point;
use crate::words::Word;

/// `stop_this_cpu` (`arch/i386/kernel/smp.c`, 2.6.20; on x86_64 `smp_really_stop_cpu`): interrupts off, the local APIC
/// disabled, HLT for ever. x86_64 lets interrupts in again before, and its disabled APIC brings none.
pub fn stop_this_cpu(kernel: &Kernel, cpu: &impl Processor) -> ! {
    cpu.fetch_add(Word::TAKEN_OUT, 1);
    cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    if !kernel.arch.is_i386() {
        cpu.irq_restore(IrqFlags(true));
    }
    cpu.reached(Point::StoppedByCall);
    loop {
        cpu.halt();
    }
}
