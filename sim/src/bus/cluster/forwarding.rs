//! The three ways of a message to another cluster: what happens on a bus and on a link, and when its sender is done.
//!
//! Not modelled: see the [module](super).

use super::ClusterBus;
use super::manager::Cargo;
use super::map::{ClusterSet, places};
use crate::bus::{Agent, BusEffect, Message, Request, Targets};
use crate::generation::ClusterBusy;

/// Attempts remembered: as many as all segments remember.
const RECENT_MAX: usize = 16 * 1024;

/// A message whose sender waits for other clusters (knob `cluster_busy = "both-legs"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Awaited {
    pub(super) message: Message,
    /// Clusters that have not taken it.
    pub(super) remaining: ClusterSet,
    /// The sender's own bus is done with it.
    pub(super) first_leg_done: bool,
}

impl ClusterBus {
    /// One event of the bus at `place`.
    pub(super) fn advance_segment(&mut self, place: usize, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let mut local = std::mem::take(&mut self.scratch);
        let room = self.links.has_room(&self.managers[place]);
        self.segments[place].advance(targets, &self.map, place, room, &mut local);
        for effect in local.drain(..) {
            self.translate(place, effect, targets, effects);
        }
        self.scratch = local;
    }

    /// What an effect on the bus at `place` means in the machine.
    fn translate(&mut self, place: usize, effect: BusEffect, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let manager = self.map.manager(place);
        let original = |message: &Message| self.segments[place].sent.original(&self.map, place, message);
        match effect {
            BusEffect::Attempt { message, outcome } => {
                effects.push(BusEffect::Attempt { message: original(&message), outcome });
                if self.recent.len() == RECENT_MAX {
                    self.recent.pop_front();
                }
                self.recent.push_back(place);
            }
            BusEffect::Deliver { agent, message } if agent == manager => {
                let message = original(&message);
                self.forward(place, message, targets);
            }
            BusEffect::Deliver { agent, message } => {
                let agent = self.map.members(place)[usize::from(agent)];
                effects.push(BusEffect::Deliver { agent, message: original(&message) });
            }
            BusEffect::Dispatched { message, .. } if message.source == manager => self.taken(place),
            BusEffect::Dispatched { message, busy_still } => {
                let message = original(&message);
                self.first_leg_done(message, busy_still, effects);
            }
            BusEffect::RemoteRead { message, value } => {
                effects.push(BusEffect::RemoteRead { message: original(&message), value });
            }
            BusEffect::Error { agent, .. } if agent == manager => {}
            BusEffect::Error { agent, bits } => {
                effects.push(BusEffect::Error { agent: self.map.members(place)[usize::from(agent)], bits });
            }
            BusEffect::Noise => effects.push(BusEffect::Noise),
            BusEffect::EndOfInterrupt { vector } => effects.push(BusEffect::EndOfInterrupt { vector }),
        }
    }

    /// The manager at `place` has taken a message of its bus.
    fn forward(&mut self, place: usize, message: Message, targets: &dyn Targets) {
        let remaining = self.map.remote(place, &message, targets);
        if remaining == 0 {
            return; // whoever it was for has gone since
        }
        self.links.enqueue(&mut self.managers[place], message, remaining);
        if self.map.knobs.cluster_busy == ClusterBusy::BothLegs {
            self.awaited.push(Awaited { message, remaining, first_leg_done: false });
        }
        self.pump();
    }

    /// Lets depart what can, and tells the buses whose managers have room again.
    fn pump(&mut self) {
        for place in places(self.links.pump(&mut self.managers, self.now)) {
            self.segments[place].room_again(self.now);
        }
    }

    /// The bus at `place` is done with the message that its manager sent: a place is free, and the next one goes.
    fn taken(&mut self, by: usize) {
        let Some(message) = self.managers[by].incoming.pop_front() else { return };
        self.send_first(by);
        let home = self.map.home(message.source).0;
        if self.map.knobs.cluster_busy == ClusterBusy::BothLegs && self.links.passes(by, home, self.now) {
            self.links.depart(self.now, Cargo::Taken { by, message });
        }
        self.pump();
    }

    /// The manager at `place` asks its bus to carry the first message that came in.
    fn send_first(&mut self, place: usize) {
        let Some(&message) = self.managers[place].incoming.front() else { return };
        let sent = self.segments[place].sent.add(message);
        let message = Message { source: self.map.manager(place), number: sent, ..message };
        self.segments[place].request(self.now, Request::Message(message), 0);
    }

    /// Something has crossed a link.
    pub(super) fn arrive(&mut self, effects: &mut Vec<BusEffect>) {
        match self.links.crossing.pop_front() {
            Some((_, Cargo::Message { to, message })) => {
                self.managers[to].expected -= 1;
                self.managers[to].incoming.push_back(message);
                if self.managers[to].incoming.len() == 1 {
                    self.send_first(to);
                }
            }
            Some((_, Cargo::Taken { by, message })) => {
                for awaited in self.awaited.iter_mut().filter(|awaited| awaited.message == message) {
                    awaited.remaining &= !(1 << by);
                }
                self.settle(message.source, effects);
            }
            None => {}
        }
    }

    /// The sender's own bus is done with `message`. Messages of one sender are done in their order: a delivery status must
    /// not go idle while other clusters are still to take an older one.
    fn first_leg_done(&mut self, message: Message, busy_still: bool, effects: &mut Vec<BusEffect>) {
        let source = message.source;
        self.on_bus[usize::from(source)] = busy_still;
        let older = self.awaited.iter().any(|awaited| awaited.message.source == source);
        match self.awaited.iter_mut().find(|awaited| awaited.message == message) {
            Some(awaited) => awaited.first_leg_done = true,
            None if older => self.awaited.push(Awaited { message, remaining: 0, first_leg_done: true }),
            None => return effects.push(BusEffect::Dispatched { message, busy_still }),
        }
        self.settle(source, effects);
    }

    /// Reports the messages of `source` that are done, oldest first.
    fn settle(&mut self, source: Agent, effects: &mut Vec<BusEffect>) {
        while let Some(index) = self.awaited.iter().position(|awaited| awaited.message.source == source)
            && self.awaited[index].remaining == 0
            && self.awaited[index].first_leg_done
        {
            let message = self.awaited.remove(index).message;
            let busy_still =
                self.on_bus[usize::from(source)] || self.awaited.iter().any(|awaited| awaited.message.source == source);
            effects.push(BusEffect::Dispatched { message, busy_still });
        }
    }
}
