//! Uncached memory and I/O ports: the page of this CPU's own APIC, or a device that answers after a while.
//!
//! Not modelled: segment and paging rules of an access.

use super::registers::CURRENT_COUNT;
use crate::apic::Mode;
use crate::processor::core::{Core, Outgoing};
use crate::processor::local_events::Pin;
use crate::processor::operation::{Interruptible, Kind};
use crate::processor::pending::Phase;
use crate::stream::What;

impl Core {
    /// The place in the page of this CPU's APIC that `address` names, where APIC_BASE has it now.
    pub(in crate::processor) fn own_page_offset(&self, address: u32) -> Option<u16> {
        let own = self.apic.mode() == Mode::XApic && u64::from(address & !0xFFF) == self.apic.page();
        own.then_some((address & 0xFFF) as u16)
    }

    pub(super) fn access_memory(&mut self, before: u64) -> Option<u64> {
        let access = self.access();
        let own = if self.pending.phase == Phase::Modifying { None } else { self.own_page_offset(access.operand) };
        let Some(offset) = own else { return self.access_device() };
        if access.kind == Kind::MemoryWrite {
            return self.write_register();
        }
        if offset == CURRENT_COUNT {
            return self.read_a_clock(u64::from);
        }
        let now = self.now();
        let value = u64::from(self.apic.read(offset, now));
        if self.apic.take_logged() {
            self.poll_with_a_look(access, value, before);
            self.read_was_an_error();
        } else {
            self.poll(access, value, before);
        }
        Some(value)
    }

    /// An I/O port: a device's, or one that reads as 0 (no parity or channel-check error: bits 7:6 of port 61h).
    pub(super) fn access_port(&mut self, before: u64) -> Option<u64> {
        let access = self.access();
        if crate::devices::is_port(access.operand) {
            return self.access_device();
        }
        match access.kind {
            Kind::PortRead => self.poll(access, 0, before),
            _ => {
                let now = self.now();
                self.effective(now, Some(self.line()), What::Write { access, value: self.pending.value });
            }
        }
        Some(0)
    }

    /// A wire to a pin of a CPU.
    pub(super) fn drive_other_pin(&mut self) -> Option<u64> {
        let (access, site, value) = (self.access(), self.line(), self.pending.value);
        let now = self.now();
        self.effective(now, Some(site), What::Write { access, value });
        let pin = Pin::of_code(access.operand >> 16, value);
        self.send_out(site, Outgoing::Pin { target: access.operand as u16, pin });
        Some(0)
    }

    /// Leaves at the effect instant, reaches the devices in key order, and comes back R later. Nothing comes between.
    fn access_device(&mut self) -> Option<u64> {
        let (access, site) = (self.access(), self.line());
        let now = self.now();
        if self.pending.phase == Phase::Modifying {
            let value = u64::from(self.answer.take().expect("devices answer before the access returns"));
            let what = match access.kind {
                Kind::MemoryRead | Kind::PortRead => What::TimedRead { access, value },
                _ => What::Write { access, value: self.pending.value },
            };
            self.effective(now, Some(site), what);
            return Some(value);
        }
        self.come_back_later();
        self.send_out(site, Outgoing::Device { access, value: self.pending.value as u32 });
        None
    }

    /// The operation has left, and takes its second effect R later; nothing comes between.
    pub(super) fn come_back_later(&mut self) {
        let now = self.now();
        self.pending.phase = Phase::Modifying;
        self.pending.interruptible = Interruptible::Never;
        let back = now + self.common.costs.read_modify_write;
        self.pending.effect = self.common.clock.first_at_or_after(back);
        self.close_runs(now);
    }

    /// The devices' answer, or a word's old value.
    pub(crate) fn answered(&mut self, value: u32) {
        self.answer = Some(value);
    }
}
