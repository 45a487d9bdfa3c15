//! The x2APIC drivers' senders (`arch/x86/kernel/apic/x2apic_phys.c`, `x2apic_cluster.c`, v6.13): the ICR is one 64-bit
//! MSR without a delivery status, so there is nothing to wait for, and nothing can come between its halves. Because its write
//! orders no stores, each sender begins with a fence: MFENCE and LFENCE (`weak_wrmsr_fence`), up to v5.11 MFENCE alone
//! (`x2apic_wrmsr_fence`).
//!
//! Not modelled: that v6.9 and later leave the fence out on AMD's parts; the LFENCE, which orders what takes no time here.

use crate::apic_access::apic_write;
use crate::apicdef::{APIC_DEST_LOGICAL, APIC_DEST_PHYSICAL, MSR_X2APIC_ICR, Register};
use crate::arch::Sender;
use crate::cpumask::CpuMask;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::send_ipi_shortcut::__prepare_ICR;

/// `__x2apic_send_IPI_dest`: one write, the destination in the upper half.
pub fn __x2apic_send_IPI_dest(cpu: &impl Processor, apicid: u32, vector: u8, dest: u32) {
    let icr = __prepare_ICR(0, vector, dest);
    cpu.wrmsr(MSR_X2APIC_ICR, u64::from(apicid) << 32 | u64::from(icr));
}

/// `x2apic_send_IPI` of either driver: one message to a CPU. Interrupts stay as they are.
pub fn x2apic_send_IPI(kernel: &Kernel, cpu: &impl Processor, target: u16, vector: u8) {
    cpu.fence();
    send_to_one(kernel, cpu, target, vector);
}

/// The message of `x2apic_send_IPI`.
#[track_caller]
fn send_to_one(kernel: &Kernel, cpu: &impl Processor, target: u16, vector: u8) {
    if kernel.arch.facts().sender == Sender::Clusters {
        __x2apic_send_IPI_dest(cpu, kernel.arch.x2apic_logical_id(target), vector, APIC_DEST_LOGICAL);
    } else {
        __x2apic_send_IPI_dest(cpu, kernel.arch.apic_id(target), vector, APIC_DEST_PHYSICAL);
    }
}

/// `x2apic_send_IPI_mask` of either driver: one fence, interrupts off, one message for each CPU, or for each cluster of sixteen
/// whose destination is the CPUs of the mask in it.
pub fn x2apic_send_IPI_mask(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    let clusters = kernel.arch.facts().sender == Sender::Clusters;
    cpu.fence();
    let flags = cpu.irq_save();
    let mut left = mask;
    while let Some(first) = left.iter().next() {
        if !clusters {
            send_to_one(kernel, cpu, first, vector);
            left = left.without(first);
            continue;
        }
        let cluster = |target: u16| kernel.arch.x2apic_logical_id(target) >> 16;
        let mut dest = 0;
        for target in left.iter().filter(|&target| cluster(target) == cluster(first)) {
            dest |= kernel.arch.x2apic_logical_id(target);
            left = left.without(target);
        }
        __x2apic_send_IPI_dest(cpu, dest, vector, APIC_DEST_LOGICAL);
    }
    cpu.irq_restore(flags);
}

/// `x2apic_send_IPI_mask_allbutself` of either driver: the same, without this CPU.
pub fn x2apic_send_IPI_mask_allbutself(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    x2apic_send_IPI_mask(kernel, cpu, mask.without(this_cpu(cpu)), vector);
}

/// `__x2apic_send_IPI_shorthand`: a fence, one write, no destination.
pub fn __x2apic_send_IPI_shorthand(cpu: &impl Processor, vector: u8, which: u32) {
    let icr = __prepare_ICR(which, vector, 0);
    cpu.fence();
    cpu.wrmsr(MSR_X2APIC_ICR, u64::from(icr));
}

/// `x2apic_send_IPI_self`: a register of its own.
pub fn x2apic_send_IPI_self(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    apic_write(kernel, cpu, Register::SELF_IPI, u32::from(vector));
}
