//! One operation, step by step: when it takes effect, and what may come before it.

use super::activity::Activity;
use super::core::{Core, Interruptible, Suspended};
use super::interrupts::Reason;
use super::operation::{Kind, Operation};
use crate::generation::DelayRule;
use crate::stream::Context;
use crate::time::Duration;
use std::panic::Location;

/// An operation under way. It lives below the boundary, so it may hold absolute times.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) operation: Operation,
    pub(super) value: u64,
    pub(super) site: &'static Location<'static>,
    /// Did it come from software, through the boundary?
    pub(super) crossed_boundary: bool,
    started: bool,
    /// Cycle of its effect; `u64::MAX` while it waits for somebody else.
    pub(super) effect: u64,
    pub(super) interruptible: Interruptible,
    pub(super) phase: Phase,
    entered_at: u64,
}

/// How far an operation with two halves has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its effect is still to come.
    Before,
    /// A read-modify-write is on its way.
    Modifying,
    /// A store waits for an idle ICR.
    Stalled,
    /// HLT, entered.
    Halted,
}

/// What the boundary must do next.
#[derive(Debug)]
pub(super) enum Step {
    /// The operation is done; its result.
    Done(u64),
    /// Give control to the engine.
    Suspend,
    /// Run the handler of this context, return from it, and go on.
    Handle(Context),
    /// The CPU is initialised: unwind what runs.
    Initialise,
}

impl Pending {
    pub(super) fn new(
        operation: Operation,
        value: u64,
        site: &'static Location<'static>,
        crossed_boundary: bool,
    ) -> Self {
        Self {
            operation,
            value,
            site,
            crossed_boundary,
            started: false,
            effect: 0,
            interruptible: Interruptible::AtEffect,
            phase: Phase::Before,
            entered_at: 0,
        }
    }
}

impl Core {
    /// Does as much of `pending` as the window allows.
    #[inline]
    pub(super) fn step(&mut self, pending: &mut Pending) -> Step {
        if !pending.started {
            pending.started = true;
            self.site = Some(pending.site);
            self.schedule(pending);
            if self.checkpoint(pending) {
                return self.suspend(pending);
            }
        }
        if pending.effect < self.slow_at
            && let Some(result) = self.effect(pending)
        {
            return Step::Done(result);
        }
        self.step_slowly(pending)
    }

    fn step_slowly(&mut self, pending: &mut Pending) -> Step {
        if self.parking.parked.is_some() {
            let Some(until) = self.wake_instant() else { return self.suspend(pending) };
            self.unpark(until);
            self.schedule(pending);
        }
        loop {
            if let Some(at) = self.released.take() {
                pending.effect = self.common.clock.first_at_or_after(at).max(self.clock);
            }
            let interrupt = self.interrupt_cycle(pending.effect, pending.interruptible);
            let local = self.local_cycle();
            let next = pending.effect.min(interrupt).min(local);
            if next >= self.horizon || next == u64::MAX {
                return self.suspend(pending);
            }
            if local == next {
                self.local_event();
            } else if interrupt == next {
                pending.entered_at = interrupt;
                if self.attention.is_some_and(|attention| attention.reason == Reason::Init) {
                    self.clock = interrupt;
                    return Step::Initialise;
                }
                return Step::Handle(self.enter_handler(interrupt, pending.site));
            } else {
                self.apply_inbox(self.common.clock.instant(pending.effect));
                self.shadow = false;
                if let Some(result) = self.effect(pending) {
                    return Step::Done(result);
                }
            }
        }
    }

    /// After the handler of `context`: when does the interrupted operation take effect?
    pub(super) fn resume_after_handler(&mut self, pending: &mut Pending, context: Context) {
        self.site = Some(pending.site);
        match (pending.operation.kind, pending.phase) {
            (Kind::Shutdown, _) => {
                self.activity = Activity::Shutdown; // back into it, in silence
                let now = self.now();
                self.refresh_attention(now);
            }
            (Kind::Halt | Kind::Sleep, Phase::Halted) => {
                pending.effect = self.clock;
                pending.interruptible = Interruptible::AtEffect;
                if context == Context::SystemManagement && pending.operation.kind == Kind::Halt {
                    pending.phase = Phase::Before; // back into HLT (SDM vol. 3 §34.10)
                }
            }
            (Kind::Delay | Kind::DelayCycles, _) if self.common.knobs.delay == DelayRule::Loop => {
                pending.effect += self.clock.saturating_sub(pending.entered_at);
            }
            _ => pending.effect = pending.effect.max(self.clock),
        }
    }

    fn suspend(&mut self, pending: &Pending) -> Step {
        self.suspended = Suspended::Until { effect: pending.effect, interruptible: pending.interruptible };
        Step::Suspend
    }

    /// Cost and effect cycle of an operation that begins now.
    #[inline]
    fn schedule(&mut self, pending: &mut Pending) {
        let costs = &self.common.costs;
        let cost = match pending.operation.kind {
            Kind::RegisterRead | Kind::MsrRead | Kind::PortRead | Kind::MemoryRead => costs.register_read,
            Kind::RegisterWrite | Kind::MsrWrite | Kind::PortWrite | Kind::MemoryWrite => costs.register_write,
            Kind::PriorityRead | Kind::PriorityWrite | Kind::Identification => costs.irq_flag,
            Kind::RegisterExchange => costs.register_read + costs.register_write,
            Kind::Pause => costs.pause,
            Kind::Load => costs.load,
            Kind::Store => costs.store,
            Kind::IrqSave | Kind::IrqRestore | Kind::EnableInterrupts => costs.irq_flag,
            Kind::Faulted => {
                pending.interruptible = Interruptible::Never; // it belongs to the access before it
                0
            }
            Kind::Iret => {
                pending.interruptible = Interruptible::Never;
                costs.iret
            }
            Kind::Delay => {
                pending.interruptible = Interruptible::Throughout;
                let span = Duration::from_ps(pending.value.saturating_mul(1_000_000));
                pending.effect = self.clock.saturating_add(self.common.clock.cycles(span));
                return;
            }
            Kind::DelayCycles => {
                pending.interruptible = Interruptible::Throughout;
                pending.effect = self.clock.saturating_add(pending.value);
                return;
            }
            _ => 0,
        };
        pending.effect = self.clock + u64::from(cost);
    }

    /// First cycle at which an operation must take the slow way.
    pub(super) fn refresh_slow(&mut self) {
        let mut slow = self.horizon;
        if self.attention.is_some() || self.parking.parked.is_some() || self.released.is_some() || self.shadow {
            slow = 0;
        }
        if let Some(arrival) = self.inbox.front() {
            slow = slow.min(self.common.clock.first_at_or_after(arrival.at));
        }
        self.slow_at = slow.min(self.local_cycle());
    }
}
