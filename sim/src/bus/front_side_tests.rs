//! The front-side bus on fake agents.

use super::super::Response::{Retry, Silent};
use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
use super::*;

const NS: u64 = 1_000;

#[test]
fn a_transaction_takes_12_cycles_from_its_grant() {
    let mut bus = FrontSideBus::new();
    let m = message(0, 0, 2);
    send(&mut bus, 0, m);
    assert_eq!(bus.next_event(), Some(Time::from_ps(10 * NS)));
    assert_eq!(bus.bound(), Time::from_ps(130 * NS));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    let expected = [
        (130 * NS, BusEffect::Deliver { agent: 2, message: m }),
        (130 * NS, BusEffect::Dispatched { message: m, busy_still: false }),
    ];
    assert_eq!(effects, expected);
    assert!(bus.is_idle());
    assert_eq!(bus.minimum_latency(), Duration::from_ps(120 * NS + 1));
}

#[test]
fn transactions_go_in_the_order_of_requests() {
    let mut bus = FrontSideBus::new();
    send(&mut bus, 0, message(3, 0, 0));
    send(&mut bus, 1, message(0, 0, 3));
    bus.request(Time::from_ps(2), Request::EndOfInterrupt { source: 1, vector: 0x41 }, 0);
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [(130 * NS, 3), (250 * NS, 0)]);
    assert_eq!(effects.last(), Some(&(370 * NS, BusEffect::EndOfInterrupt { vector: 0x41 })));
}

#[test]
fn the_state_of_targets_does_not_matter() {
    // hardware: no response of a target CPU exists on this bus (Intel 5000X MCH datasheet §5.8)
    for response in [Retry, Silent] {
        let mut bus = FrontSideBus::new();
        send(&mut bus, 0, broadcast(0, 0));
        let effects = run(&mut bus, &Fake::new(&[response; 4]), Time::NEVER);
        assert_eq!(effects.len(), 4, "three deliveries and the dispatch");
        assert_eq!(dispatched(&effects), [(130 * NS, 0)]);
    }
    let mut bus = FrontSideBus::new();
    send(&mut bus, 0, message(0, 0, 9));
    assert_eq!(dispatched(&run(&mut bus, &Fake::accepting(4), Time::NEVER)), [(130 * NS, 0)], "nobody is addressed");
}

#[test]
fn replacement_spares_the_granted_transaction() {
    let (first, second, third) = (message(0, 0, 1), message(0, 1, 2), message(0, 2, 3));
    let mut bus = FrontSideBus::new();
    send(&mut bus, 0, first);
    send(&mut bus, 10 * NS, second); // at the edge of the grant: the first one is granted
    send(&mut bus, 50 * NS, third);
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    let done: Vec<_> = effects.iter().filter(|e| matches!(e.1, BusEffect::Dispatched { .. })).collect();
    assert_eq!(
        done,
        [
            &(130 * NS, BusEffect::Dispatched { message: first, busy_still: true }),
            &(250 * NS, BusEffect::Dispatched { message: third, busy_still: false }),
        ]
    );
}

#[test]
fn a_stall_delays_what_would_complete_in_it() {
    let mut bus = FrontSideBus::new();
    bus.stall(Time::from_ps(100 * NS), Some(Time::from_ps(1_005 * NS)));
    send(&mut bus, 0, message(0, 0, 1));
    send(&mut bus, 1, message(1, 0, 0));
    assert_eq!(bus.bound(), Time::from_ps(1_010 * NS));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [(1_010 * NS, 0), (1_130 * NS, 1)]);
}

#[test]
fn a_stall_for_good_leaves_an_idle_bus_with_messages() {
    let since = Time::from_ps(200 * NS);
    let mut bus = FrontSideBus::new();
    bus.stall(since, None);
    send(&mut bus, 0, message(0, 0, 1));
    send(&mut bus, 150 * NS, message(1, 0, 0));
    send(&mut bus, 150 * NS, message(0, 1, 1));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [(130 * NS, 0)]);
    assert!(bus.is_idle());
    assert_eq!(bus.bound(), Time::NEVER);
    let stuck = bus.undispatched();
    assert_eq!(stuck.iter().map(|u| (u.message.source, u.attempts)).collect::<Vec<_>>(), [(0, 0), (1, 1)]);
    assert!(stuck.iter().all(|u| u.stalled_since == Some(since)));
}
