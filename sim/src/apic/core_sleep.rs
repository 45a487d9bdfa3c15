//! What the APIC does while its core sleeps in HLT: the timer may stop, or wake nobody (SDM vol. 3 §10.5.4; knob
//! `halted_timer`).
//!
//! Not modelled: several depths of sleep (every HLT leads to the one that the knob means), MWAIT; a pending timer interrupt
//! is not yet in the IRR while nobody is woken by it (only others' arbitration could see that).

use super::LocalApic;
use crate::generation::HaltedTimer;
use crate::time::Time;

impl LocalApic {
    /// Does its timer run at the same rate whatever the core does, CPUID.06H:EAX\[2\], ARAT? Parts with x2APIC mode say so
    /// where it does; older ones have no such bit.
    pub const fn timer_always_runs(&self) -> bool {
        self.generation.profile().x2apic && matches!(self.knobs.halted_timer, HaltedTimer::Runs)
    }

    /// Does it matter to its timer whether the core sleeps?
    #[inline(always)]
    pub(crate) const fn timer_heeds_sleep(&self) -> bool {
        !matches!(self.knobs.halted_timer, HaltedTimer::Runs)
    }

    /// The core halts at `now`. Says whether that may change when the timer fires.
    #[inline]
    pub fn core_halts(&mut self, now: Time) -> bool {
        let concerned = self.timer_heeds_sleep();
        if concerned {
            self.timer.core_halts(self.knobs.halted_timer, now);
        }
        concerned
    }

    /// The core has left HLT at `now`. Says whether that may change when the timer fires.
    #[inline]
    pub fn core_wakes(&mut self, now: Time) -> bool {
        self.timer_heeds_sleep() && self.timer.core_wakes(now)
    }
}
