//! Executes the programs of a scenario on a simulated CPU.
//!
//! Closed by construction: what it has to remember between two operations is on its stack (a frame a block, with the
//! counters of its loops), the programs never change while it runs, and it allocates nothing. Every operation has the step
//! that asks for it as its site; those of a kernel function that a step calls have the kernel's lines.
//!
//! Not modelled: instructions between two steps, which take no time.

use super::adapter::OnCpu;
use super::draw::draw;
use super::hands::{Hands, execute};
use crate::scenario::{Act, Amount, Condition, On, PinName, Programs, TimerMode};
use kernel_model::{Access, Call, CpuMask, Given, Kernel, Wait, WaitOutcome, Word};
use sim::apic::{MSR_TIME_STAMP_COUNTER, MSR_TSC_DEADLINE, Register};
use sim::{ClockDomain, CpuAt, Duration, Pin, Site, TOLD_ONLY, Time};
use std::ops::Range;

/// Milestone: a program has come to the name that is the goal.
pub(crate) const REACHED: u32 = 104;
/// Told: a program has come to another name.
pub(crate) const PASSED: u32 = TOLD_ONLY;
/// Told: it says its text.
pub(crate) const SAYS: u32 = TOLD_ONLY | 1;
/// Told: it calls a kernel function.
pub(crate) const CALLS: u32 = TOLD_ONLY | 2;
/// Told: the function has returned.
pub(crate) const RETURNS: u32 = TOLD_ONLY | 3;
/// Told: it gives back a lock that is not its own.
pub(crate) const FREES_ANOTHERS: u32 = TOLD_ONLY | 4;
/// Wait: until a word has a value.
pub(crate) const AWAITS: u32 = 100;

/// Label of everything that programs draw.
const DRAWN: u16 = 1;
/// Label of the spans between arrivals: a load moves no draw of a program.
const ARRIVALS: u16 = 2;

/// The clocks by which spans of time become cycles and ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks {
    pub(crate) core: ClockDomain,
    pub(crate) timer: ClockDomain,
}

/// A CPU that plays programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Player<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) cpu: OnCpu<'a>,
    pub(super) programs: &'a Programs,
    pub(super) goal: Option<u32>,
    pub(super) clocks: Clocks,
}

impl Player<'_> {
    /// Plays the handler of what has come, if the scenario has one for this CPU.
    pub(super) fn handles(&self, on: On) -> bool {
        let number = self.number();
        let handlers = &self.programs.handlers;
        let Some(place) = handlers.iter().position(|handler| handler.on == on && handler.cpus.contains(&number)) else {
            return false;
        };
        self.play(handlers[place].steps.clone());
        if handlers[place].ends_interrupt && matches!(on, On::Vector(_)) {
            self.end_interrupt(self.at(self.programs.end_of(place)));
        }
        true
    }

    /// EOI, as the kernel's driver writes it (`ack_APIC_irq`), but as a line of the scenario, which asks for it.
    fn end_interrupt(&self, cpu: CpuAt<'_>) {
        if self.kernel.arch.facts().access != Access::Nothing {
            self.hands(cpu).write_register(Register::EndOfInterrupt, 0);
        }
    }

    /// The number of its CPU.
    pub(super) fn number(&self) -> u32 {
        u32::from(self.cpu.0.number())
    }

    /// Idle until then; not at all if that is past.
    pub(super) fn sleep_until(&self, at: Time) {
        self.cpu.0.sleep_until(at);
    }

    /// A span between arrivals.
    pub(super) fn drawn(&self, amount: Amount) -> Duration {
        match amount {
            Amount::Fixed(ps) => Duration::from_ps(ps),
            drawn => Duration::from_ps(draw(drawn, || self.cpu.0.choose(ARRIVALS, u32::MAX))),
        }
    }

    /// Plays these steps, each with its blocks.
    pub(super) fn play(&self, steps: Range<u32>) {
        let mut number = steps.start;
        while number < steps.end {
            let act = self.programs.steps[number as usize];
            self.act(number, act);
            number += 1 + act.within();
        }
    }

    fn act(&self, number: u32, act: Act) {
        let cpu = self.at(number);
        let first = number + 1;
        match act {
            Act::Call { call, given, to_others } => self.call(cpu, call, given, to_others),
            Act::Operation(operation) => _ = execute(self.hands(cpu), operation, None),
            Act::Halt => cpu.halt(),
            Act::Pause => cpu.pause(),
            Act::ShutDown => cpu.shut_down(),
            Act::InterruptsOff { body } => {
                let enabled = cpu.irq_save();
                self.play(first..first + body);
                cpu.irq_restore(enabled);
            }
            Act::Lock(lock) => self.lock(cpu, lock),
            Act::Unlock(lock) => self.unlock(cpu, lock),
            Act::Try { lock, then, otherwise } => {
                let ours = cpu.compare_exchange(lock.0, 0, self.mark(lock)) == 0;
                self.one_of(ours, first, then, otherwise);
            }
            Act::Set(word, value) => cpu.store(word.0, value),
            Act::Add(word, value) => _ = cpu.fetch_add(word.0, value),
            Act::Await { condition, at_most } => self.await_word(cpu, condition, at_most),
            Act::If { condition, then, otherwise } => {
                let holds = condition.holds(cpu.load(condition.word.0));
                self.one_of(holds, first, then, otherwise);
            }
            Act::Delay(amount) => self.delay(cpu, self.length(cpu, amount)),
            Act::SleepUntil(at) => cpu.sleep_until(Time::from_ps(at)),
            Act::Timer { mode, vector } => self.timer(cpu, mode, vector),
            Act::Pin { cpu: target, pin, span } => {
                let pin = match pin {
                    PinName::Nmi => Pin::Nmi,
                    PinName::Smi => Pin::Smi(span.map(|span| self.length(cpu, span))),
                    PinName::Init => Pin::Init,
                };
                cpu.drive_pin(target, pin);
            }
            Act::Say(_) => cpu.reached(SAYS),
            Act::Reach(name) => cpu.reached(if self.goal == Some(name) { REACHED } else { PASSED }),
            Act::Repeat { times, body } => (0..times).for_each(|_| self.play(first..first + body)),
            Act::Forever { body } => loop {
                self.play(first..first + body);
            },
            Act::Every { apart, span, body } => self.every(cpu, apart, span, first..first + body),
        }
    }

    fn at(&self, number: u32) -> CpuAt<'_> {
        self.cpu.0.at(Site::step(number))
    }

    fn hands<'c>(&self, cpu: CpuAt<'c>) -> Hands<'c> {
        Hands::in_mode(cpu, self.kernel.arch.facts().access == Access::Msr)
    }

    fn one_of(&self, first_one: bool, first: u32, then: u32, otherwise: u32) {
        let middle = first + then;
        self.play(if first_one { first..middle } else { middle..middle + otherwise });
    }

    fn call(&self, cpu: CpuAt<'_>, call: Call, given: Given, to_others: bool) {
        cpu.reached(CALLS);
        let mask = if to_others { self.others() } else { given.mask };
        call.run(self.kernel, &self.cpu, &Given { mask, ..given });
        cpu.reached(RETURNS);
    }

    /// All other CPUs that run.
    fn others(&self) -> CpuMask {
        let own = self.cpu.0.number();
        (0..self.kernel.cpus).filter(|&cpu| cpu != own && !self.kernel.offline.contains(cpu)).collect()
    }

    /// What stands in a lock that is this CPU's: in one of the scenario's the CPU, in the kernel's a 1.
    fn mark(&self, lock: Word) -> u32 {
        if lock.0 < self.programs.first_word { 1 } else { u32::from(self.cpu.0.number()) + 1 }
    }

    /// As the kernel's `spin_lock`: one atomic attempt; as long as somebody else has the lock PAUSE and look, and only when
    /// it looks free try again.
    fn lock(&self, cpu: CpuAt<'_>, lock: Word) {
        let take = || cpu.compare_exchange(lock.0, 0, self.mark(lock)) == 0;
        if take() {
            return;
        }
        cpu.wait_begin(Wait::Lock as u32);
        loop {
            cpu.pause();
            if cpu.load(lock.0) == 0 && take() {
                break;
            }
        }
        cpu.wait_end(WaitOutcome::Done as u32);
    }

    fn unlock(&self, cpu: CpuAt<'_>, lock: Word) {
        if cpu.load(lock.0) != self.mark(lock) {
            cpu.reached(FREES_ANOTHERS);
        }
        cpu.store(lock.0, 0);
    }

    /// Polls without a pause between but PAUSE; with a bound once a µs, as bounded waits of kernels do.
    fn await_word(&self, cpu: CpuAt<'_>, condition: Condition, at_most: Option<Amount>) {
        let come = || condition.holds(cpu.load(condition.word.0));
        if come() {
            return;
        }
        cpu.wait_begin(AWAITS);
        let Some(amount) = at_most else {
            loop {
                cpu.pause();
                if come() {
                    break;
                }
            }
            return cpu.wait_end(WaitOutcome::Done as u32);
        };
        let mut rounds = self.length(cpu, amount).as_ps().div_ceil(1_000_000);
        let outcome = loop {
            if rounds == 0 {
                break WaitOutcome::TimedOut;
            }
            rounds -= 1;
            cpu.delay_us(1);
            if come() {
                break WaitOutcome::Done;
            }
        };
        cpu.wait_end(outcome as u32);
    }

    /// Arrivals: each at its instant, or as soon as the one before it is done with. The first comes one span after the
    /// beginning.
    fn every(&self, cpu: CpuAt<'_>, apart: Amount, span: Option<Amount>, body: Range<u32>) {
        let begin = cpu.clock();
        let end = span.map(|span| begin + self.length(cpu, span));
        let mut next = begin;
        loop {
            next += self.length(cpu, apart);
            if end.is_some_and(|end| next > end) {
                break;
            }
            cpu.sleep_until(next);
            self.play(body.clone());
        }
    }

    fn length(&self, cpu: CpuAt<'_>, amount: Amount) -> Duration {
        Duration::from_ps(match amount {
            Amount::Fixed(ps) => ps,
            drawn => draw(drawn, || cpu.choose(DRAWN, u32::MAX)),
        })
    }

    /// Busy: whole microseconds exactly, others up to the next cycle.
    fn delay(&self, cpu: CpuAt<'_>, length: Duration) {
        let ps = length.as_ps();
        match u32::try_from(ps / 1_000_000) {
            Ok(us) if ps.is_multiple_of(1_000_000) => cpu.delay_us(us),
            _ => cpu.delay_cycles(self.clocks.core.first_at_or_after(Time::from_ps(ps))),
        }
    }

    /// The local vector table's timer entry, then what starts it (SDM vol. 3 §10.5.4, §10.5.4.1).
    fn timer(&self, cpu: CpuAt<'_>, mode: TimerMode, vector: u8) {
        const MASKED: u32 = 1 << 16;
        const PERIODIC: u32 = 1 << 17;
        const DEADLINE: u32 = 2 << 17;
        let hands = self.hands(cpu);
        let entry = |bits: u32| hands.write_register(Register::LvtTimer, bits | u32::from(vector));
        match mode {
            TimerMode::Off => {
                hands.write_register(Register::LvtTimer, MASKED);
                hands.write_register(Register::InitialCount, 0);
            }
            TimerMode::OneShot(ps) => {
                entry(0);
                self.count_down(hands, ps);
            }
            TimerMode::Periodic(ps) => {
                entry(PERIODIC);
                self.count_down(hands, ps);
            }
            TimerMode::Deadline(ps) => {
                entry(DEADLINE);
                let now = cpu.read_msr(MSR_TIME_STAMP_COUNTER).unwrap_or_default();
                let ticks = self.clocks.core.first_at_or_after(Time::from_ps(ps));
                let _a_timer_without_it_was_refused = cpu.write_msr(MSR_TSC_DEADLINE, now + ticks);
            }
        }
    }

    /// The least divisor with which the count fits (SDM vol. 3 fig. 10-10), and the count.
    fn count_down(&self, hands: Hands<'_>, ps: u64) {
        const DIVIDE_BY: [(u64, u32); 8] = [
            (1, 0b1011),
            (2, 0b0000),
            (4, 0b0001),
            (8, 0b0010),
            (16, 0b0011),
            (32, 0b1000),
            (64, 0b1001),
            (128, 0b1010),
        ];
        let ticks = self.clocks.timer.first_at_or_after(Time::from_ps(ps)).max(1);
        let fits = DIVIDE_BY.iter().find(|(divisor, _)| ticks.div_ceil(*divisor) <= u64::from(u32::MAX));
        let (divisor, code) = fits.copied().unwrap_or(DIVIDE_BY[7]);
        hands.write_register(Register::DivideConfiguration, code);
        hands.write_register(Register::InitialCount, u32::try_from(ticks.div_ceil(divisor)).unwrap_or(u32::MAX));
    }
}
