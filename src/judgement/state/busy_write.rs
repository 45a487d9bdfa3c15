//! Commands that were written while the ICR was busy, and what became of them: the knob `icr_write_while_busy` decides.

use super::cpu::CpuState;
use super::unsent::UnsentMessage;
use sim::Site;
use sim::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use sim::{Event, IcrWriteWhileBusy, Time};

/// ICR bits 63:32 in the page.
const ICR_HIGH: u16 = 0x310;

impl CpuState {
    /// Software wrote `value` to ICR low, and found it busy. `before`: what was queued until then.
    pub(super) fn written_while_busy(&mut self, event: &Event, value: u32, before: Option<(Message, Option<Site>)>) {
        let message = self.asked(event.time, value);
        match self.while_busy {
            IcrWriteWhileBusy::Drop => {
                self.lost_commands.push(UnsentMessage { message, site: event.site, replaced: None });
            }
            IcrWriteWhileBusy::Queue => {
                let replaced = Some(event.time);
                self.lost_commands.extend(before.map(|(message, site)| UnsentMessage { message, site, replaced }));
                self.queued_by = event.site;
            }
            IcrWriteWhileBusy::Replace | IcrWriteWhileBusy::Stall => {}
        }
    }

    /// The command that waits for its place: a store that does not complete, or the one that is queued.
    pub(crate) fn waiting_command(&self) -> Option<UnsentMessage> {
        let queued = self.apic.queued().map(|message| (*message, self.queued_by));
        let stalled = self.stalled_command.filter(|_| self.stalled_since.is_some());
        let (message, site) = stalled.or(queued)?;
        Some(UnsentMessage { message, site, replaced: None })
    }

    /// The message that a command asks for (SDM vol. 3 §10.6.1, fig. 10-12).
    pub(super) fn asked(&self, now: Time, low: u32) -> Message {
        let destination = self.apic.peek(ICR_HIGH).unwrap_or_default();
        Message {
            source: self.number,
            number: 0,
            mode: DeliveryMode::from_bits(low >> 8),
            vector: low as u8,
            destination_mode: if low & 1 << 11 == 0 { DestinationMode::Physical } else { DestinationMode::Logical },
            destination: destination >> 24,
            shorthand: [Shorthand::None, Shorthand::Own, Shorthand::AllIncludingSelf, Shorthand::AllExcludingSelf]
                [(low >> 18 & 3) as usize],
            level_triggered: low & 1 << 15 != 0,
            asserted: low & 1 << 14 != 0,
            written_at: now,
            queues: false,
        }
    }
}
