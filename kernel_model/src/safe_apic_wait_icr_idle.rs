//! The bounded wait, as it was merged, as it was first mailed, and as it is since v6.6.
//!
//! Not modelled: the read-retry statistic of later releases.

use crate::apicdef::{APIC_ICR_BUSY, Register};
use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};

/// In 2007 the counter is compared before it is raised, so there is one round more.
const TIMEOUT: u32 = 1000;

/// Time between two reads, in µs.
const POLL_US: u32 = 100;

/// `safe_apic_wait_icr_idle` (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.22): reads the ICR, and only
/// if it is busy waits 100 µs and reads again. Gives up after 1001 reads and 1001 delays, 100.1 ms; a bit that clears
/// in the last delay is missed. Gives the raw busy bit: 0, or 1000h on time-out.
pub fn safe_apic_wait_icr_idle(cpu: &impl Processor) -> u32 {
    cpu.wait_begin(Wait::IcrIdle);
    let mut send_status;
    let mut timeout = 0;
    loop {
        send_status = cpu.read(Register::ICR) & APIC_ICR_BUSY;
        if send_status == 0 {
            break;
        }
        cpu.udelay(POLL_US);
        let last = timeout >= TIMEOUT;
        timeout += 1;
        if last {
            break;
        }
    }
    cpu.wait_end(outcome(send_status));
    send_status
}

/// `safe_apic_wait_icr_idle` of the mailed patches (`include/asm-i386/apic.h` and `include/asm-x86_64/apic.h` there,
/// 25 April 2007, on 2.6.21-rc7): the shape of the old loops in `smpboot.c`. Waits 100 µs *before* each read, so an
/// idle ICR costs 100 µs too; gives up after 1001 delays and 1001 reads.
pub fn safe_apic_wait_icr_idle_rfc(cpu: &impl Processor) -> u32 {
    cpu.wait_begin(Wait::IcrIdle);
    let mut send_status;
    let mut timeout = 0;
    loop {
        cpu.udelay(POLL_US);
        send_status = cpu.read(Register::ICR) & APIC_ICR_BUSY;
        if send_status == 0 {
            break;
        }
        let last = timeout >= TIMEOUT;
        timeout += 1;
        if last {
            break;
        }
    }
    cpu.wait_end(outcome(send_status));
    send_status
}

/// `apic_mem_wait_icr_idle_timeout` (`arch/x86/kernel/apic/ipi.c`, v6.6 to v6.13): reads the ICR, and while it is busy
/// waits 100 µs, 1000 times in all: 100.0 ms. Gives 0, or 1000h on time-out, without looking once more.
pub fn safe_apic_wait_icr_idle_v6(cpu: &impl Processor) -> u32 {
    cpu.wait_begin(Wait::IcrIdle);
    let mut send_status = APIC_ICR_BUSY;
    for _ in 0..TIMEOUT {
        if cpu.read(Register::ICR) & APIC_ICR_BUSY == 0 {
            send_status = 0;
            break;
        }
        cpu.udelay(POLL_US);
    }
    cpu.wait_end(outcome(send_status));
    send_status
}

/// How the wait ended, from the busy bit that it returns.
const fn outcome(send_status: u32) -> WaitOutcome {
    if send_status == 0 { WaitOutcome::Done } else { WaitOutcome::TimedOut }
}
