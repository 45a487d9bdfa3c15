//! Redox: a wait before each message and one after it, both without a bound.
//!
//! Not modelled: x2APIC mode. The vector is the caller's; Redox itself knows one, 40h.

use super::{Source, icr_high, icr_low, pending};
use crate::apicdef::Register;
use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "Redox",
    repository: "redox-os/kernel",
    file: "src/arch/x86_shared/device/local_apic.rs",
    commit: "0d86348e",
    function: "set_icr",
    before: "reads and PAUSEs",
    after: "reads and PAUSEs",
    bound: "none",
};

/// `set_icr` (`src/arch/x86_shared/device/local_apic.rs`, 0d86348e): waits, writes both halves, waits.
pub fn set_icr(cpu: &impl Processor, high: u32, low: u32) {
    cpu.wait_begin(Wait::IcrIdle);
    while pending(cpu) {
        cpu.cpu_relax();
    }
    cpu.wait_end(WaitOutcome::Done);

    cpu.write(Register::ICR2, high);
    cpu.write(Register::ICR, low);

    cpu.wait_begin(Wait::IcrIdle);
    while pending(cpu) {
        cpu.cpu_relax();
    }
    cpu.wait_end(WaitOutcome::Done);
}

/// `ipi`, and `ipi_nmi` (the same file).
pub fn ipi(cpu: &impl Processor, vector: u8, apic_id: u8) {
    set_icr(cpu, icr_high(apic_id), icr_low(vector));
}
