//! What is seen on the wires, against the formats in SDM vol. 3 §10.13 and 82801BA §5.8.3, worked out by hand.

use super::super::Response::{Accept, Retry, Silent};
use super::super::testing::{Fake, broadcast, message, run, send};
use super::super::{DeliveryMode, Message, WireChange, WireEvent};
use super::tests::{CYCLE, bus};
use super::*;

/// What is driven in each cycle from the first one on, and who has won in which.
fn seen(bus: &mut SerialBus, cycles: u64) -> (Vec<u8>, Vec<(u64, WireEvent)>) {
    let mut changes = Vec::new();
    bus.take_wires(&mut changes);
    let cycle = |change: &WireChange| change.at.as_ps() / CYCLE;
    assert!(changes.iter().all(|change| change.at.as_ps() % CYCLE == 0), "{changes:?}");
    assert!(changes.is_sorted_by_key(|change| change.at), "{changes:?}");
    let driven = |at: u64| {
        let until = changes.iter().filter(|change| cycle(change) <= at);
        let mut symbols = until.filter_map(|change| match change.what {
            WireEvent::Driven(symbol) => Some(symbol),
            _ => None,
        });
        symbols.next_back().unwrap_or_default()
    };
    let others = changes.iter().filter(|change| !matches!(change.what, WireEvent::Driven(_)));
    ((1..=cycles).map(driven).collect(), others.map(|change| (cycle(change), change.what)).collect())
}

fn carried(bus: &mut SerialBus, targets: &dyn Targets, sent: Message, cycles: u64) -> Vec<u8> {
    bus.probe();
    send(bus, 0, sent);
    run(bus, targets, Time::from_ps(CYCLE * (cycles + 1)));
    let (symbols, others) = seen(bus, cycles);
    let expected = [(6, WireEvent::Won(sent.source)), (cycles + 1, WireEvent::Free)];
    assert_eq!(others[..2], expected, "known after the arbitration, and over after the idle cycle");
    symbols
}

#[test]
fn a_short_message_shows_its_answers() {
    // id 2; fixed, physical, level asserted; FC; 1; checksum 2 + 3 + 3 + 3 + 1 = 12 mod 4; status; idle
    let head = [1, 0, 0, 2, 0, 0, 0, 2, 3, 3, 3, 0, 0, 0, 0, 1, 0, 0];
    for (answer, status) in [(Accept, 2), (Retry, 3), (Silent, 0)] {
        let targets = Fake::accepting(4).with(1, answer);
        let symbols = carried(&mut bus(4), &targets, message(2, 0, 1), 21);
        assert_eq!(symbols[..18], head);
        assert_eq!(symbols[18..], [0, status, 0], "{answer:?}");
    }
}

#[test]
fn the_lowest_priority_is_seen_inverted() {
    let sent = Message { mode: DeliveryMode::LowestPriority, ..broadcast(2, 0) };
    let symbols = carried(&mut bus(4), &Fake::accepting(4), sent, 34);
    // id 2; mode 001; FC; 0F; checksum 1 + 2 + 3 + 3 + 3 + 3 + 3 = 18 mod 4
    assert_eq!(symbols[..18], [1, 0, 0, 2, 0, 0, 1, 2, 3, 3, 3, 0, 0, 0, 3, 3, 2, 0]);
    // no focus; somebody has a slot; priority 00 of agent 0 as eight ones; its id, which is 1 by then; it takes it; idle
    assert_eq!(symbols[18..], [0, 3, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 2, 2, 0]);
}

#[test]
fn a_remote_read_shows_its_data() {
    let sent = Message { mode: DeliveryMode::RemoteRead, vector: 0x03, ..message(0, 0, 1) };
    let symbols = carried(&mut bus(4), &Fake::accepting(4), sent, 39);
    let mut data = [0_u8; 16];
    (data[11], data[15]) = (1, 3); // 0103h: bits 8, 1 and 0
    assert_eq!(symbols[20..36], data);
    assert_eq!(symbols[36..], [0, 0, 0], "valid; checksum 1 + 3 mod 4; idle");
}

#[test]
fn an_end_of_interrupt_message_has_14_cycles() {
    let mut bus = SerialBus::new(&[5, 1]).expect("legal ids");
    bus.probe();
    bus.request(Time::ZERO, Request::EndOfInterrupt { source: 0, vector: 0x6C }, 0);
    run(&mut bus, &Fake::accepting(2), Time::from_us(5));
    // id 5; 6C; checksum 1 + 2 + 3 + 0 = 6 mod 4; postamble; good; accepted; idle
    let (symbols, others) = seen(&mut bus, 14);
    assert_eq!(symbols, [3, 0, 2, 0, 2, 1, 2, 3, 0, 2, 0, 0, 2, 0]);
    assert_eq!(others, [(6, WireEvent::Won(0)), (15, WireEvent::Free)]);
}

/// SDM vol. 3 §10.7: the highest id wins and gets 0, all others go up by one.
#[test]
fn who_wins_is_seen_in_turn() {
    let mut bus = bus(3);
    bus.probe();
    for source in 0..3 {
        send(&mut bus, 0, message(source, 0, (u32::from(source) + 1) % 3));
    }
    run(&mut bus, &Fake::accepting(3), Time::from_us(5));
    let (symbols, others) = seen(&mut bus, 63);
    let won: Vec<_> = others.iter().filter(|(_, what)| *what != WireEvent::Free).copied().collect();
    assert_eq!(won, [(6, WireEvent::Won(2)), (27, WireEvent::Won(1)), (48, WireEvent::Won(0))]);
    // ids 0 1 2; then 1 2 0; then 2 0 1: the wires are pulled for the second bit each time
    for first in [0, 21, 42] {
        assert_eq!(symbols[first..first + 5], [1, 0, 0, 2, 0]);
    }
}

#[test]
fn what_is_skipped_is_told_as_coming_again() {
    let mut bus = bus(2);
    bus.probe();
    send(&mut bus, 0, message(0, 0, 1));
    run(&mut bus, &Fake::accepting(2).with(1, Retry), Time::from_ps(21 * CYCLE));
    let next = bus.next_event().expect("it tries again");
    bus.skip(1000, Duration::from_ps(21 * CYCLE), 1);
    let mut changes = Vec::new();
    bus.take_wires(&mut changes);
    let again = WireEvent::Again { period: Duration::from_ps(21 * CYCLE), times: 1000 };
    assert_eq!(changes.last(), Some(&WireChange { at: next, bus: 0, what: again }));
    assert_eq!(next.as_ps(), 22 * CYCLE);
}

#[test]
fn a_stuck_wire_is_told_ahead() {
    let kind = SerialFaultKind::StuckWire { wire: Wire::Picd0, driven: true };
    let fault = SerialFault { from: Time::from_us(3), until: Some(Time::from_us(4)), kind };
    let mut bus = bus(2).with_faults(vec![fault]).expect("a fault that can be");
    bus.probe();
    let mut changes = Vec::new();
    bus.take_wires(&mut changes);
    let stuck = |us, high| WireChange { at: Time::from_us(us), bus: 0, what: WireEvent::Stuck { high, low: 0 } };
    assert_eq!(changes, [stuck(3, 1), stuck(4, 0)]);
}

#[test]
fn without_a_probe_nothing_is_kept() {
    let mut bus = bus(2);
    send(&mut bus, 0, message(0, 0, 1));
    run(&mut bus, &Fake::accepting(2), Time::from_us(5));
    let mut changes = Vec::new();
    bus.take_wires(&mut changes);
    assert_eq!(changes, []);
}
