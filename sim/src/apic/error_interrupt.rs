//! Errors that an APIC records, and the error interrupt.
//!
//! Not modelled: see the [error status register](super::error_status).

use super::LocalApic;
use super::error_status::RECEIVE_ILLEGAL_VECTOR;
use super::local_vector_table::LocalInterrupt;
use super::registers::Register;
use crate::bus::DeliveryMode;

impl LocalApic {
    /// Records ESR `bits` and fires the error interrupt if it is armed and not masked. A masked entry still records
    /// (SDM vol. 3 §10.5.3).
    pub fn record_error(&mut self, bits: u32) -> Option<LocalInterrupt> {
        if self.error_status.record(bits).armed { self.error_interrupt() } else { None }
    }

    /// Would [`record_error`](Self::record_error) of ESR `bits` change anything of this APIC, or request an interrupt?
    pub fn record_error_changes(&self, bits: u32) -> bool {
        self.error_status.record_changes(bits) || self.error_status.record_fires(bits) && self.error_interrupt_acts()
    }

    /// Records an error this APIC found itself, with its interrupt; says whether anything changed.
    #[cold]
    pub(super) fn log(&mut self, bits: u32) -> bool {
        let recorded = self.error_status.record(bits).changed;
        let changed = self.record_error(bits).is_some() || recorded;
        self.logged |= changed;
        changed
    }

    /// The error interrupt, once until the next write of the ESR (SDM vol. 3 §10.5.3).
    pub(super) fn error_interrupt(&mut self) -> Option<LocalInterrupt> {
        let fired = self.local_source(Register::LvtError)?;
        self.error_status.fired();
        Some(fired)
    }

    /// Would the error interrupt be given, or its own illegal vector recorded?
    fn error_interrupt_acts(&self) -> bool {
        let entry = self.values[Register::LvtError as usize];
        self.is_live(Register::LvtError)
            && match DeliveryMode::from_bits(entry >> 8) {
                DeliveryMode::Fixed if entry as u8 >= 16 => true,
                DeliveryMode::Fixed => self.error_status.record_changes(RECEIVE_ILLEGAL_VECTOR),
                DeliveryMode::LowestPriority | DeliveryMode::RemoteRead | DeliveryMode::StartUp => false, // reserved
                DeliveryMode::Nmi | DeliveryMode::Smi | DeliveryMode::Init | DeliveryMode::ExtInt => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mode::Mode;
    use super::super::testing::{enabled, fixed, reset};
    use super::*;
    use crate::generation::{EsrProtocol, FullTarget, Generation, Knobs};
    use crate::named::Named;
    use crate::time::Time;

    /// What the method must equal: does it, on a copy?
    fn changes_a_copy(apic: &LocalApic, bits: u32) -> bool {
        let mut after = apic.clone();
        after.record_error(bits).is_some() || after != *apic
    }

    /// Every state of an ESR that one or two errors, and a write or two, lead to.
    fn histories(apic: &LocalApic) -> Vec<LocalApic> {
        let mut all = vec![apic.clone()];
        for _ in 0..3 {
            for from in 0..all.len() {
                for bits in [0x04, 0x60, 0xFF] {
                    let mut next = all[from].clone();
                    next.record_error(bits);
                    all.push(next);
                }
                let mut next = all[from].clone();
                next.error_status.write();
                all.push(next);
            }
        }
        all
    }

    fn check(apic: &LocalApic) {
        for state in histories(apic) {
            for bits in (0..8).map(|bit| 1 << bit).chain([0, 0x04, 0x60, 0xFF, 0x100, u32::MAX]) {
                assert_eq!(state.record_error_changes(bits), changes_a_copy(&state, bits), "{bits:X} in {state:?}");
            }
        }
    }

    fn with(generation: Generation, esr_protocol: EsrProtocol, full_target: FullTarget) -> LocalApic {
        let mut apic = enabled(generation, 0);
        apic.knobs = Knobs { esr_protocol, full_target, ..Knobs::default() };
        apic.error_status = super::super::error_status::ErrorStatus::new(generation, esr_protocol);
        apic
    }

    #[test]
    fn recording_changes_what_it_changes_of_a_copy() {
        for &generation in Generation::ALL {
            for &protocol in EsrProtocol::ALL {
                for mode in [Mode::Disabled, Mode::XApic, Mode::X2Apic] {
                    // masked, with and without a legal vector; requested; an illegal vector; modes no write can set
                    for entry in [0x1_00FE, 0x1_0000, 0xFE, 0x0F, 0x4FE, 0x200, 0x500, 0x7FE, 0x1FE, 0x300, 0x6FE] {
                        let mut apic = with(generation, protocol, FullTarget::Retry);
                        apic.values[Register::LvtError as usize] = entry;
                        apic.set_mode_bits(mode);
                        check(&apic);
                    }
                }
            }
        }
    }

    #[test]
    fn a_full_class_changes_too() {
        for &full_target in FullTarget::ALL {
            let mut apic = with(Generation::P6, EsrProtocol::ByGeneration, full_target);
            apic.write(0x370, 0xFE, Time::ZERO);
            apic.deliver(&fixed(1, 0xFD, 0));
            apic.deliver(&fixed(1, 0xFC, 0));
            check(&apic);
            apic.acknowledge();
            check(&apic);
        }
        check(&reset(Generation::XApic, 0));
    }
}
