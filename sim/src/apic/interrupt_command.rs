//! The interrupt command register: from a write of its low half to a message.
//!
//! Not modelled: lowest-priority, SMI, INIT other than the level de-assert, start-up and remote read. Combinations
//! whose behaviour the manual calls undefined are reported in the same way.

use super::LocalApic;
use super::error_status::SEND_ILLEGAL_VECTOR;
use super::register_access::{WriteResult, Written};
use super::registers::Register;
use crate::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::{Generation, IcrWriteWhileBusy};
use crate::time::Time;

/// Delivery status, bit 12: send pending (SDM vol. 3 §10.6.1).
pub(super) const SEND_PENDING: u32 = 1 << 12;

/// The fields of ICR low (SDM vol. 3 fig. 10-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Command {
    mode: DeliveryMode,
    vector: u8,
    destination_mode: DestinationMode,
    shorthand: Shorthand,
    asserted: bool,
    level_triggered: bool,
}

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Send(Command),
    Ignore,
    IllegalVector,
    NotModelled(&'static str),
}

impl Command {
    const fn decode(low: u32) -> Self {
        Self {
            mode: DeliveryMode::from_bits(low >> 8),
            vector: low as u8,
            destination_mode: if low & 1 << 11 == 0 { DestinationMode::Physical } else { DestinationMode::Logical },
            shorthand: match low >> 18 & 3 {
                0 => Shorthand::None,
                1 => Shorthand::Own,
                2 => Shorthand::AllIncludingSelf,
                _ => Shorthand::AllExcludingSelf,
            },
            asserted: low & 1 << 14 != 0,
            level_triggered: low & 1 << 15 != 0,
        }
    }

    /// The legal combinations: P6, SDM vol. 3 §10.6.1 table 10-4; xAPIC, table 10-3.
    fn verdict(self, generation: Generation) -> Verdict {
        match self.mode {
            DeliveryMode::Fixed => self.as_edge(generation, true),
            DeliveryMode::Nmi => match self.shorthand {
                Shorthand::None | Shorthand::AllExcludingSelf => self.as_edge(generation, false),
                _ => Verdict::NotModelled("an NMI with a shorthand that includes the sender (invalid)"),
            },
            DeliveryMode::Init => self.init(generation),
            DeliveryMode::LowestPriority => Verdict::NotModelled("a lowest-priority IPI"),
            DeliveryMode::Smi => Verdict::NotModelled("an SMI IPI"),
            DeliveryMode::RemoteRead => Verdict::NotModelled("a remote read"),
            DeliveryMode::StartUp => Verdict::NotModelled("a start-up IPI"),
            DeliveryMode::ExtInt => Verdict::NotModelled("an IPI in delivery mode 7 (reserved)"),
        }
    }

    /// Fixed and NMI go as edge. With the edge trigger the level bit does not matter (kernels leave it 0). With the
    /// level trigger the P6 ignores level 0; the xAPIC forces edge and level 1.
    fn as_edge(self, generation: Generation, needs_vector: bool) -> Verdict {
        if self.level_triggered && !self.asserted && generation.profile().serial {
            return Verdict::Ignore;
        }
        if needs_vector && self.vector < 16 {
            return Verdict::IllegalVector;
        }
        Verdict::Send(Self { level_triggered: false, asserted: true, ..self })
    }

    /// The level de-assert: on the P6 a message to everybody, whatever its destination; the xAPIC does not support it
    /// (SDM vol. 3 §10.6.1) and here ignores it. The de-assert with the all-including-self shorthand is what the
    /// manual asks for, although its table calls INIT with that shorthand invalid.
    fn init(self, generation: Generation) -> Verdict {
        if !self.level_triggered || self.asserted {
            return Verdict::NotModelled("an INIT IPI");
        }
        if generation.profile().init_deassert { Verdict::Send(self) } else { Verdict::Ignore }
    }
}

impl LocalApic {
    /// A write of ICR low at `now`. Writing while busy does what the knob `icr_write_while_busy` says.
    pub(super) fn write_command(&mut self, low: u32, now: Time) -> Written {
        let rule = self.knobs.icr_write_while_busy;
        if self.busy && rule == IcrWriteWhileBusy::Stall {
            return Written { result: WriteResult::Stall, changed: false };
        }
        if self.busy && rule == IcrWriteWhileBusy::Drop {
            return Written::changed(WriteResult::Nothing);
        }
        self.store(Register::CommandLow, low);
        Written::changed(match Command::decode(low).verdict(self.generation) {
            Verdict::Ignore => WriteResult::Nothing,
            Verdict::NotModelled(what) => WriteResult::NotModelled(what),
            Verdict::IllegalVector => {
                self.log(SEND_ILLEGAL_VECTOR);
                WriteResult::Nothing
            }
            Verdict::Send(command) => {
                let message = self.message(command, now);
                if self.busy && rule == IcrWriteWhileBusy::Queue {
                    self.queued = Some(message);
                    WriteResult::Nothing
                } else {
                    self.start(message)
                }
            }
        })
    }

    /// The message of `command`, with the destination as ICR high has it now.
    fn message(&mut self, command: Command, now: Time) -> Message {
        let number = self.next_number;
        self.next_number += 1;
        Message {
            source: self.agent,
            number,
            mode: command.mode,
            vector: command.vector,
            destination_mode: command.destination_mode,
            destination: self.values[Register::CommandHigh as usize] >> 24,
            shorthand: command.shorthand,
            level_triggered: command.level_triggered,
            asserted: command.asserted,
            written_at: now,
        }
    }

    fn start(&mut self, message: Message) -> WriteResult {
        self.current = Some(message);
        self.busy = self.busy_visible;
        WriteResult::Send(message)
    }

    /// The interconnect is done with `message`; `busy_still` says that it holds a newer one of this APIC. Returns the
    /// queued message that must be requested now, if there is one (knob `queue`); the delivery status then stays busy.
    pub fn dispatched(&mut self, message: &Message, busy_still: bool) -> Option<Message> {
        let newest = self.current.is_some_and(|current| current.number == message.number);
        if busy_still || !newest || !self.busy {
            return None;
        }
        self.busy = false;
        let queued = self.queued.take()?;
        self.start(queued);
        Some(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::enabled;
    use super::*;
    use Generation::{P6, XApic};

    const ICR: u16 = 0x300;

    /// Mode, destination mode, trigger and level of what was sent.
    fn sent(generation: Generation, low: u32) -> Option<(DeliveryMode, DestinationMode, bool, bool)> {
        match enabled(generation, 0).write(ICR, low, Time::ZERO).result {
            WriteResult::Send(m) => Some((m.mode, m.destination_mode, m.level_triggered, m.asserted)),
            _ => None,
        }
    }

    #[test]
    fn legal_combinations_follow_tables_10_3_and_10_4() {
        use DeliveryMode::{Fixed, Init, Nmi};
        use DestinationMode::{Logical, Physical};
        let table = [
            (P6, 0x0_00FC, Some((Fixed, Physical, false, true))), // level bit 0, as kernels write it
            (P6, 0x0_08FC, Some((Fixed, Logical, false, true))),
            (P6, 0x0_0C00, Some((Nmi, Logical, false, true))),
            (P6, 0x0_0400, Some((Nmi, Physical, false, true))),
            (P6, 0xC_0400, Some((Nmi, Physical, false, true))),
            (P6, 0x0_C0FC, Some((Fixed, Physical, false, true))), // level, asserted: acts as edge
            (P6, 0x0_80FC, None),                                 // level, not asserted: ignored
            (P6, 0x0_8400, None),
            (P6, 0x4_00FC, Some((Fixed, Physical, false, true))),
            (P6, 0x8_00FC, Some((Fixed, Physical, false, true))),
            (P6, 0x8_8500, Some((Init, Physical, true, false))),
            (P6, 0x0_8500, Some((Init, Physical, true, false))),
            (XApic, 0x0_80FC, Some((Fixed, Physical, false, true))), // edge is forced
            (XApic, 0x8_8500, None),
        ];
        for (generation, low, expected) in table {
            assert_eq!(sent(generation, low), expected, "{generation:?} {low:05X}");
        }
    }

    #[test]
    fn what_is_not_modelled_is_said() {
        for low in [0x1FC, 0x200, 0x300, 0xC500, 0x600, 0x7FC, 0x4_0400, 0x8_0400] {
            let written = enabled(P6, 0).write(ICR, low, Time::ZERO);
            assert!(matches!(written.result, WriteResult::NotModelled(_)), "{low:X}: {written:?}");
        }
    }

    #[test]
    fn an_illegal_vector_is_not_sent_but_recorded() {
        // SDM vol. 3 §10.5.3, 10.6.1
        let mut apic = enabled(P6, 0);
        assert_eq!(apic.write(ICR, 0x0F, Time::ZERO).result, WriteResult::Nothing);
        assert!(!apic.is_busy());
        apic.write(0x280, 0, Time::ZERO);
        assert_eq!(apic.read(0x280), SEND_ILLEGAL_VECTOR);
    }

    #[test]
    fn busy_lasts_from_the_write_to_the_dispatch() {
        let mut apic = enabled(P6, 2);
        apic.write(0x310, 0x0300_0000, Time::ZERO);
        let now = Time::from_us(7);
        let WriteResult::Send(message) = apic.write(ICR, 0x18FC, now).result else { panic!("not sent") };
        assert_eq!((message.source, message.number, message.destination), (2, 0, 3));
        assert_eq!(message.written_at, now);
        assert_eq!(apic.read(ICR), 0x18FC);
        apic.write(0x310, 0x0400_0000, now);
        assert_eq!(apic.current(), Some(&message), "ICR high alone changes nothing");
        assert_eq!(apic.dispatched(&message, false), None);
        assert_eq!(apic.read(ICR), 0x08FC);
        apic.set_busy_visible(false);
        apic.write(ICR, 0xFC, now);
        assert_eq!(apic.read(ICR), 0xFC);
    }

    /// Writes FC, then FD and FE while busy; then FC, and what a queue released, are dispatched.
    fn write_while_busy(rule: IcrWriteWhileBusy) -> (Vec<Option<u8>>, Vec<u8>, bool) {
        let mut apic = enabled(P6, 0);
        apic.knobs.icr_write_while_busy = rule;
        let mut results = Vec::new();
        for low in [0xFC, 0xFD, 0xFE] {
            results.push(match apic.write(ICR, low, Time::ZERO).result {
                WriteResult::Send(message) => Some(message.vector),
                _ => None,
            });
        }
        let mut released = Vec::new();
        let mut next = apic.current().copied();
        while let Some(message) = next {
            next = apic.dispatched(&message, false);
            released.extend(next.map(|message| message.vector));
            assert!(next.is_none() || apic.is_busy());
        }
        (results, released, apic.is_busy())
    }

    #[test]
    fn a_write_while_busy_does_what_the_knob_says() {
        use IcrWriteWhileBusy::{Drop, Queue, Replace, Stall};
        let table = [
            (Replace, [Some(0xFC), Some(0xFD), Some(0xFE)], vec![]),
            (Drop, [Some(0xFC), None, None], vec![]),
            (Queue, [Some(0xFC), None, None], vec![0xFE]),
            (Stall, [Some(0xFC), None, None], vec![]),
        ];
        for (rule, results, released) in table {
            assert_eq!(write_while_busy(rule), (results.to_vec(), released, false), "{rule:?}");
        }
        let mut apic = enabled(P6, 0);
        apic.knobs.icr_write_while_busy = Stall;
        apic.write(ICR, 0xFC, Time::ZERO);
        assert_eq!(apic.write(ICR, 0xFD, Time::ZERO), Written { result: WriteResult::Stall, changed: false });
        assert_eq!(apic.read(ICR), 0x10FC);
    }

    #[test]
    fn a_replaced_message_does_not_end_busy() {
        let mut apic = enabled(P6, 0);
        let WriteResult::Send(old) = apic.write(ICR, 0xFC, Time::ZERO).result else { panic!("not sent") };
        let WriteResult::Send(new) = apic.write(ICR, 0xFD, Time::ZERO).result else { panic!("not sent") };
        assert_eq!(apic.dispatched(&old, true), None);
        assert!(apic.is_busy());
        apic.dispatched(&new, false);
        assert!(!apic.is_busy());
    }
}
