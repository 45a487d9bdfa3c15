//! The local APIC of a CPU that comes up.
//!
//! Not modelled: what v6 does in another order (its CPUs do what those of 2007 do), the boot CPU's pins, whether the id
//! is one of the MP table, the timer (which later kernels of 2007 mask at the end) and the NMI watchdog.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_DM_EXTINT, APIC_DM_NMI, APIC_INTEGRATED, APIC_LVT_LEVEL_TRIGGER, APIC_LVT_MASKED, APIC_SPIV_APIC_ENABLED,
    APIC_SPIV_FOCUS_DISABLED, APIC_TPRI_MASK, APIC_VECTOR_MASK, ERROR_APIC_VECTOR, GET_APIC_VERSION, Register,
    SPURIOUS_APIC_VECTOR,
};
use crate::kernel::Kernel;
use crate::lapic::get_maxlvt;
use crate::ldr_init::init_apic_ldr;
use crate::processor::Processor;
use crate::write_around::{ack_APIC_irq, apic_write_around};

/// Registers of 32 vectors each.
const BANKS: u16 = 8;

/// `setup_local_APIC` (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.20): destination, priority 0, enabled
/// with the spurious vector, both pins masked, errors reported. Where the error status is left alone it is written four
/// times first, and never again.
pub fn setup_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    let facts = kernel.arch.facts();
    if facts.esr_disable {
        for _ in 0..4 {
            apic_write(kernel, cpu, Register::ESR, 0);
        }
    }
    let version = GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR));
    init_apic_ldr(kernel, cpu);
    let priority = apic_read(kernel, cpu, Register::TPR) & !APIC_TPRI_MASK;
    apic_write_around(kernel, cpu, Register::TPR, priority);
    for bank in (0..BANKS).rev() {
        let in_service = apic_read(kernel, cpu, Register(Register::ISR.0 + bank * 0x10));
        for _ in 0..in_service.count_ones() {
            ack_APIC_irq(kernel, cpu);
        }
    }

    let mut spiv = apic_read(kernel, cpu, Register::SPIV) & !APIC_VECTOR_MASK;
    spiv |= APIC_SPIV_APIC_ENABLED | u32::from(SPURIOUS_APIC_VECTOR);
    if kernel.arch.is_i386() {
        spiv &= !APIC_SPIV_FOCUS_DISABLED;
    }
    apic_write_around(kernel, cpu, Register::SPIV, spiv);

    apic_read(kernel, cpu, Register::LVT0);
    apic_write_around(kernel, cpu, Register::LVT0, APIC_DM_EXTINT | APIC_LVT_MASKED);
    let level = if APIC_INTEGRATED(version) { 0 } else { APIC_LVT_LEVEL_TRIGGER };
    apic_write_around(kernel, cpu, Register::LVT1, APIC_DM_NMI | APIC_LVT_MASKED | level);
    if APIC_INTEGRATED(version) && !facts.esr_disable {
        report_errors(kernel, cpu);
    }
}

/// Lets errors interrupt, their status cleared before and after.
fn report_errors(kernel: &Kernel, cpu: &impl Processor) {
    let maxlvt = get_maxlvt(kernel, cpu);
    // i386 keeps the write before each read (Pentium erratum 3AP), x86_64 the second only.
    if kernel.arch.is_i386() && maxlvt > 3 {
        apic_write(kernel, cpu, Register::ESR, 0);
    }
    apic_read(kernel, cpu, Register::ESR);
    apic_write_around(kernel, cpu, Register::LVTERR, u32::from(ERROR_APIC_VECTOR));
    if maxlvt > 3 {
        apic_write(kernel, cpu, Register::ESR, 0);
    }
    apic_read(kernel, cpu, Register::ESR);
}
