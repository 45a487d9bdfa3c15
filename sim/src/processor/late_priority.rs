//! A write of the task priority in a machine with the knob `tpr_write = "late"`: the core goes on before the APIC has the value, which
//! comes after `Costs::tpr_write`, or before an operation that orders stores, or before the first operation of a handler.
//!
//! An interrupt that is taken meanwhile is acknowledged `Costs::acknowledge` later: where the APIC has the priority by then, and it
//! keeps out what was pending, the interrupt is the spurious one, and what was pending stays so (SDM vol. 3 §10.9).
//!
//! Not modelled: late stores to other registers; a message that comes between the decision to take an interrupt and its acknowledge
//! cycle. With `tpr_write = "at-once"` nothing is ever here.

use super::core::{Boundary, Core};
use super::facts::Fact;
use super::latches::Reason;
use super::local_events::LocalEvent;
use super::operation::Kind;
use crate::stream::{Context, What};
use crate::time::Time;

impl Core {
    /// A register that may be written late has been written at `now`. A locked access is not late.
    pub(super) fn hold_priority(&mut self, now: Time) {
        if self.apic.late_priority().is_none() {
            return;
        }
        if self.pending.operation.kind == Kind::RegisterExchange {
            return self.late_priority_comes(now);
        }
        let comes = self.common.clock.instant(self.hot.clock + u64::from(self.common.costs.tpr_write));
        self.local.add(comes, LocalEvent::PriorityWritten, self.common.clock);
        self.latches.set_priority(Some(comes));
        self.boundary.set(Boundary::PRIORITY, true);
        self.end_of_quiet();
        self.refresh_slow();
    }

    /// Before the effect of what is pending: does it order stores?
    pub(super) fn order_priority(&mut self) {
        if self.pending.operation.orders_stores() {
            let now = self.common.clock.instant(self.pending.effect);
            self.late_priority_comes(now);
        }
    }

    /// The APIC has it at `now`, and not when it would.
    pub(super) fn late_priority_comes(&mut self, now: Time) {
        self.local.withdraw(LocalEvent::PriorityWritten);
        self.effective(now, None, What::Local(LocalEvent::PriorityWritten));
        self.has_late_priority();
        self.apic_touched = Some(now);
        self.end_of_quiet();
        self.refresh_local(now);
        self.apic_changed(now);
    }

    /// A handler has been entered at `now`: the APIC has it before its first operation, at `begins`.
    pub(super) fn late_priority_comes_at(&mut self, begins: Time, now: Time) {
        if self.latches.priority_comes().is_some_and(|comes| comes > begins) {
            self.local.withdraw(LocalEvent::PriorityWritten);
            self.refresh_local(now);
            self.latches.set_priority(Some(begins));
            self.local.add(begins, LocalEvent::PriorityWritten, self.common.clock);
            self.refresh_slow();
        }
    }

    /// The APIC has it.
    pub(super) fn has_late_priority(&mut self) {
        self.apic.take_late_priority();
        self.latches.set_priority(None);
        self.boundary.set(Boundary::PRIORITY, false);
        self.refresh_slow();
    }

    /// What the local APIC asks for while a task priority is on its way to it.
    #[cold]
    pub(super) fn requested_before(&self, maskable: bool, now: Time) -> Option<(Reason, Time)> {
        if !maskable {
            return None;
        }
        self.apic.pending_vector()?;
        let reason = Reason::InterruptBefore;
        let before = self.attention.filter(|attention| attention.reason == reason);
        Some((reason, before.map_or(now, |attention| attention.since)))
    }

    /// An interrupt is taken at `now` while a task priority is on its way to the APIC: which comes first?
    pub(super) fn accept_before_priority(&mut self, now: Time) -> Context {
        let cycle = self.common.clock.first_at_or_after(now) + u64::from(self.common.costs.acknowledge);
        let acknowledged = self.common.clock.instant(cycle);
        if self.latches.priority_comes().is_some_and(|comes| comes <= acknowledged) {
            self.late_priority_comes(now);
        }
        let Some(_) = self.apic.pending_vector() else {
            return Context::Interrupt(self.apic.spurious_vector());
        };
        let vector = self.apic.acknowledge();
        self.account.forget_provenance(vector);
        self.tell(now, Fact::Taken(vector));
        self.requests_are_told();
        Context::Interrupt(vector)
    }
}
