//! FreeBSD: a wait before each message, bounded; after it, a panic.
//!
//! Not modelled: the second wait of kernels built with `DETECT_DEADLOCK`; x2APIC mode; all of the panic but its first
//! instant: it stops the other CPUs by NMIs, each of which waits for the same ICR once more and is then given up.

use super::{Source, icr_high, icr_low, pending};
use crate::apicdef::Register;
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::wait::{Point, Wait, WaitOutcome};

/// Where it stands.
pub const SOURCE: Source = Source {
    name: "FreeBSD",
    repository: "freebsd/freebsd-src",
    file: "sys/x86/x86/local_apic.c",
    commit: "019f643bc0a7",
    function: "native_lapic_ipi_vectored",
    before: "reads and PAUSEs",
    after: "-",
    bound: "1 s (`hw.apic.ds_idle_timeout`), then panic",
};

/// How long a message may take: `lapic_ds_idle_timeout`, in µs.
pub const DS_IDLE_TIMEOUT_US: u64 = 1_000_000;

/// How often `lapic_init` reads the ICR to see how long a round of the wait takes.
const CALIBRATION_LOOPS: u64 = 1_000;

/// `lapic_ipi_wait_mult`, as `lapic_init` (`sys/x86/x86/local_apic.c`, 019f643bc0a7) calibrates it at boot: rounds of
/// the wait in a µs, rounded down, at least one, from the ticks of the time-stamp counter that one round takes.
///
/// # Panics
/// If a round takes no time.
pub const fn lapic_ipi_wait_mult(tsc_hz: u64, ticks_a_round: u64) -> u64 {
    let (r1, r2) = (tsc_hz * CALIBRATION_LOOPS, ticks_a_round * CALIBRATION_LOOPS * 1_000_000);
    if r1 >= r2 { r1 / r2 } else { 1 }
}

/// `lapic_ipi_wait` (the same file): a read and a PAUSE, so many times in each µs of `delay_us`. Says whether the ICR
/// became idle. The bound is a count of rounds: what they take beside is as good as its calibration.
pub fn lapic_ipi_wait(kernel: &Kernel, cpu: &impl Processor, delay_us: u64) -> bool {
    cpu.wait_begin(Wait::IcrIdle);
    for _ in 0..kernel.lapic_ipi_wait_mult * delay_us {
        if !pending(cpu) {
            cpu.wait_end(WaitOutcome::Done);
            return true;
        }
        cpu.cpu_relax();
    }
    cpu.wait_end(WaitOutcome::TimedOut);
    false
}

/// `lapic_ipi_raw`, with `lapic_write_icr` (the same file): both halves, interrupts off meanwhile.
pub fn lapic_ipi_raw(cpu: &impl Processor, icrlo: u32, dest: u8) {
    let saveintr = cpu.irq_save();
    cpu.write(Register::ICR2, icr_high(dest));
    cpu.write(Register::ICR, icrlo);
    cpu.irq_restore(saveintr);
}

/// `native_lapic_ipi_vectored` (the same file) to one id: waits for the earlier message, and panics if that is stuck.
pub fn native_lapic_ipi_vectored(kernel: &Kernel, cpu: &impl Processor, vector: u8, dest: u8) {
    if !lapic_ipi_wait(kernel, cpu, DS_IDLE_TIMEOUT_US) {
        panic(cpu);
    }
    lapic_ipi_raw(cpu, icr_low(vector), dest);
}

/// `panic` (`sys/kern/kern_shutdown.c`): for this CPU, the end.
pub fn panic(cpu: &impl Processor) -> ! {
    cpu.irq_save();
    cpu.reached(Point::Panicked);
    loop {
        cpu.halt();
    }
}
