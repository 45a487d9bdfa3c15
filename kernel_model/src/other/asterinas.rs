//! Asterinas: a wait after each message, without a bound but for an error that cannot show.
//!
//! Not modelled: x2APIC mode.

use super::{Source, icr_high, icr_low, x86_crate};
use crate::apicdef::Register;
use crate::processor::Processor;

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "Asterinas",
    repository: "asterinas/asterinas",
    file: "ostd/src/arch/x86/kernel/apic/xapic.rs",
    commit: "604948581",
    function: "send_ipi",
    before: "-",
    after: "reads of ICR and ESR, interrupts off",
    bound: "none, or an error in the ESR",
};

/// `send_ipi` (`ostd/src/arch/x86/kernel/apic/xapic.rs`, 604948581): interrupts off; clears the ESR, writes both
/// halves, and waits as the crate `x86` does.
pub fn send_ipi(cpu: &impl Processor, vector: u8, id: u8) {
    let guard = cpu.irq_save();
    cpu.write(Register::ESR, 0);
    cpu.write(Register::ICR2, icr_high(id));
    cpu.write(Register::ICR, icr_low(vector));
    x86_crate::until_sent_or_error(cpu);
    cpu.irq_restore(guard);
}
