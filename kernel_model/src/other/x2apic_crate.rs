//! The crate `x2apic` on the page of an xAPIC: no wait at all.
//!
//! Not modelled: x2APIC mode. It puts the destination into bits 31:0 of the high half as it is, so that on an xAPIC its
//! caller has to shift it; here the caller does.

use super::{Source, icr_high, icr_low};
use crate::apicdef::Register;
use crate::processor::Processor;

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "crate x2apic",
    repository: "kwzhao/x2apic-rs",
    file: "src/lapic/lapic_msr.rs",
    commit: "aff8465",
    function: "write_icr",
    before: "-",
    after: "-",
    bound: "-",
};

/// `write_icr`, with `write_u64` (`src/lapic/lapic_msr.rs`, aff8465): the high half, then the low one.
pub fn write_icr(cpu: &impl Processor, high: u32, low: u32) {
    cpu.write(Register::ICR2, high);
    cpu.write(Register::ICR, low);
}

/// `send_ipi`, and `send_nmi` (`src/lapic/mod.rs`).
pub fn send_ipi(cpu: &impl Processor, vector: u8, dest: u8) {
    write_icr(cpu, icr_high(dest), icr_low(vector));
}
