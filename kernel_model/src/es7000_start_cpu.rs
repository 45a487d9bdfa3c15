//! The start of another CPU on a clustered ES7000: firmware does it, asked by a register.
//!
//! Not modelled: how the register reaches firmware, and a machine without it.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::wait::{Point, Wait, WaitOutcome};

/// The register holds a request that firmware has not taken.
pub const MAILBOX_BUSY: u32 = 0x100_0000;

/// The APIC id in a request.
pub const MAILBOX_APICID: u32 = 0xFFFF;

/// `es7000_start_cpu` (`arch/i386/mach-es7000/es7000plat.c`, 2.6.20): waits until the register is free, without a bound
/// and without a PAUSE, then writes page of the trampoline and APIC id. It touches no local APIC, and cannot fail.
pub fn es7000_start_cpu(kernel: &Kernel, cpu: &impl Processor, apicid: u8) -> u32 {
    let mailbox = kernel.layout().es7000_mailbox();
    cpu.reached(Point::WakeUpBegins);
    cpu.wait_begin(Wait::Mailbox);
    while cpu.load(mailbox) & MAILBOX_BUSY != 0 {}
    cpu.wait_end(WaitOutcome::Done);
    cpu.store(mailbox, MAILBOX_BUSY | u32::from(kernel.trampoline) << 16 | u32::from(apicid));
    cpu.reached(Point::WakeUpReturned);
    0
}
