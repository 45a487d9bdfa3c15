//! Fixed interrupts inside an APIC: from IRR through ISR to EOI, as priorities let them (SDM vol. 3 §10.8).
//!
//! Not modelled: room (every vector has one bit in each register; the slots of Pentium and P6 are
//! [acceptance](super::acceptance)'s business).

use super::bits256::Bits256;
use super::priority::class;

/// IRR, ISR, TMR and TPR, with what follows from them kept: it is asked for far more often than it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FixedInterrupts {
    requests: Bits256,
    in_service: Bits256,
    level_triggered: Bits256,
    task_priority: u8,
    /// Kept: the highest vector in service.
    serviced: Option<u8>,
    /// Kept: the vector that would interrupt the core.
    pending: Option<u8>,
}

impl FixedInterrupts {
    /// Nothing requested, nothing in service, task priority 0.
    pub(super) const RESET: Self = Self {
        requests: Bits256::EMPTY,
        in_service: Bits256::EMPTY,
        level_triggered: Bits256::EMPTY,
        task_priority: 0,
        serviced: None,
        pending: None,
    };

    /// Nothing requested, nothing in service; the task priority stays.
    pub(super) const fn clear(&mut self) {
        *self = Self { task_priority: self.task_priority, ..Self::RESET };
    }

    /// IRR.
    #[inline]
    pub(super) const fn requests(&self) -> &Bits256 {
        &self.requests
    }
    /// ISR.
    #[inline]
    pub(super) const fn in_service(&self) -> &Bits256 {
        &self.in_service
    }
    /// TMR.
    #[inline]
    pub(super) const fn level_triggered(&self) -> &Bits256 {
        &self.level_triggered
    }
    /// TPR.
    #[inline]
    pub(super) const fn task_priority(&self) -> u8 {
        self.task_priority
    }
    /// The highest vector in service, ISRV.
    #[inline]
    pub(super) const fn highest_in_service(&self) -> Option<u8> {
        self.serviced
    }

    /// The vector that would interrupt the core now: the highest requested one, if its class is above the processor
    /// priority's (SDM vol. 3 §10.8.3.1).
    #[inline]
    pub(super) const fn pending(&self) -> Option<u8> {
        self.pending
    }

    /// Writes TPR; says whether it changed.
    pub(super) const fn set_task_priority(&mut self, priority: u8) -> bool {
        let changed = priority != self.task_priority;
        self.task_priority = priority;
        self.find_pending();
        changed
    }

    /// Sets IRR; TMR holds the trigger (SDM vol. 3 §10.8.4).
    pub(super) const fn request(&mut self, vector: u8, level_triggered: bool) {
        self.requests.insert(vector);
        if level_triggered {
            self.level_triggered.insert(vector);
        } else {
            self.level_triggered.remove(vector);
        }
        let is_highest = match self.pending {
            Some(pending) => pending < vector,
            None => class(vector) > self.processor_class(),
        };
        if is_highest {
            self.pending = Some(vector);
        }
    }

    /// The core takes the pending vector: IRR to ISR.
    pub(super) const fn acknowledge(&mut self) -> Option<u8> {
        let Some(vector) = self.pending else { return None };
        self.requests.remove(vector);
        self.in_service.insert(vector);
        self.serviced = Some(vector); // its class was above that of all others in service
        self.pending = None; // it was the highest requested one: the rest has no higher class
        Some(vector)
    }

    /// Ends the service of the highest vector, if there is one (SDM vol. 3 §10.8.5).
    #[inline(always)]
    pub(super) const fn end_of_interrupt(&mut self) -> Option<u8> {
        let Some(vector) = self.serviced else { return None };
        self.in_service.remove(vector);
        self.serviced = self.in_service.highest();
        self.find_pending();
        Some(vector)
    }

    /// Is one edge in service, and nothing else in service or requested?
    #[inline(always)]
    pub(super) const fn is_one_edge_in_service(&self) -> bool {
        let Some(vector) = self.serviced else { return false };
        self.in_service.is_only(vector) && self.requests.is_empty() && !self.level_triggered.contains(vector)
    }

    /// Ends the service of [such an edge](Self::is_one_edge_in_service).
    #[inline(always)]
    pub(super) const fn end_only_service(&mut self) {
        self.in_service = Bits256::EMPTY;
        self.serviced = None;
    }

    #[inline]
    const fn find_pending(&mut self) {
        self.pending = match self.requests.highest() {
            Some(vector) if class(vector) > self.processor_class() => Some(vector),
            _ => None,
        };
    }

    /// The class of the processor priority; its sub-class lets nothing through and keeps nothing out.
    const fn processor_class(&self) -> u8 {
        let of_task = class(self.task_priority);
        match self.serviced {
            Some(vector) if class(vector) > of_task => class(vector),
            _ => of_task,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::priority::processor_priority;
    use super::*;
    use crate::generation::PprEqualClass;

    const STEPS: usize = 10;

    fn step(interrupts: &mut FixedInterrupts, which: usize) {
        match which {
            0 => interrupts.request(0x31, false),
            1 => interrupts.request(0x35, true),
            2 => interrupts.request(0x41, false),
            3 => interrupts.request(0xFF, false),
            4 => assert_eq!(interrupts.pending(), interrupts.acknowledge()),
            5 => assert_eq!(interrupts.highest_in_service(), interrupts.end_of_interrupt()),
            6 => assert_eq!(interrupts.task_priority() != 0x3F, interrupts.set_task_priority(0x3F)),
            7 => assert_eq!(interrupts.task_priority() != 0x40, interrupts.set_task_priority(0x40)),
            8 => assert_eq!(interrupts.task_priority() != 0, interrupts.set_task_priority(0)),
            _ => interrupts.clear(),
        }
    }

    /// Every sequence of five steps leaves what is kept as it would be worked out anew.
    #[test]
    fn what_is_kept_follows_from_the_registers() {
        for sequence in 0..STEPS.pow(5) {
            let mut interrupts = FixedInterrupts::RESET;
            (0..5).for_each(|digit| step(&mut interrupts, sequence / STEPS.pow(digit) % STEPS));
            let serviced = interrupts.in_service.highest();
            let ppr = processor_priority(interrupts.task_priority, serviced, PprEqualClass::Tpr);
            let pending = interrupts.requests.highest().filter(|&vector| class(vector) > class(ppr));
            assert_eq!((interrupts.serviced, interrupts.pending), (serviced, pending), "{sequence:05} {interrupts:?}");
        }
    }
}
