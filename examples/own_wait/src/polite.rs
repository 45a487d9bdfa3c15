//! A wait without a bound that pauses between two reads: is that enough?
//!
//! Not modelled: nothing; these are all its accesses.

use apicsim::kernel_model::apicdef::APIC_ICR_BUSY;
use apicsim::kernel_model::{Kernel, OwnWait, Processor, Register, Site, Wait, WaitOutcome, Waited};

/// This file, for reports.
pub const SOURCE: (&str, &str) = (file!(), include_str!("polite.rs"));

/// Between two reads, in µs.
const PAUSE_US: u32 = 10;

/// Everywhere.
#[derive(Debug)]
pub struct Polite;

impl OwnWait for Polite {
    fn name(&self) -> &'static str {
        "polite"
    }

    fn wait(&self, _: &Kernel, cpu: &dyn Processor, _: Site) -> Option<Waited> {
        Some(wait_politely(cpu))
    }
}

/// Reads until the ICR is idle.
fn wait_politely(cpu: &dyn Processor) -> Waited {
    cpu.wait_begin(Wait::IcrIdle);
    while cpu.read(Register::ICR) & APIC_ICR_BUSY != 0 {
        cpu.udelay(PAUSE_US);
    }
    cpu.wait_end(WaitOutcome::Done);
    Waited::Idle
}
