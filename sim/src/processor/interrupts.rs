//! Interrupts and NMIs: when a CPU takes one, what entry and return change.
//!
//! Not modelled: the STI shadow, SMM, exceptions, INIT.

use super::core::{Attention, Core, Frame, Interruptible, Outgoing};
use crate::apic::LocalInterrupt;
use crate::stream::{Context, What};
use crate::time::Time;
use std::panic::Location;

impl Core {
    /// Works out anew whether an interrupt or NMI would be taken; `now` is the instant of what changed.
    pub(crate) fn refresh_attention(&mut self, now: Time) {
        let nmi = self.nmi_latched && !self.nmi_blocked;
        let any = nmi || (self.interrupt_flag && self.apic.pending_vector().is_some());
        self.attention = match self.attention {
            _ if !any => None,
            Some(before) => Some(Attention { nmi, since: before.since }),
            None => Some(Attention { nmi, since: now }),
        };
        self.refresh_slow();
    }

    /// First cycle at which a handler would start, for an operation with this effect cycle.
    pub(super) fn interrupt_cycle(&self, effect: u64, interruptible: Interruptible) -> u64 {
        let Some(attention) = self.attention else { return u64::MAX };
        match interruptible {
            Interruptible::Never => u64::MAX,
            Interruptible::AtEffect => effect,
            Interruptible::Throughout => self.common.clock.first_at_or_after(attention.since).max(self.clock),
        }
    }

    /// Cycle of the next overflow of the performance counter.
    pub(super) fn timer_cycle(&self) -> u64 {
        self.performance_counter.front().map_or(u64::MAX, |&at| self.common.clock.first_at_or_after(at))
    }

    /// The performance counter overflows at `cycle`: what LVTPC says happens.
    pub(super) fn performance_counter_overflows(&mut self, cycle: u64) {
        self.performance_counter.pop_front();
        let now = self.common.clock.instant(cycle);
        self.effective(now, None, What::PerformanceCounter);
        match self.apic.performance_counter_overflow() {
            Some(LocalInterrupt::Nmi) => {
                // One NMI is latched while another is served, more collapse into it (SDM §6.7.1).
                self.nmi_latched = true;
                self.effective(now, None, What::NmiLatched);
            }
            Some(LocalInterrupt::NotModelled(what)) => {
                self.send_out(Location::caller(), Outgoing::NotModelled(what));
            }
            Some(LocalInterrupt::Requested(_) | LocalInterrupt::Refused(_)) | None => {}
        }
        self.apic_touched = true;
        self.refresh_attention(now);
    }

    /// Enters the handler that is due, at `cycle`; gives what runs now.
    pub(super) fn enter_handler(&mut self, cycle: u64, interrupted: &'static Location<'static>) -> Context {
        let now = self.common.clock.instant(cycle);
        let costs = self.common.costs;
        let mut start = cycle;
        if self.halted {
            self.halted = false;
            self.effective(now, None, What::Woken);
            start += u64::from(costs.halt_wake);
        }
        let nmi = self.attention.is_some_and(|attention| attention.nmi);
        let context = if nmi {
            self.nmi_latched = false;
            self.nmi_blocked = true;
            Context::Nmi
        } else {
            Context::Interrupt(self.apic.acknowledge())
        };
        self.apic_touched = true;
        self.effective(now, None, What::Entered(context));
        let frame = Frame { context, since: now, interrupted: Some(interrupted), interrupt_flag: self.interrupt_flag };
        self.frames.push(frame);
        self.set_interrupt_flag(false, now);
        self.clock = start + u64::from(costs.interrupt_entry);
        self.attention = None;
        self.refresh_attention(now);
        context
    }

    /// The IRET: back to what was interrupted, at the instant of the last effect.
    pub(super) fn leave_handler(&mut self) {
        let now = self.now();
        let frame = self.frames.pop().expect("a handler returns only once");
        debug_assert!(!self.frames.is_empty(), "the program itself is no handler");
        if frame.context == Context::Nmi {
            self.nmi_blocked = false;
            self.apic_touched = true; // with the knob `nmi_when_pending = retry` a bus sample sees it
        }
        self.effective(now, None, What::Left(frame.context));
        self.set_interrupt_flag(frame.interrupt_flag, now);
        let level = self.frames.len();
        self.waits.retain(|wait| wait.level <= level);
        self.refresh_attention(now);
    }

    pub(super) fn set_interrupt_flag(&mut self, on: bool, now: Time) {
        self.interrupt_flag = on;
        match (on, self.interrupts_off_since) {
            (true, _) => self.interrupts_off_since = None,
            (false, None) => self.interrupts_off_since = Some(now),
            (false, Some(_)) => {}
        }
    }
}
