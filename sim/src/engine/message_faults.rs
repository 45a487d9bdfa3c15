//! The faults of a machine's messages as it runs: which delivery meets one, and what comes late because of them.

use crate::bus::{Agent, BusEffect, Message, MessageEffect, MessageFault};
use crate::time::Time;
use std::collections::{BTreeMap, VecDeque};

/// A fault, with what it has seen.
#[derive(Debug)]
struct Counted {
    fault: MessageFault,
    seen: u64,
    hits: u64,
}

/// The faults of a machine's messages, and what comes late because of them.
#[derive(Debug)]
pub(crate) struct MessageFaults {
    faults: Vec<Counted>,
    /// What becomes of each delivery of the event that is being processed, in their order.
    fates: VecDeque<Option<MessageEffect>>,
    /// By instant, then in the order in which they were delayed.
    late: BTreeMap<(Time, u64), (Agent, Message)>,
    delayed: u64,
}

impl MessageFaults {
    /// `None`: there are none.
    pub(crate) fn new(faults: &[MessageFault]) -> Option<Self> {
        let counted = |fault: &MessageFault| Counted { fault: *fault, seen: 0, hits: 0 };
        let faults: Vec<Counted> = faults.iter().map(counted).collect();
        (!faults.is_empty()).then_some(Self { faults, fates: VecDeque::new(), late: BTreeMap::new(), delayed: 0 })
    }

    /// Settles what becomes of each delivery among `effects` at `now`, before any is performed.
    #[cold]
    pub(crate) fn settle(&mut self, now: Time, effects: &[BusEffect]) {
        debug_assert!(self.fates.is_empty(), "the deliveries of the event before were performed");
        for effect in effects {
            if let BusEffect::Deliver { agent, message } = effect {
                let fate = self.meets(now, *agent, message);
                self.fates.push_back(fate);
            }
        }
    }

    /// Whether each of the deliveries that are settled reaches its CPU, in their order.
    pub(crate) fn reach(&self) -> impl Iterator<Item = bool> {
        self.fates.iter().map(|fate| !matches!(fate, Some(MessageEffect::Lose | MessageEffect::Delay(_))))
    }

    /// What becomes of the next delivery.
    pub(crate) fn next_fate(&mut self) -> Option<MessageEffect> {
        self.fates.pop_front().flatten()
    }

    /// What becomes of the delivery of `message` to `to` at `now`: of several faults that fit the first acts, all count.
    fn meets(&mut self, now: Time, to: Agent, message: &Message) -> Option<MessageEffect> {
        let mut acts = None;
        for counted in self.faults.iter_mut().filter(|counted| counted.fault.fits(now, to, message)) {
            counted.seen += 1;
            if acts.is_none() && counted.fault.hits(counted.seen, counted.hits) {
                counted.hits += 1;
                acts = Some(counted.fault.effect);
            }
        }
        acts
    }

    /// `message` comes to `to` at `at`.
    pub(crate) fn delay(&mut self, at: Time, to: Agent, message: Message) {
        self.delayed += 1;
        self.late.insert((at, self.delayed), (to, message));
    }

    /// When the next late message comes.
    pub(crate) fn next(&self) -> Time {
        self.late.first_key_value().map_or(Time::NEVER, |(&(at, _), _)| at)
    }

    /// The next late message, if it comes at `now`.
    pub(crate) fn due(&mut self, now: Time) -> Option<(Agent, Message)> {
        let first = self.late.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// How many deliveries each has hit, in the order of the settings.
    pub(crate) fn hits(&self) -> Vec<u64> {
        self.faults.iter().map(|counted| counted.hits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{DeliveryMode, DestinationMode, Shorthand};

    fn message(source: Agent, vector: u8, mode: DeliveryMode) -> Message {
        Message {
            source,
            number: 0,
            mode,
            vector,
            destination_mode: DestinationMode::Physical,
            destination: 0xFF,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::ZERO,
            queues: false,
        }
    }

    /// Which of ten deliveries to CPU 2, a microsecond apart, a fault hits; by hand.
    #[test]
    fn a_fault_hits_what_it_says() {
        let lose = MessageFault::all(MessageEffect::Lose);
        let cases: [(MessageFault, &[u64]); 7] = [
            (lose, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            (MessageFault { nth: 3, count: Some(1), ..lose }, &[3]),
            (MessageFault { nth: 2, every: 4, ..lose }, &[2, 6, 10]),
            (MessageFault { every: 5, count: Some(1), ..lose }, &[1]),
            (MessageFault { since: Time::from_us(4), until: Some(Time::from_us(6)), ..lose }, &[4, 5]),
            (MessageFault { since: Time::from_us(4), nth: 2, ..lose }, &[5, 6, 7, 8, 9, 10]),
            (MessageFault { to: Some(1), ..lose }, &[]),
        ];
        for (fault, expected) in cases {
            let mut faults = MessageFaults::new(&[fault]).expect("there is one");
            let hit = |us: &u64| faults.meets(Time::from_us(*us), 2, &message(0, 0x41, DeliveryMode::Fixed)).is_some();
            let hits: Vec<u64> = (1..=10).filter(hit).collect();
            assert_eq!(hits, expected, "{fault:?}");
            assert_eq!(faults.hits(), [expected.len() as u64]);
        }
    }

    #[test]
    fn of_several_faults_the_first_acts_and_all_count() {
        let second = MessageFault { nth: 2, ..MessageFault::all(MessageEffect::Unnoticed) };
        let mut faults = MessageFaults::new(&[MessageFault::all(MessageEffect::Lose), second]).expect("there are two");
        let fixed = message(0, 0x41, DeliveryMode::Fixed);
        let acts: Vec<_> = (0..3).filter_map(|_| faults.meets(Time::ZERO, 1, &fixed)).collect();
        assert_eq!(acts, [MessageEffect::Lose; 3]);
        assert_eq!(faults.hits(), [3, 0]);
    }

    #[test]
    fn what_is_late_comes_in_its_order() {
        let mut faults = MessageFaults::new(&[MessageFault::all(MessageEffect::Lose)]).expect("there is one");
        for (at, to) in [(5, 0), (3, 1), (5, 2), (4, 3)] {
            faults.delay(Time::from_us(at), to, message(0, 0x41, DeliveryMode::Fixed));
        }
        assert_eq!(faults.next(), Time::from_us(3));
        assert_eq!(faults.due(Time::from_us(2)), None);
        let order: Vec<Agent> = std::iter::from_fn(|| faults.due(Time::from_us(5))).map(|(to, _)| to).collect();
        assert_eq!(order, [1, 3, 0, 2]);
        assert_eq!(faults.next(), Time::NEVER);
    }
}
