//! The messages that were sent and are not settled, of all senders.
//!
//! Not modelled: see the [module](super).

use super::agent_bits::AgentBits;
use super::directory::Directory;
use super::record::Record;
use super::source::{Source, Unlisted};
use super::standings::Standing;
use crate::bus::{Agent, Message};

/// The messages under way, by sender.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    sources: Vec<Source>,
    /// Who has messages under way, or had some when it was looked at last.
    busy: AgentBits,
}

impl Ledger {
    /// With room for `senders` senders; it grows if there are more.
    pub(super) fn new(senders: usize) -> Self {
        Self { sources: vec![Source::default(); senders], busy: AgentBits::new(senders) }
    }

    /// The sender of `message`, with a place for it if it is a new one.
    #[inline]
    fn source_mut(&mut self, message: &Message) -> &mut Source {
        let index = message.source as usize;
        if self.sources.len() <= index {
            self.grow(index + 1);
        }
        &mut self.sources[index]
    }

    #[cold]
    fn grow(&mut self, senders: usize) {
        self.sources.resize(senders, Source::default());
    }

    /// A sender, if it has sent.
    #[inline]
    pub(super) fn source(&mut self, sender: Agent) -> Option<&mut Source> {
        self.sources.get_mut(usize::from(sender))
    }

    /// The open record of `message`, if it is the oldest of its sender.
    #[inline]
    pub(super) fn oldest(&mut self, message: &Message) -> Option<&mut Record> {
        self.sources.get_mut(message.source as usize)?.oldest(message.number)
    }

    /// The open record of `message`.
    #[inline]
    pub(super) fn find(&mut self, message: &Message) -> Option<&mut Record> {
        let (place, source) = self.locate(message)?;
        source.open_mut().get_mut(place)
    }

    /// What is `message`, which has no record?
    pub(super) fn unlisted(&self, message: &Message) -> Unlisted {
        self.sources.get(message.source as usize).map_or(Unlisted::NeverSent, |source| source.unlisted(message.number))
    }

    /// All open records, the oldest message first.
    pub(super) fn open(&self) -> Vec<&Record> {
        let mut records: Vec<_> = self.sources.iter().flat_map(Source::open).collect();
        records.sort_by_key(|record| (record.message.written_at, record.message.source, record.message.number));
        records
    }

    /// Opens a record for `message`, sent just now to `agent` alone by somebody in xAPIC mode. False: it takes a longer look, and
    /// nothing has changed.
    #[inline(always)]
    pub(super) fn send_to_one(&mut self, message: &Message, agent: Agent, standing: Standing) -> bool {
        let Some(source) = self.sources.get_mut(usize::from(message.source)) else { return false };
        source.insert_for_one(message, agent, standing)
    }

    /// Opens a record for `message`, sent just now. False: its number was used before.
    #[inline]
    pub(super) fn send(&mut self, message: &Message, directory: &Directory) -> bool {
        let source = self.source_mut(message);
        if !source.count(message.number) {
            return false;
        }
        let sender = directory.sender(message.source);
        let was_noted = std::mem::replace(&mut source.noted, true);
        let standings = &mut source.insert(message, sender).standings;
        directory.enrol_now(sender, message, standings);
        if !was_noted {
            self.busy.insert(message.source);
        }
        true
    }

    /// Opens a record for `message` again, which was replaced but seems to have been on the wire.
    #[cold]
    pub(super) fn reopen(&mut self, message: &Message, directory: &Directory) {
        let sender = directory.sender(message.source);
        let source = self.source_mut(message);
        source.noted = true;
        let standings = &mut source.insert(message, sender).standings;
        directory.enrol_since(sender, message, standings);
        self.busy.insert(message.source);
    }

    /// Where the open record of `message` is among its sender's, and its sender.
    #[inline]
    pub(super) fn locate(&mut self, message: &Message) -> Option<(usize, &mut Source)> {
        let source = self.sources.get_mut(message.source as usize)?;
        Some((source.find(message.number)?, source))
    }

    /// Nothing more is expected of `message`; see [`Source::settle`].
    pub(super) fn settle(&mut self, message: &Message, remember: bool) {
        if let Some((place, source)) = self.locate(message) {
            source.settle(place, remember);
        }
    }

    /// `message` was replaced; see [`Source::replace`]. False: it is not open.
    pub(super) fn replace(&mut self, message: &Message) -> bool {
        let Some((place, source)) = self.locate(message) else { return false };
        source.replace(place);
        true
    }

    /// Calls `visit` for each open record.
    fn each_open(&mut self, mut visit: impl FnMut(&mut Record)) {
        let Self { sources, busy } = self;
        busy.retain(|agent| {
            let source = &mut sources[agent as usize];
            source.open_mut().iter_mut().for_each(&mut visit);
            source.noted = !source.open().is_empty();
            source.noted
        });
    }

    /// `agent` has become somebody else.
    pub(super) fn identity_changed(&mut self, agent: Agent, directory: &Directory) {
        self.each_open(|record| {
            let addressed = directory.addressed(record.sender, &record.message, agent);
            record.reconsider(agent, addressed);
        });
    }

    /// Nothing is owed to `agent`, nor by it, any more.
    pub(super) fn exempt(&mut self, agent: Agent, directory: &Directory) {
        self.identity_changed(agent, directory);
        if let Some(source) = self.sources.get_mut(agent as usize) {
            source.open_mut().iter_mut().for_each(|record| record.standings.forgive());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::{ApicMode, Identity, Rules};
    use super::*;
    use crate::bus::{DeliveryMode, DestinationMode, Shorthand};
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
        (0..cpus).for_each(|agent| directory.set(agent, Identity { id: agent as u32, ..identity }, Time::ZERO));
        directory
    }

    #[test]
    fn memory_follows_from_what_is_under_way_at_a_time() {
        let directory = directory(200);
        let mut ledger = Ledger::default();
        for round in 0..1000 {
            for source in 0..3 {
                let (old, new) = (message(source, 2 * round), message(source, 2 * round + 1));
                assert!(ledger.send(&old, &directory));
                assert_eq!(ledger.find(&old).expect("just sent").standings.due().len(), 200);
                assert!(ledger.replace(&old) && ledger.send(&new, &directory));
            }
            for source in [1, 0, 2] {
                assert_eq!(ledger.unlisted(&message(source, 2 * round)), Unlisted::Replaced);
                ledger.settle(&message(source, 2 * round + 1), false);
                assert_eq!(ledger.unlisted(&message(source, 2 * round)), Unlisted::Settled);
            }
        }
        assert_eq!(ledger.open().len(), 0);
        assert_eq!(ledger.sources.iter().map(Source::capacity).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn records_of_one_sender_go_in_any_order() {
        let directory = directory(2);
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut ledger = Ledger::default();
            assert!((0..3).all(|number| ledger.send(&message(1, number), &directory)));
            for (gone, number) in order.into_iter().enumerate() {
                assert!(ledger.find(&message(1, number)).is_some());
                ledger.settle(&message(1, number), false);
                let left = order[gone + 1..].iter().filter(|&&number| ledger.find(&message(1, number)).is_some());
                assert_eq!((left.count(), ledger.open().len()), (2 - gone, 2 - gone), "{order:?}");
            }
            assert!(!ledger.send(&message(1, 2), &directory) && ledger.send(&message(1, 7), &directory));
            assert_eq!(ledger.unlisted(&message(1, 8)), Unlisted::NeverSent);
        }
    }

    #[test]
    fn what_changes_is_found_among_busy_senders() {
        let mut directory = directory(200);
        let mut ledger = Ledger::new(201);
        let senders = [0, 63, 64, 130, 199, 200, 300];
        assert!(senders.iter().all(|&source| ledger.send(&message(source, 0), &directory)));
        ledger.settle(&message(64, 0), false);
        directory.set(7, Identity::OFF, Time::ZERO);
        ledger.identity_changed(7, &directory);
        for source in senders {
            let standing = ledger.find(&message(source, 0)).map(|record| record.standings.get(7));
            assert_eq!(standing, (source != 64).then_some(Standing::Allowed), "sender {source}");
        }
    }
}
