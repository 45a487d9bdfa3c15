//! The messages that start another CPU: INIT and STARTUP, or on NUMA-Q an NMI.
//!
//! Not modelled: the warm-reset code and vector in CMOS and low memory, and delays inside what the kernel prints.

use crate::apicdef::{
    APIC_DEST_LOGICAL, APIC_DM_INIT, APIC_DM_NMI, APIC_DM_STARTUP, APIC_ESR_MASK, APIC_INT_ASSERT, APIC_INT_LEVELTRIG,
    APIC_INTEGRATED, Register,
};
use crate::arch::Access;
use crate::bound::{Bound, Site};
use crate::icr_wait::wait_icr_idle;
use crate::kernel::Kernel;
use crate::lapic::get_maxlvt;
use crate::mps_dispatch::mps_dispatch;
use crate::processor::Processor;
use crate::wait::Point;
use crate::write_around::{apic_read_around, apic_write_around};

/// INIT is held for so many milliseconds.
const INIT_MS: u32 = 10;

/// How long a CPU has to take a STARTUP, before the kernel looks whether it is sent, and after; in µs.
const STARTUP_US: u32 = 300;
const ACCEPT_US: u32 = 200;

/// `wakeup_secondary_via_INIT` (`arch/i386/kernel/smpboot.c`, `arch/x86_64/kernel/smpboot.c`, 2.6.20 and 2.6.22): INIT
/// on, 10 ms, INIT off, then twice STARTUP. Nothing waits before the first write; after each message the ICR is waited
/// for, since 2.6.22 by the shared bounded wait. Only the result of the last of these waits counts. A 82489DX knows no
/// STARTUP: i386 then sends none. Gives 0, or 1000h and the error status.
pub fn wakeup_secondary_via_INIT(kernel: &Kernel, cpu: &impl Processor, phys_apicid: u8) -> u32 {
    let integrated = APIC_INTEGRATED(u32::from(kernel.apic_version));
    cpu.reached(Point::WakeUpBegins);
    // x86_64 has cleared the error status before, in `do_boot_cpu`.
    if kernel.arch.is_i386() && integrated {
        clear_error_status(kernel, cpu);
    }

    send(kernel, cpu, phys_apicid, APIC_INT_LEVELTRIG | APIC_INT_ASSERT | APIC_DM_INIT);
    for _ in 0..INIT_MS {
        cpu.udelay(1000);
    }
    let mut send_status = send(kernel, cpu, phys_apicid, APIC_INT_LEVELTRIG | APIC_DM_INIT);
    cpu.store(kernel.layout().init_deasserted(), 1);

    let num_starts = if integrated || !kernel.arch.is_i386() { 2 } else { 0 };
    let maxlvt = get_maxlvt(kernel, cpu);
    let mut accept_status = 0;
    for _ in 0..num_starts {
        clear_error_status(kernel, cpu);
        let icr = APIC_DM_STARTUP | u32::from(kernel.trampoline);
        write_icr(kernel, cpu, phys_apicid, icr);
        cpu.reached(Point::StartupWritten);
        cpu.udelay(STARTUP_US);
        send_status = wait_sent(kernel, cpu, icr);
        accept_status = wait_accepted(kernel, cpu, || maxlvt);
        if send_status | accept_status != 0 {
            break;
        }
    }
    outcome(cpu, send_status, accept_status)
}

/// `wakeup_secondary_via_NMI` (`arch/i386/kernel/smpboot.c`, NUMA-Q, 2.6.20 and 2.6.22): one NMI to the CPU's logical
/// id; the CPU halts in firmware, which goes from there to the trampoline. Gives 0, or 1000h and the error status.
pub fn wakeup_secondary_via_NMI(kernel: &Kernel, cpu: &impl Processor, logical_apicid: u8) -> u32 {
    cpu.reached(Point::WakeUpBegins);
    let send_status = send(kernel, cpu, logical_apicid, APIC_DM_NMI | APIC_DEST_LOGICAL);
    let accept_status = wait_accepted(kernel, cpu, || get_maxlvt(kernel, cpu));
    outcome(cpu, send_status, accept_status)
}

#[track_caller]
fn write_icr(kernel: &Kernel, cpu: &impl Processor, apicid: u8, icr: u32) {
    apic_write_around(kernel, cpu, Register::ICR2, u32::from(apicid) << 24);
    apic_write_around(kernel, cpu, Register::ICR, icr);
}

/// Writes the message and waits until it is sent.
#[track_caller]
fn send(kernel: &Kernel, cpu: &impl Processor, apicid: u8, icr: u32) -> u32 {
    write_icr(kernel, cpu, apicid, icr);
    wait_sent(kernel, cpu, icr)
}

/// The wait after a message. The MP specification's second answer to a time-out is to write it again.
pub(crate) fn wait_sent(kernel: &Kernel, cpu: &impl Processor, icr: u32) -> u32 {
    match kernel.variant.bound(kernel.release, Site::StartUp, kernel.wait_shape) {
        _ if kernel.arch.facts().access != Access::Page => 0, // nothing says whether it is sent
        Bound::Dispatch if kernel.own.is_none() => mps_dispatch(kernel, cpu, icr),
        _ => wait_icr_idle(kernel, cpu, Site::StartUp),
    }
}

/// Clears the error status, and reads it.
#[track_caller]
fn clear_error_status(kernel: &Kernel, cpu: &impl Processor) {
    apic_read_around(kernel, cpu, Register::SPIV);
    cpu.write(Register::ESR, 0);
    cpu.read(Register::ESR);
}

/// Gives the target some time, then looks for errors. Parts with more than four LVT entries want a write before the
/// read (Pentium erratum 3AP).
fn wait_accepted(kernel: &Kernel, cpu: &impl Processor, maxlvt: impl FnOnce() -> u32) -> u32 {
    cpu.udelay(ACCEPT_US);
    if maxlvt() > 3 {
        apic_read_around(kernel, cpu, Register::SPIV);
        cpu.write(Register::ESR, 0);
    }
    cpu.read(Register::ESR) & APIC_ESR_MASK
}

/// What the kernel prints, and the result.
pub(crate) fn outcome(cpu: &impl Processor, send_status: u32, accept_status: u32) -> u32 {
    if send_status != 0 {
        cpu.reached(Point::NeverDelivered);
    }
    if accept_status != 0 {
        cpu.reached(Point::DeliveryError);
    }
    cpu.reached(Point::WakeUpReturned);
    send_status | accept_status
}
