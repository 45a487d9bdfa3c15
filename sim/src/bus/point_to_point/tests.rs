//! The point-to-point fabric on fake agents.

use super::super::Response::{Retry, Silent};
use super::super::testing::{broadcast, delivered, dispatched, message, run, send};
use super::super::testing_agents::{Fellow, Fellows, lowest_priority};
use super::super::{Bid, Response, Shorthand};
use super::*;
use std::cell::Cell;

const NS: u64 = 1_000;

/// Two sockets of two CPUs, the I/O agent in the first.
fn fabric() -> PointToPointFabric {
    PointToPointFabric::new(&[0, 0, 1, 1, 0], Latencies::default()).expect("it is possible")
}

#[test]
fn each_distance_has_its_latency_and_its_way_back() {
    let table = [(0, 100, 200), (1, 400, 800), (2, 850, 1_700), (3, 850, 1_700)];
    for (destination, arrival, completion) in table {
        let mut bus = fabric();
        send(&mut bus, 0, message(0, 0, destination));
        let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
        assert_eq!(delivered(&effects), [(arrival * NS, destination as Agent)]);
        // Who else is addressed is known once the farthest have been asked.
        assert_eq!(dispatched(&effects), [((completion * NS).max(850 * NS), 0)], "to {destination}");
        assert!(bus.is_idle() && bus.undispatched().is_empty());
    }
}

#[test]
fn shorthands_ask_only_whom_they_are_for() {
    let own = Message { shorthand: Shorthand::Own, ..message(0, 0, 0) };
    let mut bus = fabric();
    send(&mut bus, 0, own);
    let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
    assert_eq!((delivered(&effects), dispatched(&effects)), (vec![(100 * NS, 0)], vec![(200 * NS, 0)]));
    send(&mut bus, 1_000 * NS, broadcast(3, 0));
    let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
    assert_eq!(delivered(&effects), [(1_400 * NS, 2), (1_850 * NS, 0), (1_850 * NS, 1), (1_850 * NS, 4)]);
    assert_eq!(dispatched(&effects), [(2_700 * NS, 3)], "with the last completion");
}

#[test]
fn a_message_to_nobody_is_dropped_by_all() {
    let mut bus = fabric();
    send(&mut bus, 0, message(0, 0, 99));
    let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
    assert_eq!((delivered(&effects), dispatched(&effects)), (vec![], vec![(850 * NS, 0)]));
    let mut alone = PointToPointFabric::new(&[0], Latencies::default()).expect("it is possible");
    send(&mut alone, 0, broadcast(0, 0));
    assert_eq!(dispatched(&run(&mut alone, &Fellows::flat(1), Time::NEVER)), [(100 * NS, 0)]);
}

#[test]
fn the_state_of_cores_does_not_matter() {
    for response in [Retry, Silent] {
        let mut bus = fabric();
        send(&mut bus, 0, message(0, 0, 2));
        let agents = Fellows::flat(5).answering(2, response);
        assert_eq!(delivered(&run(&mut bus, &agents, Time::NEVER)), [(850 * NS, 2)]);
    }
}

#[test]
fn messages_of_a_pair_stay_in_order_under_jitter() {
    let mut bus = fabric();
    let (first, second) = (message(0, 0, 2), message(0, 1, 2));
    bus.request(Time::ZERO, Request::Message(first), 50);
    bus.request(Time::from_ps(1), Request::Message(second), 0);
    let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
    let order: Vec<_> = effects
        .iter()
        .filter_map(|&(at, effect)| match effect {
            BusEffect::Deliver { message, .. } => Some((at, message.number)),
            _ => None,
        })
        .collect();
    assert_eq!(order, [(900 * NS, 0), (900 * NS, 1)]);
}

#[test]
fn a_sender_is_busy_until_its_oldest_message_is_done() {
    let mut bus = fabric();
    let (far, near) = (message(0, 0, 2), Message { shorthand: Shorthand::Own, ..message(0, 1, 0) });
    send(&mut bus, 0, far);
    send(&mut bus, 10, near);
    assert_eq!(bus.undispatched().len(), 2);
    let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
    let done: Vec<_> = effects.iter().filter(|effect| matches!(effect.1, BusEffect::Dispatched { .. })).collect();
    assert_eq!(
        done,
        [
            &(1_700 * NS, BusEffect::Dispatched { message: far, busy_still: true }),
            &(1_700 * NS, BusEffect::Dispatched { message: near, busy_still: false }),
        ]
    );
}

#[test]
fn a_lowest_priority_message_goes_to_one() {
    let mut bus = fabric();
    send(&mut bus, 0, lowest_priority(broadcast(0, 0)));
    let agents = Fellows::flat(5).with_priorities(&[0, 0x20, 0x10, 0x10, 0x30]);
    let effects = run(&mut bus, &agents, Time::NEVER);
    assert_eq!(delivered(&effects), [(950 * NS, 2)], "100 ns to find it, 850 ns to reach it");
    assert_eq!(dispatched(&effects), [(1_800 * NS, 0)]);
    let nobody = Fellows(Fellows::flat(5).0.into_iter().map(|f| Fellow { response: Silent, ..f }).collect());
    send(&mut bus, 5_000 * NS, lowest_priority(broadcast(0, 1)));
    let effects = run(&mut bus, &nobody, Time::NEVER);
    assert_eq!((delivered(&effects), dispatched(&effects)), (vec![], vec![(5_100 * NS, 0)]));
}

#[test]
fn an_end_of_interrupt_goes_to_the_io_agent() {
    for (source, at) in [(0, 400), (2, 850)] {
        let mut bus = fabric();
        bus.request(Time::ZERO, Request::EndOfInterrupt { source, vector: 0x41 }, 0);
        let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
        assert_eq!(effects, [(at * NS, BusEffect::EndOfInterrupt { vector: 0x41 })]);
    }
}

#[test]
fn skipping_moves_everything() {
    let mut bus = fabric();
    send(&mut bus, 0, broadcast(0, 0));
    run(&mut bus, &Fellows::flat(5), Time::from_ps(400 * NS));
    let mut later = bus.clone();
    later.skip(3, Duration::from_us(7), 0);
    let state = |bus: &PointToPointFabric| {
        let mut words = Vec::new();
        bus.state(&mut words);
        words
    };
    assert_eq!(state(&bus), state(&later));
    let effects = run(&mut bus, &Fellows::flat(5), Time::NEVER);
    let moved = run(&mut later, &Fellows::flat(5), Time::NEVER);
    let expected: Vec<_> = effects.iter().map(|&(at, effect)| (at + 21_000_000, effect)).collect();
    assert_eq!(moved, expected);
}

#[test]
fn impossible_fabrics_are_refused() {
    assert_eq!(PointToPointFabric::new(&[], Latencies::default()).err(), Some(FabricError::NoAgent));
    let refused = PointToPointFabric::new(&[0; 65_537], Latencies::default()).err();
    assert_eq!(refused, Some(FabricError::TooManyAgents { agents: 65_537 }), "an agent's number has 16 bits");
    assert!(PointToPointFabric::new(&[0; 65_536], Latencies::default()).is_ok());
    let latencies = Latencies { same_socket: Duration::ZERO, ..Latencies::default() };
    let refused = PointToPointFabric::new(&[0], latencies).err();
    assert_eq!(refused, Some(FabricError::NoLatency { distance: "its socket" }));
}

/// 4096 agents that know who may be meant, and count how often they are asked.
struct Many {
    asked: Cell<u32>,
    indexed: bool,
}

impl Targets for Many {
    fn agents(&self) -> Agent {
        4096
    }
    fn candidates(&self, message: &Message, into: &mut Vec<Agent>) -> bool {
        if self.indexed {
            into.push(message.destination as Agent);
        }
        self.indexed
    }
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        self.asked.set(self.asked.get() + 1);
        message.destination == u32::from(agent)
    }
    fn response(&self, _: Agent, _: &Message) -> Response {
        Response::Accept
    }
    fn bid(&self, _: Agent, _: &Message) -> Bid {
        Bid::of(0)
    }
    fn apic_id(&self, agent: Agent) -> Option<u32> {
        Some(u32::from(agent))
    }
    fn remote_register(&self, _: Agent, _: u8) -> u32 {
        0
    }
}

#[test]
fn a_directed_message_asks_each_of_4096_agents_once_and_with_an_index_one() {
    let sockets: Vec<u16> = (0..4096).map(|agent| agent / 128).collect();
    for (indexed, asked) in [(false, 4096), (true, 1)] {
        let many = Many { asked: Cell::new(0), indexed };
        let mut bus = PointToPointFabric::new(&sockets, Latencies::default()).expect("it is possible");
        send(&mut bus, 0, message(3, 0, 4000));
        assert_eq!(delivered(&run(&mut bus, &many, Time::NEVER)), [(850 * NS, 4000)]);
        assert_eq!(many.asked.get(), asked);
    }
}
