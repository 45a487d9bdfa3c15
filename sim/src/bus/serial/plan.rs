//! What happens next on the serial bus.
//!
//! Not modelled: see the [module](super).

use super::SerialBus;
use super::carried::OnBus;
use super::frame::Format;
use crate::time::Time;

/// What happens next. It is found once after each change, and kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) cycle: Option<u64>,
    /// Its instant; [`Time::NEVER`]: there is none.
    pub(super) at: Time,
    /// The earliest instant at which anything is sampled or seen.
    pub(super) bound: Time,
}

impl Plan {
    pub(super) const NOTHING: Self = Self { cycle: None, at: Time::NEVER, bound: Time::NEVER };
}

impl SerialBus {
    /// Finds out what happens next; to be called after every change.
    pub(super) fn plan(&mut self) {
        let cycle = self.on_bus.as_ref().map(OnBus::next_cycle).or_else(|| self.arbitration());
        let Some(cycle) = cycle else {
            self.plan = Plan::NOTHING;
            return;
        };
        let at = self.clock.instant(cycle);
        let bound = if self.on_bus.is_some() { at } else { self.first_sample(cycle) };
        self.plan = Plan { cycle: Some(cycle), at, bound };
    }

    /// When whatever wins the arbitration at `edge` is first seen.
    fn first_sample(&self, edge: u64) -> Time {
        let end_of_interrupt = self.senders.iter().any(|sender| sender.wants_end_of_interrupt(edge))
            || self.faults.jabbering(self.clock.instant(edge)).is_some();
        let format = if end_of_interrupt { Format::EndOfInterrupt } else { Format::Short };
        self.clock.instant(edge + format.first_status())
    }
}
