//! A point-to-point fabric between sockets (QPI and its successors), as CPUs in x2APIC mode see it: every message has its
//! own way, and none waits for another.
//!
//! Not modelled: bandwidth, link retries and routing, so nothing is ever delayed by load; the limit of one outstanding
//! acknowledgement a partition (Xeon C5500/C3500 datasheet vol. 1 §7.3.2); redirection by vector bits.
//!
//! A message reaches agents by distance: the sender itself, its socket, other sockets, each after its own latency. Who is
//! addressed is asked there, on arrival: each interface drops what is not its own (C5500 §7.3.2.1). An addressed interface
//! takes the message for its core, whatever state the core is in, and sends a completion, which needs as long for its way
//! back. With the last completion the message is done for its sender; only outside x2APIC mode does software see that,
//! in the delivery status. If nobody is addressed, it is done once the farthest agents have dropped it.
//!
//! A lowest-priority message is redirected by the sender's own interface, one `own` latency after the request.

use super::redirection::lowest_task_priority;
use super::{
    Agent, BusEffect, DeliveryMode, Interconnect, Message, Promises, Request, Shorthand, Targets, Undispatched,
};
use crate::time::{Duration, Time};
use std::collections::{BTreeMap, VecDeque};

/// Latencies from one interface to another. Free parameters: nobody published them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// To the sender itself.
    pub own: Duration,
    /// To another agent of the sender's socket.
    pub same_socket: Duration,
    /// To an agent of another socket.
    pub cross_socket: Duration,
}

impl Default for Latencies {
    /// 100, 400 and 850 ns. From the sender's store to the handler, 0.5 to 0.8 µs within a socket and 0.9 to 1.3 µs across
    /// are usual on Nehalem to Skylake (rule of thumb, no document); the middle of each, less 250 ns for the register write
    /// and the entry of the handler.
    fn default() -> Self {
        let ns = Duration::from_ns;
        Self { own: ns(100), same_socket: ns(400), cross_socket: ns(850) }
    }
}

/// Why a fabric cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FabricError {
    /// Without agents there is nothing to connect.
    #[error("a point-to-point fabric needs the socket of at least one agent")]
    NoAgent,
    /// An engine cannot advance by nothing.
    #[error("each latency of a point-to-point fabric must be at least 1 ps, but the one to {distance} is 0")]
    NoLatency {
        /// Which one.
        distance: &'static str,
    },
}

/// How far away an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Own,
    Same,
    Cross,
}

/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The message reaches all agents at that distance.
    Visit(u64, Distance),
    /// The sender's interface redirects the message.
    Redirect(u64),
    /// The redirected message reaches its target.
    Arrive(u64, Agent),
    /// The last completion is back.
    Complete(u64),
    /// An EOI reaches the I/O agent.
    EndOfInterrupt(u8),
}

/// A message under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flight {
    message: Message,
    /// Distances not reached yet.
    visits: u32,
    /// The last completion is back then, as far as known.
    complete_at: Time,
    /// It is; but an older message of the sender is not done.
    complete: bool,
}

/// A jitter cycle: 1 ns.
const JITTER: Duration = Duration::from_ns(1);

/// The point-to-point fabric.
#[derive(Debug, Clone)]
pub struct PointToPointFabric {
    latencies: Latencies,
    socket_of: Vec<u16>,
    /// Agents of each socket.
    members: BTreeMap<u16, Vec<Agent>>,
    /// By instant and, within one, in the order of their planning.
    steps: BTreeMap<(Time, u64), Step>,
    planned: u64,
    /// By their order, which is that of requests.
    flights: BTreeMap<u64, Flight>,
    /// Messages of each sender that are not done, oldest first.
    open: BTreeMap<Agent, VecDeque<u64>>,
    /// Last arrival of each sender's messages at each distance: jitter must not reorder those of a pair.
    arrived: Vec<[Time; 3]>,
}

impl PointToPointFabric {
    /// A fabric between agents in these sockets, by agent: the CPUs, then the I/O agent, to which EOIs go.
    ///
    /// # Errors
    /// If there is no agent, or a latency is zero.
    pub fn new(socket_of: &[u16], latencies: Latencies) -> Result<Self, FabricError> {
        if socket_of.is_empty() {
            return Err(FabricError::NoAgent);
        }
        let Latencies { own, same_socket, cross_socket } = latencies;
        let named = [("the sender itself", own), ("its socket", same_socket), ("other sockets", cross_socket)];
        if let Some(&(distance, _)) = named.iter().find(|(_, latency)| *latency == Duration::ZERO) {
            return Err(FabricError::NoLatency { distance });
        }
        let mut members: BTreeMap<u16, Vec<Agent>> = BTreeMap::new();
        for (agent, &socket) in (0..).zip(socket_of) {
            members.entry(socket).or_default().push(agent);
        }
        Ok(Self {
            latencies,
            socket_of: socket_of.to_vec(),
            members,
            steps: BTreeMap::new(),
            planned: 0,
            flights: BTreeMap::new(),
            open: BTreeMap::new(),
            arrived: vec![[Time::ZERO; 3]; socket_of.len()],
        })
    }

    fn socket(&self, agent: Agent) -> u16 {
        self.socket_of[usize::from(agent)]
    }

    fn distance(&self, from: Agent, to: Agent) -> Distance {
        if from == to {
            Distance::Own
        } else if self.socket(from) == self.socket(to) {
            Distance::Same
        } else {
            Distance::Cross
        }
    }

    const fn latency(&self, distance: Distance) -> Duration {
        match distance {
            Distance::Own => self.latencies.own,
            Distance::Same => self.latencies.same_socket,
            Distance::Cross => self.latencies.cross_socket,
        }
    }

    fn plan(&mut self, at: Time, step: Step) {
        self.steps.insert((at, self.planned), step);
        self.planned += 1;
    }

    /// When what `source` sends at `from` arrives at that distance: not before what it sent earlier.
    fn arrival(&mut self, source: Agent, distance: Distance, from: Time) -> Time {
        let at = from + self.latency(distance);
        let latest = &mut self.arrived[usize::from(source)][distance as usize];
        *latest = at.max(*latest);
        *latest
    }

    /// Is there any agent at that distance that the message may be for?
    fn may_address(&self, message: &Message, distance: Distance) -> bool {
        match (distance, message.shorthand) {
            (Distance::Own, shorthand) => shorthand != Shorthand::AllExcludingSelf,
            (_, Shorthand::Own) => false,
            (Distance::Same, _) => self.members[&self.socket(message.source)].len() > 1,
            (Distance::Cross, _) => self.members.len() > 1,
        }
    }

    fn send(&mut self, from: Time, message: Message) {
        let id = self.planned;
        self.open.entry(message.source).or_default().push_back(id);
        let mut flight = Flight { message, visits: 0, complete_at: Time::ZERO, complete: false };
        if message.mode == DeliveryMode::LowestPriority {
            let at = self.arrival(message.source, Distance::Own, from);
            self.plan(at, Step::Redirect(id));
        } else {
            for distance in [Distance::Own, Distance::Same, Distance::Cross] {
                if self.may_address(&message, distance) {
                    flight.visits += 1;
                    let at = self.arrival(message.source, distance, from);
                    self.plan(at, Step::Visit(id, distance));
                }
            }
        }
        if flight.visits == 0 && message.mode != DeliveryMode::LowestPriority {
            self.plan(from + self.latencies.own, Step::Complete(id)); // all but self, and nobody else is there
        }
        self.flights.insert(id, flight);
    }

    /// The agents at that distance that `message` may be for, lowest first.
    fn reached(&self, targets: &dyn Targets, message: &Message, distance: Distance) -> Vec<Agent> {
        if let Some(mut candidates) = targets.candidates(message) {
            candidates.retain(|&agent| self.distance(message.source, agent) == distance);
            return candidates;
        }
        let own = self.socket(message.source);
        let mut agents: Vec<Agent> = match distance {
            Distance::Own => vec![message.source],
            Distance::Same => self.members[&own].iter().copied().filter(|&agent| agent != message.source).collect(),
            Distance::Cross => {
                let others = self.members.iter().filter(|(socket, _)| **socket != own);
                others.flat_map(|(_, members)| members).copied().collect()
            }
        };
        agents.sort_unstable();
        agents
    }

    fn visit(&mut self, now: Time, id: u64, distance: Distance, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some(flight) = self.flights.get(&id).copied() else { return };
        let message = flight.message;
        let before = effects.len();
        let agents = self.reached(targets, &message, distance).into_iter();
        let addressed = agents.filter(|&agent| targets.addressed(agent, &message));
        effects.extend(addressed.map(|agent| BusEffect::Deliver { agent, message }));
        let back = if effects.len() > before { now + self.latency(distance) } else { now };
        let flight = Flight { visits: flight.visits - 1, complete_at: flight.complete_at.max(back), ..flight };
        self.flights.insert(id, flight);
        if flight.visits == 0 {
            self.plan(flight.complete_at, Step::Complete(id));
        }
    }

    fn redirect(&mut self, now: Time, id: u64, targets: &dyn Targets) {
        let Some(message) = self.flights.get(&id).map(|flight| flight.message) else { return };
        match lowest_task_priority(targets, &message) {
            Some(winner) => {
                let at = self.arrival(message.source, self.distance(message.source, winner), now);
                self.plan(at, Step::Arrive(id, winner));
            }
            None => self.plan(now, Step::Complete(id)),
        }
    }

    fn arrive(&mut self, now: Time, id: u64, agent: Agent, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some(message) = self.flights.get(&id).map(|flight| flight.message) else { return };
        if targets.addressed(agent, &message) {
            effects.push(BusEffect::Deliver { agent, message });
        }
        self.plan(now + self.latency(self.distance(agent, message.source)), Step::Complete(id));
    }

    /// Messages of one sender are done in their order: a delivery status must not go idle while an older one is open.
    fn complete(&mut self, id: u64, effects: &mut Vec<BusEffect>) {
        let Some(flight) = self.flights.get_mut(&id) else { return };
        flight.complete = true;
        let source = flight.message.source;
        let Some(open) = self.open.get_mut(&source) else { return };
        while let Some(oldest) = open.front()
            && self.flights.get(oldest).is_some_and(|flight| flight.complete)
            && let Some(Flight { message, .. }) = self.flights.remove(oldest)
        {
            open.pop_front();
            effects.push(BusEffect::Dispatched { message, busy_still: !open.is_empty() });
        }
    }

    /// Name of a step without its numbers: what decides the future.
    fn step_state(&self, step: &Step) -> [u64; 2] {
        let name = |id: &u64| {
            self.flights.get(id).map_or(0, |f| u64::from(f.message.source) << 32 | u64::from(f.message.number))
        };
        match step {
            Step::Visit(id, distance) => [(*distance as u64) << 3, name(id)],
            Step::Redirect(id) => [1, name(id)],
            Step::Arrive(id, agent) => [u64::from(*agent) << 3 | 2, name(id)],
            Step::Complete(id) => [3, name(id)],
            Step::EndOfInterrupt(vector) => [4, u64::from(*vector)],
        }
    }
}

impl Interconnect for PointToPointFabric {
    fn minimum_latency(&self) -> Duration {
        self.latencies.own.min(self.latencies.same_socket).min(self.latencies.cross_socket)
    }

    /// Messages of one sender do not replace each other: it may have many in flight. A cycle of jitter is 1 ns.
    ///
    /// # Panics
    /// If the sender is not on the fabric.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        let from = at + Duration::from_ps(JITTER.as_ps() * u64::from(extra_cycles));
        match request {
            Request::Message(message) => self.send(from, message),
            Request::EndOfInterrupt { source, vector } => {
                let io = (self.socket_of.len() - 1) as Agent;
                let at = self.arrival(source, self.distance(source, io), from);
                self.plan(at, Step::EndOfInterrupt(vector));
            }
        }
    }

    fn next_event(&self) -> Option<Time> {
        self.steps.first_key_value().map(|(&(at, _), _)| at)
    }

    fn bound(&self) -> Time {
        self.next_event().unwrap_or(Time::NEVER)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some(((now, _), step)) = self.steps.pop_first() else { return };
        match step {
            Step::Visit(id, distance) => self.visit(now, id, distance, targets, effects),
            Step::Redirect(id) => self.redirect(now, id, targets),
            Step::Arrive(id, agent) => self.arrive(now, id, agent, targets, effects),
            Step::Complete(id) => self.complete(id, effects),
            Step::EndOfInterrupt(vector) => effects.push(BusEffect::EndOfInterrupt { vector }),
        }
    }

    fn promises(&self) -> Promises {
        Promises { one_message_a_sender: false, delivers_before_dispatch: false }
    }

    fn undispatched(&self) -> Vec<Undispatched> {
        let open = self.open.values().flatten().filter_map(|id| self.flights.get(id));
        open.map(|flight| Undispatched {
            message: flight.message,
            attempts: 1,
            last: None,
            attempt_period: None,
            stalled_since: None,
        })
        .collect()
    }

    fn state(&self, words: &mut Vec<u64>) {
        let Some(base) = self.next_event() else { return };
        for ((at, _), step) in &self.steps {
            words.push(at.since(base).as_ps());
            words.extend(self.step_state(step));
        }
        for flight in self.flights.values() {
            words.extend([u64::from(flight.visits) << 1 | u64::from(flight.complete), flight.message.number.into()]);
            words.push(flight.complete_at.since(base).as_ps());
        }
        // An arrival matters to later messages as long as it lies ahead.
        for (agent, arrived) in (0_u64..).zip(&self.arrived).filter(|(_, arrived)| arrived.iter().any(|&at| at > base))
        {
            words.push(agent);
            words.extend(arrived.map(|at| at.since(base).as_ps()));
        }
    }

    fn skip(&mut self, periods: u64, period: Duration, _attempts: u64) {
        let span = Duration::from_ps(period.as_ps().saturating_mul(periods));
        let steps = std::mem::take(&mut self.steps);
        self.steps = steps.into_iter().map(|((at, order), step)| ((at + span, order), step)).collect();
        self.flights.values_mut().for_each(|flight| flight.complete_at += span);
        self.arrived.iter_mut().flatten().for_each(|at| *at += span);
    }

    fn name(&self) -> &'static str {
        "point-to-point"
    }
}

#[cfg(test)]
#[path = "point_to_point_tests.rs"]
mod tests;
