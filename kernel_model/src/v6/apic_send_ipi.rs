//! What kernel code calls to send, and the driver's function that answers (`arch/x86/kernel/apic/ipi.c` and the
//! drivers' tables, v6.13).
//!
//! Not modelled: the static calls. The driver without an APIC sends nothing.

use crate::apicdef::{APIC_DEST_ALLBUT, APIC_DEST_ALLINC, APIC_DEST_SELF};
use crate::arch::{Access, Sender};
use crate::cpumask::CpuMask;
use crate::icr_wait::is_sent;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::v6::default_send_ipi::{
    __default_send_IPI_shortcut, default_send_IPI_mask_allbutself_logical, default_send_IPI_mask_allbutself_phys,
    default_send_IPI_mask_logical, default_send_IPI_mask_sequence_phys, default_send_IPI_single_phys,
};
use crate::v6::x2apic_send_ipi::{
    __x2apic_send_IPI_shorthand, x2apic_send_IPI, x2apic_send_IPI_mask, x2apic_send_IPI_mask_allbutself,
    x2apic_send_IPI_self,
};

/// `__apic_send_IPI`: the driver's way to one CPU.
pub fn apic_send_IPI(kernel: &Kernel, cpu: &impl Processor, target: u16, vector: u8) {
    if is_sent(kernel, cpu, CpuMask::of(target), vector) {
        return;
    }
    let facts = kernel.arch.facts();
    match (facts.access, facts.sender) {
        (Access::Page, Sender::Bitmask) => default_send_IPI_mask_logical(kernel, cpu, CpuMask::of(target), vector),
        (Access::Page, _) => default_send_IPI_single_phys(kernel, cpu, target, vector),
        (Access::Msr, _) => x2apic_send_IPI(kernel, cpu, target, vector),
        (Access::Nothing, _) => {}
    }
}

/// `__apic_send_IPI_mask`: the driver's way to a mask.
pub fn apic_send_IPI_mask(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    if is_sent(kernel, cpu, mask, vector) {
        return;
    }
    let facts = kernel.arch.facts();
    match (facts.access, facts.sender) {
        (Access::Page, Sender::Bitmask) => default_send_IPI_mask_logical(kernel, cpu, mask, vector),
        (Access::Page, _) => default_send_IPI_mask_sequence_phys(kernel, cpu, mask, vector),
        (Access::Msr, _) => x2apic_send_IPI_mask(kernel, cpu, mask, vector),
        (Access::Nothing, _) => {}
    }
}

/// `__apic_send_IPI_mask_allbutself`: the driver's way to a mask without this CPU.
pub fn apic_send_IPI_mask_allbutself(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    if is_sent(kernel, cpu, mask.without(this_cpu(cpu)), vector) {
        return;
    }
    let facts = kernel.arch.facts();
    match (facts.access, facts.sender) {
        (Access::Page, Sender::Bitmask) => default_send_IPI_mask_allbutself_logical(kernel, cpu, mask, vector),
        (Access::Page, _) => default_send_IPI_mask_allbutself_phys(kernel, cpu, mask, vector),
        (Access::Msr, _) => x2apic_send_IPI_mask_allbutself(kernel, cpu, mask, vector),
        (Access::Nothing, _) => {}
    }
}

fn shorthand(kernel: &Kernel, cpu: &impl Processor, which: u32, vector: u8) {
    match kernel.arch.facts().access {
        Access::Page => __default_send_IPI_shortcut(kernel, cpu, which, vector),
        Access::Msr => __x2apic_send_IPI_shorthand(cpu, vector, which),
        Access::Nothing => {}
    }
}

/// `__apic_send_IPI_allbutself`: the driver's shorthand, not looking whether it may be used.
pub fn apic_send_IPI_shorthand_allbutself(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    shorthand(kernel, cpu, APIC_DEST_ALLBUT, vector);
}

/// `__apic_send_IPI_all`: the driver's shorthand, this CPU too.
pub fn apic_send_IPI_all(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    shorthand(kernel, cpu, APIC_DEST_ALLINC, vector);
}

/// `__apic_send_IPI_self`: the driver's way to this CPU.
pub fn apic_send_IPI_self(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    match kernel.arch.facts().access {
        Access::Msr => x2apic_send_IPI_self(kernel, cpu, vector),
        _ => shorthand(kernel, cpu, APIC_DEST_SELF, vector),
    }
}

/// The static key `apic_use_ipi_shorthand`: on unless the kernel was told not to, once every CPU has been started.
fn use_ipi_shorthand(kernel: &Kernel, cpu: &impl Processor) -> bool {
    !kernel.no_broadcast && kernel.cpu_online_map(cpu) == kernel.cpu_possible_map()
}

/// `apic_send_IPI_allbutself`: nothing where no other CPU is online; else the shorthand, also for an NMI, unless the kernel
/// was told not to use it.
pub fn apic_send_IPI_allbutself(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    if kernel.cpu_online_map(cpu).count() < 2 {
        return;
    }
    if !use_ipi_shorthand(kernel, cpu) {
        apic_send_IPI_mask_allbutself(kernel, cpu, kernel.cpu_online_map(cpu), vector);
    } else {
        apic_send_IPI_shorthand_allbutself(kernel, cpu, vector);
    }
}

/// `native_smp_send_reschedule`: one IPI to `target`.
pub fn native_smp_send_reschedule(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    apic_send_IPI(kernel, cpu, target, kernel.arch.reschedule_vector());
}

/// `native_send_call_func_single_ipi`: one IPI to `target`.
pub fn native_send_call_func_single_ipi(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    apic_send_IPI(kernel, cpu, target, kernel.arch.call_function_single_vector());
}

/// `native_send_call_func_ipi`: a shorthand where the mask is everybody, or everybody else; else the mask.
pub fn native_send_call_func_ipi(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask) {
    let (own, vector) = (this_cpu(cpu), kernel.arch.call_function_vector());
    if !use_ipi_shorthand(kernel, cpu) || kernel.cpus < 2 || mask.with(own) != kernel.cpu_online_map(cpu) {
        apic_send_IPI_mask(kernel, cpu, mask, vector);
    } else if mask.contains(own) {
        apic_send_IPI_all(kernel, cpu, vector);
    } else {
        apic_send_IPI_shorthand_allbutself(kernel, cpu, vector);
    }
}
