//! A wait that is described and not written: so many rounds, a pause in each, and what follows when all are over.
//!
//! Not modelled: pauses of fractions of a µs, a pause that the kernel does not know before (calibrated, random).

use crate::apicdef::{APIC_ICR_BUSY, Register};
use crate::kernel::Kernel;
use crate::own_wait::Waited;
use crate::processor::Processor;
use crate::variant::Site;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::write_around::apic_write_around;

/// Some of the places where a kernel waits.
///
/// ```
/// use kernel_model::{Site, Sites};
///
/// let nmi_only = Sites::NONE.with(Site::DestFieldNmi);
/// assert!(nmi_only.has(Site::DestFieldNmi) && !nmi_only.has(Site::DestField));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sites(u16);

impl Sites {
    /// All of them.
    pub const ALL: Self = Self(u16::MAX);

    /// None.
    pub const NONE: Self = Self(0);

    /// These, and `site`.
    pub const fn with(self, site: Site) -> Self {
        Self(self.0 | 1 << site as u16)
    }

    /// Is `site` one of them?
    pub const fn has(self, site: Site) -> bool {
        self.0 & 1 << site as u16 != 0
    }
}

/// What stands first in a round.
///
/// ```
/// use kernel_model::Shape;
///
/// assert_ne!(Shape::ReadFirst, Shape::DelayFirst); // an idle ICR costs nothing, or a delay
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The read; the pause only if the ICR is busy.
    ReadFirst,
    /// The pause.
    DelayFirst,
}

/// What follows a wait that timed out.
///
/// ```
/// use kernel_model::Then;
///
/// assert_ne!(Then::SendAgain(1), Then::SendAgain(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The kernel goes on: the next message is written, as Linux does it.
    WriteAnyway,
    /// The next message is not sent.
    GiveUp,
    /// The message that is stuck is written again, and waited for again, at most so often; then the kernel goes on.
    SendAgain(u32),
    /// The CPU panics: its interrupts off, it stays, and sends nothing.
    Panic,
}

/// A wait for the ICR.
///
/// ```
/// use kernel_model::{PlannedWait, Shape, Sites, Then};
///
/// let rounds = 20;
/// let wait = PlannedWait { at: Sites::ALL, shape: Shape::ReadFirst, rounds, delay_us: 10, backoff: 1, then: Then::GiveUp };
/// assert!(wait.reads_most() >= 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedWait {
    /// Where it stands. Elsewhere the kernel waits as its variant does.
    pub at: Sites,
    /// The order in a round.
    pub shape: Shape,
    /// Rounds; 0: for ever.
    pub rounds: u32,
    /// The pause of the first round, in µs; 0: a PAUSE.
    pub delay_us: u32,
    /// How many times as long each pause is as the one before.
    pub backoff: u32,
    /// What follows a time-out.
    pub then: Then,
}

impl PlannedWait {
    /// The most reads of the ICR in one wait that has a bound.
    pub const fn reads_most(&self) -> usize {
        let (rounds, again) =
            (self.rounds as usize, if let Then::SendAgain(times) = self.then { times } else { 0 } as usize);
        (rounds + 1) * (again + 1)
    }

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
