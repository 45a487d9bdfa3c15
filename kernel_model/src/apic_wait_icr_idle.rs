//! The wait that the symptom of 2007 hangs in.
//!
//! Not modelled: nothing; these are all its accesses.

use crate::apicdef::{APIC_ICR_BUSY, Register};
use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};

/// `apic_wait_icr_idle` (`include/asm-i386/apic.h`, `include/asm-x86_64/apic.h`, 2.6.20; `apic.c` from 2.6.22): reads
/// the ICR until its delivery status is idle, with a PAUSE between two reads. There is no limit.
pub fn apic_wait_icr_idle(cpu: &impl Processor) {
    cpu.wait_begin(Wait::IcrIdle);
    while cpu.read(Register::ICR) & APIC_ICR_BUSY != 0 {
        cpu.cpu_relax();
    }
    cpu.wait_end(WaitOutcome::Done);
}
