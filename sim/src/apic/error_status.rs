//! The error status register.
//!
//! Not modelled: Pentium erratum 2AP (bits that nobody read may be lost).

use crate::generation::{ErrorProtocol, EsrProtocol, Generation};

/// Send checksum error: the message this APIC sent was found damaged (serial bus; SDM vol. 3 §10.5.3).
pub const SEND_CHECKSUM_ERROR: u32 = 1 << 0;
/// Receive checksum error: this APIC found a message damaged (serial bus; SDM vol. 3 §10.5.3).
pub const RECEIVE_CHECKSUM_ERROR: u32 = 1 << 1;
/// Send accept error: nobody took the message this APIC sent (P6; SDM vol. 3 §10.5.3).
pub const SEND_ACCEPT_ERROR: u32 = 1 << 2;
/// Receive accept error: nobody took a message this APIC saw (P6; SDM vol. 3 §10.5.3).
pub const RECEIVE_ACCEPT_ERROR: u32 = 1 << 3;
/// Redirectable IPI: software asked for a lowest-priority message that the part does not send (SDM vol. 3 §10.5.3).
pub const REDIRECTABLE_IPI: u32 = 1 << 4;
/// Send illegal vector: software asked for a message with a vector of 0 to 15 (SDM vol. 3 §10.5.3).
pub const SEND_ILLEGAL_VECTOR: u32 = 1 << 5;
/// Receive illegal vector: a message or a local vector table entry has a vector of 0 to 15 (SDM vol. 3 §10.5.3).
pub const RECEIVE_ILLEGAL_VECTOR: u32 = 1 << 6;
/// Illegal register address: an access to a reserved offset (P6 and later; SDM vol. 3 §10.5.3).
pub const ILLEGAL_REGISTER: u32 = 1 << 7;

/// What recording an error did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recorded {
    /// A bit was new.
    pub(super) changed: bool,
    /// The error interrupt may fire (if its entry is not masked).
    pub(super) armed: bool,
}

/// How this register works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Latch,
    Sticky,
    Direct,
}

/// The ESR. Errors gather unseen until a write makes them readable (SDM vol. 3 §10.5.3; knob `esr_protocol`); a write
/// also arms the error interrupt again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ErrorStatus {
    protocol: Protocol,
    readable: u32,
    gathered: u32,
    armed: bool,
    /// Sticky: no error since the last write.
    written: bool,
    valid: u32,
}

impl ErrorStatus {
    /// The reset state. The Pentium has bits 3:0 and 6:5, the P6 bit 7 too, later ones bits 7:4 (SDM vol. 3 fig. 10-9).
    pub(super) const fn new(generation: Generation, rule: EsrProtocol) -> Self {
        let profile = generation.profile();
        let protocol = match (rule, profile.error_protocol) {
            (EsrProtocol::Latch, _) | (EsrProtocol::ByGeneration, ErrorProtocol::Latch | ErrorProtocol::Absent) => {
                Protocol::Latch
            }
            (EsrProtocol::Sticky, _) => Protocol::Sticky,
            (EsrProtocol::Direct, _) | (EsrProtocol::ByGeneration, ErrorProtocol::Direct) => Protocol::Direct,
        };
        Self { protocol, readable: 0, gathered: 0, armed: true, written: false, valid: profile.error_bits }
    }

    /// What a read gives.
    pub(super) const fn read(&self) -> u32 {
        self.readable
    }

    /// A write of any value; says whether anything changed.
    pub(super) fn write(&mut self) -> bool {
        let before = *self;
        self.readable = match self.protocol {
            Protocol::Latch => self.gathered,
            Protocol::Sticky if self.written => 0,
            Protocol::Sticky => self.readable | self.gathered,
            Protocol::Direct => 0,
        };
        self.gathered = 0;
        self.armed = true;
        self.written = matches!(self.protocol, Protocol::Sticky);
        before != *self
    }

    /// Errors were detected. Bits that the generation lacks are dropped.
    pub(super) const fn record(&mut self, bits: u32) -> Recorded {
        let recorded = Recorded { changed: self.record_changes(bits), armed: self.record_fires(bits) };
        match self.protocol {
            Protocol::Direct => self.readable |= bits & self.valid,
            Protocol::Latch | Protocol::Sticky => self.gathered |= bits & self.valid,
        }
        self.written &= !recorded.changed;
        recorded
    }

    /// Would [`record`](Self::record) of `bits` change anything?
    pub(super) const fn record_changes(&self, bits: u32) -> bool {
        let place = match self.protocol {
            Protocol::Direct => self.readable,
            Protocol::Latch | Protocol::Sticky => self.gathered,
        };
        bits & self.valid & !place != 0
    }

    /// Would [`record`](Self::record) of `bits` find the error interrupt armed?
    pub(super) const fn record_fires(&self, bits: u32) -> bool {
        self.armed && bits & self.valid != 0
    }

    /// The error interrupt fired: not again before the next write.
    pub(super) const fn fired(&mut self) {
        self.armed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_latches_and_drops_as_in_section_10_5_3() {
        let mut esr = ErrorStatus::new(Generation::P6, EsrProtocol::ByGeneration);
        assert!(!esr.write(), "nothing to latch");
        assert!(esr.record(SEND_ACCEPT_ERROR).changed);
        assert!(!esr.record(SEND_ACCEPT_ERROR).changed);
        assert_eq!(esr.read(), 0, "not visible before a write");
        assert!(esr.write());
        assert_eq!(esr.read(), SEND_ACCEPT_ERROR);
        assert!(esr.write(), "a second write clears");
        assert_eq!(esr.read(), 0);
    }

    #[test]
    fn the_interrupt_is_armed_by_a_write() {
        let mut esr = ErrorStatus::new(Generation::P6, EsrProtocol::ByGeneration);
        assert!(esr.record(ILLEGAL_REGISTER).armed);
        esr.fired();
        assert!(!esr.record(SEND_ILLEGAL_VECTOR).armed);
        assert!(esr.write());
        assert!(esr.record(ILLEGAL_REGISTER).armed);
    }

    #[test]
    fn the_xapic_has_no_accept_errors() {
        let mut esr = ErrorStatus::new(Generation::XApic, EsrProtocol::ByGeneration);
        assert_eq!(esr.record(SEND_ACCEPT_ERROR), Recorded { changed: false, armed: false });
        esr.write();
        assert_eq!(esr.read(), 0);
    }

    #[test]
    fn the_knob_and_the_pentium_read_otherwise() {
        // SDM-2009 and Pentium erratum 3AP
        let mut sticky = ErrorStatus::new(Generation::P6, EsrProtocol::Sticky);
        for bits in [SEND_ACCEPT_ERROR, ILLEGAL_REGISTER] {
            sticky.record(bits);
            sticky.write();
        }
        assert_eq!(sticky.read(), SEND_ACCEPT_ERROR | ILLEGAL_REGISTER, "bits stay");
        sticky.write();
        assert_eq!(sticky.read(), 0, "two writes in a row");
        let mut direct = ErrorStatus::new(Generation::Pentium, EsrProtocol::ByGeneration);
        direct.record(SEND_ACCEPT_ERROR | ILLEGAL_REGISTER);
        assert_eq!(direct.read(), SEND_ACCEPT_ERROR, "bit 7 is reserved on the Pentium");
        direct.write();
        assert_eq!(direct.read(), 0);
    }
}
