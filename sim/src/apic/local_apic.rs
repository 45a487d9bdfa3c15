//! The state of a local APIC, and what can be seen of it.
//!
//! Not modelled: see the [module](super); a P6 id that software changes moves physical destinations, but not the
//! arbitration id to which the bus resynchronises.

use super::bits256::Bits256;
use super::destination::Identity;
use super::error_status::ErrorStatus;
use super::priority;
use super::registers::{REGISTERS, Register, TABLE};
use crate::bus::{Agent, Message};
use crate::generation::{Generation, Knobs};

/// Register values "as after set-up", given instead of executing the set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Spurious vector register.
    pub svr: u32,
    /// Task priority.
    pub tpr: u32,
    /// Destination format.
    pub dfr: u32,
    /// Logical destination, logical id in bits 31:24.
    pub ldr: u32,
    /// LVT performance counter entry, if not as after reset (masked).
    pub lvt_performance: Option<u32>,
    /// LVT error entry, if not as after reset (masked).
    pub lvt_error: Option<u32>,
}

impl Default for Preset {
    /// Software-enabled (SVR 1FF), TPR 0, flat model, no logical id, entries masked.
    fn default() -> Self {
        Self { svr: 0x1FF, tpr: 0, dfr: 0xFFFF_FFFF, ldr: 0, lvt_performance: None, lvt_error: None }
    }
}

/// SVR bit 8: software-enabled (SDM vol. 3 §10.9).
const SOFTWARE_ENABLE: u32 = 1 << 8;

/// A local APIC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalApic {
    pub(super) generation: Generation,
    pub(super) knobs: Knobs,
    pub(super) agent: Agent,
    /// What the registers store, by [`Register`]; computed registers store nothing here.
    pub(super) values: [u32; REGISTERS],
    pub(super) requests: Bits256,
    pub(super) in_service: Bits256,
    pub(super) level_triggered: Bits256,
    pub(super) error_status: ErrorStatus,
    /// Delivery status of the ICR: send pending.
    pub(super) busy: bool,
    pub(super) busy_visible: bool,
    /// The message sent last.
    pub(super) current: Option<Message>,
    /// Knob `queue`: the message that waits for the current one.
    pub(super) queued: Option<Message>,
    pub(super) next_number: u32,
}

impl LocalApic {
    /// The APIC of `agent` in its reset state (SDM vol. 3 §10.4.7.1): software-disabled, all entries masked. The P6
    /// keeps the low four bits of `apic_id`.
    pub fn new(generation: Generation, knobs: Knobs, agent: Agent, apic_id: u8) -> Self {
        let mut values = [0; REGISTERS];
        TABLE.iter().for_each(|row| values[row.register as usize] = row.reset);
        let mut apic = Self {
            generation,
            knobs,
            agent,
            values,
            requests: Bits256::EMPTY,
            in_service: Bits256::EMPTY,
            level_triggered: Bits256::EMPTY,
            error_status: ErrorStatus::new(generation),
            busy: false,
            busy_visible: true,
            current: None,
            queued: None,
            next_number: 0,
        };
        apic.store(Register::Id, u32::from(apic_id) << 24);
        apic.values[Register::Version as usize] = generation.profile().version;
        apic
    }

    /// Whether the delivery status ever reads busy; true after [`new`](Self::new). The ideal bus never shows it.
    pub const fn set_busy_visible(&mut self, visible: bool) {
        self.busy_visible = visible;
        self.busy &= visible;
    }

    /// Sets registers as set-up code would have, without its side effects.
    pub fn preset(&mut self, preset: &Preset) {
        self.store(Register::SpuriousVector, preset.svr);
        self.store(Register::TaskPriority, preset.tpr);
        self.store(Register::DestinationFormat, preset.dfr);
        self.store(Register::LogicalDestination, preset.ldr);
        for (entry, value) in
            [(Register::LvtPerformance, preset.lvt_performance), (Register::LvtError, preset.lvt_error)]
        {
            if let Some(value) = value {
                self.store(entry, value);
            }
        }
        if !self.software_enabled() {
            self.mask_entries();
        }
    }

    /// Is this APIC addressed by `message` (SDM vol. 3 §10.6.2)? The engine keeps a dead APIC out of this.
    pub const fn addressed_by(&self, message: &Message) -> bool {
        let identity = Identity {
            generation: self.generation,
            id: self.id(),
            logical_id: (self.ldr() >> 24) as u8,
            model: (self.dfr() >> 28) as u8,
        };
        identity.addressed_by(message, message.source == self.agent)
    }

    /// Is the delivery status "send pending"?
    pub const fn is_busy(&self) -> bool {
        self.busy
    }
    /// The message sent last.
    pub const fn current(&self) -> Option<&Message> {
        self.current.as_ref()
    }
    /// The message that waits for the current one to be dispatched (knob `queue`).
    pub const fn queued(&self) -> Option<&Message> {
        self.queued.as_ref()
    }
    /// Vectors in the IRR, lowest first.
    pub fn requested(&self) -> impl Iterator<Item = u8> + use<> {
        self.requests.iter()
    }
    /// Vectors in the ISR, lowest first.
    pub fn in_service(&self) -> impl Iterator<Item = u8> + use<> {
        self.in_service.iter()
    }
    /// Vectors of priority class `class` (0 to 15) that hold a slot: in the IRR, and in the ISR, lowest first.
    pub fn class_occupancy(&self, class: u8) -> (Vec<u8>, Vec<u8>) {
        let of_class = |set: &Bits256| set.iter().filter(|&vector| priority::class(vector) == class).collect();
        (of_class(&self.requests), of_class(&self.in_service))
    }
    /// Is the APIC enabled by SVR bit 8?
    pub const fn software_enabled(&self) -> bool {
        self.values[Register::SpuriousVector as usize] & SOFTWARE_ENABLE != 0
    }
    /// The generation.
    pub const fn generation(&self) -> Generation {
        self.generation
    }
    /// APIC id: 4 bits on the P6, 8 on the xAPIC.
    pub const fn id(&self) -> u8 {
        (self.values[Register::Id as usize] >> 24) as u8
    }
    /// Logical destination register.
    pub const fn ldr(&self) -> u32 {
        self.values[Register::LogicalDestination as usize]
    }
    /// Destination format register.
    pub const fn dfr(&self) -> u32 {
        self.values[Register::DestinationFormat as usize]
    }
    /// Task priority.
    pub const fn tpr(&self) -> u8 {
        self.values[Register::TaskPriority as usize] as u8
    }
    /// Processor priority.
    pub fn ppr(&self) -> u8 {
        priority::processor_priority(self.tpr(), self.in_service.highest())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed};
    use super::*;
    use crate::bus::{DeliveryMode, Shorthand};
    use Generation::P6;

    #[test]
    fn a_disabled_preset_keeps_entries_masked() {
        let mut apic = LocalApic::new(P6, Knobs::default(), 0, 0);
        apic.preset(&Preset { svr: 0xFF, lvt_performance: Some(0x400), ..Preset::default() });
        assert_eq!(apic.performance_counter_overflow(), None);
    }

    #[test]
    fn shorthands_and_the_init_deassert_are_matched_by_sender() {
        let table = [
            (Shorthand::Own, true, false),
            (Shorthand::AllIncludingSelf, true, true),
            (Shorthand::AllExcludingSelf, false, true),
        ];
        let (own, other) = (enabled(P6, 1), enabled(P6, 2));
        for (shorthand, to_own, to_other) in table {
            let message = Message { shorthand, ..fixed(1, 0x41, 0) };
            let matched = (own.addressed_by(&message), other.addressed_by(&message));
            assert_eq!(matched, (to_own, to_other), "{shorthand:?}");
        }
        let deassert = Message { mode: DeliveryMode::Init, level_triggered: true, asserted: false, ..fixed(1, 0, 9) };
        assert!(own.addressed_by(&deassert) && other.addressed_by(&deassert));
    }
}
