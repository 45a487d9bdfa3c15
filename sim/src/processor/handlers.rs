//! Entering and leaving handlers of interrupts, NMIs and system-management interrupts.
//!
//! Not modelled: exceptions, the state that system-management code saves and may change.

use super::activity_kind::Activity;
use super::core::{Boundary, Core};
use super::facts::Fact;
use super::latches::{Attention, Latch, Reason};
use super::nesting::Handler;
use super::operation::{Interruptible, Kind, Operation};
use super::pending::{LATEST, Pending, Phase};
use crate::RunError;
use crate::coroutine::Turn;
use crate::generation::{DelayRule, RsmNmiBlocking};
use crate::stream::{Context, What};
use crate::time::Time;

/// Handlers that may be nested. Sixteen priority classes, NMI, SMI and shutdown need 20; only handlers that let in what
/// interrupted them get further.
pub(super) const NESTING_MAX: usize = 64;

/// What has become of a HLT that a handler returns to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterHalt {
    /// It is done.
    Over,
    /// It takes effect now, if nothing comes first.
    Pending,
}

impl Core {
    /// Enters the handler that is due, at `cycle`; gives what runs now.
    ///
    /// # Panics
    /// If it lies before its cause.
    pub(super) fn enter_handler(&mut self, cycle: u64) -> Context {
        let now = self.common.clock.instant(cycle);
        let reason = self.reason_at(now);
        let start = cycle + self.entry_cost();
        self.begin_effective(now, || What::Entered(Context::Program));
        if self.activity == Activity::Halted {
            self.also_effective(now, None, What::Woken);
            self.timer_hears_of_wake(now);
        }
        let context = self.accept(reason, now);
        if context != Context::Shutdown {
            self.activity = Activity::Running;
        }
        self.apic_touched = Some(now);
        let interrupted = self.pending.site;
        self.also_effective(now, interrupted, What::Entered(context));
        self.nest(context, now);
        if self.nesting.level() > NESTING_MAX {
            self.fail(RunError::Nesting { cpu: self.agent, at: now, site: interrupted });
        }
        self.set_interrupt_flag(false, now);
        self.hot.clock = start;
        if self.boundary.is_special() {
            self.leave_special_boundary(now);
        }
        self.attention = None;
        self.refresh_attention(now);
        self.refresh_slow();
        context
    }

    /// From now on a handler runs on top of what is pending.
    #[inline(always)]
    fn nest(&mut self, context: Context, since: Time) {
        let (interrupt_flag, interrupted) = (self.interrupt_flag, self.pending);
        self.nesting.handlers.push(Handler { context, since, interrupt_flag, interrupted });
    }

    /// A handler is entered, whose first operation begins at the instant of the clock.
    #[cold]
    fn leave_special_boundary(&mut self, entered: Time) {
        self.boundary.set(Boundary::SHADOW, false);
        if self.boundary.has(Boundary::STORES) {
            let begins = self.now();
            self.stores_leave_at(begins, entered);
        }
        if self.boundary.has(Boundary::PRIORITY) {
            let begins = self.now();
            self.late_priority_comes_at(begins, entered);
        }
    }

    /// Why it enters a handler at `now`.
    fn reason_at(&self, now: Time) -> Reason {
        let attention = self.attention.as_ref().expect("a reason to enter a handler");
        if now < attention.since {
            self.acts_before_its_cause(now, attention);
        }
        attention.reason
    }

    #[cold]
    fn acts_before_its_cause(&self, now: Time, attention: &Attention) -> ! {
        let Attention { reason, since, .. } = attention;
        panic!("CPU{}: {reason:?} of {since} us acts before its cause, at {now} us", self.agent)
    }

    /// Core cycles from leaving what runs now to the first operation of a handler.
    #[inline]
    pub(super) fn entry_cost(&self) -> u64 {
        let costs = &self.common.costs;
        let wake = if self.activity == Activity::Halted { costs.halt_wake } else { 0 };
        u64::from(costs.interrupt_entry) + u64::from(wake)
    }

    /// Takes what `reason` stands for out of its latch.
    fn accept(&mut self, reason: Reason, now: Time) -> Context {
        match reason {
            Reason::Shutdown => {
                self.latches.clear(Latch::Shutdown);
                self.activity = Activity::Shutdown;
                Context::Shutdown
            }
            Reason::SystemManagement => {
                self.latches.clear(Latch::Smi);
                self.in_system_management = true;
                Context::SystemManagement
            }
            Reason::Nmi => {
                self.latches.clear(Latch::Nmi);
                self.nmi_blocked = true;
                self.tell(now, Fact::NmiTaken);
                Context::Nmi
            }
            Reason::External => {
                self.latches.clear(Latch::External);
                Context::Interrupt(self.latches.vector())
            }
            Reason::Interrupt(_) | Reason::Init => Context::Interrupt(self.accept_interrupt(now)),
            Reason::InterruptBefore => self.accept_before_priority(now),
        }
    }

    /// What the local APIC holds; gives the vector.
    fn accept_interrupt(&mut self, now: Time) -> u8 {
        let vector = self.apic.acknowledge();
        self.account.forget_provenance(vector);
        self.tell(now, Fact::Taken(vector));
        self.requests_are_told();
        vector
    }

    /// The IRET or RSM: back to what was interrupted, which is pending again, at the instant of the last effect. Gives what
    /// was left.
    #[inline(always)]
    pub(super) fn leave_handler(&mut self) -> Context {
        let handler = self.nesting.handlers.last().expect("a handler returns only once");
        let (context, interrupt_flag) = (handler.context, handler.interrupt_flag);
        self.pending = handler.interrupted;
        self.nesting.handlers.drop_last();
        self.leave(context, interrupt_flag);
        if !self.account.waits.is_empty() {
            self.forget_waits();
        }
        context
    }

    /// The same for the HLT that an interrupt or NMI has ended, if nothing comes before its end: then it is over, and is not
    /// made pending again. `None`: it is another operation that was interrupted, or the handler has waits.
    #[inline(always)]
    pub(super) fn leave_to_halt(&mut self) -> Option<AfterHalt> {
        let handler = self.nesting.handlers.last().expect("a handler returns only once");
        let (context, interrupt_flag) = (handler.context, handler.interrupt_flag);
        let Pending { operation, phase, site, .. } = handler.interrupted;
        if operation.kind != Kind::Halt
            || phase != Phase::Halted
            || context == Context::SystemManagement
            || !self.account.waits.is_empty()
        {
            return None;
        }
        self.leave(context, interrupt_flag);
        let is_over = self.hot.clock < self.slow_at() && self.hot.clock < self.horizon;
        if !is_over {
            self.pend_again();
        }
        self.account.site = site.or(self.account.site);
        self.nesting.handlers.drop_last();
        Some(if is_over { AfterHalt::Over } else { AfterHalt::Pending })
    }

    #[inline(never)]
    fn pend_again(&mut self) {
        let handler = self.nesting.handlers.last().expect("a handler returns only once");
        self.pending = handler.interrupted;
        self.pending.effect = self.hot.clock;
        self.pending.interruptible = Interruptible::AtEffect;
    }

    #[inline(always)]
    fn leave(&mut self, context: Context, interrupt_flag: bool) {
        let now = self.now();
        match context {
            Context::Interrupt(vector) if !self.nmi_blocked => {
                return self.have_left(now, Context::Interrupt(vector), interrupt_flag);
            }
            Context::Nmi => {
                self.nmi_blocked = false;
                self.apic_touched = Some(now); // with the knob `nmi_when_pending = retry` a bus sample sees it
            }
            _ => self.unblock_nmis(context, now),
        }
        self.have_left(now, context, interrupt_flag);
    }

    #[inline(always)]
    fn have_left(&mut self, now: Time, context: Context, interrupt_flag: bool) {
        self.effective(now, None, What::Left(context));
        self.set_interrupt_flag(interrupt_flag, now);
        self.refresh_attention(now);
    }

    /// What leaving system management, or a handler inside an NMI's, means for NMIs.
    #[cold]
    fn unblock_nmis(&mut self, left: Context, now: Time) {
        match left {
            Context::SystemManagement => {
                self.in_system_management = false;
                // SDM vol. 3 §34.8: the blocking of NMIs is restored, or was not saved (knob)
                self.nmi_blocked &= self.common.knobs.rsm_nmi_blocking == RsmNmiBlocking::Restored;
                self.apic_touched = Some(now);
            }
            Context::Interrupt(_) if !self.in_system_management => {
                self.nmi_blocked = false; // by any IRET, also by one inside an NMI handler (SDM vol. 3 §6.7.1)
                self.apic_touched = Some(now);
            }
            Context::Program | Context::Interrupt(_) | Context::Nmi | Context::Shutdown => {}
        }
    }

    /// Waits of handlers that have been left are over.
    #[inline(never)]
    fn forget_waits(&mut self) {
        let level = self.nesting.level();
        self.account.waits.retain(|wait| wait.level <= level);
    }

    /// A handler has returned, and something comes before its IRET is done.
    #[inline(never)]
    pub(super) fn return_step_by_step(&mut self) -> Turn {
        if self.unwinding {
            return Turn::SUSPEND; // it caught its unwinding
        }
        self.begin_iret();
        self.go_on()
    }

    /// A handler has returned, and nothing comes before its IRET is done: it is.
    #[inline(never)]
    pub(super) fn return_at_once(&mut self) -> Turn {
        self.go_back();
        self.go_on()
    }

    #[inline(never)]
    pub(super) fn begin_iret(&mut self) {
        let site = self.nesting.handlers.last().and_then(|handler| handler.interrupted.site);
        self.pending = Pending::new(Operation::new(Kind::Iret, 0), 0, site, self.hot.clock);
        self.schedule();
    }

    /// Back to what the handler that has returned had interrupted: when does it take effect?
    #[inline(always)]
    pub(super) fn go_back(&mut self) {
        let context = self.leave_handler();
        let pending = &mut self.pending;
        let clock = self.hot.clock;
        match (pending.operation.kind, pending.phase) {
            (Kind::Shutdown, _) => {
                pending.effect = pending.effect.max(clock); // it may have come before that took effect
                self.activity = Activity::Shutdown; // back into it, in silence
                let now = self.now();
                self.refresh_attention(now);
            }
            (Kind::Halt | Kind::Sleep, Phase::Halted) => {
                pending.effect = clock;
                pending.interruptible = Interruptible::AtEffect;
                if context == Context::SystemManagement && pending.operation.kind == Kind::Halt {
                    pending.phase = Phase::Before; // back into HLT (SDM vol. 3 §34.10)
                }
            }
            (Kind::Delay | Kind::DelayCycles, _) if self.common.knobs.delay == DelayRule::Loop => {
                pending.effect = pending
                    .effect
                    .saturating_add(clock.saturating_sub(pending.entered_at.unwrap_or(clock)))
                    .min(LATEST);
            }
            _ => pending.effect = pending.effect.max(clock),
        }
        self.account.site = self.pending.site.or(self.account.site);
    }

    #[inline(always)]
    pub(super) fn set_interrupt_flag(&mut self, on: bool, now: Time) {
        self.interrupt_flag = on;
        let since = &mut self.account.interrupts_off_since;
        *since = if on { None } else { since.or(Some(now)) };
    }
}
