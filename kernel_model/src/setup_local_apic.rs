//! The local APIC of a CPU that comes up.
//!
//! Not modelled: what an id leads to that is not in the
//! MP table (every CPU's is), and the NMI watchdog.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_DM_EXTINT, APIC_DM_NMI, APIC_INTEGRATED, APIC_LVT_LEVEL_TRIGGER, APIC_LVT_MASKED, APIC_SPIV_APIC_ENABLED,
    APIC_SPIV_FOCUS_DISABLED, APIC_TPRI_MASK, APIC_VECTOR_MASK, ERROR_APIC_VECTOR, GET_APIC_VERSION,
    LOCAL_TIMER_VECTOR, Register, SPURIOUS_APIC_VECTOR,
};
use crate::arch::Arch;
use crate::kernel::{Kernel, this_cpu};
use crate::lapic::get_maxlvt;
use crate::ldr_init::init_apic_ldr;
use crate::processor::Processor;
use crate::v6;
use crate::write_around::{ack_APIC_irq, apic_write_around};

/// Registers of 32 vectors each.
const BANKS: u16 = 8;

/// `setup_local_APIC` (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.20): destination, priority 0, enabled
/// with the spurious vector, both pins masked but on the boot CPU, errors reported. Where the error status is left alone
/// it is written four times first, and never again. i386 of 2.6.22 masks the timer at the end. In v6 [`v6::setup_local_APIC`].
pub fn setup_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() {
        return v6::setup_local_APIC(kernel, cpu);
    }
    let facts = kernel.arch.facts();
    if facts.esr_disable {
        for _ in 0..4 {
            apic_write(kernel, cpu, Register::ESR, 0);
        }
    }
    let version = GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR));
    apic_id_registered(kernel, cpu);
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

    set_up_pins(kernel, cpu, version);
    if APIC_INTEGRATED(version) && !facts.esr_disable {
        report_errors(kernel, cpu);
    }
    if kernel.arch.is_i386() && kernel.release.is_from_2_6_22() {
        let timer = apic_read(kernel, cpu, Register::LVTT);
        apic_write_around(kernel, cpu, Register::LVTT, timer | APIC_LVT_MASKED | u32::from(LOCAL_TIMER_VECTOR));
    }
}

/// `apic_id_registered` (`include/asm-i386/mach-default/mach_apic.h`, `arch/x86_64/kernel/genapic_flat.c`, 2.6.20): these
/// look whether the MP table has this CPU's id; the others take it for granted.
fn apic_id_registered(kernel: &Kernel, cpu: &impl Processor) {
    if matches!(kernel.arch, Arch::I386Default | Arch::X8664Flat | Arch::X8664Physflat) {
        apic_read(kernel, cpu, Register::ID);
    }
}

/// LINT0 for the 8259, LINT1 for NMIs: masked, but on the boot CPU, which leaves LINT0 masked where firmware had it so.
fn set_up_pins(kernel: &Kernel, cpu: &impl Processor, version: u32) {
    let boot_cpu = this_cpu(cpu) == 0;
    let was_masked = apic_read(kernel, cpu, Register::LVT0) & APIC_LVT_MASKED != 0;
    let pic_mode = kernel.arch.is_i386() && kernel.pic_mode;
    let lint0_mask = if boot_cpu && (pic_mode || !was_masked) { 0 } else { APIC_LVT_MASKED };
    apic_write_around(kernel, cpu, Register::LVT0, APIC_DM_EXTINT | lint0_mask);
    let lint1_mask = if boot_cpu { 0 } else { APIC_LVT_MASKED };
    let level = if APIC_INTEGRATED(version) { 0 } else { APIC_LVT_LEVEL_TRIGGER };
    apic_write_around(kernel, cpu, Register::LVT1, APIC_DM_NMI | lint1_mask | level);
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
