//! The xAPIC drivers' senders (`arch/x86/kernel/apic/ipi.c`, v6.13): shorthand, destination field, physical sequences,
//! logical masks.
//!
//! Not modelled: the warning about offline CPUs in a mask, and the exchange for erratum 11AP.

use crate::apic_access::apic_write;
use crate::apicdef::{APIC_DEST_FIELD, APIC_DEST_LOGICAL, APIC_DEST_PHYSICAL, Register};
use crate::bound::Site;
use crate::cpumask::CpuMask;
use crate::icr_wait::before_message;
use crate::kernel::{Kernel, this_cpu};
use crate::mps_dispatch::mps_dispatch;
use crate::own_wait::Message;
use crate::processor::Processor;
use crate::send_ipi_dest_field::__prepare_ICR2;
use crate::send_ipi_shortcut::__prepare_ICR;

/// `__default_send_IPI_shortcut`: waits, bounded for an NMI, then writes the low half only. No destination mode, and
/// interrupts stay as they are: an NMI in between can spoil nothing.
pub fn __default_send_IPI_shortcut(kernel: &Kernel, cpu: &impl Processor, shortcut: u32, vector: u8) {
    let icr = __prepare_ICR(shortcut, vector, 0);
    if before_message(kernel, cpu, Message { site: Site::shorthand(vector), icr2: None, icr }) {
        apic_write(kernel, cpu, Register::ICR, icr);
        mps_dispatch(kernel, cpu, icr);
    }
}

/// `__default_send_IPI_dest_field`: waits, bounded for an NMI, then writes both halves. Nothing keeps an NMI from
/// coming between them.
pub fn __default_send_IPI_dest_field(
    kernel: &Kernel,
    cpu: &impl Processor,
    dest_mask: u32,
    vector: u8,
    dest_mode: u32,
) {
    let (icr2, icr) = (__prepare_ICR2(dest_mask), __prepare_ICR(APIC_DEST_FIELD, vector, dest_mode));
    if before_message(kernel, cpu, Message { site: Site::dest_field(vector), icr2: Some(icr2), icr }) {
        apic_write(kernel, cpu, Register::ICR2, icr2);
        apic_write(kernel, cpu, Register::ICR, icr);
        mps_dispatch(kernel, cpu, icr);
    }
}

/// `default_send_IPI_single_phys`: one message to a CPU's id, interrupts off.
pub fn default_send_IPI_single_phys(kernel: &Kernel, cpu: &impl Processor, target: u16, vector: u8) {
    default_send_IPI_mask_sequence_phys(kernel, cpu, CpuMask::of(target), vector);
}

/// `default_send_IPI_mask_sequence_phys`: one message for each CPU of the mask, ascending, interrupts off throughout.
pub fn default_send_IPI_mask_sequence_phys(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    let flags = cpu.irq_save();
    for target in mask {
        let id = u32::from(kernel.cpu_to_logical_apicid(target));
        __default_send_IPI_dest_field(kernel, cpu, id, vector, APIC_DEST_PHYSICAL);
    }
    cpu.irq_restore(flags);
}

/// `default_send_IPI_mask_allbutself_phys`: the same, without this CPU.
pub fn default_send_IPI_mask_allbutself_phys(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    default_send_IPI_mask_sequence_phys(kernel, cpu, mask.without(this_cpu(cpu)), vector);
}

/// `default_send_IPI_mask_logical` (32 bits): one message whose destination is the mask, interrupts off. An empty mask
/// is not sent.
pub fn default_send_IPI_mask_logical(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    if mask.word(0) == 0 {
        return;
    }
    let flags = cpu.irq_save();
    __default_send_IPI_dest_field(kernel, cpu, mask.word(0), vector, APIC_DEST_LOGICAL);
    cpu.irq_restore(flags);
}

/// `default_send_IPI_mask_allbutself_logical` (32 bits): one message for each CPU of the mask but this one, to its bit.
pub fn default_send_IPI_mask_allbutself_logical(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    let flags = cpu.irq_save();
    for target in mask.without(this_cpu(cpu)) {
        __default_send_IPI_dest_field(kernel, cpu, 1 << target, vector, APIC_DEST_LOGICAL);
    }
    cpu.irq_restore(flags);
}
