//! One cluster's bus as a segment of the machine: numbers of agents are translated, and the cluster manager is one agent
//! more.
//!
//! Not modelled: an id register of the manager that software could read.

use super::map::Map;
use crate::bus::{Agent, Bid, BusEffect, Interconnect, Message, Request, Response, Targets};
use crate::time::{Duration, Time};
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

/// A cluster's bus, with what it says of its next event kept.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) bus: Box<dyn Interconnect>,
    pub(super) next: Option<Time>,
    pub(super) bound: Time,
    /// Its least latency.
    pub(super) latency: Duration,
    manager_id: u32,
    /// What the manager has sent here.
    pub(super) sent: Sent,
}

impl Segment {
    pub(super) fn new(bus: Box<dyn Interconnect>, manager_id: u32) -> Self {
        let (next, bound, latency) = (bus.next_event(), bus.bound(), bus.minimum_latency());
        Self { bus, next, bound, latency, manager_id, sent: Sent::default() }
    }

    fn changed(&mut self) {
        (self.next, self.bound) = (self.bus.next_event(), self.bus.bound());
    }

    pub(super) fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        self.bus.request(at, request, extra_cycles);
        self.changed();
    }

    pub(super) fn room_again(&mut self, at: Time) {
        self.bus.room_again(at);
        self.changed();
    }

    /// One event. `place` is that of the cluster; `room`: the manager has room for a message to another one.
    pub(super) fn advance(
        &mut self,
        targets: &dyn Targets,
        map: &Map,
        place: usize,
        room: bool,
        effects: &mut Vec<BusEffect>,
    ) {
        let view = SegmentView { targets, map, place, room, sent: &self.sent, manager_id: self.manager_id };
        self.bus.advance(&view, effects);
        self.changed();
    }

    pub(super) fn skip(&mut self, periods: u64, period: Duration, attempts: u64) {
        self.bus.skip(periods, period, attempts);
        self.changed();
    }
}

/// The agents of one cluster, as its bus may see them.
struct SegmentView<'a> {
    targets: &'a dyn Targets,
    map: &'a Map,
    place: usize,
    room: bool,
    sent: &'a Sent,
    manager_id: u32,
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

    /// Those of the machine, and always the manager.
    fn candidates(&self, message: &Message, into: &mut Vec<Agent>) -> bool {
        if !self.targets.candidates(&self.original(message), into) {
            return false;
        }
        into.retain_mut(|agent| match self.map.local(self.place, *agent) {
            Some(local) => {
                *agent = local;
                true
            }
            None => false,
        });
        into.sort_unstable(); // members may be listed in any order
        into.push(self.map.manager(self.place));
        true
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
            return Bid::of(0);
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
