//! How a kernel of today lets go of its local APIC (`arch/x86/kernel/apic/apic.c`, v6.13).
//!
//! Not modelled: setting it up.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_INTEGRATED, APIC_LVT_MASKED, APIC_SPIV_APIC_ENABLED, ERROR_APIC_VECTOR, GET_APIC_MAXLVT, GET_APIC_VERSION,
    MSR_IA32_APICBASE, MSR_IA32_APICBASE_ENABLE, Register,
};
use crate::arch::{Access, Sender};
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;

/// Entries of the local vector table with the number of the last entry that an APIC must have for each.
const ENTRIES: [(Register, u32); 5] =
    [(Register::LVTT, 0), (Register::LVT0, 0), (Register::LVT1, 0), (Register::LVTPC, 4), (Register::LVTTHMR, 5)];

/// Entries that are reset, as above. The thermal sensor's is only masked.
const RESET: [(Register, u32); 5] =
    [(Register::LVTT, 0), (Register::LVT0, 0), (Register::LVT1, 0), (Register::LVTERR, 3), (Register::LVTPC, 4)];

/// Is this a 32-bit kernel? Only such have the flat driver.
pub(super) fn is_32_bit(kernel: &Kernel) -> bool {
    kernel.arch.facts().sender == Sender::Bitmask
}

/// `lapic_is_integrated`: 64-bit kernels know it without a look.
pub(super) fn lapic_is_integrated(kernel: &Kernel, cpu: &impl Processor) -> bool {
    !is_32_bit(kernel) || APIC_INTEGRATED(GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR)))
}

/// `lapic_get_maxlvt`: number of the last LVT entry. 32-bit kernels read the version twice, first to see whether the APIC
/// tells.
pub fn lapic_get_maxlvt(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    if lapic_is_integrated(kernel, cpu) { GET_APIC_MAXLVT(apic_read(kernel, cpu, Register::LVR)) } else { 2 }
}

/// `safe_smp_processor_id`: in 32-bit kernels the number of the CPU that has the APIC's id, or 0; else this CPU's number.
pub fn safe_smp_processor_id(kernel: &Kernel, cpu: &impl Processor) -> u16 {
    if !is_32_bit(kernel) {
        return this_cpu(cpu);
    }
    let id = read_apic_id(kernel, cpu);
    (0..kernel.cpus).find(|&candidate| kernel.arch.apic_id(candidate) == id).unwrap_or(0)
}

/// `read_apic_id` with the driver's `get_apic_id`: in x2APIC mode the whole register. 32-bit kernels ask the version how wide
/// it is.
pub fn read_apic_id(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    let id = apic_read(kernel, cpu, Register::ID);
    match kernel.arch.facts().access {
        Access::Page if !is_32_bit(kernel) => id >> 24,
        Access::Page if GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR)) >= 0x14 => id >> 24,
        Access::Page => id >> 24 & 0x0F,
        Access::Msr | Access::Nothing => id,
    }
}

/// `clear_local_APIC`: masks every entry, the error entry first; brings all but the thermal sensor's and that of
/// corrected machine checks to their reset values; clears the error status. 64-bit kernels take it for granted that
/// there is one.
pub fn clear_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.facts().access == Access::Nothing {
        return;
    }
    let maxlvt = lapic_get_maxlvt(kernel, cpu);
    if maxlvt >= 3 {
        apic_write(kernel, cpu, Register::LVTERR, u32::from(ERROR_APIC_VECTOR) | APIC_LVT_MASKED);
    }
    for (entry, _) in ENTRIES.into_iter().filter(|&(_, least)| maxlvt >= least) {
        let value = apic_read(kernel, cpu, entry);
        apic_write(kernel, cpu, entry, value | APIC_LVT_MASKED);
    }
    if maxlvt >= 6 {
        let value = apic_read(kernel, cpu, Register::LVTCMCI);
        if value & APIC_LVT_MASKED == 0 {
            apic_write(kernel, cpu, Register::LVTCMCI, value | APIC_LVT_MASKED);
        }
    }
    for (entry, _) in RESET.into_iter().filter(|&(_, least)| maxlvt >= least) {
        apic_write(kernel, cpu, entry, APIC_LVT_MASKED);
    }
    if !lapic_is_integrated(kernel, cpu) {
        return;
    }
    if maxlvt > 3 {
        apic_write(kernel, cpu, Register::ESR, 0);
    }
    apic_read(kernel, cpu, Register::ESR);
}

/// `disable_local_APIC` with `apic_soft_disable`: clears the APIC, then disables it by software, and in 32-bit kernels that
/// had to enable it there through its MSR too.
pub fn disable_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.facts().access == Access::Nothing {
        return;
    }
    clear_local_APIC(kernel, cpu);
    let value = apic_read(kernel, cpu, Register::SPIV);
    apic_write(kernel, cpu, Register::SPIV, value & !APIC_SPIV_APIC_ENABLED);
    if is_32_bit(kernel) && kernel.enabled_via_apicbase {
        let base = cpu.rdmsr(MSR_IA32_APICBASE);
        cpu.wrmsr(MSR_IA32_APICBASE, base & !MSR_IA32_APICBASE_ENABLE);
    }
}

/// `lapic_shutdown`: interrupts off; 64-bit kernels disable the APIC, 32-bit ones only clear it if firmware had it on.
pub fn lapic_shutdown(kernel: &Kernel, cpu: &impl Processor) {
    let flags = cpu.irq_save();
    if is_32_bit(kernel) && !kernel.enabled_via_apicbase {
        clear_local_APIC(kernel, cpu);
    } else {
        disable_local_APIC(kernel, cpu);
    }
    cpu.irq_restore(flags);
}
