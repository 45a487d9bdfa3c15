//! The MP specification's own answer: look after the message, for 20 µs, then abort or send it again.
//!
//! Not modelled: how to abort. The specification does not say, and no register does it: the command is left where it
//! is. Of the three clocks that it names the external interrupt is the CPU's own APIC timer.

use crate::apicdef::{APIC_ICR_BUSY, APIC_LVT_MASKED, LOCAL_TIMER_VECTOR, Register};
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::variant::{MpsTimeout, Variant};
use crate::wait::{Wait, WaitOutcome};
use crate::write_around::apic_write_around;

/// "A period of 20 microseconds should be sufficient" (MP specification 1.4, page B-4).
const DISPATCH_US: u32 = 20;

/// Divide by 1 in the APIC timer's divide configuration register.
const TDR_DIV_1: u32 = 0xB;

/// After a message: waits until it is dispatched, and if it is not, gives up or writes `icr`, the low half of the ICR,
/// again. Gives the raw busy bit: 0, or 1000h. In every variant but the specification's two it does nothing.
pub fn mps_dispatch(kernel: &Kernel, cpu: &impl Processor, icr: u32) -> u32 {
    let attempts = match kernel.variant {
        Variant::MpsAbort => 0,
        Variant::MpsRetry => kernel.mps_retries,
        _ => return 0,
    };
    for _ in 0..attempts {
        if mps_wait_dispatched(kernel, cpu) == 0 {
            return 0;
        }
        apic_write_around(kernel, cpu, Register::ICR, icr);
    }
    mps_wait_dispatched(kernel, cpu)
}

/// Waits for the delivery status, 20 µs at most. Gives the raw busy bit: 0, or 1000h on time-out.
pub fn mps_wait_dispatched(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    cpu.wait_begin(Wait::IcrIdle);
    let send_status = match kernel.mps_timeout {
        MpsTimeout::InstructionLoop => instruction_loop(cpu),
        MpsTimeout::TimeStampCounter => time_stamp_counter_loop(kernel, cpu),
        MpsTimeout::ExternalInterrupt => until_interrupt(kernel, cpu),
    };
    cpu.wait_end(if send_status == 0 { WaitOutcome::Done } else { WaitOutcome::TimedOut });
    send_status
}

fn icr_busy(cpu: &impl Processor) -> u32 {
    cpu.read(Register::ICR) & APIC_ICR_BUSY
}

/// Reads every µs, the last time after 20.
fn instruction_loop(cpu: &impl Processor) -> u32 {
    for _ in 0..DISPATCH_US {
        if icr_busy(cpu) == 0 {
            return 0;
        }
        cpu.udelay(1);
    }
    icr_busy(cpu)
}

/// Reads until the counter has gone on by 20 µs.
fn time_stamp_counter_loop(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    let ticks = kernel.tsc_ticks_per_ms * u64::from(DISPATCH_US) / 1000;
    let start = cpu.rdtsc();
    loop {
        let send_status = icr_busy(cpu);
        if send_status == 0 || cpu.rdtsc() - start >= ticks {
            return send_status;
        }
        cpu.cpu_relax();
    }
}

/// Starts the timer and reads until its interrupt has come; stops it when it was not needed.
fn until_interrupt(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    let expired = kernel.layout().timer_expired(this_cpu(cpu));
    cpu.store(expired, 0);
    apic_write_around(kernel, cpu, Register::LVTT, u32::from(LOCAL_TIMER_VECTOR));
    apic_write_around(kernel, cpu, Register::TDCR, TDR_DIV_1);
    apic_write_around(kernel, cpu, Register::TMICT, DISPATCH_US * kernel.timer_ticks_per_us);
    loop {
        let send_status = icr_busy(cpu);
        if send_status == 0 {
            apic_write_around(kernel, cpu, Register::LVTT, u32::from(LOCAL_TIMER_VECTOR) | APIC_LVT_MASKED);
            return 0;
        }
        if cpu.load(expired) != 0 {
            return send_status;
        }
        cpu.cpu_relax();
    }
}
