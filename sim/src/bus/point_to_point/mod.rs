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

mod flights;
mod steps;
mod topology;

pub use topology::{FabricError, Latencies};

use super::addressees::Addressees;
use super::redirection::lowest_task_priority;
use super::{Agent, BusEffect, DeliveryMode, Interconnect, Message, Promises, Request, Targets, Undispatched};
use crate::time::{Duration, Time};
use flights::{Flight, Flights, Slot};
use steps::{Delay, Step, Steps};
use topology::{Distance, Topology};

/// A jitter cycle: 1 ns.
const JITTER: Duration = Duration::from_ns(1);

/// The point-to-point fabric.
///
/// ```
/// use sim::bus::{Interconnect, Latencies, PointToPointFabric};
///
/// let two_sockets = PointToPointFabric::new(&[0, 0, 1, 1, 1], Latencies::default())?; // the last is the I/O agent
/// assert_eq!(two_sockets.next_event(), None);
/// # Ok::<(), sim::bus::FabricError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PointToPointFabric {
    topology: Topology,
    steps: Steps,
    flights: Flights,
    /// Last arrival of each sender's messages at each distance: jitter must not reorder those of a pair.
    arrived: Vec<[Time; 3]>,
    addressees: Addressees,
}

impl PointToPointFabric {
    /// A fabric between agents in these sockets, by agent: the CPUs, then the I/O agent, to which EOIs go.
    ///
    /// # Errors
    /// If there is no agent, or a latency is zero.
    pub fn new(socket_of: &[u16], latencies: Latencies) -> Result<Self, FabricError> {
        let topology = Topology::new(socket_of, latencies)?;
        let agents = topology.agents();
        Ok(Self {
            topology,
            steps: Steps::new(),
            flights: Flights::new(agents),
            arrived: vec![[Time::ZERO; 3]; agents],
            addressees: Addressees::default(),
        })
    }

    /// When what `source` sends at `from` arrives at that distance: not before what it sent earlier.
    fn arrival(&mut self, source: Agent, distance: Distance, from: Time) -> Time {
        let at = from + self.topology.latency(distance);
        let latest = &mut self.arrived[usize::from(source)][distance as usize];
        *latest = at.max(*latest);
        *latest
    }

    fn send(&mut self, from: Time, message: &Message) {
        let slot = self.flights.add(*message);
        if message.mode == DeliveryMode::LowestPriority {
            let at = self.arrival(message.source, Distance::Own, from);
            return self.steps.plan(at, Delay::Way(Distance::Own), Step::Redirect(slot));
        }
        let mut visits = 0;
        for distance in Distance::ALL {
            if self.topology.may_address(message, distance) {
                let at = self.arrival(message.source, distance, from);
                self.steps.plan(at, Delay::Way(distance), Step::Visit(slot, distance));
                visits += 1;
            }
        }
        self.flights.get_mut(slot).visits = visits;
        if visits == 0 {
            // all but self, and nobody else is there
            let at = from + self.topology.latency(Distance::Own);
            self.steps.plan(at, Delay::Way(Distance::Own), Step::Complete(slot));
        }
    }

    fn visit(
        &mut self,
        now: Time,
        slot: Slot,
        distance: Distance,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        let (before, topology) = (effects.len(), &self.topology);
        let flight = self.flights.get_mut(slot);
        let message = &flight.message;
        let mut ask = |agent| {
            if targets.addressed(agent, message) {
                effects.push(BusEffect::Deliver { agent, message: *message });
            }
        };
        match self.addressees.indexed(targets, message) {
            Some(candidates) => {
                let there = |&agent: &Agent| topology.distance(message.source, agent) == distance;
                candidates.iter().copied().filter(there).for_each(ask);
            }
            None => topology.each(message.source, distance, &mut ask),
        }
        let back = if effects.len() > before { now + topology.latency(distance) } else { now };
        flight.complete_at = flight.complete_at.max(back);
        flight.visits -= 1;
        if flight.visits == 0 {
            let delay = if flight.complete_at > now { Delay::Way(distance) } else { Delay::Nothing };
            self.steps.plan(flight.complete_at, delay, Step::Complete(slot));
        }
    }

    fn redirect(&mut self, now: Time, slot: Slot, targets: &dyn Targets) {
        let message = self.flights.get(slot).message;
        match lowest_task_priority(&mut self.addressees, targets, &message) {
            Some(winner) => {
                let distance = self.topology.distance(message.source, winner);
                let at = self.arrival(message.source, distance, now);
                self.steps.plan(at, Delay::Way(distance), Step::Arrive(slot, winner));
            }
            None => self.steps.plan(now, Delay::Nothing, Step::Complete(slot)),
        }
    }

    fn arrive(&mut self, now: Time, slot: Slot, agent: Agent, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let message = &self.flights.get(slot).message;
        if targets.addressed(agent, message) {
            effects.push(BusEffect::Deliver { agent, message: *message });
        }
        let distance = self.topology.distance(agent, message.source);
        self.steps.plan(now + self.topology.latency(distance), Delay::Way(distance), Step::Complete(slot));
    }

    /// Messages of one sender are done in their order: a delivery status must not go idle while an older one is open.
    fn complete(&mut self, slot: Slot, effects: &mut Vec<BusEffect>) {
        let flight = self.flights.get_mut(slot);
        flight.complete = true;
        let source = flight.message.source;
        while let Some((message, busy_still)) = self.flights.take_complete(source) {
            effects.push(BusEffect::Dispatched { message, busy_still });
        }
    }

    /// What decides the future of a step.
    fn step_state(&self, step: Step) -> [u64; 2] {
        let name = |slot| self.flights.get(slot).name();
        match step {
            Step::Visit(slot, distance) => [(distance as u64) << 3, name(slot)],
            Step::Redirect(slot) => [1, name(slot)],
            Step::Arrive(slot, agent) => [u64::from(agent) << 3 | 2, name(slot)],
            Step::Complete(slot) => [3, name(slot)],
            Step::EndOfInterrupt(vector) => [4, u64::from(vector)],
        }
    }
}

impl Interconnect for PointToPointFabric {
    fn minimum_latency(&self) -> Duration {
        self.topology.least_latency()
    }

    /// Messages of one sender do not replace each other: it may have many in flight. A cycle of jitter is 1 ns.
    ///
    /// # Panics
    /// If the sender is not on the fabric.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        let from = at + Duration::from_ps(JITTER.as_ps() * u64::from(extra_cycles));
        match request {
            Request::Message(message) => self.send(from, &message),
            Request::EndOfInterrupt { source, vector } => {
                let distance = self.topology.distance(source, self.topology.io_agent());
                let at = self.arrival(source, distance, from);
                self.steps.plan(at, Delay::Way(distance), Step::EndOfInterrupt(vector));
            }
        }
    }

    fn next_event(&self) -> Option<Time> {
        let next = self.steps.next();
        (next != Time::NEVER).then_some(next)
    }

    fn bound(&self) -> Time {
        self.steps.next()
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some((now, step)) = self.steps.take() else { return };
        match step {
            Step::Visit(slot, distance) => self.visit(now, slot, distance, targets, effects),
            Step::Redirect(slot) => self.redirect(now, slot, targets),
            Step::Arrive(slot, agent) => self.arrive(now, slot, agent, targets, effects),
            Step::Complete(slot) => self.complete(slot, effects),
            Step::EndOfInterrupt(vector) => effects.push(BusEffect::EndOfInterrupt { vector }),
        }
    }

    fn promises(&self) -> Promises {
        Promises { one_message_a_sender: false, delivers_before_dispatch: false }
    }

    fn undispatched(&self) -> Vec<Undispatched> {
        let report = |flight: &Flight| Undispatched {
            message: flight.message,
            attempts: 1,
            last: None,
            attempt_period: None,
            stalled_since: None,
        };
        self.flights.iter().map(report).collect()
    }

    fn state(&self, words: &mut Vec<u64>) {
        let Some(base) = self.next_event() else { return };
        for (at, step) in self.steps.sorted() {
            words.push(at.since(base).as_ps());
            words.extend(self.step_state(step));
        }
        self.flights.iter().for_each(|flight| flight.state(base, words));
        // An arrival matters to later messages as long as it lies ahead.
        for (agent, arrived) in (0_u64..).zip(&self.arrived).filter(|(_, arrived)| arrived.iter().any(|&at| at > base))
        {
            words.push(agent);
            words.extend(arrived.map(|at| at.since(base).as_ps()));
        }
    }

    fn skip(&mut self, periods: u64, period: Duration, _attempts: u64) {
        let span = Duration::from_ps(period.as_ps().saturating_mul(periods));
        self.steps.skip(span);
        self.flights.skip(span);
        self.arrived.iter_mut().flatten().for_each(|at| *at += span);
    }

    fn name(&self) -> &'static str {
        "point-to-point"
    }
}

#[cfg(test)]
mod tests;
