//! The APIC base MSR: global enable, x2APIC mode, the place of the register page (SDM vol. 3 §10.4.4, 10.12.1, 10.12.5); and the two by
//! which firmware forbids to leave that mode.
//!
//! Not modelled: address bits above 35 (one physical address width for all parts), a page laid over other devices.

use super::local_apic::LocalApic;
use super::mode::{BOOTSTRAP, ENABLED, EXTENDED, Mode};
use super::registers::Register;
use crate::generation::{Generation, GlobalReenable, X2ApicLock};

/// The MSR (SDM vol. 4 table 2-2).
pub const MSR_APIC_BASE: u32 = 0x1B;

/// IA32_ARCH_CAPABILITIES; of its bits here only 21: there is the next one (SDM vol. 4 table 2-2).
pub(super) const MSR_ARCH_CAPABILITIES: u32 = 0x10A;
const XAPIC_DISABLE: u64 = 1 << 21;
/// IA32_XAPIC_DISABLE_STATUS: bit 0, the APIC is in x2APIC mode and stays there (SDM vol. 4 table 2-2).
pub(super) const MSR_XAPIC_DISABLE_STATUS: u32 = 0xBD;
const LEGACY_XAPIC_DISABLED: u64 = 1;

/// A general-protection fault, #GP(0): the access did nothing.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::X2Apic.core_clock(), timer: Generation::X2Apic.timer_clock() };
/// let mut apic = LocalApic::new(Generation::X2Apic, Knobs::default(), 0, 0, clocks);
/// let invalid = 0xFEE0_0400; // EXTD without EN (SDM vol. 3 §10.12.5)
/// assert_eq!(apic.write_msr(MSR_APIC_BASE, invalid, Time::ZERO), Err(GeneralProtection));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("general-protection fault")]
pub struct GeneralProtection;

/// Base address, bits 35:12.
const ADDRESS: u64 = 0xF_FFFF_F000;

impl LocalApic {
    /// The mode.
    #[inline]
    pub const fn mode(&self) -> Mode {
        match (self.base & ENABLED != 0, self.base & EXTENDED != 0) {
            (false, _) => Mode::Disabled,
            (true, false) => Mode::XApic,
            (true, true) => Mode::X2Apic,
        }
    }

    /// Address of the register page.
    pub const fn page(&self) -> u64 {
        self.base & ADDRESS
    }

    pub(super) const fn set_mode_bits(&mut self, mode: Mode) {
        self.base &= !(ENABLED | EXTENDED);
        self.base |= match mode {
            Mode::Disabled => 0,
            Mode::XApic => ENABLED,
            Mode::X2Apic => ENABLED | EXTENDED,
        };
    }

    /// Reads the MSR. The 82489DX and the Pentium have none.
    pub(super) const fn read_base(&self) -> Result<u64, GeneralProtection> {
        if self.has_base() { Ok(self.base) } else { Err(GeneralProtection) }
    }

    const fn has_base(&self) -> bool {
        !matches!(self.generation, Generation::I82489Dx | Generation::Pentium)
    }

    /// Reads one of the two MSRs of the lock, which can only be read. Before parts that can be locked there are none.
    pub(super) const fn read_lock(&self, msr: u32) -> Result<u64, GeneralProtection> {
        if !self.generation.profile().x2apic || matches!(self.knobs.x2apic_lock, X2ApicLock::Absent) {
            return Err(GeneralProtection);
        }
        Ok(match msr {
            MSR_ARCH_CAPABILITIES => XAPIC_DISABLE,
            _ if self.is_locked() => LEGACY_XAPIC_DISABLED,
            _ => 0,
        })
    }

    /// Is it in x2APIC mode for good (knob `x2apic_lock`)?
    const fn is_locked(&self) -> bool {
        matches!((self.knobs.x2apic_lock, self.mode()), (X2ApicLock::Locked, Mode::X2Apic))
    }

    /// Writes the MSR: reserved bits fault, so do all changes of mode but off to xAPIC, xAPIC to x2APIC, and any to off
    /// (SDM vol. 3 fig. 10-27), and that too where x2APIC mode is locked. Says whether anything changed.
    #[cold]
    pub(super) fn write_base(&mut self, value: u64) -> Result<bool, GeneralProtection> {
        let extended = if self.generation.profile().x2apic { EXTENDED } else { 0 };
        if !self.has_base() || value & !(BOOTSTRAP | ENABLED | extended | ADDRESS) != 0 {
            return Err(GeneralProtection);
        }
        let wanted = match (value & ENABLED != 0, value & EXTENDED != 0) {
            (false, true) => return Err(GeneralProtection),
            (false, false) => Mode::Disabled,
            (true, false) => Mode::XApic,
            (true, true) => Mode::X2Apic,
        };
        let before = self.base;
        match (self.mode(), wanted) {
            (Mode::X2Apic, Mode::XApic) | (Mode::Disabled, Mode::X2Apic) => return Err(GeneralProtection),
            (Mode::X2Apic, Mode::Disabled) if self.is_locked() => return Err(GeneralProtection),
            (Mode::Disabled, Mode::XApic) if !self.can_be_enabled_again() => {
                self.base = value & !ENABLED; // the bit does not stick
                return Ok(before != self.base);
            }
            (Mode::XApic, Mode::X2Apic) => self.values[Register::CommandHigh as usize] = 0,
            (Mode::Disabled, Mode::XApic) | (Mode::XApic | Mode::X2Apic, Mode::Disabled) => self.reset(),
            _ => {}
        }
        self.base = value;
        Ok(before != value)
    }

    /// On the 3-wire bus a disabled APIC loses track of the arbitration ids (SDM vol. 3 §10.4.3; knob
    /// `global_reenable`).
    const fn can_be_enabled_again(&self) -> bool {
        match self.knobs.global_reenable {
            GlobalReenable::ByGeneration => !self.generation.profile().serial,
            GlobalReenable::Always => true,
            GlobalReenable::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, reset};
    use super::*;
    use crate::time::Time;
    use Generation::{P6, Pentium, X2Apic, XApic};

    const PAGE: u64 = 0xFEE0_0000;

    #[test]
    fn mode_changes_follow_figure_10_27() {
        // from, written bits 11:10, outcome
        let (off, page, msr) = (PAGE, PAGE | ENABLED, PAGE | ENABLED | EXTENDED);
        let table = [
            (vec![msr], PAGE | EXTENDED, Err(GeneralProtection)),
            (vec![msr], page, Err(GeneralProtection)),
            (vec![msr], off, Ok(true)),
            (vec![msr, off], PAGE | EXTENDED, Err(GeneralProtection)),
            (vec![msr, off], msr, Err(GeneralProtection)),
            (vec![msr, off], page, Ok(true)),
            (vec![msr, off, page], PAGE | EXTENDED, Err(GeneralProtection)),
            (vec![], page, Ok(false)),
        ];
        for (path, value, expected) in table {
            let mut apic = enabled(X2Apic, 1);
            for step in &path {
                assert!(apic.write_base(*step).is_ok(), "{path:X?}");
            }
            assert_eq!(apic.write_base(value), expected, "{path:X?} then {value:X}");
        }
    }

    /// SDM vol. 4 table 2-2: 10AH bit 21 says that there is BDH, whose bit 0 that EXTD cannot be cleared. INIT keeps the mode
    /// (vol. 3 §10.12.5.1).
    #[test]
    fn a_locked_apic_does_not_leave_x2apic_mode() {
        let (off, page, msr) = (PAGE, PAGE | ENABLED, PAGE | ENABLED | EXTENDED);
        let read = |apic: &mut LocalApic| [0x10A, 0xBD].map(|msr| apic.read_msr(msr, Time::ZERO).ok());
        for (lock, before, after, leaves) in [
            (X2ApicLock::Absent, [None, None], [None, None], true),
            (X2ApicLock::Open, [Some(1 << 21), Some(0)], [Some(1 << 21), Some(0)], true),
            (X2ApicLock::Locked, [Some(1 << 21), Some(0)], [Some(1 << 21), Some(1)], false),
        ] {
            let mut apic = enabled(X2Apic, 1);
            apic.knobs.x2apic_lock = lock;
            assert_eq!(read(&mut apic), before, "{lock:?}");
            for (value, allowed) in [(off, true), (page, true), (msr, true)] {
                assert_eq!(apic.write_base(value).is_ok(), allowed, "{lock:?}: in xAPIC mode nothing is locked");
            }
            apic.init();
            assert_eq!(read(&mut apic), after, "{lock:?}");
            assert_eq!(apic.write_base(page), Err(GeneralProtection), "{lock:?}");
            assert_eq!(apic.write_base(off).is_ok(), leaves, "{lock:?}");
            for register in [0x10A, 0xBD] {
                assert!(apic.write_msr(register, 0, Time::ZERO).is_err(), "{lock:?}: read-only");
            }
        }
        let mut older = enabled(XApic, 1);
        older.knobs.x2apic_lock = X2ApicLock::Locked;
        assert_eq!(read(&mut older), [None, None], "no x2APIC mode");
    }

    #[test]
    fn reserved_bits_and_missing_features_fault() {
        for (generation, value) in [
            (XApic, PAGE | ENABLED | EXTENDED),
            (X2Apic, PAGE | ENABLED | 1),
            (X2Apic, PAGE | ENABLED | 1 << 9),
            (X2Apic, PAGE | ENABLED | 1 << 36),
            (Pentium, PAGE | ENABLED),
        ] {
            assert_eq!(enabled(generation, 0).write_base(value), Err(GeneralProtection), "{generation} {value:X}");
        }
        assert_eq!(reset(Pentium, 0).read_base(), Err(GeneralProtection));
        assert_eq!(reset(P6, 0).read_base(), Ok(0xFEE0_0900));
        assert_eq!(reset(P6, 1).read_base(), Ok(0xFEE0_0800));
    }

    #[test]
    fn a_disabled_apic_comes_back_as_after_reset_where_it_can() {
        // SDM vol. 3 §10.4.3
        for (generation, mode) in [(P6, Mode::Disabled), (XApic, Mode::XApic), (X2Apic, Mode::XApic)] {
            let mut apic = enabled(generation, 0);
            apic.write(0x080, 0x20, Time::ZERO);
            assert_eq!(apic.write_base(PAGE), Ok(true));
            assert_eq!(apic.read(0x080, Time::ZERO), u32::MAX, "{generation}");
            assert!(apic.write_base(PAGE | 0x1000 | ENABLED).is_ok());
            assert_eq!((apic.mode(), apic.page()), (mode, PAGE | 0x1000), "{generation}");
            if mode == Mode::XApic {
                assert_eq!((apic.read(0x080, Time::ZERO), apic.read(0x0F0, Time::ZERO)), (0, 0xFF), "{generation}");
            }
        }
        let mut never = enabled(X2Apic, 0);
        never.knobs.global_reenable = GlobalReenable::Never;
        assert!(never.write_base(PAGE).is_ok() && never.write_base(PAGE | ENABLED).is_ok());
        assert_eq!(never.mode(), Mode::Disabled);
    }

    #[test]
    fn entering_x2apic_mode_keeps_registers_but_ldr_and_icr_high() {
        // SDM vol. 3 §10.12.5.1
        let mut apic = enabled(X2Apic, 3);
        for (offset, value) in [(0x080, 0x20), (0x0D0, 0x2200_0000), (0x310, 0x0700_0000)] {
            apic.write(offset, value, Time::ZERO);
        }
        assert_eq!(apic.write_base(PAGE | ENABLED | EXTENDED), Ok(true));
        let mut value = |msr| apic.read_msr(msr, Time::ZERO);
        assert_eq!(value(0x808), Ok(0x20));
        assert_eq!(value(0x80D), Ok(0x8));
        assert_eq!(value(0x830), Ok(0));
    }
}
