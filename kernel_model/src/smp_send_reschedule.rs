//! The reschedule IPI: nobody waits for an answer.
//!
//! Not modelled: the scheduling that follows on the way out of the interrupt.

use crate::cpumask::CpuMask;
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::send_ipi_mask::send_IPI_mask;
use crate::v6::native_smp_send_reschedule;
use crate::write_around::ack_APIC_irq;

/// `smp_send_reschedule` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): one IPI to `target`.
/// In v6 [`native_smp_send_reschedule`].
pub fn smp_send_reschedule(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    if kernel.arch.is_modern() {
        return native_smp_send_reschedule(kernel, cpu, target);
    }
    send_IPI_mask(kernel, cpu, CpuMask::of(target), kernel.arch.reschedule_vector());
}

/// `smp_reschedule_interrupt` (the same files): ends the interrupt and does nothing else.
pub fn smp_reschedule_interrupt(kernel: &Kernel, cpu: &impl Processor) {
    ack_APIC_irq(kernel, cpu);
}
