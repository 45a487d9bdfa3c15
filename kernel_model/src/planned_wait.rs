//! A described wait, carried out.
//!
//! Not modelled: see [`PlannedWait`].

use crate::apicdef::{APIC_ICR_BUSY, Register};
use crate::bound::Site;
use crate::kernel::Kernel;
use crate::own_wait::Waited;
use crate::plan::{PlannedWait, Shape, Then};
use crate::processor::Processor;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::write_around::apic_write_around;

impl PlannedWait {
    /// Waits, where it stands at `site`.
    pub(crate) fn wait(&self, kernel: &Kernel, cpu: &impl Processor, site: Site) -> Option<Waited> {
        if !self.at.has(site) {
            return None;
        }
        let mut again = if let Then::SendAgain(times) = self.then { times } else { 0 };
        while planned_wait(self, cpu) != 0 {
            if again == 0 {
                return Some(self.timed_out(cpu));
            }
            again -= 1;
            let stuck = cpu.read(Register::ICR) & !APIC_ICR_BUSY;
            apic_write_around(kernel, cpu, Register::ICR, stuck);
        }
        Some(Waited::Idle)
    }

    fn timed_out(&self, cpu: &impl Processor) -> Waited {
        match self.then {
            Then::WriteAnyway | Then::SendAgain(_) => Waited::Busy,
            Then::GiveUp => Waited::GivenUp,
            Then::Panic => planned_panic(cpu),
        }
    }
}

/// The rounds of `plan`. Gives the raw busy bit: 0, or 1000h on time-out. What is not counted does not change, so that a wait
/// for ever can be seen to be one.
fn planned_wait(plan: &PlannedWait, cpu: &impl Processor) -> u32 {
    let (mut left, mut delay_us) = (plan.rounds, plan.delay_us);
    cpu.wait_begin(Wait::IcrIdle);
    loop {
        if plan.shape == Shape::DelayFirst {
            pause(cpu, delay_us);
        }
        if cpu.read(Register::ICR) & APIC_ICR_BUSY == 0 {
            cpu.wait_end(WaitOutcome::Done);
            return 0;
        }
        if plan.shape == Shape::ReadFirst {
            pause(cpu, delay_us);
        }
        if plan.rounds == 0 {
            continue;
        }
        left -= 1;
        if left == 0 {
            cpu.wait_end(WaitOutcome::TimedOut);
            return APIC_ICR_BUSY;
        }
        delay_us = delay_us.saturating_mul(plan.backoff);
    }
}

/// So many µs, or a PAUSE.
fn pause(cpu: &impl Processor, us: u32) {
    if us == 0 { cpu.cpu_relax() } else { cpu.udelay(us) }
}

/// For this CPU, the end.
fn planned_panic(cpu: &impl Processor) -> ! {
    cpu.irq_save();
    cpu.reached(Point::Panicked);
    loop {
        cpu.halt();
    }
}
