//! Reads and writes of registers by software.
//!
//! Not modelled: the cost of an access, and accesses other than aligned 32-bit ones (see [`registers`]).

use super::LocalApic;
use super::error_status::ILLEGAL_REGISTER;
use super::interrupt_command::SEND_PENDING;
use super::priority;
use super::registers::{self, Access, Register, TABLE};
use crate::bus::Message;
use crate::time::Time;

/// What the caller must do because of a register write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// Nothing.
    Nothing,
    /// Request this message from the interconnect.
    Send(Message),
    /// The service of `vector` ended; if `broadcast`, request an EOI message.
    EndOfInterrupt {
        /// The vector.
        vector: u8,
        /// It was level-triggered: I/O agents must hear of it.
        broadcast: bool,
    },
    /// The store does not complete: the same write must be tried again once the ICR is idle.
    Stall,
    /// The write asks for something this version lacks.
    NotModelled(&'static str),
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

impl LocalApic {
    /// Reads the register at `offset` (bytes from the APIC base). A reserved offset gives 0 and is an error in the ESR:
    /// the only side effect of a read. ICR low shows the delivery status in bit 12 (SDM vol. 3 §10.6.1).
    #[inline]
    pub fn read(&mut self, offset: u16) -> u32 {
        let Some((row, index)) = registers::find(self.generation, offset) else {
            self.log(ILLEGAL_REGISTER);
            return 0;
        };
        match row.register {
            Register::CommandLow => {
                self.values[Register::CommandLow as usize] | if self.busy { SEND_PENDING } else { 0 }
            }
            Register::InService => self.in_service.register(index),
            Register::TriggerMode => self.level_triggered.register(index),
            Register::InterruptRequest => self.requests.register(index),
            Register::ErrorStatus => self.error_status.read(),
            Register::ProcessorPriority => u32::from(self.ppr()),
            Register::ArbitrationPriority => u32::from(self.arbitration_priority()),
            other => self.values[other as usize],
        }
    }

    /// Writes `value` to the register at `offset` (bytes from the APIC base) at `now`. Writes to read-only registers
    /// are ignored; one to a reserved offset is an error in the ESR.
    pub fn write(&mut self, offset: u16, value: u32, now: Time) -> Written {
        let Some((row, _)) = registers::find(self.generation, offset) else {
            return Written::nothing(self.log(ILLEGAL_REGISTER));
        };
        match row.register {
            _ if row.access == Access::ReadOnly => Written::nothing(false),
            Register::EndOfInterrupt => self.end_of_interrupt(),
            Register::ErrorStatus => Written::nothing(self.error_status.write()),
            Register::CommandLow => self.write_command(value, now),
            Register::SpuriousVector => Written::nothing(self.write_spurious_vector(value)),
            Register::LvtTimer
            | Register::LvtThermal
            | Register::LvtPerformance
            | Register::LvtLint0
            | Register::LvtLint1
            | Register::LvtError => Written::nothing(self.write_entry(row.register, value)),
            Register::InitialCount if value != 0 => {
                Written { result: WriteResult::NotModelled("the APIC timer"), changed: false }
            }
            other => Written::nothing(self.store(other, value)),
        }
    }

    /// Clearing SVR bit 8 masks every local entry (SDM vol. 3 §10.4.7.2). Says whether anything changed.
    fn write_spurious_vector(&mut self, value: u32) -> bool {
        let before = self.values;
        self.store(Register::SpuriousVector, value);
        if !self.software_enabled() {
            self.mask_entries();
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
        let changed = self.error_status.record(bits).changed;
        self.record_error(bits).is_some() || changed
    }

    pub(super) fn arbitration_priority(&self) -> u8 {
        if self.generation.profile().serial {
            priority::arbitration_priority(self.tpr(), self.requests.highest(), self.in_service.highest())
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed};
    use super::*;
    use crate::generation::{Generation, Knobs};
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
            (0x320, 0x1_0000, 0x1_0000),
            (0x330, 0, 0x1_0000),
            (0x340, 0x1_0000, 0x1_0000),
            (0x3E0, 0, 0),
        ];
        for (offset, p6, xapic) in table {
            for (generation, expected) in [(P6, p6), (XApic, xapic)] {
                let mut apic = LocalApic::new(generation, Knobs::default(), 3, 3);
                assert_eq!(apic.read(offset), expected, "{generation:?} {offset:03X}");
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
                assert_eq!(apic.read(offset), expected, "{generation:?} {offset:03X}");
            }
        }
        let mut apic = enabled(P6, 0);
        apic.write(0x0E0, 0, Time::ZERO);
        assert_eq!(apic.read(0x0E0), 0x0FFF_FFFF);
        apic.write(0x0F0, 0x120, Time::ZERO);
        assert_eq!(apic.read(0x0F0), 0x12F, "the P6 fixes the low nibble to 1");
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
        apic.read(0x2F0);
        assert_eq!(apic, before);
    }

    #[test]
    fn software_disable_masks_the_local_entries() {
        // SDM vol. 3 §10.4.7.2
        let mut apic = enabled(P6, 0);
        apic.write(0x340, 0x400, Time::ZERO);
        apic.deliver(&fixed(1, 0x41, 0));
        assert!(apic.write(0x0F0, 0xFF, Time::ZERO).changed);
        assert_eq!(apic.read(0x340), 0x1_0400);
        apic.write(0x340, 0x400, Time::ZERO);
        assert_eq!(apic.read(0x340), 0x1_0400, "cannot be unmasked");
        assert_eq!(apic.pending_vector(), Some(0x41), "what is held needs service");
        apic.write(0x0F0, 0x1FF, Time::ZERO);
        assert_eq!(apic.read(0x340), 0x1_0400, "software unmasks");
    }

    #[test]
    fn the_timer_is_refused_but_can_be_stopped() {
        let mut apic = enabled(P6, 0);
        assert_eq!(apic.write(0x380, 0, Time::ZERO), Written::nothing(false));
        assert!(matches!(apic.write(0x380, 1, Time::ZERO).result, WriteResult::NotModelled(_)));
    }
}
