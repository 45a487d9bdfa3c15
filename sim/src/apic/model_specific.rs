//! Model-specific registers of the APIC: its base, TSC deadline, and in x2APIC mode its registers (SDM vol. 3 §10.12).
//!
//! Not modelled: MSRs that are none of the APIC's; all but the time-stamp counter and one bit each of IA32_MISC_ENABLE and
//! IA32_ARCH_CAPABILITIES fault.

use super::LocalApic;
use super::apic_base::{GeneralProtection, MSR_APIC_BASE};
use super::local_vector_table::ENTRIES;
use super::mode::Mode;
use super::priority_messages::MSR_MISC_ENABLE;
use super::register_access::Written;
use super::registers::{self, Access, Register, Row};
use super::timer::DEADLINE_MODE;
use crate::generation::{Generation, TscDeadline, X2ApicIcrBit12};
use crate::time::Time;

/// The time-stamp counter (SDM vol. 4 table 2-2).
pub const MSR_TIME_STAMP_COUNTER: u32 = 0x10;
/// TSC deadline of the APIC timer (SDM vol. 3 §10.5.4.1): as long as there is x2APIC mode, here.
pub const MSR_TSC_DEADLINE: u32 = 0x6E0;

/// Bits of the x2APIC ICR that must be zero: 13, 17:16, 31:20 (SDM vol. 3 fig. 10-28).
const ICR_RESERVED: u64 = 0xFFF3_2000;
const ICR_BIT_12: u64 = 1 << 12;

/// Bits of local entries that hardware sets, delivery status and (of a pin) remote IRR: a write of them is ignored.
const ENTRY_STATUS: u32 = 1 << 12;
const PIN_STATUS: u32 = 1 << 14;

impl LocalApic {
    /// Has its timer TSC-deadline mode, CPUID.01H:ECX\[24\] (SDM vol. 3 §10.5.4.1; knob `tsc_deadline`)?
    pub const fn has_tsc_deadline(&self) -> bool {
        self.generation.profile().x2apic && matches!(self.knobs.tsc_deadline, TscDeadline::Present)
    }

    /// RDMSR at `now`.
    ///
    /// # Errors
    /// A general-protection fault: no such register, write-only, or x2APIC mode is off.
    pub fn read_msr(&mut self, msr: u32, now: Time) -> Result<u64, GeneralProtection> {
        self.peek_msr(msr).unwrap_or_else(|| {
            Ok(match msr {
                MSR_TIME_STAMP_COUNTER => self.timer.time_stamp(now),
                MSR_TSC_DEADLINE => self.timer.deadline(now),
                _ => u64::from(self.timer.count(now)),
            })
        })
    }

    pub(super) fn x2apic_row(&self, msr: u32) -> Result<(&'static Row, usize), GeneralProtection> {
        let row = registers::find_msr(self.generation, msr).filter(|_| self.mode() == Mode::X2Apic);
        row.ok_or(GeneralProtection)
    }

    /// WRMSR at `now`.
    ///
    /// # Errors
    /// A general-protection fault: no such register, read-only, a reserved bit, or an illegal change of mode.
    pub fn write_msr(&mut self, msr: u32, value: u64, now: Time) -> Result<Written, GeneralProtection> {
        match msr {
            MSR_APIC_BASE => self.write_base(value).map(Written::nothing),
            MSR_TIME_STAMP_COUNTER if self.generation != Generation::I82489Dx => {
                self.timer.set_time_stamp(self.written_stamp(value), now);
                Ok(Written::nothing(true))
            }
            MSR_TSC_DEADLINE if self.has_tsc_deadline() => Ok(Written::nothing(self.write_deadline(value, now))),
            MSR_MISC_ENABLE => self.write_misc_enable(value).map(Written::nothing),
            _ => self.write_x2apic(msr, value, now),
        }
    }

    /// What a write of the time-stamp counter leaves in it: before models 3 and 4 of family 0Fh the low 32 bits are written
    /// and the high ones cleared (SDM vol. 3 chapter 17, time-stamp counter). The later Pentium 4 and Xeon stand for their generation here.
    const fn written_stamp(&self, value: u64) -> u64 {
        match self.generation {
            Generation::Pentium | Generation::P6 => value & 0xFFFF_FFFF,
            _ => value,
        }
    }

    /// Says whether anything changed.
    #[inline(never)] // an IPI needs none of its frame
    fn write_deadline(&mut self, value: u64, now: Time) -> bool {
        let before = self.timer;
        self.timer.set_deadline(value, now);
        if self.is_masked(Register::LvtTimer) {
            self.timer.expire(now);
        }
        before != self.timer
    }

    fn write_x2apic(&mut self, msr: u32, value: u64, now: Time) -> Result<Written, GeneralProtection> {
        let (row, _) = self.x2apic_row(msr)?;
        if row.x2apic == Some(Access::ReadOnly) || value & self.reserved(row) != 0 {
            return Err(GeneralProtection);
        }
        Ok(match row.register {
            Register::CommandLow => self.write_wide_command(value, now),
            Register::EndOfInterrupt => self.end_of_interrupt(),
            Register::SelfIpi => self.write_self_ipi(value as u8, now),
            register => Written::nothing(self.write_other(register, value as u32, now)),
        })
    }

    /// Bits of a value written to `row` that fault.
    fn reserved(&self, row: &Row) -> u64 {
        let allowed = match row.register {
            Register::CommandLow => {
                let bit_12 = match self.knobs.x2apic_icr_bit_12 {
                    X2ApicIcrBit12::Ignored => 0,
                    X2ApicIcrBit12::MustBeZero => ICR_BIT_12,
                };
                return ICR_RESERVED | bit_12;
            }
            Register::EndOfInterrupt | Register::ErrorStatus => 0, // only zero may be written
            Register::LvtTimer if !self.has_tsc_deadline() => {
                row.writable(self.generation) & !DEADLINE_MODE | ENTRY_STATUS
            }
            Register::LvtLint0 | Register::LvtLint1 => row.writable(self.generation) | ENTRY_STATUS | PIN_STATUS,
            register if ENTRIES.contains(&register) => row.writable(self.generation) | ENTRY_STATUS,
            _ => row.writable(self.generation),
        };
        !u64::from(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::register_access::WriteResult;
    use super::super::testing::enabled;
    use super::*;
    use crate::bus::Shorthand;
    use crate::named::Named;
    use Generation::X2Apic;

    const NOW: Time = Time::ZERO;

    fn x2apic(id: u16) -> LocalApic {
        let mut apic = enabled(X2Apic, id);
        apic.set_mode_bits(Mode::X2Apic);
        apic
    }

    #[test]
    fn the_map_exists_in_x2apic_mode_only() {
        // SDM vol. 3 §10.12.1.2
        for msr in 0x800..0xC00 {
            for &generation in Generation::ALL {
                let mut apic = enabled(generation, 0);
                let before = apic.clone();
                assert_eq!(apic.read_msr(msr, NOW), Err(GeneralProtection), "{generation} {msr:X}");
                assert_eq!(apic.write_msr(msr, 0x41, NOW).err(), Some(GeneralProtection), "{generation} {msr:X}");
                assert!(apic.values == before.values, "{generation} {msr:X}");
            }
            let known = registers::find_msr(X2Apic, msr);
            let readable = known.is_some_and(|(row, _)| row.x2apic != Some(Access::WriteOnly));
            assert_eq!(x2apic(0).read_msr(msr, NOW).is_ok(), readable, "{msr:X}");
            let writable = known.is_some_and(|(row, _)| row.x2apic != Some(Access::ReadOnly));
            assert_eq!(x2apic(0).write_msr(msr, 0, NOW).is_ok(), writable, "{msr:X}");
        }
        assert_eq!(x2apic(0).read_msr(0x1A, NOW), Err(GeneralProtection));
    }

    #[test]
    fn every_reserved_bit_faults() {
        // SDM vol. 3 §10.12.1.3: by register, the bits that may be written
        let table: [(u32, u64); 13] = [
            (0x808, 0xFF),
            (0x80B, 0),
            (0x80F, 0x11FF),
            (0x828, 0),
            (0x82F, 0x1_17FF),
            (0x830, 0xFFFF_FFFF_000C_DFFF),
            (0x832, 0x7_10FF),
            (0x833, 0x1_17FF),
            (0x834, 0x1_17FF),
            (0x835, 0x1_F7FF),
            (0x837, 0x1_10FF),
            (0x83E, 0xB),
            (0x83F, 0xFF),
        ];
        for (msr, allowed) in table {
            for bit in 0..64 {
                let written = x2apic(0).write_msr(msr, 1 << bit, NOW);
                assert_eq!(written.is_ok(), allowed >> bit & 1 != 0, "{msr:X} bit {bit}");
            }
        }
        let mut amd = x2apic(0);
        amd.knobs.x2apic_icr_bit_12 = X2ApicIcrBit12::MustBeZero;
        assert_eq!(amd.write_msr(0x830, 1 << 12 | 0x41, NOW), Err(GeneralProtection));
    }

    #[test]
    fn the_wide_icr_sends_to_32_bits_and_is_never_busy() {
        // SDM vol. 3 §10.12.9
        let mut apic = x2apic(1);
        let written = apic.write_msr(0x830, 0x0001_0002_0000_4841, NOW).expect("no fault");
        let WriteResult::Send(message) = written.result else { panic!("not sent") };
        assert_eq!((message.destination, message.vector), (0x1_0002, 0x41));
        assert!(!apic.is_busy());
        assert_eq!(apic.read_msr(0x830, NOW), Ok(0x0001_0002_0000_4841));
    }

    #[test]
    fn lowest_priority_is_an_error_and_hides_an_illegal_vector() {
        // SDM vol. 3 §10.5.3
        let mut apic = x2apic(0);
        assert_eq!(apic.write_msr(0x830, 0x10F, NOW).expect("no fault").result, WriteResult::Nothing);
        apic.write_msr(0x828, 0, NOW).expect("no fault");
        assert_eq!(apic.read_msr(0x828, NOW), Ok(u64::from(super::super::REDIRECTABLE_IPI)));
    }

    #[test]
    fn a_self_ipi_is_requested_when_the_write_is_done() {
        // SDM vol. 3 §10.12.11
        let mut apic = x2apic(0);
        let written = apic.write_msr(0x83F, 0x41, NOW).expect("no fault");
        let WriteResult::DeliveredToSelf(message) = written.result else { panic!("it is not delivered") };
        assert_eq!((message.shorthand, message.vector), (Shorthand::Own, 0x41));
        assert_eq!(apic.pending_vector(), Some(0x41));
        apic.write_msr(0x83F, 5, NOW).expect("no fault");
        apic.write_msr(0x828, 0, NOW).expect("no fault");
        assert_eq!(apic.read_msr(0x828, NOW), Ok(0x60), "sender and receiver (§10.5.3)");
    }

    #[test]
    fn the_time_stamp_counter_may_be_written() {
        // SDM vol. 3 chapter 17, time-stamp counter
        for (generation, expected) in [(Generation::P6, 0x9ABC_DEF0), (Generation::XApic, 0x1234_5678_9ABC_DEF0)] {
            let mut apic = enabled(generation, 0);
            apic.write_msr(0x10, 0x1234_5678_9ABC_DEF0, NOW).expect("it may be written");
            assert_eq!(apic.read_msr(0x10, NOW), Ok(expected), "{generation}");
        }
    }

    #[test]
    fn the_deadline_register_exists_with_its_mode() {
        let mut apic = x2apic(0);
        apic.write_msr(0x832, 0x4_0041, NOW).expect("deadline mode");
        apic.write_msr(MSR_TSC_DEADLINE, 2_500, NOW).expect("exists");
        assert_eq!(apic.read_msr(MSR_TSC_DEADLINE, NOW), Ok(2_500));
        assert_eq!(apic.timer_expiry(), Some(Time::from_us(1)), "2500 cycles of 400 ps");
        assert_eq!(apic.read_msr(MSR_TIME_STAMP_COUNTER, Time::from_us(1)), Ok(2_500));
        assert_eq!(enabled(Generation::XApic, 0).read_msr(MSR_TSC_DEADLINE, NOW), Err(GeneralProtection));
    }

    #[test]
    fn a_deadline_that_is_written_before_its_mode_is_ignored() {
        // SDM vol. 3 §10.5.4.1: in the other modes the register reads zero, and writes are ignored
        for other in [0x0_0041, 0x2_0041, 0x1_0041] {
            let mut apic = x2apic(0);
            apic.write_msr(0x832, other, NOW).expect("one-shot, periodic, masked");
            apic.write_msr(0x6E0, 2_500, NOW).expect("there is such a register");
            assert_eq!(apic.read_msr(0x6E0, NOW), Ok(0), "{other:X}");
            apic.write_msr(0x832, 0x4_0041, NOW).expect("deadline mode");
            assert_eq!((apic.read_msr(0x6E0, NOW), apic.timer_expiry()), (Ok(0), None), "{other:X}: not kept");
            apic.write_msr(0x6E0, 2_500, NOW).expect("there is such a register");
            assert_eq!(apic.timer_expiry(), Some(Time::from_us(1)), "{other:X}: now it is armed");
        }
    }

    #[test]
    fn without_tsc_deadline_its_mode_bit_is_reserved() {
        // SDM vol. 3 §10.5.4.1 (CPUID.01H:ECX[24] = 0); reserved bits of x2APIC registers fault, §10.12.1.3
        let mut apic = x2apic(0);
        apic.knobs.tsc_deadline = TscDeadline::Absent;
        for bit in 0..64 {
            let written = apic.clone().write_msr(0x832, 1 << bit, NOW);
            assert_eq!(written.is_ok(), 0x3_10FF_u64 >> bit & 1 != 0, "bit {bit}");
        }
        assert_eq!(apic.read_msr(0x6E0, NOW), Err(GeneralProtection));
        assert_eq!(apic.peek_msr(0x6E0), Some(Err(GeneralProtection)));
        assert_eq!(apic.write_msr(0x6E0, 2_500, NOW).err(), Some(GeneralProtection));
        let mut page = enabled(X2Apic, 0);
        page.knobs.tsc_deadline = TscDeadline::Absent;
        page.write(0x320, 0x4_0041, NOW);
        page.write(0x3E0, 0xB, NOW);
        page.write(0x380, 100, NOW);
        assert_eq!((page.read(0x320, NOW), page.read(0x390, NOW)), (0x41, 100), "one-shot, by bit 17 alone");
        assert!(page.timer_expiry().is_some());
    }
}
