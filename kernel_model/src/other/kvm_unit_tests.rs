//! kvm-unit-tests: a wait before each message, without a bound.
//!
//! Not modelled: x2APIC mode.

use super::{Source, icr_high, spin_while_pending};
use crate::apicdef::Register;
use crate::processor::Processor;

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "kvm-unit-tests",
    repository: "kvm-unit-tests/kvm-unit-tests",
    file: "lib/x86/apic.c",
    commit: "129ef680b23c",
    function: "xapic_icr_write",
    before: "reads",
    after: "-",
    bound: "none",
};

/// `xapic_icr_write` (`lib/x86/apic.c`, 129ef680b23c).
pub fn xapic_icr_write(cpu: &impl Processor, val: u32, dest: u8) {
    spin_while_pending(cpu);
    cpu.write(Register::ICR2, icr_high(dest));
    cpu.write(Register::ICR, val);
}
