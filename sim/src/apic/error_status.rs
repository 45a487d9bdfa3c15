//! The error status register.
//!
//! Not modelled: checksum errors (nothing corrupts a message), the redirectable-IPI bit, the Pentium's register, which
//! is readable without a write, and the older protocol in which a second write clears the register.

use crate::generation::Generation;

/// Send accept error: nobody took the message this APIC sent (P6; SDM vol. 3 §10.5.3).
pub const SEND_ACCEPT_ERROR: u32 = 1 << 2;
/// Receive accept error: nobody took a message this APIC saw (P6; SDM vol. 3 §10.5.3).
pub const RECEIVE_ACCEPT_ERROR: u32 = 1 << 3;
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

/// ESR with write-first latching (SDM vol. 3 §10.5.3, newer editions): errors gather unseen until a write latches
/// them into the readable register, drops what was there, and arms the error interrupt again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ErrorStatus {
    readable: u32,
    gathered: u32,
    armed: bool,
    valid: u32,
}

impl ErrorStatus {
    /// The reset state. The P6 has bits 3:0 and 7:5, the xAPIC bits 7:5 (SDM vol. 3 fig. 10-9).
    pub(super) const fn new(generation: Generation) -> Self {
        Self { readable: 0, gathered: 0, armed: true, valid: generation.profile().error_bits }
    }

    /// What a read gives.
    pub(super) const fn read(&self) -> u32 {
        self.readable
    }

    /// A write of any value; says whether anything changed.
    pub(super) fn write(&mut self) -> bool {
        let before = *self;
        self.readable = self.gathered;
        self.gathered = 0;
        self.armed = true;
        before != *self
    }

    /// Errors were detected. Bits that the generation lacks are dropped.
    pub(super) const fn record(&mut self, bits: u32) -> Recorded {
        let bits = bits & self.valid;
        let changed = bits & !self.gathered != 0;
        self.gathered |= bits;
        Recorded { changed, armed: self.armed && bits != 0 }
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
        let mut esr = ErrorStatus::new(Generation::P6);
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
        let mut esr = ErrorStatus::new(Generation::P6);
        assert!(esr.record(ILLEGAL_REGISTER).armed);
        esr.fired();
        assert!(!esr.record(SEND_ILLEGAL_VECTOR).armed);
        assert!(esr.write());
        assert!(esr.record(ILLEGAL_REGISTER).armed);
    }

    #[test]
    fn the_xapic_has_no_accept_errors() {
        let mut esr = ErrorStatus::new(Generation::XApic);
        assert_eq!(esr.record(SEND_ACCEPT_ERROR), Recorded { changed: false, armed: false });
        esr.write();
        assert_eq!(esr.read(), 0);
    }
}
