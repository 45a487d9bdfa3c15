//! A bounded wait whose pauses double: short where the bit clears soon, and few reads where it does not.
//!
//! Not modelled: pauses that differ from CPU to CPU.

use apicsim::kernel_model::apicdef::APIC_ICR_BUSY;
use apicsim::kernel_model::{Kernel, OwnWait, Processor, Register, Site, Wait, WaitOutcome, Waited};

/// This file, for reports.
pub const SOURCE: (&str, &str) = (file!(), include_str!("doubling.rs"));

/// 17 pauses of 1, 2, 4 … 65 536 µs: 131.071 ms in all.
const ROUNDS: u32 = 17;

/// Before NMIs only; everything else waits as the kernel that it is based on.
#[derive(Debug)]
pub struct Doubling;

impl OwnWait for Doubling {
    fn name(&self) -> &'static str {
        "doubling"
    }

    fn wait(&self, _: &Kernel, cpu: &dyn Processor, site: Site) -> Option<Waited> {
        matches!(site, Site::DestFieldNmi | Site::ShorthandNmi).then(|| wait_doubling(cpu))
    }
}

/// Reads, and pauses twice as long each time.
fn wait_doubling(cpu: &dyn Processor) -> Waited {
    cpu.wait_begin(Wait::IcrIdle);
    for round in 0..ROUNDS {
        if cpu.read(Register::ICR) & APIC_ICR_BUSY == 0 {
            cpu.wait_end(WaitOutcome::Done);
            return Waited::Idle;
        }
        cpu.udelay(1 << round);
    }
    cpu.wait_end(WaitOutcome::TimedOut);
    Waited::Busy
}
