//! The slots of a priority class, to look at: how many there are, and what holds them. Acceptance decides by its own rule
//! ([`response`](LocalApic::response)), which is asked here.
//!
//! Not modelled: a picture of the slots a vector (knob `slots`), since every vector has its own.

use super::LocalApic;
use super::acceptance::SLOTS_PER_CLASS;
use crate::generation::{FullTarget, Slots};

/// The slots of one class.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// let WriteResult::Send(message) = apic.write(0x300, 0x41, Time::ZERO).result else { panic!("it is sent") };
/// apic.deliver(&message);
/// let slots = apic.class_slots(4).expect("a P6 has two a class");
/// assert_eq!((slots.slots, &*slots.requested, slots.full), (2, &[0x41][..], false));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassSlots {
    /// How many there are.
    pub slots: u32,
    /// Vectors in the IRR, lowest first.
    pub requested: Vec<u8>,
    /// Vectors in the ISR, lowest first.
    pub in_service: Vec<u8>,
    /// Is a vector of this class refused that is not requested yet?
    pub full: bool,
}

impl LocalApic {
    /// The slots of priority class `class` (0 to 15). `None`: this part keeps one bit a vector, or the knobs give it slots a
    /// vector or room without end, so that a class has none.
    pub fn class_slots(&self, class: u8) -> Option<ClassSlots> {
        let counted =
            matches!(self.knobs.slots, Slots::PerClass) && !matches!(self.knobs.full_target, FullTarget::Accept);
        if !self.generation.profile().serial || !counted {
            return None;
        }
        let (requested, in_service) = self.class_occupancy(class);
        let new = (0..16).map(|low| class << 4 | low).filter(|vector| !requested.contains(vector));
        let full = !new.into_iter().any(|vector| self.has_room(vector));
        Some(ClassSlots { slots: SLOTS_PER_CLASS, requested, in_service, full })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed};
    use super::*;
    use crate::generation::Generation;

    #[test]
    fn two_requests_fill_a_class_and_leave_the_others_empty() {
        // SDM vol. 3 §10.8.4: P6 and Pentium keep two interrupts a priority level
        let mut apic = enabled(Generation::P6, 0);
        let full = |apic: &LocalApic, class| apic.class_slots(class).map(|slots| (slots.requested, slots.full));
        assert_eq!(full(&apic, 0xF), Some((vec![], false)));
        apic.deliver(&fixed(1, 0xFB, 0));
        assert_eq!(full(&apic, 0xF), Some((vec![0xFB], false)));
        apic.deliver(&fixed(1, 0xFD, 0));
        assert_eq!(full(&apic, 0xF), Some((vec![0xFB, 0xFD], true)));
        assert_eq!(full(&apic, 0xE), Some((vec![], false)));
        apic.acknowledge();
        let slots = apic.class_slots(0xF).expect("it has slots");
        assert_eq!((slots.requested, slots.in_service, slots.full), (vec![0xFB], vec![0xFD], true));
        apic.write(0xB0, 0, crate::Time::ZERO);
        assert_eq!(full(&apic, 0xF), Some((vec![0xFB], false)));
    }

    #[test]
    fn later_parts_have_none() {
        assert_eq!(enabled(Generation::XApic, 0).class_slots(0xF), None);
    }
}
