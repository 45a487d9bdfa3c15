//! The interrupt command register: from a write of its low half, or of its x2APIC register, to a message.
//!
//! Not modelled: what parts really do with combinations that the manual calls undefined (knob `invalid_shorthand` has
//! the two plausible answers), a self IPI that some parts deliver without the bus.

use super::LocalApic;
use super::error_status::{REDIRECTABLE_IPI, SEND_ILLEGAL_VECTOR};
use super::local_apic::Mode;
use super::register_access::{WriteResult, Written};
use super::registers::{Register, SEND_PENDING};
use crate::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::{Generation, IcrTriggerReadback, IcrWriteWhileBusy, InvalidShorthand, Knobs};
use crate::time::Time;

/// Level and trigger mode, bits 14 and 15.
const LEVEL_AND_TRIGGER: u32 = 3 << 14;

/// Remote read status, bits 17:16 (82489DX, Pentium): in progress, and valid.
const REMOTE_READ_STATUS: u32 = 3 << 16;
const REMOTE_READ_IN_PROGRESS: u32 = 1 << 16;
const REMOTE_READ_VALID: u32 = 2 << 16;

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
    /// Not sent; these ESR bits are recorded.
    Error(u32),
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

    /// The legal combinations: Pentium and P6, SDM vol. 3 §10.6.1 table 10-4; later parts, table 10-3; x2APIC mode,
    /// §10.12.9.
    fn verdict(self, generation: Generation, mode: Mode, knobs: &Knobs) -> Verdict {
        let profile = generation.profile();
        match self.mode {
            DeliveryMode::LowestPriority if mode == Mode::X2Apic => return Verdict::Error(REDIRECTABLE_IPI),
            DeliveryMode::Init if self.level_triggered && !self.asserted => {
                // The all-including-self shorthand is what the manual asks for, although its table calls INIT with
                // that shorthand invalid.
                return if profile.init_deassert { Verdict::Send(self) } else { Verdict::Ignore };
            }
            DeliveryMode::RemoteRead if !profile.remote_read || self.shorthand != Shorthand::None => {
                return Verdict::Ignore;
            }
            DeliveryMode::StartUp if !profile.start_up => return Verdict::Ignore,
            DeliveryMode::ExtInt => return Verdict::Ignore, // mode 7 is reserved for IPIs
            _ => {}
        }
        if !self.shorthand_is_legal() && knobs.invalid_shorthand == InvalidShorthand::Ignored {
            return Verdict::Ignore;
        }
        self.as_edge(profile.serial)
    }

    /// Only fixed messages may include their sender by shorthand.
    fn shorthand_is_legal(self) -> bool {
        self.mode == DeliveryMode::Fixed || !matches!(self.shorthand, Shorthand::Own | Shorthand::AllIncludingSelf)
    }

    /// Everything goes as edge. With the edge trigger the level bit does not matter (kernels leave it 0). With the level
    /// trigger Pentium and P6 ignore level 0, and start-up and SMI messages are invalid; later parts force edge and
    /// level 1.
    fn as_edge(self, serial: bool) -> Verdict {
        let edge_only = matches!(self.mode, DeliveryMode::Smi | DeliveryMode::StartUp);
        if serial && self.level_triggered && (!self.asserted || edge_only) {
            return Verdict::Ignore;
        }
        let needs_vector = matches!(self.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority);
        if needs_vector && self.vector < 16 {
            return Verdict::Error(SEND_ILLEGAL_VECTOR);
        }
        Verdict::Send(Self { level_triggered: false, asserted: true, ..self })
    }
}

impl LocalApic {
    /// Does the delivery status read "send pending"?
    pub(super) const fn shows_busy(&self) -> bool {
        self.busy || self.jammed
    }

    /// A write of ICR low at `now`. Writing while busy does what the knob `icr_write_while_busy` says.
    pub(super) fn write_command(&mut self, low: u32, now: Time) -> Written {
        let rule = self.knobs.icr_write_while_busy;
        if self.shows_busy() && rule == IcrWriteWhileBusy::Stall {
            return Written { result: WriteResult::Stall, changed: false };
        }
        if self.shows_busy() && rule == IcrWriteWhileBusy::Drop {
            return Written::changed(WriteResult::Nothing);
        }
        let forced =
            !self.generation.profile().serial && self.knobs.icr_trigger_readback == IcrTriggerReadback::Ignored;
        self.store(Register::CommandLow, if forced { low & !LEVEL_AND_TRIGGER } else { low });
        self.command(low, now)
    }

    /// A write of the 64-bit ICR of x2APIC mode: there is no delivery status, so it is never busy (SDM vol. 3 §10.12.9).
    pub(super) fn write_wide_command(&mut self, value: u64, now: Time) -> Written {
        self.values[Register::CommandLow as usize] = value as u32 & !SEND_PENDING;
        self.values[Register::CommandHigh as usize] = (value >> 32) as u32;
        self.command(value as u32, now)
    }

    /// A write of the self IPI register: when the write is done the vector is requested (SDM vol. 3 §10.12.11).
    pub(super) fn write_self_ipi(&mut self, vector: u8, now: Time) -> Written {
        let command = Command { shorthand: Shorthand::Own, ..Command::decode(u32::from(vector)) };
        match command.as_edge(false) {
            Verdict::Send(command) => {
                let message = self.message(command, now);
                self.deliver(&message);
                Written::changed(WriteResult::DeliveredToSelf(message))
            }
            Verdict::Error(bits) => Written::nothing(self.log(bits)),
            Verdict::Ignore => Written::nothing(false),
        }
    }

    fn command(&mut self, low: u32, now: Time) -> Written {
        Written::changed(match Command::decode(low).verdict(self.generation, self.mode(), &self.knobs) {
            Verdict::Ignore => WriteResult::Nothing,
            Verdict::Error(bits) => {
                self.log(bits);
                WriteResult::Nothing
            }
            Verdict::Send(command) => {
                let message = self.message(command, now);
                if self.shows_busy() && self.knobs.icr_write_while_busy == IcrWriteWhileBusy::Queue {
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
        let high = self.values[Register::CommandHigh as usize];
        let wide = self.mode() == Mode::X2Apic
            || self.generation == Generation::I82489Dx && command.destination_mode == DestinationMode::Logical;
        Message {
            source: self.agent,
            number,
            mode: command.mode,
            vector: command.vector,
            destination_mode: command.destination_mode,
            destination: if wide { high } else { high >> 24 },
            shorthand: command.shorthand,
            level_triggered: command.level_triggered,
            asserted: command.asserted,
            written_at: now,
            queues: self.mode() == Mode::X2Apic,
        }
    }

    fn start(&mut self, message: Message) -> WriteResult {
        self.current = Some(message);
        self.busy = self.busy_visible && self.mode() != Mode::X2Apic;
        if message.mode == DeliveryMode::RemoteRead {
            self.set_remote_read_status(REMOTE_READ_IN_PROGRESS);
        }
        WriteResult::Send(message)
    }

    fn set_remote_read_status(&mut self, status: u32) {
        let low = &mut self.values[Register::CommandLow as usize];
        *low = *low & !REMOTE_READ_STATUS | status;
    }

    /// A deep sleep state loses the low half of the register (SDM vol. 3 §10.6.1, Pentium 4 and later).
    pub fn lose_command(&mut self) {
        self.values[Register::CommandLow as usize] = 0;
    }

    /// The answer to a remote read has come: the register's value, or nothing valid.
    pub fn remote_read_answered(&mut self, value: Option<u32>) {
        self.set_remote_read_status(if value.is_some() { REMOTE_READ_VALID } else { 0 });
        if let Some(value) = value {
            self.values[Register::RemoteRead as usize] = value;
        }
    }

    /// The interconnect is done with `message`; `busy_still` says that it holds a newer one of this APIC. Returns the
    /// queued message that must be requested now, if there is one (knob `queue`); the delivery status then stays busy.
    pub fn dispatched(&mut self, message: &Message, busy_still: bool) -> Option<Message> {
        let newest = self.current.is_some_and(|current| current.number == message.number);
        if busy_still || !newest || !self.busy {
            return None;
        }
        self.busy = false;
        let queued = if self.jammed { None } else { self.queued.take() }?;
        self.start(queued);
        Some(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::enabled;
    use super::*;
    use Generation::{I82489Dx, P6, Pentium, X2Apic, XApic};

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
        use DeliveryMode::{Fixed, Init, LowestPriority, Nmi, RemoteRead, Smi, StartUp};
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
            (XApic, 0xC_4500, Some((Init, Physical, false, true))),
            (P6, 0x0_C500, Some((Init, Physical, false, true))), // level, asserted: an edge INIT
            (P6, 0x0_4699, Some((StartUp, Physical, false, true))),
            (P6, 0x0_C699, None), // level start-up: invalid
            (I82489Dx, 0x0_4699, None),
            (P6, 0xC_0200, Some((Smi, Physical, false, true))),
            (P6, 0x0_8200, None),
            (P6, 0x0_01FC, Some((LowestPriority, Physical, false, true))),
            (XApic, 0xC_01FC, Some((LowestPriority, Physical, false, true))),
            (P6, 0x4_01FC, None), // lowest priority to self
            (P6, 0x4_0400, None), // NMI to self by shorthand
            (X2Apic, 0x8_0400, None),
            (Pentium, 0x0_0302, Some((RemoteRead, Physical, false, true))),
            (P6, 0x0_0302, None),
            (P6, 0x0_07FC, None), // reserved mode
        ];
        for (generation, low, expected) in table {
            assert_eq!(sent(generation, low), expected, "{generation:?} {low:05X}");
        }
    }

    #[test]
    fn invalid_shorthands_follow_the_knob() {
        let mut apic = enabled(P6, 0);
        apic.knobs.invalid_shorthand = InvalidShorthand::Delivered;
        assert!(matches!(apic.write(ICR, 0x4_0400, Time::ZERO).result, WriteResult::Send(_)));
    }

    #[test]
    fn a_remote_read_shows_its_status() {
        // SDM vol. 3 §22.27.1; bits 17:16 as the Pentium has them
        let mut apic = enabled(Pentium, 0);
        let WriteResult::Send(message) = apic.write(ICR, 0x302, Time::ZERO).result else { panic!("not sent") };
        assert_eq!(apic.read(ICR, Time::ZERO), 0x1_1302);
        apic.remote_read_answered(Some(77));
        apic.dispatched(&message, false);
        assert_eq!((apic.read(ICR, Time::ZERO), apic.read(0x0C0, Time::ZERO)), (0x2_0302, 77));
        apic.remote_read_answered(None);
        assert_eq!((apic.read(ICR, Time::ZERO), apic.read(0x0C0, Time::ZERO)), (0x302, 77));
    }

    #[test]
    fn a_jammed_bit_never_clears() {
        let mut apic = enabled(P6, 0);
        apic.jam_delivery_status();
        let WriteResult::Send(message) = apic.write(ICR, 0xFC, Time::ZERO).result else { panic!("not sent") };
        apic.dispatched(&message, false);
        assert_eq!((apic.read(ICR, Time::ZERO), apic.is_busy()), (0x10FC, false));
    }

    #[test]
    fn level_and_trigger_read_back_as_the_knob_says() {
        for (rule, expected) in [(IcrTriggerReadback::AsWritten, 0xC0FC), (IcrTriggerReadback::Ignored, 0xFC)] {
            let mut apic = enabled(XApic, 0);
            apic.knobs.icr_trigger_readback = rule;
            apic.set_busy_visible(false);
            apic.write(ICR, 0xC0FC, Time::ZERO);
            assert_eq!(apic.read(ICR, Time::ZERO), expected);
        }
    }

    #[test]
    fn an_illegal_vector_is_not_sent_but_recorded() {
        // SDM vol. 3 §10.5.3, 10.6.1
        let mut apic = enabled(P6, 0);
        assert_eq!(apic.write(ICR, 0x0F, Time::ZERO).result, WriteResult::Nothing);
        assert!(!apic.is_busy());
        apic.write(0x280, 0, Time::ZERO);
        assert_eq!(apic.read(0x280, Time::ZERO), SEND_ILLEGAL_VECTOR);
    }

    #[test]
    fn busy_lasts_from_the_write_to_the_dispatch() {
        let mut apic = enabled(P6, 2);
        apic.write(0x310, 0x0300_0000, Time::ZERO);
        let now = Time::from_us(7);
        let WriteResult::Send(message) = apic.write(ICR, 0x18FC, now).result else { panic!("not sent") };
        assert_eq!((message.source, message.number, message.destination), (2, 0, 3));
        assert_eq!(message.written_at, now);
        assert_eq!(apic.read(ICR, Time::ZERO), 0x18FC);
        apic.write(0x310, 0x0400_0000, now);
        assert_eq!(apic.current(), Some(&message), "ICR high alone changes nothing");
        assert_eq!(apic.dispatched(&message, false), None);
        assert_eq!(apic.read(ICR, Time::ZERO), 0x08FC);
        apic.set_busy_visible(false);
        apic.write(ICR, 0xFC, now);
        assert_eq!(apic.read(ICR, Time::ZERO), 0xFC);
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
        assert_eq!(apic.read(ICR, Time::ZERO), 0x10FC);
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
