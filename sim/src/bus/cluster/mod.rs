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

mod forwarding;
mod manager;
mod map;
mod presets;
mod report;
mod segment;

pub use map::{ClusterError, PhysicalScope, ShorthandScope};

use super::{
    Agent, BusEffect, Interconnect, Message, Promises, Reach, Request, Targets, Undispatched, WireChange, WireEvent,
};
use crate::generation::Knobs;
use crate::time::{Duration, Time};
use forwarding::Awaited;
use manager::{Cargo, Links, Manager};
use map::Map;
use segment::Segment;
use std::collections::VecDeque;

/// One cluster.
///
/// ```
/// use sim::bus::{Cluster, ClusterBus, SerialBus};
///
/// // CPUs 0 and 1, and the manager with id 14, on a serial bus of their own.
/// let segment = Box::new(SerialBus::new(&[0, 1, 14])?);
/// let quad = Cluster { number: 0, members: vec![0, 1], segment, manager_id: 14 };
/// assert!(ClusterBus::new(vec![quad]).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// The cluster bus.
///
/// ```
/// use sim::bus::{ClusterBus, Interconnect};
///
/// let two_nodes = ClusterBus::front_side_nodes(8, |bus| bus)?;
/// assert!(two_nodes.undispatched().is_empty());
/// # Ok::<(), sim::bus::ClusterError>(())
/// ```
#[derive(Debug)]
pub struct ClusterBus {
    map: Map,
    segments: Vec<Segment>,
    managers: Vec<Manager>,
    links: Links,
    /// In the order in which managers took them.
    awaited: Vec<Awaited>,
    /// Whose message is on its own bus, by agent.
    on_bus: Vec<bool>,
    /// Segments of the latest attempts, newest last: what [`skip`](Interconnect::skip) shares attempts out by.
    recent: VecDeque<usize>,
    /// The instant of the last event or request.
    now: Time,
    plan: Plan,
    scratch: Vec<BusEffect>,
}

/// Default way of a message between two managers: 1 µs. A free parameter: nobody published it.
const HOP: Duration = Duration::from_us(1);

/// Default room of a manager for messages in each direction. A free parameter.
const DEPTH: usize = 4;

/// What happens next: links before segments, segments by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Link,
    Segment(usize),
}

/// The next event, and the earliest instant at which anything is sampled or seen. Found once after each change.
#[derive(Debug, Clone, Copy)]
struct Plan {
    next: Option<(Time, Next)>,
    bound: Time,
}

impl ClusterBus {
    /// A bus of these clusters: hops of 1 µs, room for four messages in each direction of a manager.
    ///
    /// # Errors
    /// If the clusters contradict each other.
    pub fn new(clusters: Vec<Cluster>) -> Result<Self, ClusterError> {
        let lists: Vec<_> = clusters.iter().map(|cluster| (cluster.number, cluster.members.clone())).collect();
        let map = Map::new(&lists)?;
        let segments = clusters.into_iter().map(|cluster| Segment::new(cluster.segment, cluster.manager_id)).collect();
        let mut bus = Self {
            managers: vec![Manager::default(); map.clusters()],
            on_bus: vec![false; map.agents()],
            map,
            segments,
            links: Links::new(HOP, DEPTH),
            awaited: Vec::new(),
            recent: VecDeque::new(),
            now: Time::ZERO,
            plan: Plan { next: None, bound: Time::NEVER },
            scratch: Vec::new(),
        };
        bus.plan();
        Ok(bus)
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

    /// Finds out what happens next; to be called after every change. A message that arrives from another cluster is a
    /// request there; one that a manager holds back can go only after something that a bus does.
    fn plan(&mut self) {
        let mut next = self.links.crossing.front().map(|&(at, _)| (at, Next::Link));
        let mut bound = Time::NEVER;
        for (place, segment) in self.segments.iter().enumerate() {
            let of_segment = segment.next.map(|at| (at, Next::Segment(place)));
            next = next.into_iter().chain(of_segment).min();
            bound = bound.min(segment.bound);
        }
        for &(at, cargo) in &self.links.crossing {
            if at >= bound {
                break;
            }
            bound = bound.min(match cargo {
                Cargo::Message { to, .. } => at + self.segments[to].latency,
                Cargo::Taken { .. } => at,
            });
        }
        self.plan = Plan { next, bound };
    }
}

impl Interconnect for ClusterBus {
    fn minimum_latency(&self) -> Duration {
        self.segments.iter().map(|segment| segment.latency).min().expect("there is a cluster")
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
            Request::Message(message) => {
                self.on_bus[usize::from(source)] = true;
                Request::Message(Message { source: local, ..message })
            }
            Request::EndOfInterrupt { vector, .. } => Request::EndOfInterrupt { source: local, vector },
        };
        self.segments[place].request(at, request, extra_cycles);
        self.plan();
    }

    fn next_event(&self) -> Option<Time> {
        self.plan.next.map(|(at, _)| at)
    }

    fn bound(&self) -> Time {
        self.plan.bound
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some((now, next)) = self.plan.next else { return };
        self.now = now;
        match next {
            Next::Link => self.arrive(effects),
            Next::Segment(place) => self.advance_segment(place, targets, effects),
        }
        self.plan();
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

    fn undispatched(&self) -> Vec<Undispatched> {
        self.report_undispatched()
    }

    fn in_transit(&self) -> Vec<Undispatched> {
        self.report_in_transit()
    }

    fn state(&self, words: &mut Vec<u64>) {
        let base = self.next_event().unwrap_or(self.now);
        for segment in &self.segments {
            words.push(segment.next.map_or(u64::MAX, |at| at.since(base).as_ps()));
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
            segment.skip(periods, period, own);
        }
        let span = Duration::from_ps(period.as_ps().saturating_mul(periods));
        self.links.skip(span);
        self.now += span;
        self.plan();
    }

    fn probe(&mut self) {
        self.segments.iter_mut().for_each(|segment| segment.bus.probe());
    }

    fn take_wires(&mut self, into: &mut Vec<WireChange>) {
        for (place, segment) in self.segments.iter_mut().enumerate() {
            let begin = into.len();
            segment.bus.take_wires(into);
            for change in &mut into[begin..] {
                change.bus = place as u16;
                if let WireEvent::Won(local) = &mut change.what {
                    *local = self.map.agent(place, *local);
                }
            }
        }
    }

    fn name(&self) -> &'static str {
        "cluster"
    }
}

#[cfg(test)]
mod tests;
