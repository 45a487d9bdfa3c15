//! The I/O APIC's registers, and the order in which its pins send.
//!
//! Not modelled: see the [module](super).

use super::pin::Pin;
use super::redirection::Redirection;
use crate::bus::{Agent, DestinationMode, Message, Shorthand};
use crate::generation::{IoApicBroadcast, IoApicReserved};
use crate::named;
use crate::time::Time;

/// Interrupt lines of an I/O APIC (82093AA §3.2.4).
pub const PINS: u8 = 24;

/// Register select, offset 00h (82093AA §3.1.1).
const SELECT: u16 = 0x00;
/// The window onto the selected register, offset 10h (82093AA §3.1.2).
const WINDOW: u16 = 0x10;
/// EOI register of version 20h, offset 40h (82801BA and later, memory-mapped APIC registers).
const END_OF_INTERRUPT: u16 = 0x40;

/// Indices of the registers behind the window (82093AA §3.2).
const ID: u8 = 0;
const VERSION: u8 = 1;
const ARBITRATION_ID: u8 = 2;
const FIRST_ENTRY: u8 = 0x10;
const LAST_ENTRY: u8 = FIRST_ENTRY + 2 * PINS - 1;

/// Width of the id: bits 27:24 (82093AA §3.2.1).
const ID_MASK: u8 = 0x0F;

named! {
    /// Which I/O APIC it is.
    ///
    /// ```
    /// # use sim::io_apic::*;
    /// # use sim::*;
    /// # let (reserved, broadcast) = (IoApicReserved::ALL[0], IoApicBroadcast::ALL[0]);
    /// # let settings = IoApicSettings { version: IoApicVersion::I82093Aa, agent: 2, id: 0, reserved, broadcast };
    /// let mut io_apic = IoApic::new(IoApicSettings { version: IoApicVersion::I82801, ..settings });
    /// io_apic.write(0x00, 1, Time::ZERO); // select the version register
    /// assert_eq!(io_apic.read(0x10), 0x0017_0020); // 24 entries, version 20h
    /// ```
    #[non_exhaustive]
    pub enum IoApicVersion ("I/O APIC") {
        /// The part of its own: version 11h, no EOI register.
        I82093Aa = "82093aa",
        /// In the south bridge, from the 82801BA on: version 20h, with an EOI register.
        I82801 = "82801",
    }
}

impl IoApicVersion {
    /// The version register: highest entry in bits 23:16, version in bits 7:0 (82093AA §3.2.2).
    const fn register(self) -> u32 {
        let version = match self {
            Self::I82093Aa => 0x11,
            Self::I82801 => 0x20,
        };
        (PINS as u32 - 1) << 16 | version
    }
}

/// What an I/O APIC is built from.
///
/// ```
/// # use sim::io_apic::*;
/// # use sim::*;
/// # let (reserved, broadcast) = (IoApicReserved::ALL[0], IoApicBroadcast::ALL[0]);
/// # let settings = IoApicSettings { version: IoApicVersion::I82093Aa, agent: 2, id: 0, reserved, broadcast };
/// let mut io_apic = IoApic::new(IoApicSettings { id: 5, ..settings });
/// io_apic.write(0x00, 0, Time::ZERO); // select the id register
/// assert_eq!(io_apic.read(0x10), 5 << 24); // bits 27:24
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoApicSettings {
    /// Which part.
    pub version: IoApicVersion,
    /// Its number on the interconnect, which is the source of its messages.
    pub agent: Agent,
    /// Its id, low four bits. 0 after reset; the firmware gives each agent of a serial bus one of its own.
    pub id: u8,
    /// How reserved bits read back.
    pub reserved: IoApicReserved,
    /// Whom its physical FFH reaches.
    pub broadcast: IoApicBroadcast,
}

/// The message that the interconnect has and has not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sending {
    pin: u8,
    number: u32,
    level: bool,
}

/// An I/O APIC.
///
/// It sends one message at a time, in the order in which its interrupts arose, and of those that arose at one instant
/// the lowest pin first. The pins have no priority (82093AA §3.2.4 leaves that to vectors), and in order of arrival no
/// pin can starve another. A message that is refused holds up the ones behind it.
///
/// ```
/// # use sim::io_apic::*;
/// # use sim::*;
/// # let (reserved, broadcast) = (IoApicReserved::ALL[0], IoApicBroadcast::ALL[0]);
/// # let settings = IoApicSettings { version: IoApicVersion::I82093Aa, agent: 2, id: 0, reserved, broadcast };
/// let mut io_apic = IoApic::new(settings);
/// for (register, value) in [(0x15, 1 << 24), (0x14, 0x71)] {
///     io_apic.write(0x00, register, Time::ZERO);
///     io_apic.write(0x10, value, Time::ZERO); // pin 2: an edge, vector 71h, physical destination 1
/// }
/// io_apic.set_line(2, true, Time::from_us(1));
/// let message = io_apic.next_message().expect("the edge");
/// assert_eq!((message.vector, message.destination, message.source), (0x71, 1, 2));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoApic {
    version: IoApicVersion,
    agent: Agent,
    reserved: IoApicReserved,
    broadcast: IoApicBroadcast,
    id: u8,
    select: u8,
    pins: [Pin; PINS as usize],
    sending: Option<Sending>,
    next_number: u32,
}

impl IoApic {
    /// After reset: all entries masked, all lines low.
    pub const fn new(settings: IoApicSettings) -> Self {
        let IoApicSettings { version, agent, id, reserved, broadcast } = settings;
        let pins = [Pin::RESET; PINS as usize];
        Self { version, agent, reserved, broadcast, id: id & ID_MASK, select: 0, pins, sending: None, next_number: 0 }
    }

    /// A 32-bit read at `offset` of the page. What is no register, or can only be written, reads 0.
    pub fn read(&self, offset: u16) -> u32 {
        match offset {
            SELECT => u32::from(self.select),
            WINDOW => self.read_selected(),
            _ => 0,
        }
    }

    fn read_selected(&self) -> u32 {
        match self.select {
            // the arbitration id is loaded by a write of the id (82093AA §3.2.3)
            ID | ARBITRATION_ID => u32::from(self.id) << 24,
            VERSION => self.version.register(),
            FIRST_ENTRY..=LAST_ENTRY => {
                let pin = &self.pins[usize::from((self.select - FIRST_ENTRY) / 2)];
                if self.select & 1 == 0 { pin.low() } else { pin.entry.high() }
            }
            _ => 0,
        }
    }

    /// A 32-bit write at `offset` of the page. What is no register, or can only be read, is not changed.
    pub fn write(&mut self, offset: u16, value: u32, now: Time) {
        match offset {
            SELECT => self.select = value as u8,
            WINDOW => self.write_selected(value, now),
            END_OF_INTERRUPT if self.version == IoApicVersion::I82801 => self.end_of_interrupt(value as u8, now),
            _ => {}
        }
    }

    fn write_selected(&mut self, value: u32, now: Time) {
        match self.select {
            ID => self.id = (value >> 24) as u8 & ID_MASK,
            FIRST_ENTRY..=LAST_ENTRY => {
                let pin = &mut self.pins[usize::from((self.select - FIRST_ENTRY) / 2)];
                if self.select & 1 == 0 {
                    pin.write_low(value, self.reserved, now);
                } else {
                    pin.entry.set_high(value, self.reserved);
                }
            }
            _ => {}
        }
    }

    /// The line of `pin` becomes `high` or low (electrically: the entry's polarity says which of them is asserted).
    ///
    /// # Panics
    /// If there is no such pin.
    pub fn set_line(&mut self, pin: u8, high: bool, now: Time) {
        self.pins[usize::from(pin)].set_line(high, now);
    }

    /// An EOI message for `vector` has arrived: all level pins with this vector end their interrupts.
    pub fn end_of_interrupt(&mut self, vector: u8, now: Time) {
        self.pins.iter_mut().for_each(|pin| pin.end_of_interrupt(vector, now));
    }

    /// The next message for the interconnect, if one waits and none is under way. It is under way from here on, and
    /// can no longer be withdrawn. Its `written_at` is the instant at which the interrupt arose.
    pub fn next_message(&mut self) -> Option<Message> {
        if self.sending.is_some() {
            return None;
        }
        let waiting = |(number, pin): (u8, &Pin)| pin.waiting().map(|since| (since, number));
        let (since, number) = (0..PINS).zip(&self.pins).filter_map(waiting).min()?;
        let pin = &mut self.pins[usize::from(number)];
        let entry = pin.entry;
        let mode = entry.mode().expect("an entry with a reserved mode has nothing waiting");
        pin.send();
        self.sending = Some(Sending { pin: number, number: self.next_number, level: entry.level() });
        let message = Message {
            source: self.agent,
            number: self.next_number,
            mode,
            vector: entry.vector(),
            destination_mode: entry.destination_mode(),
            destination: self.destination(entry),
            shorthand: Shorthand::None,
            level_triggered: entry.level(),
            asserted: true,
            written_at: since,
            queues: false,
        };
        self.next_number = self.next_number.wrapping_add(1);
        Some(message)
    }

    /// Where the messages of an entry go: eight bits, but for a broadcast by knob. (On the serial bus of an 82093AA nobody is in
    /// x2APIC mode.)
    fn destination(&self, entry: Redirection) -> u32 {
        let all = entry.destination() == 0xFF && entry.destination_mode() == DestinationMode::Physical;
        if all && self.broadcast == IoApicBroadcast::Everybody && self.version == IoApicVersion::I82801 {
            return u32::MAX;
        }
        u32::from(entry.destination())
    }

    /// The interconnect is done with `message`. It must be told no later than the EOI that the message leads to, which
    /// holds on every bus that says "dispatched" together with the delivery, or before it.
    ///
    /// # Panics
    /// If it is not the message that is under way.
    pub fn dispatched(&mut self, message: &Message, now: Time) {
        let Some(Sending { pin, level, .. }) = self.sending.filter(|sending| sending.number == message.number) else {
            panic!("message {} of the I/O APIC is dispatched, but {:?} is under way", message.number, self.sending)
        };
        self.sending = None;
        self.pins[usize::from(pin)].sent(level, now);
    }

    /// Does an interrupt wait for the interconnect, or is one under way?
    pub fn is_busy(&self) -> bool {
        self.sending.is_some() || self.pins.iter().any(|pin| pin.waiting().is_some())
    }

    /// The redirection entry of `pin`, as software reads it.
    ///
    /// # Panics
    /// If there is no such pin.
    pub fn entry(&self, pin: u8) -> u64 {
        let pin = &self.pins[usize::from(pin)];
        u64::from(pin.entry.high()) << 32 | u64::from(pin.low())
    }
}
