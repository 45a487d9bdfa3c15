//! The send at the centre of the symptom: the crash path's NMI to everybody else.
//!
//! Not modelled: the merged `crash.c` of 2.6.24, where x86_64 builds the mask itself too.

use crate::apic_access::apic_read;
use crate::apicdef::{NMI_VECTOR, Register};
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::send_ipi_broadcast::send_IPI_allbutself;
use crate::send_ipi_mask::send_IPI_mask;

/// `safe_smp_processor_id` (`arch/i386/kernel/smp.c`, 2.6.20): the number of this CPU, from the id that its APIC holds
/// and not from the stack, which may be broken. CPU 0 if no CPU has that id.
pub fn safe_smp_processor_id(kernel: &Kernel, cpu: &impl Processor) -> u16 {
    let mask = kernel.arch.facts().apic_id_mask;
    let id = (apic_read(kernel, cpu, Register::ID) >> 24) as u8 & mask;
    (0..kernel.cpus).find(|&candidate| kernel.arch.apic_id(candidate) == u32::from(id)).unwrap_or(0)
}

/// `smp_send_nmi_allbutself` (`arch/i386/kernel/crash.c`, `arch/x86_64/kernel/crash.c`, 2.6.20 and 2.6.22). i386 asks
/// its APIC who it is and sends to a mask; x86_64 hands over to the driver's all-but-self. With solution B-1 both call
/// senders that nobody else does. v6 has no function of that name; its crash path calls all-but-self too.
pub fn smp_send_nmi_allbutself(kernel: &Kernel, cpu: &impl Processor) {
    let kernel = &kernel.of_kdump();
    if !kernel.arch.is_i386() {
        return send_IPI_allbutself(kernel, cpu, NMI_VECTOR);
    }
    let mask = kernel.cpu_online_map(cpu).without(safe_smp_processor_id(kernel, cpu));
    if !mask.is_empty() {
        send_IPI_mask(kernel, cpu, mask, NMI_VECTOR);
    }
}
