//! The interrupt command register: from a write of its low half, or of its x2APIC register, to a message.
//!
//! Not modelled: what parts really do with combinations that the manual calls undefined (knob `invalid_shorthand` has
//! the two plausible answers), a self IPI that some parts deliver without the bus.

use super::LocalApic;
use super::error_status::{RECEIVE_ILLEGAL_VECTOR, REDIRECTABLE_IPI, SEND_ILLEGAL_VECTOR};
use super::mode::Mode;
use super::register_access::{WriteResult, Written};
use super::registers::{Register, SEND_PENDING};
use crate::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::{
    Generation, IcrTriggerReadback, IcrWriteWhileBusy, IllegalIpi, IllegalSelfIpi, InitWithoutLevel, InvalidShorthand,
    Knobs,
};
use crate::time::Time;

/// Level and trigger mode, bits 14 and 15.
const LEVEL_AND_TRIGGER: u32 = 3 << 14;

/// Remote read status, bits 17:16 (82489DX, Pentium): in progress, and valid.
const REMOTE_READ_STATUS: u32 = 3 << 16;
const REMOTE_READ_IN_PROGRESS: u32 = 1 << 16;
const REMOTE_READ_VALID: u32 = 2 << 16;

/// Shorthand "self", bits 19:18.
const OWN: u32 = 1 << 18;

/// A value of ICR low (SDM vol. 3 fig. 10-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Command(u32);

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Sent, as edge and asserted.
    Send,
    /// Sent, level-triggered and asserted (82489DX).
    SendLevel,
    /// Sent as the INIT level de-assert.
    SendDeassert,
    Ignore,
    /// Sent with a vector that is illegal.
    SendIllegal,
    /// Not sent; these ESR bits are recorded.
    Error(u32),
}

/// Delivery modes by bits 10:8.
const MODES: [DeliveryMode; 8] = {
    let mut modes = [DeliveryMode::Fixed; 8];
    let mut bits = 0;
    while bits < 8 {
        modes[bits] = DeliveryMode::from_bits(bits as u32);
        bits += 1;
    }
    modes
};

/// Shorthands by bits 19:18.
const SHORTHANDS: [Shorthand; 4] =
    [Shorthand::None, Shorthand::Own, Shorthand::AllIncludingSelf, Shorthand::AllExcludingSelf];

impl Command {
    const fn mode(self) -> DeliveryMode {
        MODES[(self.0 >> 8 & 7) as usize]
    }
    const fn vector(self) -> u8 {
        self.0 as u8
    }
    const fn destination_mode(self) -> DestinationMode {
        if self.0 & 1 << 11 == 0 { DestinationMode::Physical } else { DestinationMode::Logical }
    }
    const fn is_asserted(self) -> bool {
        self.0 & 1 << 14 != 0
    }
    const fn is_level_triggered(self) -> bool {
        self.0 & 1 << 15 != 0
    }
    const fn shorthand(self) -> Shorthand {
        SHORTHANDS[(self.0 >> 18 & 3) as usize]
    }

    /// The legal combinations: Pentium and P6, SDM vol. 3 §10.6.1 table 10-4; later parts, table 10-3; x2APIC mode,
    /// §10.12.9.
    fn verdict(self, generation: Generation, mode: Mode, knobs: &Knobs) -> Verdict {
        if self.is_plain() {
            return Verdict::Send;
        }
        let profile = generation.profile();
        match self.mode() {
            DeliveryMode::LowestPriority if mode == Mode::X2Apic => return Verdict::Error(REDIRECTABLE_IPI),
            DeliveryMode::Init if self.is_level_triggered() && !self.is_asserted() => {
                // The all-including-self shorthand is what the manual asks for, although its table calls INIT with
                // that shorthand invalid.
                return if profile.init_deassert { Verdict::SendDeassert } else { Verdict::Ignore };
            }
            DeliveryMode::Init if !self.is_asserted() && knobs.init_without_level == InitWithoutLevel::Ignored => {
                return Verdict::Ignore;
            }
            DeliveryMode::RemoteRead if !profile.remote_read || self.shorthand() != Shorthand::None => {
                return Verdict::Ignore;
            }
            DeliveryMode::StartUp if !profile.start_up => return Verdict::Ignore,
            DeliveryMode::ExtInt => return Verdict::Ignore, // mode 7 is reserved for IPIs
            _ => {}
        }
        if !self.shorthand_is_legal() && knobs.invalid_shorthand == InvalidShorthand::Ignored {
            return Verdict::Ignore;
        }
        match self.as_edge(profile.serial) {
            Verdict::Send if generation == Generation::I82489Dx && self.is_level_of_82489dx() => Verdict::SendLevel,
            verdict => verdict,
        }
    }

    /// A fixed edge with a legal vector: sent, wherever it goes. What most commands are.
    const fn is_plain(self) -> bool {
        self.0 & (0x700 | 1 << 15) == 0 && self.vector() >= 16
    }

    /// Only fixed messages may include their sender by shorthand.
    fn shorthand_is_legal(self) -> bool {
        self.mode() == DeliveryMode::Fixed || !matches!(self.shorthand(), Shorthand::Own | Shorthand::AllIncludingSelf)
    }

    /// Everything goes as edge. With the edge trigger the level bit does not matter (kernels leave it 0). With the level
    /// trigger Pentium and P6 ignore level 0, and start-up and SMI messages are invalid; later parts force edge and
    /// level 1.
    fn as_edge(self, serial: bool) -> Verdict {
        let edge_only = matches!(self.mode(), DeliveryMode::Smi | DeliveryMode::StartUp);
        if serial && self.is_level_triggered() && (!self.is_asserted() || edge_only) {
            return Verdict::Ignore;
        }
        let needs_vector = matches!(self.mode(), DeliveryMode::Fixed | DeliveryMode::LowestPriority);
        if needs_vector && self.vector() < 16 { Verdict::SendIllegal } else { Verdict::Send }
    }

    /// The 82489DX has level-triggered IPIs; its NMIs and INITs are level-triggered whatever bit 15 says (SDM vol. 3
    /// §22.27.1).
    const fn is_level_of_82489dx(self) -> bool {
        match self.mode() {
            DeliveryMode::Nmi | DeliveryMode::Init => true,
            DeliveryMode::Fixed | DeliveryMode::LowestPriority => self.is_level_triggered() && self.is_asserted(),
            _ => false,
        }
    }
}

impl LocalApic {
    /// Does the delivery status read "send pending"?
    #[inline(always)]
    pub(super) const fn shows_busy(&self) -> bool {
        self.busy || self.jammed
    }

    /// A write of ICR low at `now`. Writing while busy does what the knob `icr_write_while_busy` says.
    pub(super) fn write_command(&mut self, low: u32, now: Time) -> Written {
        if self.shows_busy() {
            match self.knobs.icr_write_while_busy {
                IcrWriteWhileBusy::Stall => return Written { result: WriteResult::Stall, changed: false },
                IcrWriteWhileBusy::Drop => return Written::changed(WriteResult::Nothing),
                IcrWriteWhileBusy::Replace | IcrWriteWhileBusy::Queue => {}
            }
        }
        self.store_command(low);
        self.command(low, now)
    }

    /// What ICR low shows.
    #[inline(always)]
    fn store_command(&mut self, low: u32) {
        let forced =
            self.knobs.icr_trigger_readback == IcrTriggerReadback::Ignored && !self.generation.profile().serial;
        self.store(Register::CommandLow, if forced { low & !LEVEL_AND_TRIGGER } else { low });
    }

    /// A write of the 64-bit ICR of x2APIC mode: there is no delivery status, so it is never busy (SDM vol. 3 §10.12.9).
    pub(super) fn write_wide_command(&mut self, value: u64, now: Time) -> Written {
        self.values[Register::CommandLow as usize] = value as u32 & !SEND_PENDING;
        self.values[Register::CommandHigh as usize] = (value >> 32) as u32;
        self.command(value as u32, now)
    }

    /// A write of the self IPI register: when the write is done the vector is requested (SDM vol. 3 §10.12.11).
    pub(super) fn write_self_ipi(&mut self, vector: u8, now: Time) -> Written {
        if vector < 16 {
            let received = match self.knobs.illegal_self_ipi {
                IllegalSelfIpi::Both => RECEIVE_ILLEGAL_VECTOR,
                IllegalSelfIpi::SendOnly => 0,
            };
            return Written::nothing(self.log(SEND_ILLEGAL_VECTOR | received));
        }
        let message = self.message(Command(u32::from(vector) | OWN), true, now);
        self.deliver(&message);
        Written::changed(WriteResult::DeliveredToSelf(message))
    }

    /// Is a write of `low` to ICR low a fixed edge with a legal vector that goes at once, as most are?
    #[inline(always)]
    pub(crate) const fn is_plain_command(&self, low: u32) -> bool {
        self.has_page() && !self.shows_busy() && Command(low).is_plain()
    }

    /// Such a write: gives what it sends.
    #[inline(always)]
    pub(crate) fn write_plain_command(&mut self, low: u32, now: Time) -> Message {
        self.store_command(low);
        let message = Message { mode: DeliveryMode::Fixed, ..self.page_message(Command(low), true, now) };
        self.current = Some(message);
        self.busy = self.busy_visible;
        message
    }

    /// What it sent last, to be copied from there; it has sent something.
    #[inline(always)]
    pub(crate) const fn sent_last(&self) -> &Message {
        self.current.as_ref().expect("it has sent something")
    }

    fn command(&mut self, low: u32, now: Time) -> Written {
        let command = Command(low);
        match command.verdict(self.generation, self.mode(), &self.knobs) {
            Verdict::SendIllegal => self.illegal_command(command, now),
            Verdict::Ignore => Written::changed(WriteResult::Nothing),
            Verdict::Error(bits) => {
                self.log(bits);
                Written::changed(WriteResult::Nothing)
            }
            verdict => {
                let edge = self.message(command, verdict != Verdict::SendDeassert, now);
                self.send(Message { level_triggered: edge.level_triggered || verdict == Verdict::SendLevel, ..edge })
            }
        }
    }

    /// An illegal vector is an error of the sender, and of whoever gets it (SDM vol. 3 §10.5.2, §10.5.3; knob
    /// `illegal_ipi`).
    #[cold]
    fn illegal_command(&mut self, command: Command, now: Time) -> Written {
        self.log(SEND_ILLEGAL_VECTOR);
        if self.knobs.illegal_ipi == IllegalIpi::KeptBack {
            return Written::changed(WriteResult::Nothing);
        }
        let message = self.message(command, true, now);
        self.send(message)
    }

    fn send(&mut self, message: Message) -> Written {
        if self.shows_busy() && self.knobs.icr_write_while_busy == IcrWriteWhileBusy::Queue {
            self.queued = Some(message);
            return Written::changed(WriteResult::Nothing);
        }
        self.start(message);
        Written::changed(WriteResult::Send(message))
    }

    /// The message of `command`, with the destination as ICR high has it now; an edge, or the level de-assert.
    fn message(&mut self, command: Command, edge: bool, now: Time) -> Message {
        let message = self.page_message(command, edge, now);
        if self.mode() != Mode::X2Apic {
            return message;
        }
        Message { destination: self.values[Register::CommandHigh as usize], queues: true, ..message }
    }

    /// The same outside x2APIC mode.
    #[inline(always)]
    fn page_message(&mut self, command: Command, edge: bool, now: Time) -> Message {
        let number = self.next_number;
        self.next_number += 1;
        let high = self.values[Register::CommandHigh as usize];
        let destination_mode = command.destination_mode();
        let wide = self.generation == Generation::I82489Dx && destination_mode == DestinationMode::Logical;
        Message {
            source: self.agent,
            number,
            mode: command.mode(),
            vector: command.vector(),
            destination_mode,
            destination: if wide { high } else { high >> 24 },
            shorthand: command.shorthand(),
            level_triggered: !edge,
            asserted: edge,
            written_at: now,
            queues: false,
        }
    }

    fn start(&mut self, message: Message) {
        self.current = Some(message);
        self.busy = self.busy_visible && self.mode() != Mode::X2Apic;
        if message.mode == DeliveryMode::RemoteRead {
            self.set_remote_read_status(REMOTE_READ_IN_PROGRESS);
        }
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
    #[inline]
    pub fn dispatched(&mut self, message: &Message, busy_still: bool) -> Option<Message> {
        let newest = matches!(&self.current, Some(current) if current.number == message.number);
        if busy_still || !newest || !self.busy {
            return None;
        }
        self.busy = false;
        if self.jammed || self.queued.is_none() { None } else { self.start_queued() }
    }

    #[cold]
    fn start_queued(&mut self) -> Option<Message> {
        let queued = self.queued.take()?;
        self.start(queued);
        Some(queued)
    }
}

#[cfg(test)]
#[path = "interrupt_command_tests.rs"]
mod tests;
