//! The crate `x86`: a wait after each message, without a bound but for an error that cannot show.
//!
//! Not modelled: x2APIC mode. The ICR is the caller's; here it asserts its level.

use super::{Source, icr_high, icr_low, pending};
use crate::apicdef::Register;
use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "crate x86",
    repository: "gz/rust-x86",
    file: "src/apic/xapic.rs",
    commit: "ae3306a",
    function: "send_ipi",
    before: "-",
    after: "reads of ICR and ESR",
    bound: "none, or an error in the ESR",
};

/// `send_ipi` (`src/apic/xapic.rs`, ae3306a): clears the ESR by two writes, writes both halves, and waits.
pub fn send_ipi(cpu: &impl Processor, vector: u8, core: u8) {
    cpu.write(Register::ESR, 0);
    cpu.write(Register::ESR, 0);
    cpu.write(Register::ICR2, icr_high(core));
    cpu.write(Register::ICR, icr_low(vector));
    until_sent_or_error(cpu);
}

/// The loop at its end: until the ICR is idle, or the ESR shows an error. From the P6 on a read shows what was there at
/// the last *write* of the ESR (SDM vol. 3 §10.5.3), and nobody writes it here. Reports show it as its caller's loop.
#[track_caller]
pub(super) fn until_sent_or_error(cpu: &impl Processor) {
    cpu.wait_begin(Wait::IcrIdle);
    let outcome = loop {
        if !pending(cpu) {
            break WaitOutcome::Done;
        }
        if cpu.read(Register::ESR) > 0 {
            break WaitOutcome::TimedOut;
        }
    };
    cpu.wait_end(outcome);
}
