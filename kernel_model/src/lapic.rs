//! How a kernel lets go of its local APIC (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.20 and 2.6.22;
//! for v6 see there).
//!
//! Not modelled: setting it up.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_INTEGRATED, APIC_LVT_MASKED, APIC_SPIV_APIC_ENABLED, ERROR_APIC_VECTOR, GET_APIC_MAXLVT, GET_APIC_VERSION,
    MSR_IA32_APICBASE, MSR_IA32_APICBASE_ENABLE, Register,
};
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6;
use crate::write_around::apic_write_around;

/// `get_maxlvt` (the same files): number of the last LVT entry; the 82489DX does not tell, and has 2. In v6
/// [`v6::lapic_get_maxlvt`].
pub fn get_maxlvt(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    if kernel.arch.is_modern() {
        return v6::lapic_get_maxlvt(kernel, cpu);
    }
    let lvr = apic_read(kernel, cpu, Register::LVR);
    if APIC_INTEGRATED(GET_APIC_VERSION(lvr)) { GET_APIC_MAXLVT(lvr) } else { 2 }
}

/// Masks one entry and leaves the rest of it.
#[track_caller]
fn mask_entry(kernel: &Kernel, cpu: &impl Processor, entry: Register) {
    let value = apic_read(kernel, cpu, entry);
    apic_write_around(kernel, cpu, entry, value | APIC_LVT_MASKED);
}

/// `clear_local_APIC` (the same files): masks every LVT entry, the error entry first so that what follows raises no
/// error interrupt, then brings each to its reset value, then clears the error status.
pub fn clear_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() {
        return v6::clear_local_APIC(kernel, cpu);
    }
    let maxlvt = get_maxlvt(kernel, cpu);
    let thermal = kernel.arch.is_i386() && kernel.thermal_interrupt && maxlvt >= 5;

    if maxlvt >= 3 {
        apic_write_around(kernel, cpu, Register::LVTERR, u32::from(ERROR_APIC_VECTOR) | APIC_LVT_MASKED);
    }
    mask_entry(kernel, cpu, Register::LVTT);
    mask_entry(kernel, cpu, Register::LVT0);
    mask_entry(kernel, cpu, Register::LVT1);
    if maxlvt >= 4 {
        mask_entry(kernel, cpu, Register::LVTPC);
    }
    if thermal {
        mask_entry(kernel, cpu, Register::LVTTHMR);
    }

    apic_write_around(kernel, cpu, Register::LVTT, APIC_LVT_MASKED);
    apic_write_around(kernel, cpu, Register::LVT0, APIC_LVT_MASKED);
    apic_write_around(kernel, cpu, Register::LVT1, APIC_LVT_MASKED);
    if maxlvt >= 3 {
        apic_write_around(kernel, cpu, Register::LVTERR, APIC_LVT_MASKED);
    }
    if maxlvt >= 4 {
        apic_write_around(kernel, cpu, Register::LVTPC, APIC_LVT_MASKED);
    }
    if thermal {
        apic_write_around(kernel, cpu, Register::LVTTHMR, APIC_LVT_MASKED);
    }
    clear_error_status(kernel, cpu, maxlvt);
}

/// The end of `clear_local_APIC`: plain writes even on builds for the erratum. i386 reads the version once more to see
/// whether there is an error status, and writes it only on parts that want a write before a read; x86_64 does not ask.
fn clear_error_status(kernel: &Kernel, cpu: &impl Processor, maxlvt: u32) {
    let is_i386 = kernel.arch.is_i386();
    if is_i386 && !APIC_INTEGRATED(GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR))) {
        return;
    }
    if !is_i386 || maxlvt > 3 {
        apic_write(kernel, cpu, Register::ESR, 0);
    }
    apic_read(kernel, cpu, Register::ESR);
}

/// `disable_local_APIC` (the same files): clears the APIC, then disables it by software; INIT, NMI, SMI and STARTUP
/// still get through. i386 also disables it through its MSR, if it had to be enabled there.
pub fn disable_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() {
        return v6::disable_local_APIC(kernel, cpu);
    }
    clear_local_APIC(kernel, cpu);
    let value = apic_read(kernel, cpu, Register::SPIV);
    apic_write_around(kernel, cpu, Register::SPIV, value & !APIC_SPIV_APIC_ENABLED);
    if kernel.arch.is_i386() && kernel.enabled_via_apicbase {
        let base = cpu.rdmsr(MSR_IA32_APICBASE);
        cpu.wrmsr(MSR_IA32_APICBASE, base & !MSR_IA32_APICBASE_ENABLE);
    }
}

/// `lapic_shutdown` (`arch/i386/kernel/apic.c`, 2.6.20): interrupts off, clears the APIC, and disables it only if the
/// kernel itself had enabled it through the MSR.
pub fn lapic_shutdown(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() {
        return v6::lapic_shutdown(kernel, cpu);
    }
    let flags = cpu.irq_save();
    clear_local_APIC(kernel, cpu);
    if kernel.enabled_via_apicbase {
        disable_local_APIC(kernel, cpu);
    }
    cpu.irq_restore(flags);
}
