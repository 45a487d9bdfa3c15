//! What each operation does at its effect instant: one place to find it, by kind.
//!
//! | file | operations |
//! |---|---|
//! | [`registers`] | the APIC's page, and what a write makes happen |
//! | [`command_pair`] | what comes between the two writes of a message |
//! | [`privileged`] | MSRs, CR8, CPUID |
//! | [`devices`] | uncached memory and I/O ports |
//! | [`shared_words`] | loads, stores, read-modify-writes |
//! | [`halting`] | HLT, sleep, shutdown, waiting for a start-up message, the interrupt flag |
//! | [`hooks`] | operations that take no time: clock, choices, waits, milestones |

mod command_pair;
mod devices;
mod halting;
pub(super) mod hooks;
mod privileged;
pub(super) mod registers;
mod shared_words;

use super::core::Core;
use super::operation::Kind;
use super::pending::{Effect, Pending};
use crate::stream::{Access, Fit, Poll};
use crate::time::Time;

impl Core {
    /// Does the effect of what is pending. `None`: it has a second half that is still to come.
    #[inline(always)]
    pub(super) fn effect(&mut self) -> Option<u64> {
        let before = self.hot.clock;
        self.hot.clock = self.pending.effect;
        match self.pending.operation.kind {
            Kind::RegisterRead => self.read_register(before),
            Kind::Pause => self.poll_nothing(before),
            Kind::Load => self.load(before),
            Kind::RegisterWrite => self.write_register(),
            Kind::RegisterExchange => self.exchange_register(),
            Kind::MsrRead => self.read_msr(before),
            Kind::MsrWrite => self.write_msr(),
            Kind::Faulted => Some(u64::from(self.faulted)),
            Kind::PriorityRead => self.read_cr8(before),
            Kind::PriorityWrite => self.write_cr8(),
            Kind::Identification => self.identify(before),
            Kind::MemoryRead | Kind::MemoryWrite => self.access_memory(before),
            Kind::PortRead | Kind::PortWrite => self.access_port(before),
            Kind::Delay | Kind::DelayCycles => self.delay(before),
            Kind::Store => self.store(),
            Kind::DrivePin => self.drive_other_pin(),
            Kind::Fence => self.fence(),
            Kind::Exchange | Kind::FetchAdd | Kind::FetchOr | Kind::FetchAnd | Kind::CompareExchange => {
                self.read_modify_write()
            }
            Kind::Halt => self.halt(),
            Kind::Sleep => self.sleep(),
            Kind::Shutdown => self.shut_down(),
            Kind::AwaitStartUp => self.await_start_up(),
            Kind::EnableInterrupts => self.enable_interrupts(),
            Kind::IrqSave => Some(u64::from(self.change_interrupt_flag(false))),
            Kind::IrqRestore => Some(u64::from(self.change_interrupt_flag(self.pending.value != 0))),
            Kind::Clock => self.read_clock(),
            Kind::Choose => self.choose(),
            Kind::WaitBegin => self.begin_wait(),
            Kind::WaitEnd => self.end_wait(),
            Kind::Reached => self.reach(),
            Kind::Iret => Some(0), // what follows is the engine's: see `go_back`
            Kind::End => self.end_program(),
        }
    }

    /// What is pending, as it takes effect.
    fn effect_of_pending(&self) -> Effect {
        let Pending { operation, value, .. } = self.pending;
        Effect { operation, value, site: self.line(), cost: self.pending.cost() }
    }

    /// What the pending operation accesses.
    const fn access(&self) -> Access {
        Access { kind: self.pending.operation.kind, operand: self.pending.operation.operand }
    }

    /// The line of software that the pending operation stands at.
    fn line(&self) -> crate::coroutine::Site {
        self.pending.site.unwrap_or_else(crate::coroutine::Site::caller)
    }

    /// Records an access that may repeat without effect; `before` is the cycle of the effect before it.
    fn poll(&mut self, access: Access, value: u64, before: u64) {
        let effect = self.effect_of_pending();
        self.poll_of(&effect, access, value, before);
    }

    #[inline(always)]
    fn poll_of(&mut self, effect: &Effect, access: Access, value: u64, before: u64) {
        let &Effect { operation, value: argument, site, cost } = effect;
        let cost = if self.common.repeats { cost } else { 0 };
        let poll = Poll { site, access, value, operation: operation.pack(), argument, cost };
        if self.runs.is_empty() {
            return self.open_run(&poll, false); // there is none that it could repeat
        }
        self.record(&poll, before);
    }

    /// The same, of an access that must be looked at each time.
    fn poll_with_a_look(&mut self, access: Access, value: u64, before: u64) {
        let operation = self.pending.operation.pack();
        let poll = Poll { site: self.line(), access, value, operation, argument: self.pending.value, cost: 0 };
        self.record(&poll, before);
    }

    fn record(&mut self, poll: &Poll, before: u64) {
        match self.runs.extend(&mut self.hot, poll, before) {
            Fit::Repeats => {}
            fit => self.open_run(poll, fit == Fit::Changed),
        }
    }

    #[inline(never)]
    fn open_run(&mut self, poll: &Poll, changed: bool) {
        let now = self.now();
        if changed || self.runs.is_full() {
            self.close_runs(now);
        }
        self.runs.open(&mut self.hot, poll, now);
        self.open_ends = true;
        if poll.access.kind == Kind::Load {
            let change = self.words.with(|words| words.next_change(poll.access.operand as u16, now));
            if change != Time::NEVER {
                self.words_cycle = self.words_cycle.min(self.common.clock.first_at_or_after(change));
                self.refresh_slow();
            }
        }
    }

    fn poll_nothing(&mut self, before: u64) -> Option<u64> {
        self.poll(Access { kind: Kind::Pause, operand: 0 }, 0, before);
        Some(0)
    }

    fn delay(&mut self, before: u64) -> Option<u64> {
        let access = Access { kind: self.pending.operation.kind, operand: self.pending.value as u32 };
        self.poll(access, 0, before);
        Some(0)
    }
}
