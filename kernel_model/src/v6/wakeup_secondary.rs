//! The messages that start another CPU in v6.
//!
//! Not modelled: wake-up through firmware (ACPI, SEV, TDX), and parallel bring-up.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{
    APIC_DM_INIT, APIC_DM_STARTUP, APIC_ESR_MASK, APIC_INT_ASSERT, APIC_INT_LEVELTRIG, APIC_INTEGRATED, MSR_X2APIC_ICR,
    Register,
};
use crate::arch::Access;
use crate::kernel::Kernel;
use crate::lapic::get_maxlvt;
use crate::processor::Processor;
use crate::wait::Point;
use crate::wakeup_secondary::{outcome, wait_sent};

/// The delays before and after the look at a STARTUP, in µs: for CPUs that need them, and for those that do not.
const SLOW_US: [u32; 2] = [300, 200];
const FAST_US: [u32; 2] = [10, 10];

/// `wakeup_secondary_cpu_via_init` (`arch/x86/kernel/smpboot.c`, v6.13): INIT on and off, then twice STARTUP. CPUs on
/// which INIT need not be held (Intel family 6 and the later ones of others) get short delays. Gives 0, or 1000h and the
/// error status.
pub fn wakeup_secondary_cpu_via_init(kernel: &Kernel, cpu: &impl Processor, phys_apicid: u32) -> u32 {
    let [startup_us, accept_us] = if kernel.init_udelay == 0 { FAST_US } else { SLOW_US };
    cpu.reached(Point::WakeUpBegins);
    let maxlvt = get_maxlvt(kernel, cpu);
    send_init_sequence(kernel, cpu, phys_apicid);

    let (mut send_status, mut accept_status) = (0, 0);
    for _ in 0..if integrated(kernel) { 2 } else { 0 } {
        read_error_status(kernel, cpu, maxlvt);
        let icr = APIC_DM_STARTUP | u32::from(kernel.trampoline);
        apic_icr_write(kernel, cpu, icr, phys_apicid);
        cpu.reached(Point::StartupWritten);
        cpu.udelay(startup_us);
        send_status = wait_sent(kernel, cpu, icr);
        cpu.udelay(accept_us);
        accept_status = read_error_status(kernel, cpu, maxlvt);
        if send_status | accept_status != 0 {
            break;
        }
    }
    outcome(cpu, send_status, accept_status)
}

/// `send_init_sequence` (`arch/x86/kernel/smpboot.c`, v6.13): INIT on, `init_udelay`, INIT off. Each is waited for, and
/// nobody looks at what comes of that.
fn send_init_sequence(kernel: &Kernel, cpu: &impl Processor, phys_apicid: u32) {
    let maxlvt = get_maxlvt(kernel, cpu);
    if integrated(kernel) {
        read_error_status(kernel, cpu, maxlvt);
    }
    let assert = APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT;
    apic_icr_write(kernel, cpu, assert, phys_apicid);
    wait_sent(kernel, cpu, assert);
    if kernel.init_udelay != 0 {
        cpu.udelay(kernel.init_udelay);
    }
    let de_assert = APIC_INT_LEVELTRIG | APIC_DM_INIT;
    apic_icr_write(kernel, cpu, de_assert, phys_apicid);
    wait_sent(kernel, cpu, de_assert);
    cpu.fence(); // mb()
    cpu.store(kernel.layout().init_deasserted(), 1); // of v6 nothing but what the model's other CPU waits for
}

const fn integrated(kernel: &Kernel) -> bool {
    APIC_INTEGRATED(kernel.apic_version as u32)
}

/// `native_apic_icr_write` (`arch/x86/kernel/apic/apic.c`, v6.13): both halves with interrupts off;
/// `native_x2apic_icr_write` (`arch/x86/include/asm/apic.h`, v6.13): one MSR write.
#[track_caller]
fn apic_icr_write(kernel: &Kernel, cpu: &impl Processor, low: u32, apicid: u32) {
    match kernel.arch.facts().access {
        Access::Page => {
            let flags = cpu.irq_save();
            cpu.write(Register::ICR2, apicid << 24);
            cpu.write(Register::ICR, low);
            cpu.irq_restore(flags);
        }
        Access::Msr => cpu.wrmsr(MSR_X2APIC_ICR, u64::from(apicid) << 32 | u64::from(low)),
        Access::Nothing => {}
    }
}

#[track_caller]
fn read_error_status(kernel: &Kernel, cpu: &impl Processor, maxlvt: u32) -> u32 {
    if maxlvt > 3 {
        apic_write(kernel, cpu, Register::ESR, 0);
    }
    apic_read(kernel, cpu, Register::ESR) & APIC_ESR_MASK
}
