//! The ideal bus: every message arrives after a fixed time, none waits for another, and the sender never sees busy.
//!
//! Not modelled: everything that makes a bus a bus.

use super::addressees::Addressees;
use super::redirection::lowest_task_priority;
use super::{BusEffect, DeliveryMode, Interconnect, Message, Promises, Request, Response, Targets, Undispatched};
use crate::queue::Queue;
use crate::time::{Duration, Time};

/// A cycle of injected jitter: the bus has no clock to count in.
const JITTER: Duration = Duration::from_ns(1);

/// The ideal bus. A local APIC on it must not show its delivery status
/// ([`set_busy_visible`](crate::apic::LocalApic::set_busy_visible)), like the emulators it stands for (KVM, Bochs).
///
/// ```
/// use sim::Duration;
/// use sim::bus::{IdealBus, Interconnect};
///
/// assert_eq!(IdealBus::new(Duration::from_ns(80)).minimum_latency(), Duration::from_ns(80));
/// ```
#[derive(Debug, Clone)]
pub struct IdealBus {
    latency: Duration,
    /// In the order of arrival, which without jitter is that of requests.
    in_flight: Queue<(Time, Request)>,
    /// The first arrival.
    next: Time,
    addressees: Addressees,
}

impl Default for IdealBus {
    /// 100 ns from request to delivery.
    fn default() -> Self {
        Self::new(Duration::from_ns(100))
    }
}

impl IdealBus {
    /// A bus that delivers `latency` after the request; less than a picosecond counts as one, because an engine cannot
    /// advance by nothing.
    pub fn new(latency: Duration) -> Self {
        Self {
            latency: latency.max(Duration::from_ps(1)),
            in_flight: Queue::default(),
            next: Time::NEVER,
            addressees: Addressees::default(),
        }
    }
}

impl IdealBus {
    /// One with less jitter than those before it: it overtakes them, but for those of its own sender.
    #[cold]
    fn request_before_others(&mut self, arrival: Time, request: Request) {
        let own = |&&(_, other): &&(Time, Request)| other.source() == request.source();
        let arrival = self.in_flight.waiting().iter().rfind(own).map_or(arrival, |&(at, _)| arrival.max(at));
        let place = self.in_flight.waiting().partition_point(|&(at, _)| at <= arrival);
        self.in_flight.insert(place, (arrival, request));
        self.next = self.in_flight.waiting()[0].0;
    }
}

/// `message` arrives at every addressed agent that listens; one without room takes it all the same.
#[inline(always)]
fn arrive(addressees: &mut Addressees, message: &Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
    match targets.sole(message) {
        Some(agent) if matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::Nmi) => {
            if targets.response(agent, message) != Response::Silent {
                effects.push(BusEffect::Deliver { agent, message: *message });
            }
            effects.push(BusEffect::Dispatched { message: *message, busy_still: false });
        }
        _ => arrive_somewhere(addressees, message, targets, effects),
    }
}

/// The same of any message.
#[inline(never)]
fn arrive_somewhere(
    addressees: &mut Addressees,
    message: &Message,
    targets: &dyn Targets,
    effects: &mut Vec<BusEffect>,
) {
    match message.mode {
        DeliveryMode::LowestPriority => {
            let agent = lowest_task_priority(addressees, targets, message);
            effects.extend(agent.map(|agent| BusEffect::Deliver { agent, message: *message }));
        }
        DeliveryMode::RemoteRead => {
            let mut first = None;
            addressees.answers(targets, message, |agent, _| first = first.or(Some(agent)));
            let value = first.map(|agent| targets.remote_register(agent, message.vector & 0x3F));
            effects.push(BusEffect::RemoteRead { message: *message, value });
        }
        _ => addressees.answers(targets, message, |agent, _| {
            effects.push(BusEffect::Deliver { agent, message: *message });
        }),
    }
    effects.push(BusEffect::Dispatched { message: *message, busy_still: false });
}

impl Interconnect for IdealBus {
    fn minimum_latency(&self) -> Duration {
        self.latency
    }

    /// Messages of one sender do not replace each other: it may have many in flight. A cycle of jitter is 1 ns.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        let arrival = at + self.latency + Duration::from_ps(JITTER.as_ps() * u64::from(extra_cycles));
        if self.in_flight.back().is_some_and(|&(last, _)| last > arrival) {
            self.request_before_others(arrival, request);
        } else {
            self.in_flight.push((arrival, request));
            self.next = self.next.min(arrival); // it is the last one, or the only one
        }
    }

    fn next_event(&self) -> Option<Time> {
        (self.next != Time::NEVER).then_some(self.next)
    }

    fn bound(&self) -> Time {
        self.next
    }

    fn times(&self) -> (Time, Time) {
        (self.next, self.next)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        match self.in_flight.front() {
            Some((_, Request::Message(message))) => arrive(&mut self.addressees, message, targets, effects),
            Some(&(_, Request::EndOfInterrupt { vector, .. })) => effects.push(BusEffect::EndOfInterrupt { vector }),
            None => return,
        }
        self.in_flight.drop_front();
        self.next = self.in_flight.front().map_or(Time::NEVER, |&(at, _)| at);
    }

    fn promises(&self) -> Promises {
        Promises { one_message_a_sender: false, ..Promises::ALL }
    }

    fn undispatched(&self) -> Vec<Undispatched> {
        let mut messages: Vec<_> = self
            .in_flight
            .waiting()
            .iter()
            .filter_map(|(_, request)| match *request {
                Request::Message(message) => {
                    Some(Undispatched { message, attempts: 1, last: None, attempt_period: None, stalled_since: None })
                }
                Request::EndOfInterrupt { .. } => None,
            })
            .collect();
        messages.sort_by_key(|undispatched| undispatched.message.source);
        messages
    }

    fn state(&self, words: &mut Vec<u64>) {
        let base = self.next_event().unwrap_or(Time::ZERO);
        for (at, request) in self.in_flight.waiting() {
            words.push(at.since(base).as_ps());
            words.extend(match request {
                Request::Message(m) => [u64::from(m.source) << 1, u64::from(m.number)],
                Request::EndOfInterrupt { source, vector } => [u64::from(*source) << 1 | 1, u64::from(*vector)],
            });
        }
    }

    fn skip(&mut self, periods: u64, period: Duration, _attempts: u64) {
        let span = Duration::from_ps(period.as_ps().saturating_mul(periods));
        self.in_flight.waiting_mut().iter_mut().for_each(|(at, _)| *at += span);
        self.next += span;
    }

    fn name(&self) -> &'static str {
        "ideal"
    }
}

#[cfg(test)]
mod tests {
    use super::super::Response::{Retry, Silent};
    use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
    use super::*;

    #[test]
    fn messages_arrive_after_100_ns_and_do_not_wait() {
        let mut bus = IdealBus::default();
        send(&mut bus, 0, message(0, 0, 1));
        send(&mut bus, 0, message(0, 1, 2));
        send(&mut bus, 7, message(1, 0, 2));
        assert_eq!(bus.undispatched().len(), 3);
        let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
        assert_eq!(dispatched(&effects), [(100_000, 0), (100_000, 0), (100_007, 1)]);
        assert!(bus.is_idle());
    }

    #[test]
    fn only_deaf_agents_are_left_out() {
        let mut bus = IdealBus::default();
        send(&mut bus, 0, broadcast(0, 0));
        let effects = run(&mut bus, &Fake::accepting(4).with(1, Silent).with(2, Retry), Time::NEVER);
        let takers: Vec<_> = effects
            .iter()
            .filter_map(|(_, effect)| match effect {
                BusEffect::Deliver { agent, .. } => Some(*agent),
                _ => None,
            })
            .collect();
        assert_eq!(takers, [2, 3]);
    }

    #[test]
    fn one_agent_takes_a_lowest_priority_message() {
        let mut bus = IdealBus::default();
        let lowest = Message { mode: DeliveryMode::LowestPriority, ..broadcast(0, 0) };
        send(&mut bus, 0, lowest);
        let effects = run(&mut bus, &Fake::accepting(4).with(1, Silent), Time::NEVER);
        assert_eq!(effects[0].1, BusEffect::Deliver { agent: 2, message: lowest });
        assert_eq!(effects.len(), 2);
    }

    #[test]
    fn a_remote_read_is_answered_or_not() {
        for (response, value) in [(Retry, Some(0x102)), (Silent, None)] {
            let mut bus = IdealBus::default();
            let read = Message { mode: DeliveryMode::RemoteRead, vector: 2, ..message(0, 0, 1) };
            send(&mut bus, 0, read);
            let effects = run(&mut bus, &Fake::accepting(2).with(1, response), Time::NEVER);
            assert_eq!(effects[0].1, BusEffect::RemoteRead { message: read, value });
        }
    }

    /// By hand: 100 ns, and 1 ns for each cycle of jitter; who has less overtakes, but nobody overtakes himself.
    #[test]
    fn jitter_delays_each_message_and_keeps_the_order_of_a_sender() {
        let mut bus = IdealBus::default();
        for (source, number, extra) in [(0, 0, 9), (1, 0, 2), (0, 1, 4), (2, 0, 9), (1, 1, 0)] {
            bus.request(Time::ZERO, Request::Message(message(source, number, 3)), extra);
        }
        assert_eq!(bus.next_event(), Some(Time::from_ps(102_000)));
        let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
        let arrived = [(102_000, 1), (102_000, 1), (109_000, 0), (109_000, 0), (109_000, 2)];
        assert_eq!(dispatched(&effects), arrived);
    }

    #[test]
    fn the_latency_is_positive() {
        assert_eq!(IdealBus::new(Duration::ZERO).minimum_latency(), Duration::from_ps(1));
    }
}
