//! Reads and writes of the register page by software.
//!
//! Not modelled: the cost of an access, and accesses other than aligned 32-bit ones (see [`registers`]).

use super::LocalApic;
use super::error_status::ILLEGAL_REGISTER;
use super::local_apic::Mode;
use super::registers::{self, Access, Register, Row, SEND_PENDING, TABLE};
use crate::bus::Message;
use crate::generation::{ApicIdWrites, Generation};
use crate::time::Time;

/// What the caller must do because of a register write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// Nothing.
    Nothing,
    /// Request this message from the interconnect.
    Send(Message),
    /// This message to the sender itself has been taken already (self IPI register).
    DeliveredToSelf(Message),
    /// The service of `vector` ended; if `broadcast`, request an EOI message.
    EndOfInterrupt {
        /// The vector.
        vector: u8,
        /// It was level-triggered: I/O agents must hear of it.
        broadcast: bool,
    },
    /// The store does not complete: the same write must be tried again once the ICR is idle.
    Stall,
}

/// Outcome of a register write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What must be done.
    pub result: WriteResult,
    /// Register state changed. A write of ICR low counts as a change in any case, unless it stalls.
    pub changed: bool,
}

impl Written {
    pub(super) const fn nothing(changed: bool) -> Self {
        Self { result: WriteResult::Nothing, changed }
    }
    pub(super) const fn changed(result: WriteResult) -> Self {
        Self { result, changed: true }
    }
}

/// What the page reads as while the APIC is globally disabled or in x2APIC mode: there is no device (SDM vol. 3 §10.12.2).
const NO_DEVICE: u32 = u32::MAX;

impl LocalApic {
    /// Reads the register at `offset` (bytes from the APIC base) at `now`. A reserved offset gives 0 and is an error in
    /// the ESR: the only side effect of a read. ICR low shows the delivery status in bit 12 (SDM vol. 3 §10.6.1).
    #[inline]
    pub fn read(&mut self, offset: u16, now: Time) -> u32 {
        if self.mode() != Mode::XApic {
            return NO_DEVICE;
        }
        match registers::find(self.generation, offset) {
            Some((row, index)) => self.value(row.register, index, now),
            None => {
                self.log(ILLEGAL_REGISTER);
                0
            }
        }
    }

    /// What `register` shows; `index` within a block.
    #[inline]
    pub(super) fn value(&self, register: Register, index: usize, now: Time) -> u32 {
        match register {
            Register::CommandLow => {
                self.values[Register::CommandLow as usize] | if self.shows_busy() { SEND_PENDING } else { 0 }
            }
            Register::InService => self.in_service.register(index),
            Register::TriggerMode => self.level_triggered.register(index),
            Register::InterruptRequest => self.requests.register(index),
            Register::ErrorStatus => self.error_status.read(),
            Register::ProcessorPriority => u32::from(self.ppr()),
            Register::ArbitrationPriority if self.generation.profile().serial => u32::from(self.arbitration_priority()),
            Register::InitialCount => self.timer.initial(),
            Register::CurrentCount => self.timer.count(now),
            other => self.values[other as usize],
        }
    }

    /// What a remote read finds in 16-byte slot `slot` of the page (SDM vol. 3 §22.27.1): no side effect.
    pub fn remote_register(&self, slot: u8, now: Time) -> u32 {
        let found = registers::find(self.generation, u16::from(slot) << 4);
        found.map_or(0, |(row, index)| self.value(row.register, index, now))
    }

    /// Writes `value` to the register at `offset` (bytes from the APIC base) at `now`. Writes to read-only registers
    /// are ignored; one to a reserved offset is an error in the ESR.
    pub fn write(&mut self, offset: u16, value: u32, now: Time) -> Written {
        if self.mode() != Mode::XApic {
            return Written::nothing(false);
        }
        match registers::find(self.generation, offset) {
            Some((row, _)) if row.access == Some(Access::ReadOnly) => Written::nothing(false),
            Some((row, _)) => self.write_row(row, value, now),
            None => Written::nothing(self.log(ILLEGAL_REGISTER)),
        }
    }

    pub(super) fn write_row(&mut self, row: &Row, value: u32, now: Time) -> Written {
        let timer = self.timer;
        match row.register {
            Register::EndOfInterrupt => return self.end_of_interrupt(),
            Register::CommandLow => return self.write_command(value, now),
            Register::Id => return Written::nothing(self.write_id(value)),
            Register::ErrorStatus => return Written::nothing(self.error_status.write()),
            Register::SpuriousVector => return Written::nothing(self.write_spurious_vector(value)),
            Register::LvtCmci
            | Register::LvtTimer
            | Register::LvtThermal
            | Register::LvtPerformance
            | Register::LvtLint0
            | Register::LvtLint1
            | Register::LvtError => return Written::nothing(self.write_entry(row.register, value, now)),
            Register::InitialCount => self.timer.set_initial(value, now),
            Register::DivideConfiguration => {
                let changed = self.store(row.register, value);
                self.timer.set_divider(self.values[row.register as usize], now);
                return Written::nothing(changed || self.timer != timer);
            }
            other => return Written::nothing(self.store(other, value)),
        }
        Written::nothing(self.timer != timer)
    }

    /// Before Nehalem software may change the id (SDM vol. 3 §10.4.6; knob `apic_id_writes`).
    fn write_id(&mut self, value: u32) -> bool {
        match self.knobs.apic_id_writes {
            ApicIdWrites::ByGeneration => self.store(Register::Id, value),
            ApicIdWrites::ReadOnly => false,
            ApicIdWrites::Writable => {
                let before = self.values[Register::Id as usize];
                self.values[Register::Id as usize] = value & self.id_mask();
                before != self.values[Register::Id as usize]
            }
        }
    }

    /// Clearing SVR bit 8 masks every local entry (SDM vol. 3 §10.4.7.2), and clears the interrupts of an 82489DX. Says
    /// whether anything changed.
    fn write_spurious_vector(&mut self, value: u32) -> bool {
        let before = self.values;
        let was_enabled = self.software_enabled();
        self.store(Register::SpuriousVector, value);
        if !self.software_enabled() {
            self.mask_entries();
            if was_enabled && self.generation == Generation::I82489Dx {
                self.clear_interrupts();
                return true;
            }
        }
        before != self.values
    }

    /// Changes the writable bits of a stored register; says whether any changed.
    pub(super) fn store(&mut self, register: Register, value: u32) -> bool {
        let writable = TABLE[register as usize].writable(self.generation);
        let stored = &mut self.values[register as usize];
        let before = *stored;
        *stored = before & !writable | value & writable;
        *stored != before
    }

    /// Records an error this APIC found itself, with its interrupt; says whether anything changed.
    pub(super) fn log(&mut self, bits: u32) -> bool {
        self.logged = true;
        let changed = self.error_status.record(bits).changed;
        self.record_error(bits).is_some() || changed
    }

    /// CR8: the task priority class (SDM vol. 3 §10.8.6). Without an APIC it is a register of its own.
    pub const fn read_cr8(&self) -> u8 {
        if matches!(self.mode(), Mode::Disabled) { self.detached_tpr } else { self.tpr() >> 4 }
    }

    /// Writes bits 3:0 of CR8; says whether anything changed.
    pub const fn write_cr8(&mut self, class: u8) -> bool {
        let class = class & 0xF;
        let changed = class != self.read_cr8() || !matches!(self.mode(), Mode::Disabled) && self.tpr() & 0xF != 0;
        if matches!(self.mode(), Mode::Disabled) {
            self.detached_tpr = class;
        } else {
            self.values[Register::TaskPriority as usize] = (class as u32) << 4;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed, reset};
    use super::*;
    use crate::generation::SvrLowNibble;
    use crate::named::Named;
    use Generation::{P6, XApic};

    #[test]
    fn reset_values_are_those_of_section_10_4_7_1() {
        let table = [
            (0x020, 0x0300_0000, 0x0300_0000),
            (0x030, 0x0004_0011, 0x0005_0014),
            (0x080, 0, 0),
            (0x0A0, 0, 0),
            (0x0E0, 0xFFFF_FFFF, 0xFFFF_FFFF),
            (0x0F0, 0xFF, 0xFF),
            (0x170, 0, 0),
            (0x300, 0, 0),
            (0x380, 0, 0),
            (0x390, 0, 0),
            (0x320, 0x1_0000, 0x1_0000),
            (0x330, 0, 0x1_0000),
            (0x340, 0x1_0000, 0x1_0000),
            (0x3E0, 0, 0),
        ];
        for (offset, p6, xapic) in table {
            for (generation, expected) in [(P6, p6), (XApic, xapic)] {
                let mut apic = reset(generation, 3);
                assert_eq!(apic.read(offset, Time::ZERO), expected, "{generation:?} {offset:03X}");
            }
        }
    }

    #[test]
    fn writes_keep_reserved_and_read_only_bits() {
        // SDM vol. 3 fields in §10.4.6, 10.5.1, 10.6.1, 10.6.2.2, 10.9: all ones written, what is read back
        let table = [
            (0x020, 0x0F00_0000, 0xFF00_0000),
            (0x030, 0x0004_0011, 0x0005_0014),
            (0x080, 0xFF, 0xFF),
            (0x0D0, 0xFF00_0000, 0xFF00_0000),
            (0x0F0, 0x3FF, 0x1FF),
            (0x310, 0xFF00_0000, 0xFF00_0000),
            (0x340, 0x1_07FF, 0x1_07FF),
            (0x350, 0x1_A7FF, 0x1_A7FF),
            (0x370, 0x1_00FF, 0x1_00FF),
            (0x3E0, 0xB, 0xB),
        ];
        for (offset, p6, xapic) in table {
            for (generation, expected) in [(P6, p6), (XApic, xapic)] {
                let mut apic = enabled(generation, 3);
                apic.write(offset, u32::MAX, Time::ZERO);
                assert_eq!(apic.read(offset, Time::ZERO), expected, "{generation:?} {offset:03X}");
            }
        }
        let mut apic = enabled(P6, 0);
        apic.write(0x0E0, 0, Time::ZERO);
        assert_eq!(apic.read(0x0E0, Time::ZERO), 0x0FFF_FFFF);
        apic.write(0x0F0, 0x120, Time::ZERO);
        assert_eq!(apic.read(0x0F0, Time::ZERO), 0x12F, "the P6 fixes the low nibble to 1");
    }

    #[test]
    fn changed_means_changed() {
        let mut apic = enabled(P6, 0);
        assert!(!apic.write(0x080, 0, Time::ZERO).changed);
        assert!(apic.write(0x080, 0x20, Time::ZERO).changed);
        assert!(!apic.write(0x080, 0x20, Time::ZERO).changed);
        assert!(!apic.write(0x0B0, 0, Time::ZERO).changed);
        assert!(!apic.write(0x280, 0, Time::ZERO).changed);
        assert!(apic.write(0x300, 0xFC, Time::ZERO).changed);
        assert!(apic.write(0x2F0, 0, Time::ZERO).changed, "first illegal access");
        assert!(!apic.write(0x2F0, 0, Time::ZERO).changed, "the bit is there already");
        let before = apic.clone();
        apic.read(0x2F0, Time::ZERO);
        assert_eq!(apic, before);
    }

    #[test]
    fn software_disable_masks_the_local_entries() {
        // SDM vol. 3 §10.4.7.2
        let mut apic = enabled(P6, 0);
        apic.write(0x340, 0x400, Time::ZERO);
        apic.deliver(&fixed(1, 0x41, 0));
        assert!(apic.write(0x0F0, 0xFF, Time::ZERO).changed);
        assert_eq!(apic.read(0x340, Time::ZERO), 0x1_0400);
        apic.write(0x340, 0x400, Time::ZERO);
        assert_eq!(apic.read(0x340, Time::ZERO), 0x1_0400, "cannot be unmasked");
        assert_eq!(apic.pending_vector(), Some(0x41), "what is held needs service");
        apic.write(0x0F0, 0x1FF, Time::ZERO);
        assert_eq!(apic.read(0x340, Time::ZERO), 0x1_0400, "software unmasks");
    }

    #[test]
    fn the_low_nibble_of_the_p6_follows_the_knob() {
        let mut apic = enabled(P6, 0);
        apic.knobs.svr_low_nibble = SvrLowNibble::Zeros;
        apic.init();
        assert_eq!(apic.read(0x0F0, Time::ZERO), 0xF0);
        apic.write(0x0F0, 0x1FF, Time::ZERO);
        assert_eq!(apic.read(0x0F0, Time::ZERO), 0x1F0);
    }

    #[test]
    fn ids_are_writable_before_nehalem_or_as_the_knob_says() {
        let table = [
            (P6, ApicIdWrites::ByGeneration, 0x0500_0000),
            (XApic, ApicIdWrites::ByGeneration, 0xA500_0000),
            (Generation::X2Apic, ApicIdWrites::ByGeneration, 0x0300_0000),
            (Generation::X2Apic, ApicIdWrites::Writable, 0xA500_0000),
            (P6, ApicIdWrites::ReadOnly, 0x0300_0000),
        ];
        for (generation, rule, expected) in table {
            let mut apic = enabled(generation, 3);
            apic.knobs.apic_id_writes = rule;
            apic.write(0x020, 0xA500_0000, Time::ZERO);
            assert_eq!(apic.read(0x020, Time::ZERO), expected, "{generation} {rule}");
        }
    }

    #[test]
    fn an_external_apic_clears_itself_when_software_disables_it() {
        // SDM vol. 3 §22.27.1
        let mut apic = enabled(Generation::I82489Dx, 0);
        apic.deliver(&fixed(1, 0x41, 0));
        assert!(apic.write(0x0F0, 0xFF, Time::ZERO).changed);
        assert_eq!(apic.pending_vector(), None);
    }

    #[test]
    fn cr8_is_the_class_of_tpr() {
        // SDM vol. 3 §10.8.6
        let mut apic = enabled(Generation::X2Apic, 0);
        assert!(apic.write_cr8(0x5));
        assert_eq!((apic.read(0x080, Time::ZERO), apic.read_cr8()), (0x50, 5));
        apic.write(0x080, 0x3F, Time::ZERO);
        assert_eq!(apic.read_cr8(), 3);
        apic.set_mode_bits(Mode::Disabled);
        assert!(apic.write_cr8(7));
        assert_eq!((apic.read_cr8(), apic.tpr()), (7, 0x3F), "independent");
    }

    /// The whole page and the whole range of MSRs on every generation: nothing panics, every offset without a row is an
    /// ESR error (where there is an ESR), every other access obeys its row.
    #[test]
    fn every_offset_reads_and_writes_as_its_row_says() {
        for &generation in Generation::ALL {
            let illegal = ILLEGAL_REGISTER & generation.profile().error_bits;
            for offset in 0..0x1000 {
                let row = registers::find(generation, offset).map(|(row, _)| row);
                for write in [false, true] {
                    let mut apic = enabled(generation, 3);
                    let before = apic.clone();
                    if write {
                        apic.write(offset, 0x1_0042, Time::ZERO);
                    } else {
                        apic.read(offset, Time::ZERO);
                    }
                    apic.error_status.write();
                    let expected = if row.is_none() { illegal } else { 0 };
                    assert_eq!(apic.error_status.read(), expected, "{generation} {offset:03X} write {write}");
                    apic.error_status.write();
                    let untouched = row.is_none_or(|row| !write || row.access == Some(Access::ReadOnly));
                    assert!(!untouched || apic.values == before.values, "{generation} {offset:03X} write {write}");
                }
            }
        }
    }
}
