//! Interrupts, NMIs and system-management interrupts: when a CPU takes one, what entry and return change.
//!
//! Not modelled: exceptions, the state that system-management code saves and may change.

use super::activity::Activity;
use super::core::{Core, Frame, Interruptible};
use super::facts::Fact;
use crate::generation::{NmiInStiShadow, RsmNmiBlocking};
use crate::stream::{Context, What};
use crate::time::Time;
use std::panic::Location;

/// What the CPU would do at its next boundary, the most urgent first (SDM vol. 3 §6.9 and table 6-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// Be initialised.
    Init,
    /// Enter shutdown.
    Shutdown,
    /// Enter system-management mode.
    SystemManagement,
    /// Take an NMI.
    Nmi,
    /// Take an interrupt of an external controller.
    External,
    /// Take the interrupt that the local APIC holds.
    Interrupt,
}

/// A [`Reason`], and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attention {
    pub(crate) reason: Reason,
    pub(crate) since: Time,
}

/// Handlers that may be nested: a stack of a CPU has room for more. Sixteen priority classes, NMI, SMI and shutdown
/// need 20; only handlers that let in what interrupted them get further.
const NESTING_MAX: usize = 64;

impl Core {
    /// The most urgent reason to leave what runs.
    #[inline]
    fn reason(&self) -> Option<Reason> {
        let maskable = self.interrupt_flag && matches!(self.activity, Activity::Running | Activity::Halted);
        if self.rarely() {
            return self.rare_reason(maskable);
        }
        (maskable && self.apic.pending_vector().is_some()).then_some(Reason::Interrupt)
    }

    /// Is there anything to consider but the interrupts of the local APIC?
    const fn rarely(&self) -> bool {
        self.nmi_latched
            || self.init_latched
            || self.smi_latched
            || self.external.is_some()
            || !matches!(self.activity, Activity::Running | Activity::Halted)
    }

    fn rare_reason(&self, maskable: bool) -> Option<Reason> {
        let waits = self.activity == Activity::WaitForStartUp;
        let open = !waits && !self.in_system_management;
        let reasons = [
            (self.init_latched && open, Reason::Init),
            (self.activity == Activity::ShuttingDown, Reason::Shutdown),
            (self.smi_latched && open, Reason::SystemManagement),
            (self.nmi_latched && !self.nmi_blocked && open, Reason::Nmi),
            (self.external.is_some() && maskable, Reason::External),
            (maskable && self.apic.pending_vector().is_some(), Reason::Interrupt),
        ];
        reasons.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
    }

    /// Works out anew whether an interrupt or NMI would be taken; `now` is the instant of what changed.
    pub(crate) fn refresh_attention(&mut self, now: Time) {
        let since = self.attention.map_or(now, |before| before.since);
        self.attention = self.reason().map(|reason| Attention { reason, since });
        self.refresh_slow();
    }

    /// First cycle at which a handler would start, for an operation with this effect cycle.
    pub(super) fn interrupt_cycle(&self, effect: u64, interruptible: Interruptible) -> u64 {
        let Some(attention) = self.attention else { return u64::MAX };
        let at_once = || self.common.clock.first_at_or_after(attention.since).max(self.clock);
        match interruptible {
            Interruptible::Never => u64::MAX,
            Interruptible::InitOnly if attention.reason == Reason::Init => at_once(),
            Interruptible::InitOnly => u64::MAX,
            _ if self.shadow && self.is_shadowed(attention.reason) => match interruptible {
                Interruptible::Throughout => at_once().max(self.clock + 1), // a delay is more than one instruction
                _ => u64::MAX,
            },
            Interruptible::AtEffect => effect,
            Interruptible::Throughout => at_once(),
        }
    }

    /// Does the boundary after STI keep it out (SDM vol. 2, STI; knob `nmi_in_sti_shadow`)?
    fn is_shadowed(&self, reason: Reason) -> bool {
        match reason {
            Reason::External | Reason::Interrupt => true,
            Reason::Nmi => self.common.knobs.nmi_in_sti_shadow == NmiInStiShadow::Blocked,
            Reason::Init | Reason::Shutdown | Reason::SystemManagement => false,
        }
    }

    /// An NMI message reached this CPU at `now`. One is latched while another is served, more collapse into it (SDM
    /// vol. 3 §6.7.1); in wait-for-SIPI it is lost.
    pub(crate) fn nmi_arrives(&mut self, now: Time) {
        self.nmi_latched |= self.activity != Activity::WaitForStartUp;
        if !self.nmi_latched {
            self.tell_loss(now);
        }
        self.apic_changed(now);
    }

    /// A system-management interrupt reached this CPU at `now`. One is latched while another is served.
    pub(crate) fn smi_arrives(&mut self, now: Time) {
        self.smi_latched = true;
        self.apic_changed(now);
    }

    /// An interrupt of an external controller reached this CPU at `now`.
    pub(crate) fn external_arrives(&mut self, vector: u8, now: Time) {
        self.external = Some(vector);
        self.apic_changed(now);
    }

    /// Enters the handler that is due, at `cycle`; gives what runs now.
    pub(super) fn enter_handler(&mut self, cycle: u64, interrupted: &'static Location<'static>) -> Context {
        let now = self.common.clock.instant(cycle);
        let costs = self.common.costs;
        let mut start = cycle;
        if self.activity == Activity::Halted {
            self.effective(now, None, What::Woken);
            start += u64::from(costs.halt_wake);
        }
        let context = self.accept(self.attention.map(|attention| attention.reason), now);
        if context != Context::Shutdown {
            self.activity = Activity::Running;
        }
        self.apic_touched = true;
        self.effective(now, None, What::Entered(context));
        let frame = Frame { context, since: now, interrupted: Some(interrupted), interrupt_flag: self.interrupt_flag };
        self.frames.push(frame);
        assert!(self.frames.len() <= NESTING_MAX, "handlers of CPU{} nest more than {NESTING_MAX} deep", self.agent);
        self.set_interrupt_flag(false, now);
        self.clock = start + u64::from(costs.interrupt_entry);
        self.shadow = false;
        self.attention = None;
        self.refresh_attention(now);
        context
    }

    /// Takes what `reason` stands for out of its latch.
    fn accept(&mut self, reason: Option<Reason>, now: Time) -> Context {
        match reason {
            Some(Reason::Shutdown) => {
                self.activity = Activity::Shutdown;
                Context::Shutdown
            }
            Some(Reason::SystemManagement) => {
                self.smi_latched = false;
                self.in_system_management = true;
                Context::SystemManagement
            }
            Some(Reason::Nmi) => {
                self.nmi_latched = false;
                self.nmi_blocked = true;
                self.tell(now, Fact::NmiTaken);
                Context::Nmi
            }
            Some(Reason::External) => Context::Interrupt(self.external.take().unwrap_or_default()),
            Some(Reason::Interrupt | Reason::Init) | None => {
                let vector = self.apic.acknowledge();
                self.tell(now, Fact::Taken(vector));
                self.requests_are_told();
                Context::Interrupt(vector)
            }
        }
    }

    /// The IRET or RSM: back to what was interrupted, at the instant of the last effect.
    pub(super) fn leave_handler(&mut self) {
        let now = self.now();
        let frame = self.frames.pop().expect("a handler returns only once");
        debug_assert!(!self.frames.is_empty(), "the program itself is no handler");
        match frame.context {
            Context::Nmi => {
                self.nmi_blocked = false;
                self.apic_touched = true; // with the knob `nmi_when_pending = retry` a bus sample sees it
            }
            Context::SystemManagement => {
                self.in_system_management = false;
                // SDM vol. 3 §34.8: the blocking of NMIs is restored, or was not saved (knob)
                self.nmi_blocked &= self.common.knobs.rsm_nmi_blocking == RsmNmiBlocking::Restored;
                self.apic_touched = true;
            }
            Context::Interrupt(_) if self.nmi_blocked && !self.in_system_management => {
                self.nmi_blocked = false; // by any IRET, also by one inside an NMI handler (SDM vol. 3 §6.7.1)
                self.apic_touched = true;
            }
            Context::Program | Context::Interrupt(_) | Context::Shutdown => {}
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
