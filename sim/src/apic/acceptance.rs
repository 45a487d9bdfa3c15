//! Acceptance: what an APIC answers to a message, and what taking it does; from IRR through ISR to EOI.
//!
//! Not modelled: who wins a lowest-priority arbitration (the bus's business; here is what an APIC bids).

use super::LocalApic;
use super::error_status::RECEIVE_ILLEGAL_VECTOR;
use super::priority::class;
use super::register_access::{WriteResult, Written};
use super::registers::Register;
use crate::bus::{Bid, DeliveryMode, Message, Response};
use crate::generation::{
    ClassEntries, ExtIntWhenDisabled, FullTarget, FullWinner, Generation, IllegalSelfIpi, NmiWhenPending, Redirection,
    RedirectionTie, SameVector, Slots, TargetInReset,
};

/// What acceptance needs to know of the core.
///
/// ```
/// # use sim::apic::*;
/// # use sim::bus::{DeliveryMode, Message, Response};
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// let knobs = Knobs::default().with(|knobs| knobs.nmi_when_pending = NmiWhenPending::Retry);
/// let mut apic = LocalApic::new(Generation::P6, knobs, 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// let WriteResult::Send(nmi) = apic.write(0x300, 0x400, Time::ZERO).result else { panic!("it is sent") };
/// let latched = CoreState { nmi_blocked: true, nmi_latched: true, ..CoreState::default() };
/// assert_eq!(apic.response(&nmi, CoreState::default()), Response::Accept);
/// assert_eq!(apic.response(&nmi, latched), Response::Retry); // one is in its handler, one waits
/// ```
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
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// let WriteResult::Send(message) = apic.write(0x300, 0x41, Time::ZERO).result else { panic!("it is sent") };
/// assert_eq!(apic.deliver(&message), Delivered::Requested(0x41));
/// assert_eq!(apic.pending_vector(), Some(0x41));
/// ```
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
pub(super) const SLOTS_PER_CLASS: u32 = 2;

impl LocalApic {
    /// Is there room for a fixed interrupt with `vector`? Later parts always have (one IRR and one ISR bit a vector, more
    /// merge; SDM vol. 3 §10.8.4). Pentium and P6 have two slots a priority class or, by the manual's text, a vector, so
    /// that a third of one vector is refused; a vector that is requested and not in service merges (knobs `slots`,
    /// `class_entries`, `same_vector`).
    #[inline]
    pub(super) const fn has_room(&self, vector: u8) -> bool {
        !self.generation.profile().serial || self.has_slot(vector)
    }

    const fn has_slot(&self, vector: u8) -> bool {
        let (requests, in_service) = (self.interrupts.requests(), self.interrupts.in_service());
        if matches!(self.knobs.full_target, FullTarget::Accept) {
            return true;
        }
        if requests.contains(vector) {
            if in_service.contains(vector) {
                return false;
            }
            if matches!(self.knobs.same_vector, SameVector::Merge) {
                return true;
            }
        }
        let class = class(vector);
        match (self.knobs.slots, self.knobs.class_entries) {
            (Slots::PerVector, _) => !requests.contains(vector),
            (Slots::PerClass, ClassEntries::OneEach) => requests.class(class) == 0,
            (Slots::PerClass, ClassEntries::Any) => {
                let held = requests.class(class) as u32 | (in_service.class(class) as u32) << 16;
                held == 0 || held.count_ones() < SLOTS_PER_CLASS
            }
        }
    }

    /// The answer to a message that addresses this APIC (SDM vol. 3 figs. 10-16 and 10-17, status table §10.13.2.3).
    /// Software-disabled, it still takes what is not a maskable interrupt (§10.4.7.2); the 82489DX then takes the INIT
    /// level de-assert only.
    #[inline(always)]
    pub const fn response(&self, message: &Message, core: CoreState) -> Response {
        if !core.waits_for_start_up && self.accepts_plainly(message) {
            return Response::Accept;
        }
        self.response_by_rule(message, core)
    }

    /// Does it accept `message`, as most do, if its core does not wait for a start-up message? The whole rule says the same of
    /// them. (Later parts always have room.)
    #[inline(always)]
    pub(crate) const fn accepts_plainly(&self, message: &Message) -> bool {
        matches!(message.mode, DeliveryMode::Fixed) && self.software_enabled() && !self.generation.profile().serial
    }

    #[inline(never)]
    const fn response_by_rule(&self, message: &Message, core: CoreState) -> Response {
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
            DeliveryMode::ExtInt if !self.software_enabled() && self.refuses_ext_int() => Response::Silent,
            DeliveryMode::Smi | DeliveryMode::Init | DeliveryMode::StartUp | DeliveryMode::ExtInt => Response::Accept,
            DeliveryMode::RemoteRead => Response::Accept,
            _ if !self.software_enabled() => Response::Silent,
            // All take part in the arbitration (§22.27.1); a focus processor needs no slot (fig. 10-17)
            DeliveryMode::LowestPriority if self.takes_part_full(message.vector) => Response::Accept,
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

    const fn refuses_ext_int(&self) -> bool {
        matches!(self.knobs.ext_int_when_disabled, ExtIntWhenDisabled::Refused)
    }

    /// Does it take part in a lowest-priority arbitration for `vector` even without room?
    const fn takes_part_full(&self, vector: u8) -> bool {
        matches!(self.generation, Generation::I82489Dx) || self.is_focus(vector)
    }

    const fn nmi_response(&self, core: CoreState) -> Response {
        let refuses = matches!(self.knobs.nmi_when_pending, NmiWhenPending::Retry)
            && core.nmi_blocked
            && core.nmi_latched
            && self.generation.profile().serial;
        if refuses { Response::Retry } else { Response::Accept }
    }

    /// What this APIC brings to a lowest-priority arbitration for `vector` (SDM vol. 3 §10.6.2.4).
    pub fn bid(&self, vector: u8) -> Bid {
        let focus = self.is_focus(vector);
        let priority = self.arbitration_priority();
        let redirection = match self.knobs.redirection {
            Redirection::TaskPriority => self.reported_priority() >> 4,
            Redirection::Buckets => self.reported_priority() >> 6,
            Redirection::ArbitrationPriority => priority >> 4,
        };
        let external = self.generation == Generation::I82489Dx && self.knobs.full_winner == FullWinner::Accept;
        Bid {
            focus,
            priority,
            redirection,
            highest_id: self.knobs.redirection_tie == RedirectionTie::HighestId,
            room: focus || external || vector < 16 || self.has_room(vector),
        }
    }

    /// Is it the focus processor for `vector`? The 82489DX, Pentium and P6 have one, unless SVR bit 9 turns the check off.
    const fn is_focus(&self, vector: u8) -> bool {
        let checks = self.generation.profile().focus && self.values[Register::SpuriousVector as usize] & FOCUS_OFF == 0;
        checks && self.holds(vector)
    }

    const fn holds(&self, vector: u8) -> bool {
        self.interrupts.requests().contains(vector) || self.interrupts.in_service().contains(vector)
    }

    /// Takes `message`. A software-disabled APIC of the later parts drops a fixed one here, because its bus does not ask
    /// first; a Pentium or P6 that accepted finishes what it began (SDM vol. 3 §10.4.7.2). An illegal vector is recorded
    /// and sets nothing.
    #[inline]
    pub fn deliver(&mut self, message: &Message) -> Delivered {
        if matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority) {
            return self.deliver_vector(message);
        }
        match message.mode {
            DeliveryMode::Nmi => Delivered::Nmi,
            DeliveryMode::Smi => Delivered::Smi,
            DeliveryMode::Init if message.is_init_deassert() => Delivered::InitReleased,
            DeliveryMode::Init => Delivered::Init,
            DeliveryMode::StartUp => Delivered::StartUp(message.vector),
            DeliveryMode::ExtInt if !self.software_enabled() && self.refuses_ext_int() => Delivered::Nothing,
            DeliveryMode::ExtInt => Delivered::External(message.vector),
            DeliveryMode::RemoteRead | DeliveryMode::Fixed | DeliveryMode::LowestPriority => Delivered::Nothing,
        }
    }

    fn deliver_vector(&mut self, message: &Message) -> Delivered {
        if !self.software_enabled() && !self.generation.profile().serial {
            return Delivered::Nothing;
        }
        if message.vector < 16 {
            let own = message.source == self.agent;
            if !own || self.knobs.illegal_self_ipi == IllegalSelfIpi::Both {
                self.log(RECEIVE_ILLEGAL_VECTOR);
            }
            return Delivered::Nothing;
        }
        self.interrupts.request(message.vector, message.level_triggered);
        Delivered::Requested(message.vector)
    }

    /// The vector that would interrupt the core now: the highest requested one, if its class is above the processor
    /// priority's (SDM vol. 3 §10.8.3.1). What was accepted before a software disable still counts (§10.4.7.2).
    #[inline]
    pub const fn pending_vector(&self) -> Option<u8> {
        self.interrupts.pending()
    }

    /// The core acknowledges an interrupt: IRR to ISR. If nothing can be delivered (any more), it gets the spurious
    /// vector, and ISR stays as it is (SDM vol. 3 §10.9).
    pub fn acknowledge(&mut self) -> u8 {
        self.interrupts.acknowledge().unwrap_or(self.spurious_vector())
    }

    /// A write of EOI: ends the service of the highest vector; one that was level-triggered is broadcast to the I/O
    /// agents (SDM vol. 3 §10.8.5), unless SVR bit 12 suppresses that or a pin of this CPU holds it. Without one in
    /// service nothing happens.
    pub(super) fn end_of_interrupt(&mut self) -> Written {
        let Some(vector) = self.interrupts.end_of_interrupt() else { return Written::nothing(false) };
        let suppressed = self.values[Register::SpuriousVector as usize] & EOI_SUPPRESSED != 0;
        let broadcast =
            self.interrupts.level_triggered().contains(vector) && !suppressed && !self.is_pin_interrupt(vector);
        if self.entries_wait() {
            self.end_of_pin_interrupt(vector);
            self.retry_local();
        }
        Written::changed(WriteResult::EndOfInterrupt { vector, broadcast })
    }

    /// Is an EOI now what it mostly is: the end of an edge, with nothing else in service or requested, and no entry that may wait?
    #[inline(always)]
    pub(crate) fn is_service_plain(&self) -> bool {
        self.has_page() && self.interrupts.is_one_edge_in_service() && !self.an_entry_waited
    }

    /// Such an EOI.
    #[inline(always)]
    pub(crate) const fn end_plain_service(&mut self) {
        self.interrupts.end_only_service();
    }
}

/// SVR bit 12: EOI broadcasts are suppressed (SDM vol. 3 §10.8.5; exists with version bit 24).
const EOI_SUPPRESSED: u32 = 1 << 12;

#[cfg(test)]
#[path = "acceptance_tests.rs"]
mod tests;
