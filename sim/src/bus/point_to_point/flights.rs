//! Messages under way on a point-to-point fabric, and the order of those of one sender.
//!
//! Not modelled: see the [module](super).

use crate::bus::{Agent, Message};
use crate::time::{Duration, Time};

/// Where a flight is kept.
pub(super) type Slot = u32;

/// A message under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    pub(super) message: Message,
    /// Distances not reached yet.
    pub(super) visits: u32,
    /// The last completion is back; but an older message of the sender is not done.
    pub(super) complete: bool,
    /// The last completion is back then, as far as known.
    pub(super) complete_at: Time,
    /// The next message of the same sender.
    younger: Option<Slot>,
}

impl Flight {
    pub(super) const fn name(&self) -> u64 {
        (self.message.source as u64) << 32 | self.message.number as u64
    }

    /// Everything that decides its future, relative to `base`.
    pub(super) fn state(&self, base: Time, words: &mut Vec<u64>) {
        words.extend([self.name(), u64::from(self.visits) << 1 | u64::from(self.complete)]);
        words.push(self.complete_at.since(base).as_ps());
    }
}

/// A sender's messages that are not done: the oldest and the youngest.
#[derive(Debug, Clone, Copy)]
struct Chain {
    oldest: Slot,
    youngest: Slot,
}

/// All flights.
#[derive(Debug, Clone)]
pub(super) struct Flights {
    flights: Vec<Flight>,
    /// Slots without a flight.
    free: Vec<Slot>,
    /// By sender.
    open: Vec<Option<Chain>>,
}

impl Flights {
    pub(super) fn new(senders: usize) -> Self {
        Self { flights: Vec::new(), free: Vec::new(), open: vec![None; senders] }
    }

    pub(super) fn get(&self, slot: Slot) -> &Flight {
        &self.flights[slot as usize]
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Flight {
        &mut self.flights[slot as usize]
    }

    /// Puts `message` behind the others of its sender.
    ///
    /// # Panics
    /// If the sender is not on the fabric.
    pub(super) fn add(&mut self, message: Message) -> Slot {
        let chain = &mut self.open[usize::from(message.source)];
        let flight = Flight { message, visits: 0, complete: false, complete_at: Time::ZERO, younger: None };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.flights[slot as usize] = flight;
                slot
            }
            None => {
                self.flights.push(flight);
                (self.flights.len() - 1) as Slot
            }
        };
        match chain {
            Some(chain) => {
                self.flights[chain.youngest as usize].younger = Some(slot);
                chain.youngest = slot;
            }
            None => *chain = Some(Chain { oldest: slot, youngest: slot }),
        }
        slot
    }

    /// Takes the oldest message of `source` out, if it is complete; says whether there are younger ones.
    pub(super) fn take_complete(&mut self, source: Agent) -> Option<(Message, bool)> {
        let open = &mut self.open[usize::from(source)];
        let chain = (*open)?;
        let &Flight { message, complete: true, younger, .. } = &self.flights[chain.oldest as usize] else {
            return None;
        };
        self.free.push(chain.oldest);
        *open = younger.map(|oldest| Chain { oldest, ..chain });
        Some((message, younger.is_some()))
    }

    /// Those that are not done, by sender, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Flight> {
        let oldest = self.open.iter().flatten().map(|chain| self.get(chain.oldest));
        oldest.flat_map(|oldest| std::iter::successors(Some(oldest), |older| older.younger.map(|slot| self.get(slot))))
    }

    /// Everything is `span` later.
    pub(super) fn skip(&mut self, span: Duration) {
        self.flights.iter_mut().for_each(|flight| flight.complete_at += span);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::message;
    use super::*;

    #[test]
    fn a_complete_message_waits_for_older_ones() {
        let mut flights = Flights::new(2);
        let numbers = |flights: &Flights| flights.iter().map(|flight| flight.message.number).collect::<Vec<_>>();
        let slots = [0, 1, 2].map(|number| flights.add(message(1, number, 0)));
        for slot in [slots[1], slots[0]] {
            assert_eq!(flights.take_complete(1), None);
            flights.get_mut(slot).complete = true;
        }
        assert_eq!(flights.take_complete(1), Some((message(1, 0, 0), true)));
        assert_eq!(flights.take_complete(1), Some((message(1, 1, 0), true)));
        assert_eq!((flights.take_complete(1), numbers(&flights)), (None, vec![2]));
        flights.add(message(0, 5, 0));
        assert_eq!(numbers(&flights), [5, 2], "by sender");
        assert_eq!(flights.flights.len(), 3, "a slot is used again");
    }
}
