//! Stores in a machine with the knob `x2apic_send = "weak"`: nobody else sees one that is in its CPU's buffer. They leave
//! in order: each when it has waited for `Costs::store_buffer`, and all of them with an operation that orders stores. A write
//! of the ICR in x2APIC mode orders none (SDM vol. 3 §10.12.3), and so may come before them.
//!
//! What empties it: SDM vol. 3 §11.10 (an interrupt or exception, a serializing instruction, an I/O instruction, a locked
//! operation, MFENCE), and uncached accesses, which come after the stores before them (§8.2.2).
//!
//! Not modelled: loads that pass loads, stores of different sizes, what else a store waits for. In a machine with strong
//! sends no store is ever here.

use super::core::{Boundary, Core, Outgoing};
use super::local_events::LocalEvent;
use super::operation::{Kind, Operation};
use super::store_buffer::{Held, ROOM};
use crate::apic::MSR_TSC_DEADLINE;
use crate::coroutine::Site;
use crate::memory::Written;
use crate::stream::What;
use crate::time::Time;

/// The registers of x2APIC mode (SDM vol. 3 §10.12.1.2).
const X2APIC: std::ops::RangeInclusive<u32> = 0x800..=0xBFF;

impl Operation {
    /// Does it come after all stores before it, for everybody?
    pub(super) const fn orders_stores(self) -> bool {
        match self.kind {
            Kind::RegisterRead
            | Kind::RegisterWrite
            | Kind::RegisterExchange
            | Kind::MemoryRead
            | Kind::MemoryWrite
            | Kind::PortRead
            | Kind::PortWrite
            | Kind::DrivePin
            | Kind::Exchange
            | Kind::FetchAdd
            | Kind::FetchOr
            | Kind::FetchAnd
            | Kind::CompareExchange
            | Kind::Identification
            | Kind::Iret
            | Kind::Fence => true,
            // Writes of these are not serializing (SDM vol. 3 §8.3).
            Kind::MsrWrite => {
                !(*X2APIC.start() <= self.operand && self.operand <= *X2APIC.end() || self.operand == MSR_TSC_DEADLINE)
            }
            Kind::MsrRead
            | Kind::Pause
            | Kind::Delay
            | Kind::DelayCycles
            | Kind::Halt
            | Kind::Sleep
            | Kind::IrqSave
            | Kind::IrqRestore
            | Kind::EnableInterrupts
            | Kind::Load
            | Kind::Store
            | Kind::Clock
            | Kind::Choose
            | Kind::WaitBegin
            | Kind::WaitEnd
            | Kind::Reached
            | Kind::End
            | Kind::Faulted
            | Kind::PriorityRead
            | Kind::PriorityWrite
            | Kind::Shutdown
            | Kind::AwaitStartUp => false,
        }
    }
}

impl Core {
    /// A store at the instant of the last effect that others do not see yet.
    pub(super) fn hold_store(&mut self, site: Site, word: u16, value: u32) {
        let now = self.now();
        if self.stores.0.len() == ROOM {
            self.let_stores_leave(now, |place, _| place == 0);
        }
        let leaves = now + self.common.costs.store_buffer;
        if self.stores.0.is_empty() {
            self.local.add(leaves, LocalEvent::StoresLeave, self.common.clock);
        }
        self.stores.0.push_back(Held { word, value, site, leaves });
        self.own_writes.hold(word, value);
        self.boundary.set(Boundary::STORES, true);
        self.end_of_quiet();
        self.refresh_slow();
    }

    /// Those whose time has come leave at `now`.
    pub(super) fn stores_are_due(&mut self, now: Time) {
        self.let_stores_leave(now, |_, held| held.leaves <= now);
    }

    /// Before the effect of what is pending: does it order stores?
    pub(super) fn order_stores(&mut self) {
        if self.pending.operation.orders_stores() {
            let now = self.common.clock.instant(self.pending.effect);
            self.let_all_stores_leave(now);
        }
    }

    /// All of them leave at `now`.
    pub(super) fn let_all_stores_leave(&mut self, now: Time) {
        self.let_stores_leave(now, |_, _| true);
    }

    /// A handler has been entered at `now`: all of them leave before its first operation, at `begins`.
    pub(super) fn stores_leave_at(&mut self, begins: Time, now: Time) {
        self.stores.0.iter_mut().for_each(|held| held.leaves = held.leaves.min(begins));
        self.withdraw_and_list(now);
    }

    /// The first of them, as long as `leaves` says so.
    fn let_stores_leave(&mut self, now: Time, leaves: impl Fn(usize, &Held) -> bool) {
        self.close_runs(now);
        let mut place = 0;
        while let Some(held) = self.stores.0.front().copied().filter(|held| leaves(place, held)) {
            self.stores.0.pop_front();
            place += 1;
            let Held { word, value, site, .. } = held;
            self.effective(now, Some(site), What::Local(LocalEvent::StoreLeft(word)));
            let key = self.send_out_at(now, site, Outgoing::Store { word, value });
            self.own_writes.note(word, Written { value, key: Some(key) }, self.common.until_answered);
        }
        // The last of those that stay is what this CPU sees itself.
        for held in &self.stores.0 {
            self.own_writes.hold(held.word, held.value);
        }
        self.withdraw_and_list(now);
    }

    /// Lists anew when the oldest leaves.
    fn withdraw_and_list(&mut self, now: Time) {
        self.local.withdraw(LocalEvent::StoresLeave);
        self.refresh_local(now);
        match self.stores.0.front() {
            Some(held) => self.local.add(held.leaves, LocalEvent::StoresLeave, self.common.clock),
            None => self.boundary.set(Boundary::STORES, false),
        }
        self.refresh_slow();
    }
}
