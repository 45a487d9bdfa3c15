//! Acceptance: what an APIC answers to a message, and what taking it does; from IRR through ISR to EOI.
//!
//! Not modelled: who wins a lowest-priority arbitration (the bus's business; here is what an APIC bids).

use super::LocalApic;
use super::error_status::RECEIVE_ILLEGAL_VECTOR;
use super::priority::class;
use super::register_access::{WriteResult, Written};
use super::registers::Register;
use crate::bus::{Bid, DeliveryMode, Message, Response};
use crate::generation::{FullTarget, Generation, NmiWhenPending, SameVector, Slots, TargetInReset};

/// What acceptance needs to know of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoreState {
    /// In an NMI handler: further NMIs are blocked until IRET (SDM vol. 3 §6.7.1).
    pub nmi_blocked: bool,
    /// One NMI is latched and waits.
    pub nmi_latched: bool,
    /// In wait-for-SIPI: only start-up messages act (SDM vol. 3 §26.6.2).
    pub waits_for_start_up: bool,
}

/// What a delivered message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The vector is set in the IRR (it may have been before: then the two merged).
    Requested(u8),
    /// The core gets an NMI.
    Nmi,
    /// The core gets a system-management interrupt.
    Smi,
    /// The core is initialised.
    Init,
    /// The level of an INIT goes away (82489DX: the core starts).
    InitReleased,
    /// The core is started at this vector, if it waits for that.
    StartUp(u8),
    /// The core gets an external interrupt with this vector.
    External(u8),
    /// No effect on the core.
    Nothing,
}

/// SVR bit 9: focus checking is off (SDM vol. 3 §10.9).
const FOCUS_OFF: u32 = 1 << 9;

/// Interrupts that a P6 keeps for each priority class (see [`Slots::PerClass`]).
const SLOTS_PER_CLASS: u32 = 2;

impl LocalApic {
    /// Is there room for a fixed interrupt with `vector`? Later parts always have (one IRR and one ISR bit a vector, more
    /// merge; SDM vol. 3 §10.8.4). Pentium and P6 have two slots a priority class or, by the manual's text, a vector; a
    /// vector that is already requested merges (knobs `slots`, `same_vector`).
    pub(super) const fn has_room(&self, vector: u8) -> bool {
        if !self.generation.profile().serial
            || matches!(self.knobs.slots, Slots::PerVector)
            || matches!(self.knobs.full_target, FullTarget::Accept)
            || self.requests.contains(vector) && matches!(self.knobs.same_vector, SameVector::Merge)
        {
            return true;
        }
        let class = class(vector);
        self.requests.class(class).count_ones() + self.in_service.class(class).count_ones() < SLOTS_PER_CLASS
    }

    /// The answer to a message that addresses this APIC (SDM vol. 3 figs. 10-16 and 10-17, status table §10.13.2.3).
    /// Software-disabled, it still takes what is not a maskable interrupt (§10.4.7.2); the 82489DX then takes the INIT
    /// level de-assert only.
    pub const fn response(&self, message: &Message, core: CoreState) -> Response {
        if message.is_init_deassert() {
            return Response::Accept;
        }
        if core.waits_for_start_up && !matches!(message.mode, DeliveryMode::Init | DeliveryMode::StartUp) {
            match self.knobs.target_in_reset {
                TargetInReset::Accept => {}
                TargetInReset::Silent => return Response::Silent,
                TargetInReset::Retry => return Response::Retry,
            }
        }
        let deaf = !self.software_enabled() && matches!(self.generation, Generation::I82489Dx);
        match message.mode {
            _ if deaf => Response::Silent,
            DeliveryMode::Nmi => self.nmi_response(core),
            DeliveryMode::StartUp if !self.generation.profile().start_up => Response::Silent,
            DeliveryMode::Smi | DeliveryMode::Init | DeliveryMode::StartUp | DeliveryMode::ExtInt => Response::Accept,
            DeliveryMode::RemoteRead => Response::Accept,
            _ if !self.software_enabled() => Response::Silent,
            DeliveryMode::Fixed | DeliveryMode::LowestPriority
                if message.vector >= 16 && !self.has_room(message.vector) =>
            {
                match self.knobs.full_target {
                    FullTarget::Retry => Response::Retry,
                    FullTarget::AcceptError => Response::Refuse,
                    FullTarget::Accept => Response::Accept,
                }
            }
            _ => Response::Accept,
        }
    }

    const fn nmi_response(&self, core: CoreState) -> Response {
        let refuses = self.generation.profile().serial
            && matches!(self.knobs.nmi_when_pending, NmiWhenPending::Retry)
            && core.nmi_blocked
            && core.nmi_latched;
        if refuses { Response::Retry } else { Response::Accept }
    }

    /// What this APIC brings to a lowest-priority arbitration for `vector` (SDM vol. 3 §10.6.2.4). The 82489DX, Pentium
    /// and P6 have a focus processor, unless SVR bit 9 turns the check off.
    pub fn bid(&self, vector: u8) -> Bid {
        let checks = self.generation.profile().focus && self.values[Register::SpuriousVector as usize] & FOCUS_OFF == 0;
        let focus = checks && (self.requests.contains(vector) || self.in_service.contains(vector));
        Bid { focus, priority: self.arbitration_priority() }
    }

    /// Takes `message`. A software-disabled APIC of the later parts drops a fixed one here, because its bus does not ask
    /// first; a Pentium or P6 that accepted finishes what it began (SDM vol. 3 §10.4.7.2). An illegal vector is recorded
    /// and sets nothing.
    pub fn deliver(&mut self, message: &Message) -> Delivered {
        match message.mode {
            DeliveryMode::Fixed | DeliveryMode::LowestPriority => self.deliver_vector(message),
            DeliveryMode::Nmi => Delivered::Nmi,
            DeliveryMode::Smi => Delivered::Smi,
            DeliveryMode::Init if message.is_init_deassert() => Delivered::InitReleased,
            DeliveryMode::Init => Delivered::Init,
            DeliveryMode::StartUp => Delivered::StartUp(message.vector),
            DeliveryMode::ExtInt => Delivered::External(message.vector),
            DeliveryMode::RemoteRead => Delivered::Nothing,
        }
    }

    fn deliver_vector(&mut self, message: &Message) -> Delivered {
        if !self.generation.profile().serial && !self.software_enabled() {
            return Delivered::Nothing;
        }
        if message.vector < 16 {
            self.log(RECEIVE_ILLEGAL_VECTOR);
            return Delivered::Nothing;
        }
        self.request_vector(message.vector, message.level_triggered);
        Delivered::Requested(message.vector)
    }

    /// Sets IRR; TMR holds the trigger (SDM vol. 3 §10.8.4).
    pub(super) const fn request_vector(&mut self, vector: u8, level_triggered: bool) {
        self.requests.insert(vector);
        if level_triggered {
            self.level_triggered.insert(vector);
        } else {
            self.level_triggered.remove(vector);
        }
    }

    /// The vector that would interrupt the core now: the highest requested one, if its class is above the processor
    /// priority's (SDM vol. 3 §10.8.3.1). What was accepted before a software disable still counts (§10.4.7.2).
    pub fn pending_vector(&self) -> Option<u8> {
        let vector = self.requests.highest()?;
        (class(vector) > class(self.ppr())).then_some(vector)
    }

    /// The core acknowledges an interrupt: IRR to ISR. If nothing can be delivered (any more), it gets the spurious
    /// vector, and ISR stays as it is (SDM vol. 3 §10.9).
    pub fn acknowledge(&mut self) -> u8 {
        let Some(vector) = self.pending_vector() else {
            return self.values[Register::SpuriousVector as usize] as u8;
        };
        self.requests.remove(vector);
        self.in_service.insert(vector);
        vector
    }

    /// A write of EOI: ends the service of the highest vector; one that was level-triggered is broadcast to the I/O
    /// agents (SDM vol. 3 §10.8.5), unless SVR bit 12 suppresses that or a pin of this CPU holds it. Without one in
    /// service nothing happens.
    pub(super) fn end_of_interrupt(&mut self) -> Written {
        let Some(vector) = self.in_service.highest() else { return Written::nothing(false) };
        let suppressed = self.values[Register::SpuriousVector as usize] & EOI_SUPPRESSED != 0;
        let broadcast = self.level_triggered.contains(vector) && !suppressed && !self.is_pin_interrupt(vector);
        self.in_service.remove(vector);
        self.end_of_pin_interrupt(vector);
        self.retry_local();
        Written::changed(WriteResult::EndOfInterrupt { vector, broadcast })
    }
}

/// SVR bit 12: EOI broadcasts are suppressed (SDM vol. 3 §10.8.5; exists with version bit 24).
const EOI_SUPPRESSED: u32 = 1 << 12;

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed, nmi, reset};
    use super::*;
    use crate::generation::Knobs;
    use crate::time::Time;
    use Response::{Accept, Refuse, Retry, Silent};

    const EOI: u16 = 0x0B0;

    fn answer(apic: &LocalApic, vector: u8) -> Response {
        apic.response(&fixed(1, vector, 0), CoreState::default())
    }

    #[test]
    fn slots_follow_the_knobs() {
        // SDM vol. 3 §10.8.4 against the per-class rule; FD and FB hold class F
        let (class, vector) = (Slots::PerClass, Slots::PerVector);
        let table = [
            (Generation::P6, class, FullTarget::Retry, 0xFC, Retry),
            (Generation::P6, class, FullTarget::AcceptError, 0xFC, Refuse),
            (Generation::P6, class, FullTarget::Accept, 0xFC, Accept),
            (Generation::P6, class, FullTarget::Retry, 0xFB, Accept), // merges
            (Generation::P6, class, FullTarget::Retry, 0xEF, Accept), // another class
            (Generation::P6, vector, FullTarget::Retry, 0xFC, Accept),
            (Generation::XApic, class, FullTarget::Retry, 0xFC, Accept),
        ];
        for (generation, slots, full_target, vector, expected) in table {
            let mut apic = enabled(generation, 0);
            apic.knobs = Knobs { slots, full_target, ..Knobs::default() };
            apic.deliver(&fixed(1, 0xFD, 0));
            apic.deliver(&fixed(1, 0xFB, 0));
            assert_eq!(answer(&apic, vector), expected, "{generation:?} {slots:?} {full_target:?} {vector:02X}");
        }
    }

    #[test]
    fn a_vector_in_service_holds_its_slot_until_eoi() {
        let mut apic = enabled(Generation::P6, 0);
        apic.deliver(&fixed(1, 0xFD, 0));
        assert_eq!(apic.acknowledge(), 0xFD);
        assert_eq!(answer(&apic, 0xFD), Accept, "one in service, one requested");
        apic.deliver(&fixed(1, 0xFD, 0));
        assert_eq!(answer(&apic, 0xFD), Accept, "merges");
        assert_eq!(answer(&apic, 0xFB), Retry);
        assert_eq!(apic.class_occupancy(0xF), (vec![0xFD], vec![0xFD]));
        apic.write(EOI, 0, Time::ZERO);
        assert_eq!(answer(&apic, 0xFB), Accept);
    }

    #[test]
    fn nmi_answers_follow_figure_10_17_or_the_knob() {
        let full = CoreState { nmi_blocked: true, nmi_latched: true, ..CoreState::default() };
        let blocked = CoreState { nmi_blocked: true, ..CoreState::default() };
        let (collapse, retry) = (NmiWhenPending::Collapse, NmiWhenPending::Retry);
        let table = [
            (Generation::P6, collapse, full, Accept),
            (Generation::P6, retry, blocked, Accept),
            (Generation::P6, retry, full, Retry),
            (Generation::XApic, retry, full, Accept),
        ];
        for (generation, nmi_when_pending, core, expected) in table {
            let mut apic = enabled(generation, 0);
            apic.knobs.nmi_when_pending = nmi_when_pending;
            assert_eq!(apic.response(&nmi(1, 0), core), expected, "{generation:?} {nmi_when_pending:?} {core:?}");
        }
    }

    #[test]
    fn a_software_disabled_apic_takes_nmis_only() {
        // SDM vol. 3 §10.4.7.2
        for generation in [Generation::P6, Generation::XApic] {
            let mut apic = reset(generation, 0);
            assert_eq!(answer(&apic, 0xFC), Silent);
            assert_eq!(apic.response(&nmi(1, 0), CoreState::default()), Accept);
            assert_eq!(apic.deliver(&nmi(1, 0)), Delivered::Nmi);
        }
        let mut apic = reset(Generation::XApic, 0);
        assert_eq!(apic.deliver(&fixed(1, 0xFC, 0)), Delivered::Nothing);
    }

    #[test]
    fn an_illegal_vector_sets_nothing() {
        // SDM vol. 3 §10.5.2
        let mut apic = enabled(Generation::P6, 0);
        assert_eq!(apic.deliver(&fixed(1, 0x0F, 0)), Delivered::Nothing);
        apic.write(0x280, 0, Time::ZERO);
        assert_eq!((apic.read(0x280, Time::ZERO), apic.pending_vector()), (RECEIVE_ILLEGAL_VECTOR, None));
    }

    #[test]
    fn priorities_nest_and_eoi_unwinds() {
        // SDM vol. 3 §10.8.3, 10.8.5, 10.9
        let mut apic = enabled(Generation::XApic, 0);
        assert_eq!(apic.acknowledge(), 0xFF, "spurious");
        apic.deliver(&fixed(1, 0x31, 0));
        assert_eq!(apic.acknowledge(), 0x31);
        apic.deliver(&fixed(1, 0x35, 0));
        assert_eq!(apic.pending_vector(), None, "same class");
        apic.deliver(&Message { level_triggered: true, ..fixed(1, 0x41, 0) });
        assert_eq!(apic.pending_vector(), Some(0x41));
        assert_eq!(apic.acknowledge(), 0x41);
        assert_eq!(apic.ppr(), 0x40);
        let ended = |vector, broadcast| Written::changed(WriteResult::EndOfInterrupt { vector, broadcast });
        assert_eq!(apic.write(EOI, 0, Time::ZERO), ended(0x41, true));
        assert_eq!(apic.write(EOI, 77, Time::ZERO), ended(0x31, false));
        assert_eq!(apic.write(EOI, 0, Time::ZERO), Written::nothing(false));
        assert_eq!(apic.pending_vector(), Some(0x35));
        apic.write(0x080, 0x30, Time::ZERO);
        assert_eq!(apic.pending_vector(), None, "TPR class 3");
    }

    #[test]
    fn a_repeated_vector_follows_the_knob() {
        for (same_vector, expected) in [(SameVector::Merge, Accept), (SameVector::Slot, Retry)] {
            let mut apic = enabled(Generation::P6, 0);
            apic.knobs.same_vector = same_vector;
            apic.deliver(&fixed(1, 0xFD, 0));
            apic.deliver(&fixed(1, 0xFB, 0));
            assert_eq!(answer(&apic, 0xFB), expected, "{same_vector}");
        }
    }

    #[test]
    fn a_cpu_in_reset_answers_as_the_knob_says() {
        let waiting = CoreState { waits_for_start_up: true, ..CoreState::default() };
        let rules = [(TargetInReset::Accept, Accept), (TargetInReset::Silent, Silent), (TargetInReset::Retry, Retry)];
        for (target_in_reset, expected) in rules {
            let mut apic = enabled(Generation::P6, 0);
            apic.knobs.target_in_reset = target_in_reset;
            assert_eq!(apic.response(&nmi(1, 0), waiting), expected, "{target_in_reset}");
            let start_up = Message { mode: DeliveryMode::StartUp, ..fixed(1, 0x99, 0) };
            assert_eq!(apic.response(&start_up, waiting), Accept);
        }
    }

    #[test]
    fn the_focus_processor_holds_the_vector() {
        // SDM vol. 3 §10.6.2.4, 10.9
        for (generation, svr, focus) in
            [(Generation::P6, 0x1FF, true), (Generation::P6, 0x3FF, false), (Generation::XApic, 0x1FF, false)]
        {
            let mut apic = enabled(generation, 0);
            apic.write(0x0F0, svr, Time::ZERO);
            apic.deliver(&fixed(1, 0x41, 0));
            assert_eq!(apic.bid(0x41), Bid { focus, priority: 0x40 }, "{generation} {svr:X}");
            assert!(!apic.bid(0x42).focus);
        }
    }

    #[test]
    fn eoi_broadcasts_can_be_suppressed() {
        // SDM vol. 3 §10.8.5
        for (svr, broadcast) in [(0x1FF, true), (0x11FF, false)] {
            let mut apic = enabled(Generation::X2Apic, 0);
            apic.write(0x0F0, svr, Time::ZERO);
            apic.deliver(&Message { level_triggered: true, ..fixed(1, 0x41, 0) });
            apic.acknowledge();
            let written = apic.write(EOI, 0, Time::ZERO);
            assert_eq!(written.result, WriteResult::EndOfInterrupt { vector: 0x41, broadcast }, "{svr:X}");
        }
    }

    #[test]
    fn messages_that_pass_the_irr_reach_the_core() {
        let table = [
            (DeliveryMode::Smi, Delivered::Smi),
            (DeliveryMode::Init, Delivered::Init),
            (DeliveryMode::StartUp, Delivered::StartUp(0x99)),
            (DeliveryMode::ExtInt, Delivered::External(0x99)),
            (DeliveryMode::LowestPriority, Delivered::Requested(0x99)),
            (DeliveryMode::RemoteRead, Delivered::Nothing),
        ];
        for (mode, expected) in table {
            let mut apic = enabled(Generation::P6, 0);
            assert_eq!(apic.deliver(&Message { mode, ..fixed(1, 0x99, 0) }), expected, "{mode:?}");
        }
    }
}
