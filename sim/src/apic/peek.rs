//! Looking at registers without reading them: what a read would give, purely.
//!
//! Not modelled: values that depend on the time (the current count, the TSC deadline, the time-stamp counter).
//!
//! A read through the page has one side effect: that of a reserved offset records an illegal register address in the
//! ESR ([`LocalApic::read_logs`]). It gives 0 every time, but it may change what later reads of other registers give: of
//! the ESR, and by the error interrupt of IRR and the error entry. A read of a model-specific register changes nothing.
//! So the same read twice in a row gives the same value, unless that value is of the time.

use super::LocalApic;
use super::apic_base::{GeneralProtection, MSR_APIC_BASE, MSR_ARCH_CAPABILITIES, MSR_XAPIC_DISABLE_STATUS};
use super::mode::Mode;
use super::model_specific::{MSR_TIME_STAMP_COUNTER, MSR_TSC_DEADLINE};
use super::priority_messages::MSR_MISC_ENABLE;
use super::registers::{self, Access, RESERVED_READS, Register};
use crate::generation::Generation;

/// What the page reads as while the APIC is globally disabled or in x2APIC mode: there is no device (SDM vol. 3
/// §10.12.2).
const NO_DEVICE: u32 = u32::MAX;

impl LocalApic {
    /// What a [`read`](Self::read) of the register at `offset` (bytes from the APIC base) would give now. `None`: that
    /// depends on the time, too (the timer's current count).
    #[inline]
    pub fn peek(&self, offset: u16) -> Option<u32> {
        if self.mode() != Mode::XApic {
            return Some(NO_DEVICE);
        }
        match registers::register_at(self.generation, offset) {
            Some((register, index)) => self.timeless_value(register, index),
            None => Some(RESERVED_READS),
        }
    }

    /// Would a [`read`](Self::read) of `offset` (bytes from the APIC base) record an illegal register address? If not, it
    /// changes nothing; if so, [`record_error_changes`](Self::record_error_changes) of
    /// [`ILLEGAL_REGISTER`](super::ILLEGAL_REGISTER) says whether it changes anything that registers show or that the core
    /// hears, and so does [`take_logged`](Self::take_logged).
    #[inline]
    pub fn read_logs(&self, offset: u16) -> bool {
        self.mode() == Mode::XApic && registers::register_at(self.generation, offset).is_none()
    }

    /// What a [`read_msr`](Self::read_msr) of `msr` would give now. `None`: that depends on the time, too (time-stamp
    /// counter, TSC deadline, the timer's current count).
    pub fn peek_msr(&self, msr: u32) -> Option<Result<u64, GeneralProtection>> {
        match msr {
            MSR_APIC_BASE => Some(self.read_base()),
            MSR_TIME_STAMP_COUNTER if self.generation != Generation::I82489Dx => None,
            MSR_TSC_DEADLINE if self.has_tsc_deadline() => None,
            MSR_MISC_ENABLE => Some(self.read_misc_enable()),
            MSR_ARCH_CAPABILITIES | MSR_XAPIC_DISABLE_STATUS => Some(self.read_lock(msr)),
            _ => self.peek_x2apic(msr).transpose(),
        }
    }

    fn peek_x2apic(&self, msr: u32) -> Result<Option<u64>, GeneralProtection> {
        let (row, index) = self.x2apic_row(msr)?;
        Ok(match row.register {
            _ if row.x2apic == Some(Access::WriteOnly) => return Err(GeneralProtection),
            Register::Id => Some(u64::from(self.initial_id)),
            Register::LogicalDestination => Some(u64::from(self.ldr())),
            Register::CommandLow => Some(
                u64::from(self.values[Register::CommandHigh as usize]) << 32
                    | u64::from(self.values[Register::CommandLow as usize]),
            ),
            register => self.timeless_value(register, index).map(u64::from),
        })
    }
}

#[cfg(test)]
#[path = "peek_tests.rs"]
mod tests;
