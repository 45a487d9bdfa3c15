//! The local APIC of a CPU that comes up today (`arch/x86/kernel/apic/apic.c`, v6.13).
//!
//! Not modelled: `apic_extnmi` (the boot CPU alone gets NMIs at LINT1), an error status that is left alone (`disable_esr`,
//! which no driver of today asks for), and the message about interrupts that stay.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_DM_EXTINT, APIC_DM_NMI, APIC_LVT_LEVEL_TRIGGER, APIC_LVT_MASKED, APIC_SPIV_APIC_ENABLED,
    APIC_SPIV_FOCUS_DISABLED, APIC_TPRI_MASK, APIC_VECTOR_MASK, ERROR_APIC_VECTOR, LOCAL_TIMER_VECTOR_V6, Register,
    SPURIOUS_APIC_VECTOR,
};
use crate::arch::Access;
use crate::kernel::{Kernel, this_cpu};
use crate::ldr_init::init_apic_ldr;
use crate::processor::Processor;
use crate::v6::lapic::{is_32_bit, lapic_get_maxlvt, lapic_is_integrated};
use crate::write_around::ack_APIC_irq;

/// Registers of 32 vectors each.
const BANKS: u16 = 8;

/// How often what is pending is looked at.
const ROUNDS: u32 = 512;

/// Interrupts below the first external vector are held back.
const PRIORITY: u32 = 0x10;

/// `setup_local_APIC` with `end_local_APIC_setup`: off first, since a kernel that crashed may have left it on; destination,
/// priority, what is pending; on; the performance counter's entry, both pins, errors. 32-bit kernels mask the timer.
pub fn setup_local_APIC(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.facts().access == Access::Nothing {
        return;
    }
    let spiv = apic_read(kernel, cpu, Register::SPIV);
    apic_write(kernel, cpu, Register::SPIV, spiv & !APIC_SPIV_APIC_ENABLED);
    if is_32_bit(kernel) {
        lapic_is_integrated(kernel, cpu); // an 82489DX would keep its error status
    }
    init_apic_ldr(kernel, cpu);
    let priority = apic_read(kernel, cpu, Register::TPR) & !APIC_TPRI_MASK;
    apic_write(kernel, cpu, Register::TPR, priority | PRIORITY);
    apic_pending_intr_clear(kernel, cpu);

    let mut spiv = apic_read(kernel, cpu, Register::SPIV) & !APIC_VECTOR_MASK;
    spiv |= APIC_SPIV_APIC_ENABLED | u32::from(SPURIOUS_APIC_VECTOR);
    if is_32_bit(kernel) {
        spiv &= !APIC_SPIV_FOCUS_DISABLED;
    }
    apic_write(kernel, cpu, Register::SPIV, spiv);
    perf_events_lapic_init(kernel, cpu);
    set_up_pins(kernel, cpu);
    lapic_setup_esr(kernel, cpu);
    if is_32_bit(kernel) {
        let timer = apic_read(kernel, cpu, Register::LVTT);
        apic_write(kernel, cpu, Register::LVTT, timer | APIC_LVT_MASKED | u32::from(LOCAL_TIMER_VECTOR_V6));
    }
}

/// `apic_pending_intr_clear` with `apic_check_and_ack`: rounds of all requests, all interrupts in service, and an end for
/// each of these, until there is neither.
fn apic_pending_intr_clear(kernel: &Kernel, cpu: &impl Processor) {
    let bits = |first: Register| -> u32 {
        (0..BANKS).map(|bank| apic_read(kernel, cpu, Register(first.0 + bank * 0x10)).count_ones()).sum()
    };
    for _ in 0..ROUNDS {
        let requests = bits(Register::IRR);
        let in_service = bits(Register::ISR);
        if requests == 0 && in_service == 0 {
            return;
        }
        for _ in 0..in_service {
            ack_APIC_irq(kernel, cpu);
        }
    }
}

/// `perf_events_lapic_init` (`arch/x86/events/core.c`, v6.13): nothing until the performance counters are up, which they
/// are before any but the boot CPU is.
fn perf_events_lapic_init(kernel: &Kernel, cpu: &impl Processor) {
    if this_cpu(cpu) != 0 {
        apic_write(kernel, cpu, Register::LVTPC, APIC_DM_NMI);
    }
}

/// LINT0 for the 8259, LINT1 for NMIs: masked, but on the boot CPU, which leaves LINT0 masked where firmware had it so.
fn set_up_pins(kernel: &Kernel, cpu: &impl Processor) {
    let boot_cpu = this_cpu(cpu) == 0;
    let was_masked = apic_read(kernel, cpu, Register::LVT0) & APIC_LVT_MASKED != 0;
    let lint0_mask = if boot_cpu && !was_masked { 0 } else { APIC_LVT_MASKED };
    apic_write(kernel, cpu, Register::LVT0, APIC_DM_EXTINT | lint0_mask);
    let lint1_mask = if boot_cpu { 0 } else { APIC_LVT_MASKED };
    let level = if lapic_is_integrated(kernel, cpu) { 0 } else { APIC_LVT_LEVEL_TRIGGER };
    apic_write(kernel, cpu, Register::LVT1, APIC_DM_NMI | lint1_mask | level);
}

/// `lapic_setup_esr`: lets errors interrupt, their status cleared before and after.
fn lapic_setup_esr(kernel: &Kernel, cpu: &impl Processor) {
    if !lapic_is_integrated(kernel, cpu) {
        return;
    }
    let maxlvt = lapic_get_maxlvt(kernel, cpu);
    let read_status = || {
        if maxlvt > 3 {
            apic_write(kernel, cpu, Register::ESR, 0);
        }
        apic_read(kernel, cpu, Register::ESR);
    };
    read_status();
    apic_write(kernel, cpu, Register::LVTERR, u32::from(ERROR_APIC_VECTOR));
    read_status();
}
