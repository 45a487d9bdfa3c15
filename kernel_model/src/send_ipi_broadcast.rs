//! Sends to all, to all but oneself, and to oneself.
//!
//! Not modelled: the self-IPI of uniprocessor kernels.

use crate::apicdef::{APIC_DEST_ALLBUT, APIC_DEST_ALLINC, APIC_DEST_PHYSICAL, APIC_DEST_SELF, NMI_VECTOR};
use crate::arch::Arch;
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::send_ipi_mask::send_IPI_mask;
use crate::send_ipi_shortcut::__send_IPI_shortcut;
use crate::v6;

/// `send_IPI_allbutself` (`include/asm-i386/mach-*/mach_ipi.h`, `arch/x86_64/kernel/genapic_*.c`, 2.6.20). Flat
/// kernels could use a shorthand, but not for an NMI and not with CPU hotplug. Of the drivers only physflat does not
/// look whether there is anybody to send to. In v6 [`v6::apic_send_IPI_allbutself`].
pub fn send_IPI_allbutself(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    if kernel.arch.is_modern() {
        return v6::apic_send_IPI_allbutself(kernel, cpu, vector);
    }
    let others = kernel.online_but_self(cpu);
    if others.is_empty() && kernel.arch != Arch::X8664Physflat {
        return;
    }
    let flat = matches!(kernel.arch, Arch::I386Default | Arch::X8664Flat);
    if !flat || kernel.no_broadcast || vector == NMI_VECTOR {
        send_IPI_mask(kernel, cpu, others, vector);
    } else {
        __send_IPI_shortcut(kernel, cpu, APIC_DEST_ALLBUT, vector, kernel.arch.facts().dest_mode);
    }
}

/// `send_IPI_all` (`include/asm-i386/mach-*/mach_ipi.h`, `arch/x86_64/kernel/genapic_*.c`, 2.6.20). Here x86_64 flat
/// uses the shorthand even with CPU hotplug. In v6 [`v6::apic_send_IPI_all`].
pub fn send_IPI_all(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    if kernel.arch.is_modern() {
        return v6::apic_send_IPI_all(kernel, cpu, vector);
    }
    let shorthand = match kernel.arch {
        Arch::I386Default => !kernel.no_broadcast,
        Arch::X8664Flat => true,
        _ => false,
    };
    if shorthand && vector != NMI_VECTOR {
        __send_IPI_shortcut(kernel, cpu, APIC_DEST_ALLINC, vector, kernel.arch.facts().dest_mode);
    } else {
        send_IPI_mask(kernel, cpu, kernel.cpu_online_map(cpu), vector);
    }
}

/// `send_IPI_self` (`arch/i386/kernel/smp.c`, `include/asm-x86_64/hw_irq.h`, 2.6.20): the shorthand, on x86_64 always
/// with physical destination mode. In v6 [`v6::apic_send_IPI_self`].
pub fn send_IPI_self(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    if kernel.arch.is_modern() {
        return v6::apic_send_IPI_self(kernel, cpu, vector);
    }
    let dest = if kernel.arch.is_i386() { kernel.arch.facts().dest_mode } else { APIC_DEST_PHYSICAL };
    __send_IPI_shortcut(kernel, cpu, APIC_DEST_SELF, vector, dest);
}
