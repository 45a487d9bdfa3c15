//! Local interrupts: performance counter and APIC error.
//!
//! Not modelled: LINT0 and LINT1 pins, timer and thermal sources (their entries hold what is written), and the
//! delivery modes SMI, INIT and ExtINT of an entry.

use super::LocalApic;
use super::error_status::RECEIVE_ILLEGAL_VECTOR;
use super::registers::Register;
use crate::bus::DeliveryMode;

/// What a local source that fired did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalInterrupt {
    /// The vector was set in the IRR.
    Requested(u8),
    /// No room for the vector (P6): the entry shows "send pending" (bit 12) and tries again at each EOI.
    Refused(u8),
    /// The core gets an NMI.
    Nmi,
    /// The entry asks for something this version lacks.
    NotModelled(&'static str),
}

/// The entries, in the order of their offsets.
const ENTRIES: [Register; 6] = [
    Register::LvtTimer,
    Register::LvtThermal,
    Register::LvtPerformance,
    Register::LvtLint0,
    Register::LvtLint1,
    Register::LvtError,
];

/// Delivery status: a refused interrupt waits (SDM vol. 3 §10.5.1).
const SEND_PENDING: u32 = 1 << 12;
const MASKED: u32 = 1 << 16;
const MODE: u32 = 0x700;

impl LocalApic {
    /// A performance counter overflowed (SDM vol. 3 §10.5.1). `None`: the entry is masked, or its vector is illegal.
    /// The xAPIC masks the entry as it fires.
    pub fn performance_counter_overflow(&mut self) -> Option<LocalInterrupt> {
        let fired = self.local_source(Register::LvtPerformance)?;
        if self.generation.profile().performance_masks {
            self.values[Register::LvtPerformance as usize] |= MASKED;
        }
        Some(fired)
    }

    /// A local source fires through its entry.
    pub(super) fn local_source(&mut self, entry: Register) -> Option<LocalInterrupt> {
        let value = self.values[entry as usize];
        if value & MASKED != 0 {
            return None;
        }
        match DeliveryMode::from_bits(value >> 8) {
            DeliveryMode::Nmi => Some(LocalInterrupt::Nmi),
            DeliveryMode::Fixed => self.local_fixed(entry, value as u8),
            _ => Some(LocalInterrupt::NotModelled("a local interrupt in SMI, INIT or ExtINT mode")),
        }
    }

    /// A fixed local interrupt goes through the same slot test as a message (SDM vol. 3 §10.8.4).
    fn local_fixed(&mut self, entry: Register, vector: u8) -> Option<LocalInterrupt> {
        if vector < 16 {
            // the error entry itself may hold the illegal vector: no second try
            let recorded = self.error_status.record(RECEIVE_ILLEGAL_VECTOR);
            if recorded.armed && entry != Register::LvtError {
                self.error_interrupt();
            }
            return None;
        }
        if !self.has_room(vector) {
            self.values[entry as usize] |= SEND_PENDING;
            return Some(LocalInterrupt::Refused(vector));
        }
        self.values[entry as usize] &= !SEND_PENDING;
        self.request_vector(vector, false);
        Some(LocalInterrupt::Requested(vector))
    }

    /// The error interrupt, once until the next write of the ESR (SDM vol. 3 §10.5.3).
    fn error_interrupt(&mut self) -> Option<LocalInterrupt> {
        let fired = self.local_source(Register::LvtError)?;
        self.error_status.fired();
        Some(fired)
    }

    /// Records ESR `bits` and fires the error interrupt if it is armed and not masked. A masked entry still records
    /// (SDM vol. 3 §10.5.3).
    pub fn record_error(&mut self, bits: u32) -> Option<LocalInterrupt> {
        if self.error_status.record(bits).armed { self.error_interrupt() } else { None }
    }

    /// A slot became free: what waits in an entry tries again.
    pub(super) fn retry_local(&mut self) {
        for entry in ENTRIES {
            let value = self.values[entry as usize];
            if value & SEND_PENDING != 0 && value & MASKED == 0 {
                self.local_source(entry);
            }
        }
    }

    /// Sets the mask of every entry: what a software-disabled APIC does (SDM vol. 3 §10.4.7.2).
    pub(super) fn mask_entries(&mut self) {
        ENTRIES.into_iter().for_each(|entry| self.values[entry as usize] |= MASKED);
    }

    /// A write of an entry: masks cannot be cleared while software-disabled (SDM vol. 3 §10.4.7.2), and an illegal
    /// vector in fixed mode is an error even if masked (§10.5.2: "may", here it does). Timer and error entries have no
    /// mode field and are always fixed.
    pub(super) fn write_entry(&mut self, entry: Register, value: u32) -> bool {
        let forced = if self.software_enabled() { 0 } else { MASKED };
        let mut changed = self.store(entry, value | forced);
        let stored = self.values[entry as usize];
        if stored & MODE == 0 && stored & 0xFF < 16 {
            changed |= self.log(RECEIVE_ILLEGAL_VECTOR);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed};
    use super::*;
    use crate::generation::Generation;
    use crate::time::Time;

    const LVTPC: u16 = 0x340;
    const LVTERR: u16 = 0x370;
    const ESR: u16 = 0x280;

    #[test]
    fn the_performance_entry_delivers_as_section_10_5_1_says() {
        let table = [
            (Generation::P6, 0x400, Some(LocalInterrupt::Nmi), 0x400),
            (Generation::XApic, 0x400, Some(LocalInterrupt::Nmi), 0x1_0400),
            (Generation::P6, 0x1_0400, None, 0x1_0400),
            (Generation::P6, 0x0EE, Some(LocalInterrupt::Requested(0xEE)), 0x0EE),
            (Generation::XApic, 0x0EE, Some(LocalInterrupt::Requested(0xEE)), 0x1_00EE),
        ];
        for (generation, entry, fired, after) in table {
            let mut apic = enabled(generation, 0);
            apic.write(LVTPC, entry, Time::ZERO);
            assert_eq!(apic.performance_counter_overflow(), fired, "{generation:?} {entry:X}");
            assert_eq!(apic.read(LVTPC), after, "{generation:?} {entry:X}");
        }
    }

    #[test]
    fn a_refused_local_interrupt_waits_for_an_eoi() {
        let mut apic = enabled(Generation::P6, 0);
        apic.write(LVTPC, 0xE1, Time::ZERO);
        apic.deliver(&fixed(1, 0xE2, 0));
        apic.deliver(&fixed(1, 0xE3, 0));
        assert_eq!(apic.performance_counter_overflow(), Some(LocalInterrupt::Refused(0xE1)));
        assert_eq!(apic.read(LVTPC), 0x10E1);
        assert_eq!(apic.acknowledge(), 0xE3);
        assert!(apic.write(0x0B0, 0, Time::ZERO).changed);
        assert_eq!(apic.read(LVTPC), 0xE1);
        assert_eq!(apic.requested().collect::<Vec<_>>(), [0xE1, 0xE2]);
    }

    #[test]
    fn errors_interrupt_once_until_the_esr_is_written() {
        let mut apic = enabled(Generation::P6, 0);
        assert_eq!(apic.record_error(4), None, "masked");
        apic.write(LVTERR, 0xFE, Time::ZERO);
        assert_eq!(apic.record_error(4), Some(LocalInterrupt::Requested(0xFE)));
        assert_eq!(apic.acknowledge(), 0xFE);
        assert_eq!(apic.record_error(4), None);
        apic.write(ESR, 0, Time::ZERO);
        assert_eq!(apic.read(ESR), 4);
        assert_eq!(apic.record_error(4), Some(LocalInterrupt::Requested(0xFE)));
    }

    #[test]
    fn an_illegal_vector_in_an_entry_is_an_error() {
        // SDM vol. 3 §10.5.2; the kernel masks the error entry first for this reason
        let mut apic = enabled(Generation::P6, 0);
        apic.write(LVTERR, 0x1_0000, Time::ZERO);
        apic.write(ESR, 0, Time::ZERO);
        assert_eq!(apic.read(ESR), RECEIVE_ILLEGAL_VECTOR);
        let mut quiet = enabled(Generation::P6, 0);
        quiet.write(LVTPC, 0x400, Time::ZERO);
        quiet.write(ESR, 0, Time::ZERO);
        assert_eq!(quiet.read(ESR), 0, "an NMI entry needs no vector");
    }
}
