//! The devices of a machine: an I/O APIC, the interval timer on its pin 2, lines that others drive, and interrupts that
//! arise as messages. All of them send through the one I/O agent.
//!
//! Not modelled: more than one I/O APIC, decoding of other addresses (a read of nothing gives all ones).

use crate::bus::{Agent, Message};
use crate::devices::{I8254, I8254Error};
use crate::generation::Knobs;
use crate::io_apic::{IoApic, IoApicSettings, IoApicVersion};
use crate::processor::Kind;
use crate::stream::Access;
use crate::time::Time;
use std::collections::VecDeque;

/// A line of the I/O APIC changes its level.
///
/// ```
/// use sim::{LineChange, Time};
///
/// let pulse = [(5, true), (6, false)].map(|(us, high)| LineChange { at: Time::from_us(us), pin: 4, high });
/// assert!(pulse[0] < pulse[1]); // in order of time
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineChange {
    /// When.
    pub at: Time,
    /// Which pin, 0 to 23. Pin 2 belongs to the interval timer.
    pub pin: u8,
    /// To high or to low.
    pub high: bool,
}

/// The page of the I/O APIC (82093AA §3.1).
const IO_APIC_PAGE: u32 = 0xFEC0_0000;
/// The pin that channel 0 of the interval timer drives on a PC.
const TIMER_PIN: u8 = 2;

/// Where a message of the I/O agent came from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    IoApic,
    Device,
}

/// The devices.
#[derive(Debug)]
pub(crate) struct DeviceHub {
    io_apic: Option<IoApic>,
    timer: I8254,
    /// Next change of the timer's output.
    timer_at: Time,
    lines: VecDeque<LineChange>,
    /// Messages of devices without a line that wait their turn.
    waiting: VecDeque<Message>,
    /// What the interconnect has, as its sender knows it.
    sending: Option<(Origin, Message)>,
    next_number: u32,
}

impl DeviceHub {
    pub(crate) fn new(agent: Agent, io_apic: Option<IoApicVersion>, mut lines: Vec<LineChange>, knobs: &Knobs) -> Self {
        lines.sort_unstable();
        let (reserved, broadcast) = (knobs.io_apic_reserved, knobs.io_apic_broadcast);
        let io_apic = io_apic.map(|version| IoApic::new(IoApicSettings { version, agent, id: 0, reserved, broadcast }));
        Self {
            io_apic,
            timer: I8254::new(I8254::CLOCK),
            timer_at: Time::NEVER,
            lines: lines.into(),
            waiting: VecDeque::new(),
            sending: None,
            next_number: 0,
        }
    }

    /// Redirection entries as software has left them before the run.
    pub(crate) fn preset(&mut self, entries: &[(u8, u64)]) {
        let Some(io_apic) = &mut self.io_apic else { return };
        for &(pin, entry) in entries {
            for (index, half) in [(0x10 + 2 * pin, entry as u32), (0x11 + 2 * pin, (entry >> 32) as u32)] {
                io_apic.write(0x00, u32::from(index), Time::ZERO);
                io_apic.write(0x10, half, Time::ZERO);
            }
        }
    }

    /// When a line changes next.
    pub(crate) fn next_event(&self) -> Time {
        self.lines.front().map_or(Time::NEVER, |line| line.at).min(self.timer_at)
    }

    /// The lines that are due at `now` change.
    pub(crate) fn advance(&mut self, now: Time) {
        while let Some(&LineChange { pin, high, .. }) = self.lines.front().filter(|line| line.at <= now) {
            self.lines.pop_front();
            if let Some(io_apic) = &mut self.io_apic {
                io_apic.set_line(pin, high, now);
            }
        }
        self.follow_timer(now);
    }

    /// Pin 2 is as the timer has it.
    fn follow_timer(&mut self, now: Time) {
        let Some(io_apic) = &mut self.io_apic else { return };
        io_apic.set_line(TIMER_PIN, self.timer.output(now), now);
        self.timer_at = self.timer.next_change(now).unwrap_or(Time::NEVER);
    }

    /// An access of a CPU; gives what a read finds.
    pub(crate) fn access(&mut self, now: Time, access: Access, value: u32) -> Result<u32, I8254Error> {
        let port = access.operand as u16;
        match access.kind {
            Kind::PortRead => return self.timer.read_port(port, now).map(u32::from),
            Kind::PortWrite => {
                self.timer.write_port(port, value as u8, now)?;
                self.follow_timer(now);
                return Ok(0);
            }
            _ => {}
        }
        let offset = (access.operand & 0xFFF) as u16;
        match &mut self.io_apic {
            Some(io_apic) if access.operand & !0xFFF == IO_APIC_PAGE => {
                if access.kind == Kind::MemoryWrite {
                    io_apic.write(offset, value, now);
                    return Ok(0);
                }
                Ok(io_apic.read(offset))
            }
            _ => Ok(u32::MAX),
        }
    }

    /// A device without a line interrupts by this message.
    pub(crate) fn interrupt(&mut self, message: Message) {
        self.waiting.push_back(message);
    }

    /// An EOI message for `vector` arrives.
    pub(crate) fn end_of_interrupt(&mut self, vector: u8, now: Time) {
        if let Some(io_apic) = &mut self.io_apic {
            io_apic.end_of_interrupt(vector, now);
        }
    }

    /// The interconnect is done with the message under way.
    pub(crate) fn dispatched(&mut self, now: Time) {
        if let (Some((Origin::IoApic, message)), Some(io_apic)) = (self.sending.take(), &mut self.io_apic) {
            io_apic.dispatched(&message, now);
        }
    }

    /// The next message for the interconnect: one at a time, devices without a line first.
    pub(crate) fn next_message(&mut self) -> Option<Message> {
        if self.sending.is_some() {
            return None;
        }
        let (origin, message) = match self.waiting.pop_front() {
            Some(message) => (Origin::Device, message),
            None => (Origin::IoApic, self.io_apic.as_mut()?.next_message()?),
        };
        self.sending = Some((origin, message));
        let number = self.next_number;
        self.next_number += 1;
        Some(Message { number, ..message })
    }
}
