//! The hierarchical cluster bus: one bus and one domain of ids a cluster, joined by cluster managers (NUMA-Q, Summit,
//! ES7000; SDM vol. 3 §10.6.2.2).
//!
//! Not modelled: the protocol between cluster managers, which nobody published; EOI messages beyond their cluster.
//!
//! A message to another cluster goes three ways. On the sender's bus the cluster manager takes part like an agent: it
//! accepts, if its queue has room; otherwise it answers Retry (serial bus), or no sender gets the bus until it has room
//! (front-side bus). It then crosses the link, once the far manager has room for it. The far manager sends it on its bus,
//! one message at a time, until it is accepted there: so a target that is full over there fills both queues, and at last
//! holds up senders over here that mean somebody else.
//!
//! Whether the sender's delivery status covers the second and third way is unpublished: knob `cluster_busy`.

use super::cluster_manager::{Cargo, Links, Manager};
use super::cluster_map::{ClusterError, ClusterSet, Map, PhysicalScope, ShorthandScope, places};
use super::cluster_segment::{SegmentView, Sent};
use super::{Agent, BusEffect, Interconnect, Message, Promises, Reach, Request, Targets, Undispatched};
use crate::generation::{ClusterBusy, Knobs};
use crate::time::{Duration, Time};
use std::collections::VecDeque;

/// One cluster.
#[derive(Debug)]
pub struct Cluster {
    /// Its number, 0 to 15: bits 7:4 of a logical destination.
    pub number: u8,
    /// Its agents in the machine. On the segment they have the numbers 0, 1, … in this order.
    pub members: Vec<Agent>,
    /// Its bus: built for the members and, as one agent more after them, the cluster manager.
    pub segment: Box<dyn Interconnect>,
    /// APIC id of the manager there.
    pub manager_id: u32,
}

/// A message whose sender waits for other clusters (knob `cluster_busy = "both-legs"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Awaited {
    message: Message,
    /// Clusters that have not taken it.
    remaining: ClusterSet,
    /// The sender's own bus is done with it.
    first_leg_done: bool,
}

#[derive(Debug)]
struct Segment {
    bus: Box<dyn Interconnect>,
    manager_id: u32,
    /// What the manager has sent here.
    sent: Sent,
}

/// The cluster bus.
#[derive(Debug)]
pub struct ClusterBus {
    map: Map,
    segments: Vec<Segment>,
    managers: Vec<Manager>,
    links: Links,
    /// In the order in which managers took them.
    awaited: Vec<Awaited>,
    /// Segments of the latest attempts, newest last: what [`skip`](Interconnect::skip) shares attempts out by.
    recent: VecDeque<usize>,
    /// The instant of the last event or request.
    now: Time,
    scratch: Vec<BusEffect>,
}

/// Default way of a message between two managers: 1 µs. A free parameter: nobody published it.
const HOP: Duration = Duration::from_us(1);

/// Default room of a manager for messages in each direction. A free parameter.
const DEPTH: usize = 4;

/// Attempts remembered: as many as all segments remember.
const RECENT_MAX: usize = 16 * 1024;

/// What happens next: links before segments, segments by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Link,
    Segment(usize),
}

impl ClusterBus {
    /// A bus of these clusters: hops of 1 µs, room for four messages in each direction of a manager.
    ///
    /// # Errors
    /// If the clusters contradict each other.
    pub fn new(clusters: Vec<Cluster>) -> Result<Self, ClusterError> {
        let lists: Vec<_> = clusters.iter().map(|cluster| (cluster.number, cluster.members.clone())).collect();
        let map = Map::new(&lists)?;
        let segment = |Cluster { segment: bus, manager_id, .. }| Segment { bus, manager_id, sent: Sent::default() };
        Ok(Self {
            managers: vec![Manager::default(); map.clusters()],
            map,
            segments: clusters.into_iter().map(segment).collect(),
            links: Links::new(HOP, DEPTH),
            awaited: Vec::new(),
            recent: VecDeque::new(),
            now: Time::ZERO,
            scratch: Vec::new(),
        })
    }

    /// The same bus with another hop (at least 1 ps, because an engine cannot advance by nothing), and room for `depth`
    /// messages in each direction of a manager. Choose before the first request.
    ///
    /// # Errors
    /// If `depth` is 0.
    pub fn with_links(self, hop: Duration, depth: usize) -> Result<Self, ClusterError> {
        if depth == 0 {
            return Err(ClusterError::NoQueue);
        }
        Ok(Self { links: Links::new(hop.max(Duration::from_ps(1)), depth), ..self })
    }

    /// The same bus with these knobs: `cluster_busy`, `cluster_fifteen`. The segments have their own.
    #[must_use]
    pub fn with_knobs(mut self, knobs: Knobs) -> Self {
        self.map.knobs = knobs;
        self
    }

    /// The same bus with another reach of physical destinations and of shorthands.
    #[must_use]
    pub fn with_scopes(mut self, physical: PhysicalScope, shorthands: ShorthandScope) -> Self {
        self.map.physical = physical;
        self.map.shorthands = shorthands;
        self
    }

    /// Injects a fault: from `from` on nothing arrives from or at the cluster with this number; its own bus works on. What
    /// could not cross in time stays in its manager's queue. Gives false if there is no such cluster. Call it after
    /// [`with_links`](Self::with_links), before the first request.
    pub fn kill_link(&mut self, from: Time, number: u8) -> bool {
        let place = self.map.place(number);
        if let Some(place) = place {
            self.links.kill(from, place);
        }
        place.is_some()
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

    fn next(&self) -> Option<(Time, Next)> {
        let link = self.links.crossing.front().map(|&(at, _)| (at, Next::Link));
        let segments = self.segments.iter().enumerate();
        let segments = segments.filter_map(|(place, segment)| Some((segment.bus.next_event()?, Next::Segment(place))));
        segments.chain(link).min()
    }

    /// One event of the bus at `place`.
    fn advance_segment(&mut self, place: usize, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let mut local = std::mem::take(&mut self.scratch);
        let Segment { bus, manager_id, sent } = &mut self.segments[place];
        let room = self.links.has_room(&self.managers[place]);
        let view = SegmentView { targets, map: &self.map, place, room, sent, manager_id: *manager_id };
        bus.advance(&view, &mut local);
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
            self.segments[place].bus.room_again(self.now);
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
        self.segments[place].bus.request(self.now, Request::Message(message), 0);
    }

    /// Something has crossed a link.
    fn arrive(&mut self, effects: &mut Vec<BusEffect>) {
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
            let (home, local) = self.map.home(source);
            let on_bus = self.segments[home].bus.undispatched().iter().any(|held| held.message.source == local);
            let busy_still = on_bus || self.awaited.iter().any(|awaited| awaited.message.source == source);
            effects.push(BusEffect::Dispatched { message, busy_still });
        }
    }
}

impl Interconnect for ClusterBus {
    fn minimum_latency(&self) -> Duration {
        let latencies = self.segments.iter().map(|segment| segment.bus.minimum_latency());
        latencies.min().expect("there is a cluster")
    }

    /// # Panics
    /// If the sender is in no cluster.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        self.now = self.now.max(at);
        let source = match request {
            Request::Message(message) => message.source,
            Request::EndOfInterrupt { source, .. } => source,
        };
        let (place, local) = self.map.home(source);
        let request = match request {
            Request::Message(message) => Request::Message(Message { source: local, ..message }),
            Request::EndOfInterrupt { vector, .. } => Request::EndOfInterrupt { source: local, vector },
        };
        self.segments[place].bus.request(at, request, extra_cycles);
    }

    fn next_event(&self) -> Option<Time> {
        self.next().map(|(at, _)| at)
    }

    /// A message that arrives from another cluster is a request there; one that a manager holds back can go only after
    /// something that a bus does.
    fn bound(&self) -> Time {
        let segments = self.segments.iter().map(|segment| segment.bus.bound());
        let links = self.links.crossing.iter().map(|&(at, cargo)| match cargo {
            Cargo::Message { to, .. } => at + self.segments[to].bus.minimum_latency(),
            Cargo::Taken { .. } => at,
        });
        segments.chain(links).min().unwrap_or(Time::NEVER)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some((now, next)) = self.next() else { return };
        self.now = now;
        match next {
            Next::Link => self.arrive(effects),
            Next::Segment(place) => self.advance_segment(place, targets, effects),
        }
    }

    fn promises(&self) -> Promises {
        Promises { delivers_before_dispatch: false, ..Promises::ALL }
    }

    fn reach(&self) -> Reach {
        if self.segments.iter().any(|segment| segment.bus.reach() == Reach::Unpromised) {
            return Reach::Unpromised;
        }
        Reach::Domains(self.map.domains())
    }

    /// What other clusters are still to take comes before what its sender's bus holds: it is older.
    fn undispatched(&self) -> Vec<Undispatched> {
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
    fn in_transit(&self) -> Vec<Undispatched> {
        let mut messages: Vec<Message> = Vec::new();
        for manager in &self.managers {
            messages.extend(manager.outgoing.iter().map(|outgoing| outgoing.message));
            messages.extend(&manager.incoming);
        }
        messages.extend(self.links.crossing.iter().filter_map(|(_, cargo)| match cargo {
            Cargo::Message { message, .. } => Some(*message),
            Cargo::Taken { .. } => None,
        }));
        messages.sort_by_key(|message| (message.source, message.number));
        messages.dedup();
        messages.iter().map(|message| self.transit(message)).collect()
    }

    fn state(&self, words: &mut Vec<u64>) {
        let base = self.next_event().unwrap_or(self.now);
        for segment in &self.segments {
            words.push(segment.bus.next_event().map_or(u64::MAX, |at| at.since(base).as_ps()));
            let length = words.len();
            words.push(0);
            segment.bus.state(words);
            words[length] = (words.len() - length) as u64; // so that one segment's words cannot pass for another's
        }
        self.links.state(&self.managers, base, words);
        for Awaited { message, remaining, first_leg_done } in &self.awaited {
            let name = u64::from(message.source) << 32 | u64::from(message.number);
            words.extend([name, u64::from(*remaining) << 1 | u64::from(*first_leg_done)]);
        }
    }

    /// `attempts` counts the attempts on all segments: each gets its own share, of which it may remember 1024.
    fn skip(&mut self, periods: u64, period: Duration, attempts: u64) {
        let latest = || self.recent.iter().rev().take(attempts as usize);
        for (place, segment) in self.segments.iter_mut().enumerate() {
            let own = latest().filter(|&&attempted| attempted == place).count() as u64;
            segment.bus.skip(periods, period, own);
        }
        let span = Duration::from_ps(period.as_ps().saturating_mul(periods));
        self.links.skip(span);
        self.now += span;
    }

    fn name(&self) -> &'static str {
        "cluster"
    }
}

#[cfg(test)]
#[path = "cluster_tests.rs"]
mod tests;
