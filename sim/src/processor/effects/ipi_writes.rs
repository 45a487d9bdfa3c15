//! The three writes to the APIC's page that an IPI needs, where they are what they mostly are: each is a few steps of what a
//! write of any register does ([`registers`](super::registers)).

use crate::coroutine::Site;
use crate::processor::core::Core;
use crate::processor::operation::Kind;
use crate::stream::{Access, What};
use crate::time::Time;

/// End of interrupt.
pub(in crate::processor) const EOI: u32 = 0x0B0;
/// ICR bits 31:0 (SDM vol. 3 §10.6.1): the register that sends and that waits poll.
pub(in crate::processor) const ICR_LOW: u32 = 0x300;
/// ICR bits 63:32: the destination.
pub(in crate::processor) const ICR_HIGH: u32 = 0x310;

impl Core {
    /// ICR high, of an APIC that has a page.
    #[inline(always)]
    pub(in crate::processor) fn write_destination(&mut self, value: u32, site: Site, now: Time) {
        self.apic.write_destination(value);
        self.page_written(ICR_HIGH, value, site, now);
        self.refresh_attention(now); // the core looks at its APIC, whatever is written (see `unnoticed`)
        self.destination_written(site, value);
    }

    /// ICR low, where it is a plain command.
    #[inline(always)]
    pub(in crate::processor) fn write_plain_command(&mut self, value: u32, site: Site, now: Time) {
        let message = self.apic.write_plain_command(value, now);
        self.page_written(ICR_LOW, value, site, now);
        self.send(site, &message, now);
        self.refresh_attention(now);
    }

    /// EOI, of an APIC that has a page.
    #[inline(always)]
    pub(in crate::processor) fn write_end_of_interrupt(&mut self, value: u32, site: Site, now: Time) {
        self.page_written(EOI, value, site, now);
        if let Some(end) = self.apic.end_of_service() {
            if end.broadcast {
                self.end_interrupt(site, end.vector, true);
            }
            if end.entries_wait {
                self.apic.take_logged();
                self.tell_local_requests(now);
            }
        }
        self.refresh_attention(now);
    }

    #[inline(always)]
    fn page_written(&mut self, operand: u32, value: u32, site: Site, now: Time) {
        let access = Access { kind: Kind::RegisterWrite, operand };
        self.effective(now, Some(site), What::Write { access, value: u64::from(value) });
        self.apic_touched = Some(now);
    }
}
