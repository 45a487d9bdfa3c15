//! Theseus: a wait before each message and one after it, both without a bound.
//!
//! Not modelled: the lock around each local APIC's structure, which only its own CPU takes; x2APIC mode.

use super::{Source, icr_high, icr_low, spin_while_pending};
use crate::apicdef::Register;
use crate::processor::Processor;

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "Theseus",
    repository: "theseus-os/Theseus",
    file: "kernel/apic/src/lib.rs",
    commit: "ffb5e8b36",
    function: "set_icr",
    before: "reads",
    after: "reads",
    bound: "none",
};

/// `set_icr` (`kernel/apic/src/lib.rs`, ffb5e8b36): waits, writes both halves, waits.
pub fn set_icr(cpu: &impl Processor, high: u32, low: u32) {
    spin_while_pending(cpu);
    cpu.write(Register::ICR2, high);
    cpu.write(Register::ICR, low);
    spin_while_pending(cpu);
}

/// `send_ipi`, and `send_nmi_ipi` (the same file), to one CPU.
pub fn send_ipi(cpu: &impl Processor, irq: u8, destination: u8) {
    set_icr(cpu, icr_high(destination), icr_low(irq));
}
