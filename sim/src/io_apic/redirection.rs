//! A redirection entry: what a line is turned into.
//!
//! Not modelled: extended destination bits 55:48 of the 82801 family (they are kept like reserved bits).

use crate::bus::{DeliveryMode, DestinationMode};
use crate::generation::IoApicReserved;

/// Bit 12: delivery status, read-only.
pub(super) const DELIVERY_STATUS: u32 = 1 << 12;
const LOW_ACTIVE: u32 = 1 << 13;
/// Bit 14: remote IRR, read-only.
pub(super) const REMOTE_IRR: u32 = 1 << 14;
const LEVEL: u32 = 1 << 15;
/// Bit 16: mask.
pub(super) const MASKED: u32 = 1 << 16;
/// Bits 31:17 of the low half, and 55:32 of the entry.
const RESERVED_LOW: u32 = 0xFFFE_0000;
const RESERVED_HIGH: u32 = 0x00FF_FFFF;

/// What software wrote into an entry, without the read-only bits (82093AA §3.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Redirection {
    low: u32,
    high: u32,
}

impl Redirection {
    /// After reset: masked. The other bits are undefined by 82093AA §3.2.4; here they are zero.
    pub(super) const RESET: Self = Self { low: MASKED, high: 0 };

    /// Writes the half with bits 31:0.
    pub(super) const fn set_low(&mut self, value: u32, reserved: IoApicReserved) {
        self.low = value & !(DELIVERY_STATUS | REMOTE_IRR);
        if matches!(reserved, IoApicReserved::Zero) {
            self.low &= !RESERVED_LOW;
        }
    }

    /// Writes the half with bits 63:32.
    pub(super) const fn set_high(&mut self, value: u32, reserved: IoApicReserved) {
        self.high = if matches!(reserved, IoApicReserved::Zero) { value & !RESERVED_HIGH } else { value };
    }

    /// Bits 31:0, the read-only ones zero.
    pub(super) const fn low(&self) -> u32 {
        self.low
    }
    /// Bits 63:32.
    pub(super) const fn high(&self) -> u32 {
        self.high
    }
    /// Bits 7:0.
    pub(super) const fn vector(&self) -> u8 {
        self.low as u8
    }
    /// Bits 63:56: an APIC id (of which Pentium and P6 compare bits 59:56), or a message destination address.
    pub(super) const fn destination(&self) -> u8 {
        (self.high >> 24) as u8
    }
    /// Bit 11.
    pub(super) const fn destination_mode(&self) -> DestinationMode {
        if self.low & 1 << 11 == 0 { DestinationMode::Physical } else { DestinationMode::Logical }
    }
    /// Bit 16.
    pub(super) const fn masked(&self) -> bool {
        self.low & MASKED != 0
    }
    /// Bit 13: is the line asserted when it is low?
    pub(super) const fn low_active(&self) -> bool {
        self.low & LOW_ACTIVE != 0
    }

    /// Bits 10:8. 011 and 110, remote read and start-up in an ICR, are reserved here (82093AA §3.2.4): `None`.
    pub(super) const fn mode(&self) -> Option<DeliveryMode> {
        match DeliveryMode::from_bits(self.low >> 8) {
            DeliveryMode::RemoteRead | DeliveryMode::StartUp => None,
            mode => Some(mode),
        }
    }

    /// Is the interrupt level-triggered? Bit 15 counts for FIXED and LOWEST. NMI and INIT are edge-triggered even if
    /// programmed otherwise; SMI and ExtINT require edge (82093AA §3.2.4), and are taken for that here.
    pub(super) const fn level(&self) -> bool {
        self.low & LEVEL != 0 && matches!(self.mode(), Some(DeliveryMode::Fixed | DeliveryMode::LowestPriority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(low: u32, high: u32) -> Redirection {
        let mut entry = Redirection::RESET;
        entry.set_low(low, IoApicReserved::AsWritten);
        entry.set_high(high, IoApicReserved::AsWritten);
        entry
    }

    #[test]
    fn fields_are_where_section_3_2_4_puts_them() {
        let entry = entry(0x0001_A961, 0x0D00_0000);
        assert_eq!((entry.vector(), entry.destination()), (0x61, 0x0D));
        assert_eq!(entry.mode(), Some(DeliveryMode::LowestPriority));
        assert_eq!(entry.destination_mode(), DestinationMode::Logical);
        assert!(entry.low_active() && entry.level() && entry.masked());
    }

    #[test]
    fn only_fixed_and_lowest_can_be_level_triggered() {
        // 82093AA §3.2.4, delivery mode
        let table = [
            (0, Some(DeliveryMode::Fixed), true),
            (1, Some(DeliveryMode::LowestPriority), true),
            (2, Some(DeliveryMode::Smi), false),
            (3, None, false),
            (4, Some(DeliveryMode::Nmi), false),
            (5, Some(DeliveryMode::Init), false),
            (6, None, false),
            (7, Some(DeliveryMode::ExtInt), false),
        ];
        for (bits, mode, level) in table {
            let entry = entry(LEVEL | bits << 8, 0);
            assert_eq!((entry.mode(), entry.level()), (mode, level), "mode {bits}");
        }
    }

    #[test]
    fn reserved_bits_follow_the_knob() {
        for (reserved, low, high) in
            [(IoApicReserved::AsWritten, 0xFFFF_AFFF, 0xFFFF_FFFF), (IoApicReserved::Zero, 0x0001_AFFF, 0xFF00_0000)]
        {
            let mut entry = Redirection::RESET;
            entry.set_low(u32::MAX, reserved);
            entry.set_high(u32::MAX, reserved);
            assert_eq!((entry.low(), entry.high()), (low, high), "{reserved}");
        }
    }
}
