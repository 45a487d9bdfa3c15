//! What the kernel asks the APIC of a CPU that does not come up.
//!
//! Not modelled: what it prints of the answers. Only the 82489DX and the Pentium's APIC answer at all (`kernel.md` §6.5,
//! SDM vol. 3 §22.27.1); of later ones the status stays invalid.

use crate::apicdef::{APIC_DM_REMRD, APIC_ICR_RR_INPROG, APIC_ICR_RR_MASK, APIC_ICR_RR_VALID, Register};
use crate::bound::Site;
use crate::icr_wait::waited;
use crate::kernel::Kernel;
use crate::own_wait::Waited;
use crate::processor::Processor;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::write_around::apic_write_around;

/// Identification, version, and spurious vector register.
const ASKED: [Register; 3] = [Register::ID, Register::LVR, Register::SPIV];

/// How often the kernel looks for the answer again, and how long it waits before each look.
const TIMEOUT: u32 = 1000;
const POLL_US: u32 = 100;

/// `__inquire_remote_apic` (`arch/i386/kernel/smpboot.c`), `inquire_remote_apic` (`arch/x86_64/kernel/smpboot.c`, both
/// 2.6.20 and 2.6.22; always compiled in): three remote reads. Each first waits for the ICR: without a bound until 2.6.22,
/// then with one, and goes on after a time-out.
pub fn inquire_remote_apic(kernel: &Kernel, cpu: &impl Processor, apicid: u8) {
    for register in ASKED {
        if waited(kernel, cpu, Site::Inquiry) == Waited::GivenUp {
            cpu.reached(Point::InquiryFailed);
            continue;
        }
        apic_write_around(kernel, cpu, Register::ICR2, u32::from(apicid) << 24);
        apic_write_around(kernel, cpu, Register::ICR, APIC_DM_REMRD | u32::from(register.0 >> 4));
        if wait_for_answer(cpu) == APIC_ICR_RR_VALID {
            cpu.read(Register::RRR);
            cpu.reached(Point::InquiryAnswered);
        } else {
            cpu.reached(Point::InquiryFailed);
        }
    }
}

/// Looks every 100 µs, 1001 times at most, whether the remote read goes on. Gives its status.
fn wait_for_answer(cpu: &impl Processor) -> u32 {
    cpu.wait_begin(Wait::RemoteRead);
    let mut timeout = 0;
    let status = loop {
        cpu.udelay(POLL_US);
        let status = cpu.read(Register::ICR) & APIC_ICR_RR_MASK;
        if status != APIC_ICR_RR_INPROG || timeout >= TIMEOUT {
            break status;
        }
        timeout += 1;
    };
    cpu.wait_end(if status == APIC_ICR_RR_INPROG { WaitOutcome::TimedOut } else { WaitOutcome::Done });
    status
}
