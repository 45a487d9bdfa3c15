//! xv6 for x86: nothing waits for a message but the one that synchronises arbitration ids at boot.
//!
//! Not modelled: the warm reset vector and CMOS byte of `lapicstartap`, the rest of `lapicinit`. xv6 has no function
//! that sends an interrupt vector: [`send`] is what `lapicstartap` does, with another ICR.

use super::{Source, icr_high, icr_low, spin_while_pending};
use crate::apicdef::{APIC_DEST_ALLINC, APIC_DM_INIT, APIC_INT_ASSERT, APIC_INT_LEVELTRIG, Register};
use crate::processor::Processor;

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "xv6",
    repository: "mit-pdos/xv6-public",
    file: "lapic.c",
    commit: "eeb7b415",
    function: "lapicstartap",
    before: "-",
    after: "- (`lapicinit` reads)",
    bound: "none",
};

/// ICR: delivery mode STARTUP.
const STARTUP: u32 = 0x600;

/// `lapicw` (`lapic.c`, eeb7b415): a write, then a read of the ID register.
pub fn lapicw(cpu: &impl Processor, register: Register, value: u32) {
    cpu.write(register, value);
    cpu.read(Register::ID);
}

/// What `lapicinit` (the same file) does with the ICR: an INIT level de-assert to all, which it waits for without a
/// bound.
pub fn lapicinit(cpu: &impl Processor) {
    lapicw(cpu, Register::ICR2, 0);
    lapicw(cpu, Register::ICR, APIC_DEST_ALLINC | APIC_DM_INIT | APIC_INT_LEVELTRIG);
    spin_while_pending(cpu);
}

/// `lapicstartap` (the same file): INIT, its end, and two STARTUPs, with no wait and no time in between, because
/// `microdelay` is empty.
pub fn lapicstartap(cpu: &impl Processor, apicid: u8, addr: u32) {
    lapicw(cpu, Register::ICR2, icr_high(apicid));
    lapicw(cpu, Register::ICR, APIC_DM_INIT | APIC_INT_LEVELTRIG | APIC_INT_ASSERT);
    lapicw(cpu, Register::ICR, APIC_DM_INIT | APIC_INT_LEVELTRIG);
    for _ in 0..2 {
        lapicw(cpu, Register::ICR2, icr_high(apicid));
        lapicw(cpu, Register::ICR, STARTUP | addr >> 12);
    }
}

/// A message as `lapicstartap` sends each of its own.
pub fn send(cpu: &impl Processor, apicid: u8, vector: u8) {
    lapicw(cpu, Register::ICR2, icr_high(apicid));
    lapicw(cpu, Register::ICR, icr_low(vector));
}

/// `lapiceoi` (the same file).
pub fn lapiceoi(cpu: &impl Processor) {
    lapicw(cpu, Register::EOI, 0);
}
