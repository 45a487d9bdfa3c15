//! A CPU that stops: HLT, sleep, shutdown, wait-for-SIPI; and the interrupt flag, which decides what wakes it.
//!
//! Not modelled: MWAIT.

use crate::coroutine::Site;
use crate::processor::activity_kind::Activity;
use crate::processor::core::{Boundary, Core};
use crate::processor::operation::Interruptible;
use crate::processor::pending::{Phase, WAITS};
use crate::stream::What;
use crate::time::Time;

impl Core {
    #[inline]
    pub(in crate::processor) fn halt(&mut self) -> Option<u64> {
        if self.pending.phase == Phase::Halted {
            return Some(0);
        }
        self.enter_halt(WAITS);
        None
    }

    /// An idle CPU: in HLT again after each interrupt, until its time has come.
    pub(super) fn sleep(&mut self) -> Option<u64> {
        let until = self.common.clock.first_at_or_after(Time::from_ps(self.pending.value));
        if self.hot.clock < until {
            self.enter_halt(until);
            return None;
        }
        if self.activity == Activity::Halted {
            self.activity = Activity::Running;
            let now = self.now();
            self.effective(now, Some(self.line()), What::Woken);
            self.timer_hears_of_wake(now);
            self.hot.clock += u64::from(self.common.costs.halt_wake);
        }
        Some(0)
    }

    #[inline]
    fn enter_halt(&mut self, until: u64) {
        self.pending.phase = Phase::Halted;
        self.pending.effect = until;
        self.pending.interruptible = Interruptible::Throughout;
        self.has_halted(self.line());
    }

    /// It waits from now on.
    #[inline(always)]
    pub(in crate::processor) fn has_halted(&mut self, site: Site) {
        self.activity = Activity::Halted;
        let now = self.now();
        self.effective(now, Some(site), What::Halted);
        if self.apic.core_halts(now) {
            self.refresh_local(now);
        }
    }

    /// The core has left HLT at `now`.
    #[inline]
    pub(in crate::processor) fn timer_hears_of_wake(&mut self, now: Time) {
        if self.apic.core_wakes(now) {
            self.refresh_local(now);
        }
    }

    /// STI: the operation after it lets nothing in, if the flag was clear (SDM vol. 2, STI).
    pub(super) fn enable_interrupts(&mut self) -> Option<u64> {
        self.boundary.set(Boundary::SHADOW, !self.interrupt_flag);
        self.change_interrupt_flag(true);
        self.refresh_slow();
        Some(0)
    }

    /// Gives the flag as it was.
    pub(super) fn change_interrupt_flag(&mut self, on: bool) -> bool {
        let before = self.interrupt_flag;
        if before != on {
            let now = self.now();
            self.effective(now, Some(self.line()), What::InterruptFlag(on));
            self.set_interrupt_flag(on, now);
            self.refresh_attention(now);
        }
        before
    }

    /// A CPU that waits for its start-up message; gives the vector.
    pub(super) fn await_start_up(&mut self) -> Option<u64> {
        if let Some(vector) = self.answer.take() {
            return Some(u64::from(vector));
        }
        self.pending.phase = Phase::Halted;
        self.pending.effect = WAITS;
        self.pending.interruptible = Interruptible::Never;
        None
    }

    /// A CPU in shutdown: it never ends, handlers of NMIs run on top of it.
    pub(super) fn shut_down(&mut self) -> Option<u64> {
        if self.pending.phase == Phase::Before {
            self.activity = Activity::Shutdown;
            let now = self.now();
            self.effective(now, self.pending.site, What::Shutdown);
            self.attention = None;
            self.refresh_attention(now);
        }
        self.pending.phase = Phase::Halted;
        self.pending.effect = WAITS;
        self.pending.interruptible = Interruptible::Throughout;
        self.refresh_slow();
        None
    }
}
