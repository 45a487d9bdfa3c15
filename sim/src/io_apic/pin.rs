//! One pin: its line, its redirection entry, and whether an interrupt waits to be sent.
//!
//! Not modelled: noise, and the one clock cycle that an edge must last (82093AA §3.2.4).

use super::redirection::{DELIVERY_STATUS, REMOTE_IRR, Redirection};
use crate::generation::IoApicReserved;
use crate::time::Time;

/// A pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) entry: Redirection,
    /// The electrical level of the line: high?
    high: bool,
    remote_irr: bool,
    /// An interrupt waits to be sent, since then.
    waiting: Option<Time>,
    /// The message on the bus is this pin's.
    sending: bool,
}

impl Pin {
    pub(super) const RESET: Self =
        Self { entry: Redirection::RESET, high: false, remote_irr: false, waiting: None, sending: false };

    const fn asserted(&self) -> bool {
        self.high != self.entry.low_active()
    }

    /// Since when an interrupt of this pin waits to be sent.
    pub(super) const fn waiting(&self) -> Option<Time> {
        self.waiting
    }

    /// Bits 31:0 as software reads them. Delivery status reads "send pending" from the detection of the interrupt until
    /// the bus has taken its message.
    pub(super) const fn low(&self) -> u32 {
        let mut value = self.entry.low();
        if self.waiting.is_some() || self.sending {
            value |= DELIVERY_STATUS;
        }
        if self.remote_irr {
            value |= REMOTE_IRR;
        }
        value
    }

    /// The line changes. An edge counts if the pin is not masked and nothing of it waits or is being sent: a new edge
    /// is not recognised until the message of the one before has gone (82093AA §3.2.4).
    pub(super) fn set_line(&mut self, high: bool, now: Time) {
        let before = self.asserted();
        self.high = high;
        if self.entry.level() {
            return self.settle(now);
        }
        let edge = !before && self.asserted();
        if edge && !self.entry.masked() && !self.sending && self.entry.mode().is_some() {
            self.waiting.get_or_insert(now);
        }
    }

    /// A write of bits 31:0. What waited and was not handed to the bus is withdrawn by the mask: "not delivered nor
    /// held pending" (82801 family, redirection table; 82093AA §3.2.4 compares it with a device that withdraws). A
    /// change of trigger drops it too, and to edge it clears remote IRR: so software ends an interrupt on parts
    /// without an EOI register. No write makes an edge.
    pub(super) fn write_low(&mut self, value: u32, reserved: IoApicReserved, now: Time) {
        let was_level = self.entry.level();
        self.entry.set_low(value, reserved);
        self.remote_irr &= self.entry.level();
        if self.entry.masked() || self.entry.level() != was_level || self.entry.mode().is_none() {
            self.waiting = None;
        }
        self.settle(now);
    }

    /// The message leaves for the bus.
    pub(super) const fn send(&mut self) {
        self.waiting = None;
        self.sending = true;
    }

    /// The bus has taken this pin's message. Remote IRR of a level pin is set then (82093AA §3.2.4), unless the
    /// message, or the pin by now, is edge-triggered: no EOI would ever clear it.
    pub(super) fn sent(&mut self, as_level: bool, now: Time) {
        self.sending = false;
        self.remote_irr |= as_level && self.entry.level();
        self.settle(now);
    }

    /// An EOI for `vector` arrives: it ends the interrupt of a level pin with that vector in its entry, whatever else
    /// of the entry changed in between (82093AA §3.2.4). A line that is still asserted interrupts again.
    pub(super) fn end_of_interrupt(&mut self, vector: u8, now: Time) {
        if self.entry.vector() == vector {
            self.remote_irr = false;
            self.settle(now);
        }
    }

    /// A level pin interrupts while its line is asserted, not masked, and no interrupt of it is on its way
    /// or in service; a line that is negated withdraws what the bus does not have yet.
    fn settle(&mut self, now: Time) {
        if self.entry.level() {
            let wants = self.asserted() && !self.entry.masked() && !self.remote_irr && !self.sending;
            self.waiting = wants.then(|| self.waiting.unwrap_or(now));
        }
    }
}
