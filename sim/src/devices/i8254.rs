//! The 8254 interval timer, channel 0: its ports, and its output, which drives pin 2 of the I/O APIC.
//!
//! Not modelled: channels 1 and 2 (refresh, speaker) with port 61h, the GATE input; the half of a clock cycle between
//! the rising edge, at which a write is seen, and the falling edge, at which the counter counts.

use super::counter::{Counter, Mode};
use crate::time::{ClockDomain, Time};

/// Port of channel 0.
const CHANNEL_0: u16 = 0x40;
/// Ports of channels 1 and 2.
const OTHER_CHANNELS: std::ops::RangeInclusive<u16> = 0x41..=0x42;
/// Port of control words.
const CONTROL: u16 = 0x43;

/// What a port access asks for that this timer cannot do.
///
/// ```
/// use sim::Time;
/// use sim::devices::{I8254, I8254Error};
///
/// let mut timer = I8254::new(I8254::CLOCK);
/// let refresh = timer.write_port(0x43, 0x54, Time::ZERO); // a control word for channel 1
/// assert_eq!(refresh, Err(I8254Error::NoSuchChannel { channel: 1 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum I8254Error {
    /// No port of the timer.
    #[error("port {port:02X}h is none of the interval timer's: channel 0 is 40h, control words go to 43h")]
    NoSuchPort {
        /// The port.
        port: u16,
    },
    /// A channel that is not modelled.
    #[error("channel {channel} of the interval timer is not modelled: only channel 0 is")]
    NoSuchChannel {
        /// 1 or 2.
        channel: u8,
    },
    /// A count that the mode does not allow (8254 data sheet, "Minimum and maximum initial counts").
    #[error("count {count} is illegal in mode {mode} of the interval timer: the least is 2")]
    IllegalCount {
        /// The count.
        count: u32,
        /// 2 or 3.
        mode: u8,
    },
    /// A digit above 9 in a decimal count.
    #[error("{digits:04X}h is no decimal count: bit 0 of the control word chose binary coded decimal")]
    NotDecimal {
        /// What was written.
        digits: u16,
    },
}

/// Which bytes of a count are written and read, bits 5:4 of the control word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Low,
    High,
    LowThenHigh,
}

/// The 8254 interval timer.
///
/// ```
/// use sim::Time;
/// use sim::devices::I8254;
///
/// let mut timer = I8254::new(I8254::CLOCK);
/// for (port, value) in [(0x43, 0x30), (0x40, 0x05), (0x40, 0x00)] {
///     timer.write_port(port, value, Time::ZERO)?; // mode 0, low byte then high byte: a count of 5
/// }
/// let end = timer.next_change(Time::ZERO).expect("the terminal count");
/// assert!(!timer.output(Time::ZERO) && timer.output(end));
/// # Ok::<(), sim::devices::I8254Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct I8254 {
    clock: ClockDomain,
    counter: Counter,
    /// Bits 5:0 of the last control word, which the status repeats.
    control: u8,
    access: Access,
    /// The low byte of a count whose high byte is still to come.
    first_byte: Option<u8>,
    /// The next read gives the high byte.
    high_next: bool,
    latched_count: Option<u16>,
    latched_status: Option<u8>,
}

impl I8254 {
    /// The clock of a PC's timer: 1.193182 MHz.
    pub const CLOCK: ClockDomain = ClockDomain::new(500_000_000_000, 596_591);

    /// A timer on `clock` whose channel 0 was never programmed: its output is low, and stays so.
    pub const fn new(clock: ClockDomain) -> Self {
        Self {
            clock,
            counter: Counter::new(),
            control: 0x30,
            access: Access::LowThenHigh,
            first_byte: None,
            high_next: false,
            latched_count: None,
            latched_status: None,
        }
    }

    /// The clock cycle that `now` lies in.
    const fn cycle(&self, now: Time) -> u64 {
        self.clock.first_after(now) - 1
    }

    /// The output of channel 0.
    pub fn output(&self, now: Time) -> bool {
        self.counter.output(self.cycle(now))
    }

    /// The first instant after `after` at which the output changes, if nothing is written until then. A write may
    /// change it at once: compare [`output`](Self::output) after each.
    pub fn next_change(&self, after: Time) -> Option<Time> {
        let change = self.counter.next_change(self.cycle(after))?;
        Some(self.clock.instant(change)).filter(|&at| at != Time::NEVER)
    }

    /// A byte is written to `port`.
    ///
    /// # Errors
    /// If the port is none of channel 0's, or the count is one that the data sheet forbids. Nothing has changed then.
    pub fn write_port(&mut self, port: u16, value: u8, now: Time) -> Result<(), I8254Error> {
        match port {
            CHANNEL_0 => self.write_count(value, self.cycle(now)),
            CONTROL => self.write_control(value, self.cycle(now)),
            _ => Err(no_port(port)),
        }
    }

    /// A byte is read from `port`. The control port drives nothing: the bus floats, and reads FFh.
    ///
    /// # Errors
    /// If the port is none of channel 0's.
    pub fn read_port(&mut self, port: u16, now: Time) -> Result<u8, I8254Error> {
        match port {
            CHANNEL_0 => Ok(self.read_count(self.cycle(now))),
            CONTROL => Ok(0xFF),
            _ => Err(no_port(port)),
        }
    }

    fn write_control(&mut self, value: u8, cycle: u64) -> Result<(), I8254Error> {
        match (value >> 6, value >> 4 & 3) {
            (3, _) => return self.read_back(value, cycle),
            (channel @ 1..=2, _) => return Err(I8254Error::NoSuchChannel { channel }),
            (_, 0) => {
                self.latch_count(cycle);
                return Ok(());
            }
            (_, 1) => self.access = Access::Low,
            (_, 2) => self.access = Access::High,
            _ => self.access = Access::LowThenHigh,
        }
        self.control = value & 0x3F;
        self.first_byte = None;
        self.high_next = false;
        self.latched_count = None;
        self.latched_status = None;
        self.counter.program(Mode::from_control(value), cycle);
        Ok(())
    }

    /// The read-back command: bit 5 clear latches the count, bit 4 clear the status, of the counters in bits 3:1.
    fn read_back(&mut self, value: u8, cycle: u64) -> Result<(), I8254Error> {
        if let Some(channel) = (1..=2).find(|channel| value & 2 << channel != 0) {
            return Err(I8254Error::NoSuchChannel { channel });
        }
        if value & 2 != 0 && value & 1 << 5 == 0 {
            self.latch_count(cycle);
        }
        if value & 2 != 0 && value & 1 << 4 == 0 {
            let output = u8::from(self.counter.output(cycle)) << 7;
            let null_count = u8::from(self.counter.null_count(cycle)) << 6;
            self.latched_status.get_or_insert(output | null_count | self.control);
        }
        Ok(())
    }

    /// A latched count stays until it is read, whatever is latched after it.
    fn latch_count(&mut self, cycle: u64) {
        let digits = self.digits(cycle);
        self.latched_count.get_or_insert(digits);
    }

    const fn decimal(&self) -> bool {
        self.control & 1 != 0
    }

    /// The counting element as 16 bits or four decimal digits.
    fn digits(&self, cycle: u64) -> u16 {
        let value = self.counter.value(cycle);
        if !self.decimal() {
            return value as u16;
        }
        let value = value.rem_euclid(10_000) as u16;
        (value / 1000) << 12 | (value / 100 % 10) << 8 | (value / 10 % 10) << 4 | (value % 10)
    }

    fn read_count(&mut self, cycle: u64) -> u8 {
        if let Some(status) = self.latched_status.take() {
            return status;
        }
        let [low, high] = self.latched_count.unwrap_or_else(|| self.digits(cycle)).to_le_bytes();
        let (byte, more) = match self.access {
            Access::Low => (low, false),
            Access::High => (high, false),
            Access::LowThenHigh if self.high_next => (high, false),
            Access::LowThenHigh => (low, true),
        };
        self.high_next = more;
        if !more {
            self.latched_count = None;
        }
        byte
    }

    fn write_count(&mut self, value: u8, cycle: u64) -> Result<(), I8254Error> {
        let digits = match (self.access, self.first_byte) {
            (Access::Low, _) => u16::from(value),
            (Access::High, _) => u16::from(value) << 8,
            (Access::LowThenHigh, Some(low)) => u16::from_le_bytes([low, value]),
            (Access::LowThenHigh, None) => {
                self.first_byte = Some(value);
                if self.counter.mode() == Mode::TerminalCount {
                    self.counter.stop(cycle);
                }
                return Ok(());
            }
        };
        let count = self.count(digits)?;
        self.first_byte = None;
        self.counter.load(count, cycle);
        Ok(())
    }

    /// The count that `digits` mean; 0 is the greatest.
    fn count(&self, digits: u16) -> Result<u32, I8254Error> {
        let (count, greatest) = if self.decimal() {
            (from_decimal(digits).ok_or(I8254Error::NotDecimal { digits })?, 10_000)
        } else {
            (u32::from(digits), 0x1_0000)
        };
        let count = if count == 0 { greatest } else { count };
        let mode = self.counter.mode();
        if count < mode.least_count() {
            return Err(I8254Error::IllegalCount { count, mode: self.control >> 1 & 3 });
        }
        Ok(count)
    }
}

fn from_decimal(digits: u16) -> Option<u32> {
    (0..4).rev().try_fold(0, |value, place| {
        let digit = u32::from(digits >> (4 * place) & 0xF);
        (digit < 10).then_some(value * 10 + digit)
    })
}

fn no_port(port: u16) -> I8254Error {
    if OTHER_CHANNELS.contains(&port) {
        return I8254Error::NoSuchChannel { channel: (port - CHANNEL_0) as u8 };
    }
    I8254Error::NoSuchPort { port }
}
