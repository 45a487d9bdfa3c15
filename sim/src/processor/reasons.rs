//! When a CPU takes what has come to it: the most urgent reason to leave what runs, and the cycle at which it acts.
//!
//! Not modelled: exceptions.

use super::account::Provenance;
use super::activity_kind::Activity;
use super::core::{Boundary, Core};
use super::latches::{Attention, Latch, Reason};
use super::operation::Interruptible;
use super::pending::WAITS;
use crate::apic::Delivered;
use crate::bus::Message;
use crate::generation::{NmiInStiShadow, NmiInWaitForSipi};
use crate::time::Time;

impl Core {
    /// The most urgent reason to leave what runs, and since when it holds.
    #[inline]
    fn reason(&self, now: Time) -> Option<(Reason, Time)> {
        let executes = matches!(self.activity, Activity::Running | Activity::Halted);
        let maskable = self.interrupt_flag && executes;
        if self.latches.any() {
            if let Some(at) = self.latches.nmi_alone()
                && executes
                && !self.nmi_blocked
                && !self.in_system_management
            {
                return Some((Reason::Nmi, at)); // what `latched_reason` says, and what there mostly is
            }
            return self.latched_reason(maskable, now);
        }
        self.requested(maskable, now)
    }

    /// What the local APIC asks for. A request that was looked at before is as old as then.
    #[inline]
    fn requested(&self, maskable: bool, now: Time) -> Option<(Reason, Time)> {
        if !maskable {
            return None;
        }
        let reason = Reason::Interrupt(self.apic.pending_vector()?);
        let before = self.attention.filter(|attention| attention.reason == reason);
        Some((reason, before.map_or(now, |attention| attention.since)))
    }

    /// By what a latch says, the most urgent first. A shutdown inside an NMI handler or in system management is left by
    /// nothing (SDM vol. 3 §6.15, interrupt 8); any other by NMI, SMI and INIT.
    fn latched_reason(&self, maskable: bool, now: Time) -> Option<(Reason, Time)> {
        if self.activity == Activity::Shutdown && (self.nmi_blocked || self.in_system_management) {
            return None; // only a reset of the hardware leads out of it
        }
        let open = self.activity != Activity::WaitForStartUp && !self.in_system_management;
        let came = |latch| self.latches.came(latch);
        if open && let Some(at) = came(Latch::Init) {
            return Some((Reason::Init, at));
        }
        if let Some(at) = came(Latch::Shutdown) {
            return Some((Reason::Shutdown, at));
        }
        if open && let Some(at) = came(Latch::Smi) {
            return Some((Reason::SystemManagement, at));
        }
        if open
            && !self.nmi_blocked
            && let Some(at) = came(Latch::Nmi)
        {
            return Some((Reason::Nmi, at));
        }
        if maskable && let Some(at) = came(Latch::External) {
            return Some((Reason::External, at));
        }
        if self.latches.priority_comes().is_some() {
            return self.requested_before(maskable, now);
        }
        self.requested(maskable, now)
    }

    /// Works out anew whether anything would be taken; `now` is the instant of what changed.
    #[inline]
    pub(crate) fn refresh_attention(&mut self, now: Time) {
        if self.latches.any() || self.attention.is_some() || self.apic.pending_vector().is_some() {
            self.work_out_attention(now);
        }
    }

    #[inline(never)]
    fn work_out_attention(&mut self, now: Time) {
        let Some((reason, since)) = self.reason(now) else {
            if self.attention.take().is_some() {
                self.refresh_slow();
            }
            return;
        };
        let same = matches!(&self.attention, Some(before) if before.since == since && before.reason == reason);
        if !same {
            self.attention = Some(Attention { reason, since, cycle: self.common.clock.first_at_or_after(since) });
        }
        self.refresh_slow();
    }

    /// First cycle at which a handler would start: a reason acts from its own instant, or from the last effect.
    #[inline]
    pub(super) fn interrupt_cycle(&self) -> u64 {
        let Some(attention) = self.attention else { return WAITS };
        let at_once = attention.cycle.max(self.hot.clock);
        match self.pending.interruptible {
            Interruptible::Never => WAITS,
            Interruptible::InitOnly if attention.reason == Reason::Init => at_once,
            Interruptible::InitOnly => WAITS,
            interruptible if self.boundary.has(Boundary::SHADOW) && self.is_shadowed(attention.reason) => {
                match interruptible {
                    Interruptible::Throughout => at_once.max(self.hot.clock + 1), // a delay is more than one instruction
                    _ => WAITS,
                }
            }
            Interruptible::AtEffect => self.pending.effect,
            Interruptible::Throughout => at_once,
        }
    }

    /// Does the boundary after STI keep it out (SDM vol. 2, STI; knob `nmi_in_sti_shadow`)?
    fn is_shadowed(&self, reason: Reason) -> bool {
        match reason {
            Reason::External | Reason::Interrupt(_) | Reason::InterruptBefore => true,
            Reason::Nmi => self.common.knobs.nmi_in_sti_shadow == NmiInStiShadow::Blocked,
            Reason::Init | Reason::Shutdown | Reason::SystemManagement => false,
        }
    }

    /// When the latched INIT came, if it may act now.
    pub(super) fn init_instant(&self) -> Option<Time> {
        self.latches.came(Latch::Init).filter(|_| !self.in_system_management)
    }

    /// Something about the local APIC that software can see, or that the core is told, has changed at `now`.
    pub(crate) fn apic_changed(&mut self, now: Time) {
        if !self.runs.is_empty() {
            self.runs.unlink(&mut self.hot);
        }
        self.refresh_attention(now);
        self.wake(now);
    }

    /// The vector of `message` is requested at `now`, and the core is not told: it looks when something else happens to its
    /// APIC or its interrupt flag. What software can see of the APIC has changed.
    pub(crate) fn unnoticed(&mut self, now: Time, message: &Message) {
        match self.apic.deliver(message) {
            Delivered::Requested(vector) => {
                self.account.note_provenance(vector, Provenance { from: message.source, at: now });
            }
            _ => self.tell_local_requests(now), // an illegal vector may have requested the error interrupt
        }
        self.runs.unlink(&mut self.hot);
        self.wake(now);
    }

    /// An NMI message reached this CPU at `now`.
    #[inline(always)]
    pub(crate) fn nmi_arrives(&mut self, now: Time) {
        if !self.latch_nmi(now) {
            self.tell_loss(now);
        }
        self.apic_changed(now);
    }

    /// An NMI comes at `now`. One is latched while another is served, more collapse into it (SDM vol. 3 §6.7.1). False: it
    /// is gone, because the CPU is in wait-for-SIPI (knob `nmi_in_wait_for_sipi`).
    pub(super) fn latch_nmi(&mut self, now: Time) -> bool {
        let waits = self.activity == Activity::WaitForStartUp;
        if waits && self.common.knobs.nmi_in_wait_for_sipi == NmiInWaitForSipi::Blocked {
            return false;
        }
        self.latches.set(Latch::Nmi, now);
        true
    }

    /// A system-management interrupt reached this CPU at `now`. One is latched while another is served.
    pub(crate) fn smi_arrives(&mut self, now: Time) {
        self.latches.set(Latch::Smi, now);
        self.apic_changed(now);
    }

    /// An interrupt of an external controller reached this CPU at `now`.
    pub(crate) fn external_arrives(&mut self, vector: u8, now: Time) {
        self.latches.set_external(vector, now);
        self.apic_changed(now);
    }

    /// An INIT reached this CPU at `now`. It acts at the next boundary between two operations; a CPU that waits for a
    /// start-up message is initialised already.
    pub(crate) fn init_arrives(&mut self, now: Time) {
        if self.activity != Activity::WaitForStartUp {
            self.latches.set(Latch::Init, now);
            self.refresh_slow();
        }
    }

    /// What the suspended operation waits for has come: it takes effect at `now`.
    pub(super) fn release(&mut self, now: Time) {
        self.released = Some(now);
        self.pending.effect = self.common.clock.first_at_or_after(now).max(self.hot.clock);
        self.refresh_slow();
    }

    /// Delivery status became idle.
    pub(crate) fn icr_idle(&mut self, now: Time) {
        self.account.busy_since = None;
        if self.account.stalled_since.is_some() {
            self.release(now);
        }
    }
}
