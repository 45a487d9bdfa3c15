//! How a CPU stops that is told to: the last thing that it does.
//!
//! Not modelled: a CPU on which HLT does not work, which spins instead.

use crate::kernel::Kernel;
use crate::lapic::disable_local_APIC;
use crate::processor::Processor;
use crate::wait::Point;
use crate::words::Word;

/// `stop_this_cpu` (`arch/i386/kernel/smp.c`, 2.6.20; on x86_64 `smp_really_stop_cpu`): the local APIC disabled, HLT for
/// ever, and interrupts off: i386 turns them off, x86_64 restores what they were, which in an interrupt is off.
pub fn stop_this_cpu(kernel: &Kernel, cpu: &impl Processor) -> ! {
    cpu.fetch_add(Word::TAKEN_OUT, 1);
    let flags = cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    if !kernel.arch.is_i386() {
        cpu.irq_restore(flags);
    }
    cpu.reached(Point::StoppedByCall);
    loop {
        cpu.halt();
    }
}
