//! A whole send function: it looks after an NMI whether it left, and if it did not writes it once more.
//!
//! Not modelled: what a real kernel would print about that.

use apicsim::kernel_model::apicdef::{APIC_ICR_BUSY, Register};
use apicsim::kernel_model::{
    Kernel, Message, OwnWait, Processor, Site, Wait, WaitOutcome, Waited, apic_write_around, safe_apic_wait_icr_idle,
};

/// This file, for reports.
pub const SOURCE: (&str, &str) = (file!(), include_str!("look_after.rs"));

/// Looks after the message: so many, a µs apart.
const LOOKS: u32 = 50;

/// NMIs are sent by [`send_and_look`]; every other message, and every other wait, is the kernel's.
#[derive(Debug)]
pub struct LookAfter;

impl OwnWait for LookAfter {
    fn name(&self) -> &'static str {
        "look-after"
    }

    fn wait(&self, _: &Kernel, _: &dyn Processor, _: Site) -> Option<Waited> {
        None
    }

    fn send(&self, kernel: &Kernel, cpu: &dyn Processor, message: Message) -> bool {
        let nmi = matches!(message.site, Site::DestFieldNmi | Site::ShorthandNmi);
        if nmi {
            send_and_look(kernel, cpu, message);
        }
        nmi
    }
}

/// The kernel's bounded wait, the message, a look; and at most one more try.
fn send_and_look(kernel: &Kernel, cpu: &dyn Processor, message: Message) {
    safe_apic_wait_icr_idle(&cpu);
    for _ in 0..2 {
        if let Some(icr2) = message.icr2 {
            apic_write_around(kernel, &cpu, Register::ICR2, icr2);
        }
        apic_write_around(kernel, &cpu, Register::ICR, message.icr);
        if has_left(cpu) {
            return;
        }
    }
}

/// Does the message leave?
fn has_left(cpu: &dyn Processor) -> bool {
    cpu.wait_begin(Wait::IcrIdle);
    for _ in 0..LOOKS {
        if cpu.read(Register::ICR) & APIC_ICR_BUSY == 0 {
            cpu.wait_end(WaitOutcome::Done);
            return true;
        }
        cpu.udelay(1);
    }
    cpu.wait_end(WaitOutcome::TimedOut);
    false
}
