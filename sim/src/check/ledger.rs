//! The messages that were sent and are not settled.
//!
//! Not modelled: see the [module](super).

use super::agent_set::AgentSet;
use super::directory::Directory;
use super::identity::{Addressed, Sender};
use crate::bus::{Agent, DeliveryMode, Message};

/// Place of a record in the ledger.
type Place = u32;
const NOWHERE: Place = u32::MAX;

/// A message under way.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) message: Message,
    pub(super) sender: Sender,
    /// Who must still get it.
    pub(super) due: AgentSet,
    /// Who may get it, but need not.
    pub(super) allowed: AgentSet,
    /// Who got it.
    pub(super) got: AgentSet,
    pub(super) dispatched: bool,
    /// The interconnect says at the end that it still holds it.
    pub(super) carried: bool,
    open: bool,
    /// The next older one of the same sender; of a closed record the next free place.
    next: Place,
}

impl Record {
    /// Does one delivery settle it?
    pub(super) const fn for_one(&self) -> bool {
        matches!(self.message.mode, DeliveryMode::LowestPriority)
    }

    /// Is somebody left out who had to get it?
    pub(super) const fn is_owed(&self) -> bool {
        !self.due.is_empty() && (!self.for_one() || self.got.is_empty())
    }

    /// `agent` became somebody else while the message was under way: from now on it may get it, but need not.
    fn reconsider(&mut self, agent: Agent, addressed: Addressed) {
        let was_due = self.due.contains(agent);
        if self.got.contains(agent) || was_due && addressed == Addressed::Certain {
            return;
        }
        if self.due.remove(agent) || addressed != Addressed::No {
            self.allowed.insert(agent);
        }
    }
}

/// What is known of one sender.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// Its next message has this number at least.
    next_number: u32,
    /// Messages from the first to before the second number were replaced, but an attempt that was on the wire then
    /// may still deliver one of them.
    replaced: (u32, u32),
    /// Messages below were settled while somebody might still have got them.
    forgotten_below: u32,
    newest: Place,
}

impl Source {
    const NEW: Self = Self { next_number: 0, replaced: (0, 0), forgotten_below: 0, newest: NOWHERE };
}

/// What a message that is not open is to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlisted {
    /// No such message was ever sent.
    NeverSent,
    /// It was replaced, and may be delivered all the same.
    Replaced,
    /// It is settled, but somebody might still get it.
    Forgotten,
    /// It is settled.
    Settled,
}

/// The messages under way, by sender.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    records: Vec<Record>,
    free: Option<Place>,
    sources: Vec<Source>,
}

impl Ledger {
    fn source(&mut self, agent: Agent) -> &mut Source {
        let index = usize::from(agent);
        if self.sources.len() <= index {
            self.sources.resize(index + 1, Source::NEW);
        }
        &mut self.sources[index]
    }

    fn places(&self, source: Agent) -> impl Iterator<Item = Place> + '_ {
        let newest = self.sources.get(usize::from(source)).map_or(NOWHERE, |source| source.newest);
        let step = |place: Place| (place != NOWHERE).then_some(place);
        std::iter::successors(step(newest), move |&place| step(self.records[place as usize].next))
    }

    /// The open record of `message`.
    pub(super) fn find(&self, message: &Message) -> Option<Place> {
        self.places(message.source).find(|&place| self.records[place as usize].message.number == message.number)
    }

    pub(super) fn record(&mut self, place: Place) -> &mut Record {
        &mut self.records[place as usize]
    }

    /// Has the sender of `message` a newer one that is not dispatched?
    pub(super) fn has_newer(&self, message: &Message) -> bool {
        self.places(message.source).any(|place| {
            let record = &self.records[place as usize];
            record.message.number > message.number && !record.dispatched
        })
    }

    /// All open records.
    pub(super) fn open(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.open)
    }

    /// What is a message that has no record?
    pub(super) fn unlisted(&mut self, message: &Message) -> Unlisted {
        let source = *self.source(message.source);
        let (from, to) = source.replaced;
        match message.number {
            number if number >= source.next_number => Unlisted::NeverSent,
            number if number >= from && number < to => Unlisted::Replaced,
            number if number < source.forgotten_below => Unlisted::Forgotten,
            _ => Unlisted::Settled,
        }
    }

    /// Opens a record for `message`, sent just now. False: its number was used before.
    pub(super) fn send(&mut self, message: Message, directory: &Directory) -> bool {
        let source = self.source(message.source);
        if message.number < source.next_number {
            return false;
        }
        source.next_number = message.number + 1;
        let sender = directory.sender(message.source);
        let place = self.insert(message, sender);
        let record = self.record(place);
        directory.candidates(sender, &message, |agent| match directory.addressed(sender, &message, agent) {
            Addressed::Certain => record.due.insert(agent),
            Addressed::Perhaps => record.allowed.insert(agent),
            Addressed::No => {}
        });
        true
    }

    /// Opens a record for `message` again, which was replaced but seems to have been on the wire.
    pub(super) fn reopen(&mut self, message: Message, directory: &Directory) -> Place {
        let sender = directory.sender(message.source);
        let place = self.insert(message, sender);
        let record = self.record(place);
        directory.candidates(sender, &message, |agent| match directory.addressed_since(sender, &message, agent) {
            Addressed::Certain => record.due.insert(agent),
            Addressed::Perhaps => record.allowed.insert(agent),
            Addressed::No => {}
        });
        place
    }

    fn insert(&mut self, message: Message, sender: Sender) -> Place {
        let next = self.source(message.source).newest;
        let place = match self.free {
            Some(place) => {
                let record = &mut self.records[place as usize];
                self.free = (record.next != NOWHERE).then_some(record.next);
                let sets = [&mut record.due, &mut record.allowed, &mut record.got];
                sets.into_iter().for_each(AgentSet::clear);
                (record.message, record.sender, record.next) = (message, sender, next);
                (record.dispatched, record.carried, record.open) = (false, false, true);
                place
            }
            None => {
                let (due, allowed, got) = Default::default();
                let (dispatched, carried, open) = (false, false, true);
                self.records.push(Record { message, sender, due, allowed, got, dispatched, carried, open, next });
                self.records.len() as Place - 1
            }
        };
        self.source(message.source).newest = place;
        place
    }

    fn remove(&mut self, place: Place) {
        let Record { message, next, .. } = self.records[place as usize];
        let newer = self.places(message.source).find(|&newer| self.records[newer as usize].next == place);
        match newer {
            Some(newer) => self.records[newer as usize].next = next,
            None => self.source(message.source).newest = next,
        }
        let record = &mut self.records[place as usize];
        record.open = false;
        record.next = self.free.replace(place).unwrap_or(NOWHERE);
    }

    /// Nothing more is expected of the message. With `remember` a later delivery to those who might get it is no
    /// mistake. Messages of the sender that were replaced before it was sent cannot come any more.
    pub(super) fn settle(&mut self, place: Place, remember: bool) {
        let record = &self.records[place as usize];
        let (Message { source, number, .. }, open) = (record.message, !record.allowed.is_empty());
        self.remove(place);
        let source = self.source(source);
        if remember && open {
            source.forgotten_below = source.forgotten_below.max(number + 1);
        }
        let (from, to) = source.replaced;
        source.replaced = if number + 1 >= to { (0, 0) } else { (from.max(number + 1), to) };
    }

    /// The message was replaced by a newer one before the interconnect was done with it. If nobody got it yet, its
    /// record goes, so that a sender that replaces for ever needs no memory.
    pub(super) fn replace(&mut self, place: Place) {
        let record = &self.records[place as usize];
        if !record.got.is_empty() {
            return;
        }
        let Message { source, number, .. } = record.message;
        self.remove(place);
        let source = self.source(source);
        let (from, to) = source.replaced;
        source.replaced = if from == to { (number, number + 1) } else { (from.min(number), to.max(number + 1)) };
    }

    /// `agent` has become somebody else.
    pub(super) fn identity_changed(&mut self, agent: Agent, directory: &Directory) {
        for record in self.records.iter_mut().filter(|record| record.open) {
            let addressed = directory.addressed(record.sender, &record.message, agent);
            record.reconsider(agent, addressed);
        }
    }

    /// Nothing is owed to `agent`, nor by it, any more.
    pub(super) fn exempt(&mut self, agent: Agent, directory: &Directory) {
        self.identity_changed(agent, directory);
        for record in self.records.iter_mut().filter(|record| record.open && record.message.source == agent) {
            record.due.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::{ApicMode, Identity, Rules};
    use super::super::shadow::Shadow;
    use super::*;
    use crate::bus::{DestinationMode, Shorthand};
    use crate::generation::{ClusterFifteen, Generation};
    use crate::time::Time;

    fn message(source: Agent, number: u32) -> Message {
        Message {
            source,
            number,
            mode: DeliveryMode::Fixed,
            vector: 0x41,
            destination_mode: DestinationMode::Physical,
            destination: 0xFF,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::ZERO,
            queues: false,
        }
    }

    fn directory(cpus: Agent) -> Directory {
        let mut directory = Directory::new(Rules::new(Generation::XApic, ClusterFifteen::Exact), cpus);
        let identity = Identity { mode: ApicMode::XApic, software_enabled: true, ..Identity::OFF };
        (0..cpus).for_each(|agent| directory.set(agent, Identity { id: agent.into(), ..identity }, Time::ZERO));
        directory
    }

    #[test]
    fn memory_follows_from_what_is_under_way_at_a_time() {
        let directory = directory(200);
        let mut ledger = Ledger::default();
        for round in 0..1000 {
            for source in 0..3 {
                assert!(ledger.send(message(source, 2 * round), &directory));
                let place = ledger.find(&message(source, 2 * round)).expect("just sent");
                assert_eq!(ledger.record(place).due.to_vec().len(), 200);
                ledger.replace(place);
                assert!(ledger.send(message(source, 2 * round + 1), &directory));
            }
            // the middle one, the oldest, the newest
            for source in [1, 0, 2] {
                assert_eq!(ledger.unlisted(&message(source, 2 * round)), Unlisted::Replaced);
                let place = ledger.find(&message(source, 2 * round + 1)).expect("under way");
                ledger.settle(place, false);
                assert_eq!(ledger.unlisted(&message(source, 2 * round)), Unlisted::Settled);
            }
        }
        assert_eq!((ledger.records.len(), ledger.open().count()), (3, 0));
    }

    #[test]
    fn records_of_one_sender_go_in_any_order() {
        let directory = directory(2);
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut ledger = Ledger::default();
            assert!((0..3).all(|number| ledger.send(message(1, number), &directory)));
            for (gone, number) in order.into_iter().enumerate() {
                let place = ledger.find(&message(1, number)).expect("under way");
                ledger.settle(place, false);
                let left = order[gone + 1..].iter().filter(|&&number| ledger.find(&message(1, number)).is_some());
                assert_eq!((left.count(), ledger.open().count()), (2 - gone, 2 - gone), "{order:?}");
            }
            assert!(!ledger.send(message(1, 2), &directory) && ledger.send(message(1, 7), &directory));
            assert_eq!(ledger.unlisted(&message(1, 8)), Unlisted::NeverSent);
        }
    }

    #[test]
    fn an_agent_costs_a_few_hundred_bytes() {
        // Identity, change, exemption, place by id and mode, shadow, sender, and one message under way
        let fixed = size_of::<Identity>() + size_of::<Time>() + 1 + 8 + 2 + size_of::<Shadow>() + size_of::<Source>();
        assert!(fixed <= 160, "{fixed}");
        assert!(size_of::<Record>() <= 256, "{}", size_of::<Record>());
    }
}
