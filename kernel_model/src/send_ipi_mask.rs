//! Sends to a set of CPUs.
//!
//! Not modelled: the warning about offline CPUs in a mask (all are online).

use crate::apicdef::APIC_DEST_PHYSICAL;
use crate::arch::Sender;
use crate::cpumask::CpuMask;
use crate::icr_wait::is_sent;
use crate::kernel::Kernel;
use crate::other;
use crate::processor::Processor;
use crate::send_ipi_dest_field::__send_IPI_dest_field;
use crate::v6::apic_send_IPI_mask;

/// `send_IPI_mask_bitmask` (`arch/i386/kernel/smp.c`, 2.6.20; on x86_64 `flat_send_IPI_mask` in `genapic_flat.c`): one
/// message whose destination is the low word of the mask, interrupts off. An empty mask is sent too, to nobody.
pub fn send_IPI_mask_bitmask(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    let flags = cpu.irq_save();
    __send_IPI_dest_field(kernel, cpu, mask.word(0), vector, kernel.arch.facts().dest_mode);
    cpu.irq_restore(flags);
}

/// `send_IPI_mask_sequence` (`arch/i386/kernel/smp.c`, `include/asm-x86_64/ipi.h`, 2.6.20): one message for each CPU of
/// the mask, ascending, interrupts off throughout. A wait precedes each message; none follows the last. x86_64 sends to
/// physical ids, whatever its sub-architecture does otherwise.
pub fn send_IPI_mask_sequence(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    let mode = if kernel.arch.is_i386() { kernel.arch.facts().dest_mode } else { APIC_DEST_PHYSICAL };
    let flags = cpu.irq_save();
    for target in mask {
        let destination = u32::from(kernel.cpu_to_logical_apicid(target));
        __send_IPI_dest_field(kernel, cpu, destination, vector, mode);
    }
    cpu.irq_restore(flags);
}

/// `send_IPI_mask` (`include/asm-i386/mach-*/mach_ipi.h`, `arch/x86_64/kernel/genapic_*.c`, 2.6.20): the
/// sub-architecture's way to send to a mask. In v6 [`apic_send_IPI_mask`]; in a kernel that is not Linux, its own way to
/// send to each.
pub fn send_IPI_mask(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    if let Some(other) = kernel.arch.other() {
        return other::send(other, kernel, cpu, mask, vector);
    }
    if kernel.arch.is_modern() {
        return apic_send_IPI_mask(kernel, cpu, mask, vector);
    }
    if is_sent(kernel, cpu, mask, vector) {
        return;
    }
    match kernel.arch.facts().sender {
        Sender::Bitmask => send_IPI_mask_bitmask(kernel, cpu, mask, vector),
        Sender::Sequence | Sender::Clusters => send_IPI_mask_sequence(kernel, cpu, mask, vector),
    }
}
