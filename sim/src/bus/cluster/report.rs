//! What a cluster bus holds, for whoever asks why something waits.
//!
//! Not modelled: see the [module](super).

use super::ClusterBus;
use super::manager::Cargo;
use super::map::places;
use crate::bus::{Message, Undispatched};

impl ClusterBus {
    /// What other clusters are still to take comes before what its sender's bus holds: it is older.
    pub(super) fn report_undispatched(&self) -> Vec<Undispatched> {
        let beyond = self.awaited.iter().filter(|awaited| awaited.first_leg_done);
        let mut messages: Vec<_> = beyond.map(|awaited| self.transit(&awaited.message)).collect();
        for (place, segment) in self.segments.iter().enumerate() {
            let members = self.map.members(place);
            messages.extend(segment.bus.undispatched().into_iter().filter_map(|held| {
                let source = *members.get(usize::from(held.message.source))?;
                Some(Undispatched { message: Message { source, ..held.message }, ..held })
            }));
        }
        messages.sort_by_key(|undispatched| undispatched.message.source);
        messages
    }

    /// Messages in the queues of managers and on links: the cause, when a queue is full.
    pub(super) fn report_in_transit(&self) -> Vec<Undispatched> {
        let mut messages: Vec<Message> = Vec::new();
        for manager in &self.managers {
            messages.extend(manager.outgoing.iter().map(|outgoing| outgoing.message));
            messages.extend(&manager.incoming);
        }
        messages.extend(self.links.crossing.iter().filter_map(|(_, cargo)| match cargo {
            Cargo::Message { message, .. } => Some(*message),
            Cargo::Taken { .. } => None,
        }));
        for (place, segment) in self.segments.iter().enumerate() {
            let held = segment.bus.in_transit();
            messages.extend(held.iter().map(|held| segment.sent.original(&self.map, place, &held.message)));
        }
        messages.sort_by_key(|message| (message.source, message.number));
        messages.dedup();
        messages.iter().map(|message| self.transit(message)).collect()
    }

    /// How it stands with a message beyond its own bus: attempts are those of a manager on its last bus.
    fn transit(&self, message: &Message) -> Undispatched {
        let mut report =
            Undispatched { message: *message, attempts: 0, last: None, attempt_period: None, stalled_since: None };
        for (place, manager) in self.managers.iter().enumerate() {
            if manager.incoming.front() == Some(message) {
                let held = self.segments[place].bus.undispatched();
                let own = held.iter().find(|held| held.message.source == self.map.manager(place));
                report = own.map_or(report, |&held| Undispatched { message: *message, ..held });
            }
            for outgoing in manager.outgoing.iter().filter(|outgoing| outgoing.message == *message) {
                let dead = places(outgoing.remaining).filter_map(|to| self.links.dead_for(place, to, self.now));
                report.stalled_since = dead.chain(report.stalled_since).min();
            }
        }
        let home = self.map.home(message.source).0;
        if let Some(awaited) = self.awaited.iter().find(|awaited| awaited.message == *message) {
            let dead = places(awaited.remaining).filter_map(|by| self.links.dead_for(by, home, self.now));
            report.stalled_since = dead.chain(report.stalled_since).min();
        }
        report
    }
}
