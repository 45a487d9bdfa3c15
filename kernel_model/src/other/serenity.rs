//! Serenity: a wait before each message, a read every 200 µs, without a bound.
//!
//! Not modelled: x2APIC mode, where it waits just so; messages to all; NMIs are not its own, and go out as its IPIs do.

use super::{Source, icr_high, icr_low, pending};
use crate::apicdef::{APIC_DEST_LOGICAL, Register};
use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "Serenity",
    repository: "SerenityOS/serenity",
    file: "Kernel/Arch/x86_64/Interrupts/APIC.cpp",
    commit: "0b8d170ccf50",
    function: "send_ipi",
    before: "a read every 200 µs",
    after: "-",
    bound: "none",
};

/// `wait_for_pending_icr` (`Kernel/Arch/x86_64/Interrupts/APIC.cpp`, 0b8d170ccf50).
pub fn wait_for_pending_icr(cpu: &impl Processor) {
    cpu.wait_begin(Wait::IcrIdle);
    while pending(cpu) {
        cpu.udelay(200);
    }
    cpu.wait_end(WaitOutcome::Done);
}

/// `write_icr` (the same file).
pub fn write_icr(cpu: &impl Processor, high: u32, low: u32) {
    cpu.write(Register::ICR2, high);
    cpu.write(Register::ICR, low);
}

/// `send_ipi` (the same file): to a logical destination, which is the CPU's number and not a bit, as is what `enable`
/// writes to the LDR. So a message to CPU 3 is also one to CPUs 1 and 2, and none ever reaches CPU 0.
pub fn send_ipi(cpu: &impl Processor, vector: u8, number: u16) {
    wait_for_pending_icr(cpu);
    write_icr(cpu, icr_high(number as u8), APIC_DEST_LOGICAL | icr_low(vector));
}
