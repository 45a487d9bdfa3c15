//! How a kernel of today lets go of its local APIC (`arch/x86/kernel/apic/apic.c`, v6.13).
//!
//! Not modelled: setting it up.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_INTEGRATED, APIC_LVT_MASKED, APIC_SPIV_APIC_ENABLED, ERROR_APIC_VECTOR, GET_APIC_VERSION, Register,
};
use crate::arch::{Access, Sender};
use crate::kernel::Kernel;
use crate::lapic::get_maxlvt;
use crate::processor::Processor;

/// Entries of the local vector table with the number of the last entry that an APIC must have for each.
const ENTRIES: [(Register, u32); 5] =
    [(Register::LVTT, 0), (Register::LVT0, 0), (Register::LVT1, 0), (Register::LVTPC, 4), (Register::LVTTHMR, 5)];

/// Entries that are reset, as above. The thermal sensor's is only masked.
const RESET: [(Register, u32); 5] =
    [(Register::LVTT, 0), (Register::LVT0, 0), (Register::LVT1, 0), (Register::LVTERR, 3), (Register::LVTPC, 4)];

/// Is this a 32-bit kernel? Only such have the flat driver.
fn is_32_bit(kernel: &Kernel) -> bool {
    kernel.arch.facts().sender == Sender::Bitmask
}

/// `clear_local_APIC`: masks every entry, the error entry first; brings all but the thermal sensor's and that of
/// corrected machine checks to their reset values; clears the error status. 64-bit kernels take it for granted that
/// there is one.
pub fn clear_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.facts().access == Access::Nothing {
        return;
    }
    let maxlvt = get_maxlvt(kernel, cpu);
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
    if is_32_bit(kernel) && !APIC_INTEGRATED(GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR))) {
        return;
    }
    if maxlvt > 3 {
        apic_write(kernel, cpu, Register::ESR, 0);
    }
    apic_read(kernel, cpu, Register::ESR);
}

/// `disable_local_APIC` with `apic_soft_disable`: clears the APIC, then disables it by software.
pub fn disable_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.facts().access == Access::Nothing {
        return;
    }
    clear_local_APIC(kernel, cpu);
    let value = apic_read(kernel, cpu, Register::SPIV);
    apic_write(kernel, cpu, Register::SPIV, value & !APIC_SPIV_APIC_ENABLED);
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
