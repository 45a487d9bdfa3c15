//! Registers of the local APIC: reads, writes, and what a write makes happen.

use crate::apic::WriteResult;
use crate::bus::{Message, Request};
use crate::coroutine::Site;
use crate::processor::account::{LastSend, Provenance};
use crate::processor::core::{Core, Outgoing};
use crate::processor::operation::Interruptible;
use crate::processor::pending::{Phase, WAITS};
use crate::stream::What;
use crate::time::Time;

/// End of interrupt.
pub(in crate::processor) const EOI: u32 = 0x0B0;
/// ICR bits 31:0 (SDM vol. 3 §10.6.1): the register that sends and that waits poll.
pub(in crate::processor) const ICR_LOW: u32 = 0x300;
/// ICR bits 63:32: the destination.
pub(in crate::processor) const ICR_HIGH: u32 = 0x310;
/// Current count of the timer: the one register whose value depends on the time.
pub(super) const CURRENT_COUNT: u16 = 0x390;

/// Does this register say who an APIC is (id, logical destination, destination format, spurious vector with its enable bit), or may
/// a write of it be late (the task priority)?
const fn is_special(offset: u16) -> bool {
    matches!(offset, 0x020 | 0x080 | 0x0D0 | 0x0E0 | 0x0F0)
}

impl Core {
    pub(super) fn read_register(&mut self, before: u64) -> Option<u64> {
        let access = self.access();
        let offset = access.operand as u16;
        if offset == CURRENT_COUNT {
            return self.read_a_clock(u64::from);
        }
        let value = u64::from(self.apic.read(offset, Time::ZERO)); // none of the others tells the time
        if self.apic.take_logged() {
            self.poll_with_a_look(access, value, before);
            self.read_was_an_error();
        } else {
            self.poll(access, value, before);
        }
        Some(value)
    }

    /// The timer's count: a clock, so that nothing is proven to repeat that reads it.
    pub(super) fn read_a_clock(&mut self, as_read: impl Fn(u32) -> u64) -> Option<u64> {
        let now = self.now();
        let value = as_read(self.apic.read(CURRENT_COUNT, now));
        self.effective(now, Some(self.line()), What::TimedRead { access: self.access(), value });
        Some(value)
    }

    /// A read of a reserved offset may have requested the error interrupt.
    #[cold]
    pub(super) fn read_was_an_error(&mut self) {
        self.end_of_quiet();
        let now = self.now();
        self.apic_touched = Some(now);
        self.tell_local_requests(now);
        self.refresh_attention(now);
    }

    pub(super) fn exchange_register(&mut self) -> Option<u64> {
        let old = match self.pending.phase {
            Phase::Before => {
                let now = self.now();
                u64::from(self.apic.read(self.pending.operation.operand as u16, now))
            }
            _ => 0,
        };
        self.write_register().map(|_| old)
    }

    pub(super) fn write_register(&mut self) -> Option<u64> {
        let write = self.effect_of_pending();
        let now = self.now();
        let was_busy = self.apic.is_busy();
        let place = write.operation.operand & 0xFFF; // of a memory address, that in the page
        let written = self.apic.write(place as u16, write.value as u32, now);
        if matches!(written.result, WriteResult::Stall) {
            return self.stall(now);
        }
        if self.pending.phase == Phase::Stalled {
            self.account.stalled_since = None;
        }
        self.effective(
            now,
            Some(write.site),
            What::Write { access: write.access(), value: u64::from(write.value as u32) },
        );
        if was_busy && place == ICR_LOW && matches!(written.result, WriteResult::Nothing) {
            self.effective(now, Some(write.site), What::IcrWrittenWhileBusy(write.value as u32));
        }
        self.written(write.site, &written.result, place as u16, now);
        if place == ICR_HIGH {
            self.destination_written(write.site, write.value as u32);
        }
        Some(0)
    }

    /// A register of the APIC has been written, `now`: what must happen, happens.
    pub(super) fn written(&mut self, site: Site, result: &WriteResult, offset: u16, now: Time) {
        self.apic_touched = Some(now);
        let logged = self.apic.take_logged();
        match result {
            WriteResult::Send(message) => {
                self.send(site, message, now);
                if !logged {
                    return self.refresh_attention(now); // it has requested nothing itself
                }
            }
            WriteResult::EndOfInterrupt { vector, broadcast } => self.end_interrupt(site, *vector, *broadcast),
            _ => self.configured(site, result, offset, now),
        }
        self.tell_local_requests(now);
        self.refresh_attention(now);
    }

    #[inline(always)]
    pub(super) fn send(&mut self, site: Site, message: &Message, now: Time) {
        self.account.busy_since = self.account.busy_since.or(Some(now));
        self.account.last_send = Some(LastSend { message: *message, site });
        self.command_sent(site, message);
        self.also_effective(now, Some(site), What::Sent(*message));
        self.send_out_at(now, site, Outgoing::Bus(Request::Message(*message)));
    }

    #[inline]
    pub(super) fn end_interrupt(&mut self, site: Site, vector: u8, broadcast: bool) {
        if broadcast {
            self.send_out(site, Outgoing::Bus(Request::EndOfInterrupt { source: self.agent, vector }));
        }
    }

    /// A write after which the APIC may be another one, or have another timer, or have taken a message to itself.
    #[inline(never)]
    fn configured(&mut self, site: Site, result: &WriteResult, offset: u16, now: Time) {
        if let WriteResult::DeliveredToSelf(message) = *result {
            self.account.last_send = Some(LastSend { message, site });
            self.effective(now, Some(site), What::Sent(message));
            self.effective(now, Some(site), What::Delivered(self.agent, message));
            let from = self.agent;
            self.account.note_provenance(message.vector, Provenance { from, at: now });
        }
        if is_special(offset) {
            self.tell_identity(now);
            self.hold_priority(now);
        }
        self.refresh_local(now);
    }

    /// The store to ICR low does not complete: the CPU waits in it, deaf to everything but an INIT.
    fn stall(&mut self, now: Time) -> Option<u64> {
        if self.pending.phase == Phase::Before {
            self.pending.phase = Phase::Stalled;
            self.account.stalled_since = Some(now);
            let value = self.pending.value as u32;
            self.effective(now, Some(self.line()), What::IcrWrittenWhileBusy(value));
        }
        self.pending.effect = WAITS;
        self.pending.interruptible = Interruptible::InitOnly;
        None
    }
}
