//! One cluster's bus as a segment of the machine: numbers of agents are translated, and the cluster manager is one agent
//! more.
//!
//! Not modelled: an id register of the manager that software could read.

use super::cluster_map::Map;
use super::{Agent, Bid, Message, Response, Targets};
use std::collections::VecDeque;

/// What a manager has sent on its bus. A bus with several parts may still show a message after it is done for the manager,
/// so the latest ones are remembered.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    /// As their senders wrote them, newest last.
    latest: VecDeque<Message>,
    /// Number of the next one.
    next: u32,
}

/// More than any bus holds of one sender.
const SENT_MAX: usize = 256;

impl Sent {
    /// One more: its number on the segment.
    pub(super) fn add(&mut self, message: Message) -> u32 {
        if self.latest.len() == SENT_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(message);
        self.next = self.next.wrapping_add(1);
        self.next.wrapping_sub(1)
    }

    /// A message on the bus of the cluster at `place`, as its sender in the machine wrote it.
    ///
    /// # Panics
    /// If the manager sent it, and it is forgotten.
    pub(super) fn original(&self, map: &Map, place: usize, message: &Message) -> Message {
        if let Some(&source) = map.members(place).get(usize::from(message.source)) {
            return Message { source, ..*message };
        }
        let age = self.next.wrapping_sub(message.number) as usize;
        let index = self.latest.len().checked_sub(age);
        *index.and_then(|index| self.latest.get(index)).expect("a bus holds no more than the latest of its manager")
    }
}

/// The agents of one cluster, as its bus may see them.
pub(super) struct SegmentView<'a> {
    pub(super) targets: &'a dyn Targets,
    pub(super) map: &'a Map,
    /// Place of the cluster.
    pub(super) place: usize,
    /// Has the manager room for a message to another cluster?
    pub(super) room: bool,
    /// What the manager has sent here.
    pub(super) sent: &'a Sent,
    /// The manager's APIC id.
    pub(super) manager_id: u32,
}

impl SegmentView<'_> {
    fn is_manager(&self, local: Agent) -> bool {
        local == self.map.manager(self.place)
    }

    /// The member with this number on the segment.
    fn member(&self, local: Agent) -> Agent {
        self.map.members(self.place)[usize::from(local)]
    }

    fn original(&self, message: &Message) -> Message {
        self.sent.original(self.map, self.place, message)
    }
}

impl Targets for SegmentView<'_> {
    fn agents(&self) -> Agent {
        self.map.manager(self.place) + 1
    }

    /// The manager is addressed by what must leave the cluster, but never by what came in.
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        let original = self.original(message);
        if self.is_manager(agent) {
            return !self.is_manager(message.source) && self.map.remote(self.place, &original, self.targets) != 0;
        }
        self.targets.addressed(self.member(agent), &original)
    }

    fn response(&self, agent: Agent, message: &Message) -> Response {
        if self.is_manager(agent) {
            return if self.room { Response::Accept } else { Response::Retry };
        }
        self.targets.response(self.member(agent), &self.original(message))
    }

    /// The manager has no priority of its own: where it takes part, nobody else does.
    fn bid(&self, agent: Agent, message: &Message) -> Bid {
        if self.is_manager(agent) {
            return Bid { focus: false, priority: 0 };
        }
        self.targets.bid(self.member(agent), &self.original(message))
    }

    fn apic_id(&self, agent: Agent) -> Option<u32> {
        if self.is_manager(agent) { Some(self.manager_id) } else { self.targets.apic_id(self.member(agent)) }
    }

    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        if self.is_manager(agent) { 0 } else { self.targets.remote_register(self.member(agent), slot) }
    }
}
