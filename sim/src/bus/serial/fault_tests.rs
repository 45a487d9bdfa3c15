//! Injected faults of the wires, and what follows from them.

use super::super::Response::Retry;
use super::super::testing::{Fake, broadcast, delivered, dispatched, message, run, send};
use super::super::{AttemptOutcome, DeliveryMode, Message};
use super::*;

const CYCLE: u64 = 60_000;

fn cycles(cycle: u64) -> Time {
    Time::from_ps(cycle * CYCLE)
}

/// A fault from bus cycle `from` until bus cycle `until`.
fn fault(kind: SerialFaultKind, from: u64, until: Option<u64>) -> SerialFault {
    SerialFault { from: cycles(from), until: until.map(cycles), kind }
}

fn faulty(agents: u8, faults: Vec<SerialFault>) -> SerialBus {
    SerialBus::new(&(0..agents).collect::<Vec<_>>()).expect("legal ids").with_faults(faults).expect("possible faults")
}

#[test]
fn a_jabber_between_two_edges_is_no_event() {
    let kind = SerialFaultKind::Jabber { agent: 1 };
    let short = SerialFault { from: Time::from_ps(CYCLE + 1), until: Some(Time::from_ps(CYCLE + 2)), kind };
    let mut bus = faulty(4, vec![short]);
    let mut events = 0;
    while bus.next_event().is_some() && events < 100 {
        bus.advance(&Fake::accepting(4), &mut Vec::new());
        events += 1;
    }
    assert!(events < 100, "the bus goes round without getting anywhere");
}

#[test]
fn a_jabbering_agent_keeps_its_own_eoi() {
    let mut bus = faulty(4, vec![fault(SerialFaultKind::Jabber { agent: 1 }, 0, Some(100))]);
    bus.request(Time::ZERO, Request::EndOfInterrupt { source: 1, vector: 0x41 }, 0);
    let effects = run(&mut bus, &Fake::accepting(4), cycles(500));
    assert!(effects.iter().any(|(_, effect)| *effect == BusEffect::EndOfInterrupt { vector: 0x41 }));
}

#[test]
fn what_is_never_resent_is_not_resent_after_a_collision() {
    // SDM vol. 3 §10.6.1 (start-up), 82801BA p. 117 (remote read)
    for mode in [DeliveryMode::StartUp, DeliveryMode::RemoteRead] {
        let mut bus = faulty(4, vec![fault(SerialFaultKind::ArbitrationId { agent: 1, id: 2 }, 0, None)]);
        let once = Message { mode, vector: 0x22, ..message(1, 0, 3) };
        send(&mut bus, 0, once);
        send(&mut bus, 0, message(2, 0, 0));
        let effects = run(&mut bus, &Fake::accepting(4), cycles(500));
        assert_eq!(dispatched(&effects).len(), 2, "{mode:?}: {effects:?}");
    }
}

#[test]
fn a_damaged_remote_read_is_reported_and_not_resent() {
    // 82801BA p. 117
    let mut bus = faulty(2, vec![fault(SerialFaultKind::ChecksumNoise { every: 1 }, 0, None)]);
    let read = Message { mode: DeliveryMode::RemoteRead, vector: 2, ..message(0, 0, 1) };
    send(&mut bus, 0, read);
    let effects = run(&mut bus, &Fake::accepting(2), cycles(500));
    assert!(effects.iter().any(|(_, e)| *e == BusEffect::RemoteRead { message: read, value: None }), "{effects:?}");
    assert_eq!(dispatched(&effects).len(), 1);
}

#[test]
fn noise_damages_eoi_messages_too() {
    // status table, SDM vol. 3 §10.13.2.3: EOI, 11 in cycle 12: resent
    let mut bus = faulty(2, vec![fault(SerialFaultKind::ChecksumNoise { every: 1 }, 0, Some(20))]);
    bus.request(Time::ZERO, Request::EndOfInterrupt { source: 0, vector: 0x41 }, 0);
    let effects = run(&mut bus, &Fake::accepting(2), cycles(500));
    let eois: Vec<u64> = effects
        .iter()
        .filter(|(_, effect)| matches!(effect, BusEffect::EndOfInterrupt { .. }))
        .map(|&(at, _)| at / CYCLE)
        .collect();
    assert_eq!(eois, [1 + 14 + 14 + 13], "two damaged ones before it");
}

/// Outcomes of the attempts among `effects`, with the sender.
fn attempts(effects: &[(u64, BusEffect)]) -> Vec<(Agent, AttemptOutcome)> {
    let attempt = |(_, effect): &(u64, BusEffect)| match effect {
        BusEffect::Attempt { message, outcome } => Some((message.source, *outcome)),
        _ => None,
    };
    effects.iter().filter_map(attempt).collect()
}

/// ESR bits among `effects`, by agent.
fn errors(effects: &[(u64, BusEffect)]) -> Vec<(Agent, u32)> {
    let error = |(_, effect): &(u64, BusEffect)| match effect {
        BusEffect::Error { agent, bits } => Some((*agent, *bits)),
        _ => None,
    };
    effects.iter().filter_map(error).collect()
}

fn stuck(wire: Wire, driven: bool) -> SerialFaultKind {
    SerialFaultKind::StuckWire { wire, driven }
}

/// A message from agent 0 to the others of three, begun at edge 1, with `wire` stuck in cycles `from` to `until` of it.
fn hit(kind: SerialFaultKind, from: u64, until: u64, sent: Message, targets: &Fake) -> Vec<(u64, BusEffect)> {
    let mut bus = faulty(3, vec![fault(kind, 1 + from, Some(1 + until))]);
    send(&mut bus, 0, sent);
    run(&mut bus, targets, cycles(22))
}

#[test]
fn a_stuck_wire_hits_the_cycles_in_which_it_is_stuck() {
    use AttemptOutcome::{AcceptError, Accepted, ChecksumError, Retry as Retried};
    // FIXED FC, edge, assert, to physical 2: 00 00 10, 11 11 11 00, 00 00 00 10, checksum 3 * 3 + 2 + 2 = 1 modulo 4
    let sent = message(0, 0, 2);
    let (one, zero) = (Fake::accepting(3), Fake::accepting(3).with(2, Retry));
    let table = [
        (stuck(Wire::Picd1, true), 6, 7, &one, ChecksumError, "payload"),
        (stuck(Wire::Picd0, true), 9, 10, &one, Accepted, "a wire that carries 1 anyway"),
        (stuck(Wire::Picd0, false), 17, 18, &one, ChecksumError, "checksum"),
        (stuck(Wire::Picd1, false), 17, 18, &one, Accepted, "a wire that carries 0 anyway"),
        (stuck(Wire::Picd1, true), 18, 19, &one, Accepted, "the postamble"),
        (stuck(Wire::Picd0, true), 19, 20, &one, ChecksumError, "first status 01: an error"),
        (stuck(Wire::Picd1, true), 19, 20, &one, ChecksumError, "first status 10: an error"),
        (stuck(Wire::Picd0, true), 20, 21, &one, Retried, "Accept reads as Retry"),
        (stuck(Wire::Picd1, false), 20, 21, &one, AcceptError, "Accept reads as silence"),
        (stuck(Wire::Picd0, false), 20, 21, &zero, Accepted, "Retry reads as Accept"),
        (stuck(Wire::Picd1, false), 20, 21, &zero, AcceptError, "Retry reads as 01"),
        (stuck(Wire::Picd0, false), 1, 2, &one, AcceptError, "nobody sees the start"),
    ];
    for (kind, from, until, targets, outcome, what) in table {
        let effects = hit(kind, from, until, sent, targets);
        assert_eq!(attempts(&effects), [(0, outcome)], "{what}");
    }
}

#[test]
fn receivers_record_only_what_they_notice() {
    let sent = message(0, 0, 2);
    let table = [
        (stuck(Wire::Picd1, true), 6, vec![(0, 1), (1, 2), (2, 2)], "all find it damaged"),
        (stuck(Wire::Picd0, true), 19, vec![(0, 1)], "only the sender reads an error"),
        (stuck(Wire::Picd1, false), 20, vec![(0, 4), (1, 8), (2, 8)], "all read that nobody took it"),
        (stuck(Wire::Picd0, false), 1, vec![(0, 4)], "nobody listens"),
    ];
    for (kind, cycle, expected, what) in table {
        assert_eq!(errors(&hit(kind, cycle, cycle + 1, sent, &Fake::accepting(3))), expected, "{what}");
    }
}

#[test]
fn a_message_whose_status_is_hit_may_be_lost() {
    // Retry reads as Accept: who has room takes it, who has not is forgotten
    let half = Fake::accepting(3).with(2, Retry);
    let effects = hit(stuck(Wire::Picd0, false), 20, 21, broadcast(0, 0), &half);
    assert_eq!(delivered(&effects), [(21 * CYCLE, 1)]);
    assert_eq!(dispatched(&effects), [(22 * CYCLE, 0)]);
    // a first status cycle of 10 reads as a focus processor
    let lowest = Message { mode: DeliveryMode::LowestPriority, ..broadcast(0, 0) };
    let effects = hit(stuck(Wire::Picd1, true), 19, 20, lowest, &Fake::accepting(3));
    assert_eq!((delivered(&effects), dispatched(&effects)), (vec![], vec![(22 * CYCLE, 0)]));
    let bus = faulty(3, vec![fault(stuck(Wire::Picd1, true), 20, Some(21))]);
    assert_eq!((bus.reach(), faulty(3, vec![]).reach()), (Reach::Unpromised, Reach::Everybody));
}

#[test]
fn nobody_loses_an_arbitration_without_picd1() {
    let mut bus = faulty(4, vec![fault(stuck(Wire::Picd1, false), 0, Some(100))]);
    send(&mut bus, 0, message(1, 0, 3));
    send(&mut bus, 0, message(2, 0, 0));
    let effects = run(&mut bus, &Fake::accepting(4), cycles(22));
    assert_eq!(attempts(&effects), [(1, AttemptOutcome::ChecksumError), (2, AttemptOutcome::ChecksumError)]);
    assert_eq!(errors(&effects), [(0, 2), (1, 1), (2, 1), (3, 2)]);
    assert_eq!(dispatched(&run(&mut bus, &Fake::accepting(4), cycles(500))).len(), 2, "both when it is over");
}

#[test]
fn a_wire_that_sticks_in_the_arbitration_stops_it() {
    // agent 0 sends 0 in the first cycle and reads 1: it takes the bus for somebody else's, until that message ends
    let mut bus = faulty(3, vec![fault(stuck(Wire::Picd1, true), 2, Some(3))]);
    send(&mut bus, 0, message(0, 0, 2));
    let effects = run(&mut bus, &Fake::accepting(3), cycles(100));
    assert_eq!(attempts(&effects), [(0, AttemptOutcome::Accepted)]);
    assert_eq!(dispatched(&effects), [((1 + 21 + 21) * CYCLE, 0)]);
}

#[test]
fn a_stuck_wire_spoils_the_data_of_a_remote_read() {
    // 82801BA p. 117: data in cycles 21 to 36, data status 37, checksum 38
    let read = Message { mode: DeliveryMode::RemoteRead, vector: 2, ..message(0, 0, 1) };
    let (high, low) = (stuck(Wire::Picd0, true), stuck(Wire::Picd1, false));
    for (kind, cycle, value) in [
        (high, 18, Some(0x102)),
        (high, 30, None),
        (high, 37, None),
        (high, 38, Some(0x102)), // the checksum is 11
        (low, 38, None),
        (high, 39, Some(0x102)),
    ] {
        let mut bus = faulty(2, vec![fault(kind, 1 + cycle, Some(2 + cycle))]);
        send(&mut bus, 0, read);
        let effects = run(&mut bus, &Fake::accepting(2), cycles(100));
        let answer = effects.iter().find(|(_, effect)| matches!(effect, BusEffect::RemoteRead { .. }));
        assert_eq!(answer, Some(&(38 * CYCLE, BusEffect::RemoteRead { message: read, value })), "cycle {cycle}");
        assert_eq!(dispatched(&effects), [(40 * CYCLE, 0)], "cycle {cycle}");
    }
}

#[test]
fn equal_messages_of_agents_out_of_step_are_one_message() {
    // the source is no part of a frame: on the wires there is one message
    let mut bus = faulty(4, vec![fault(SerialFaultKind::ArbitrationId { agent: 1, id: 2 }, 0, None)]);
    send(&mut bus, 0, message(1, 0, 3));
    send(&mut bus, 0, message(2, 0, 3));
    let effects = run(&mut bus, &Fake::accepting(4), cycles(500));
    assert_eq!(attempts(&effects), [(1, AttemptOutcome::Accepted), (2, AttemptOutcome::Accepted)]);
    assert_eq!(dispatched(&effects), [(22 * CYCLE, 1), (22 * CYCLE, 2)]);
    assert_eq!(bus.arbitration_ids().ids(), [1, 0, 0, 4], "both think that they have won");
    // each of two broadcasters leaves out itself only by not listening: the other one's is its own
    send(&mut bus, 501 * CYCLE, broadcast(1, 1));
    send(&mut bus, 501 * CYCLE, broadcast(2, 1));
    let takers = delivered(&run(&mut bus, &Fake::accepting(4), cycles(999)));
    assert_eq!(takers.iter().map(|(_, agent)| *agent).collect::<Vec<_>>(), [0, 3, 0, 3]);
}

#[test]
fn equal_eoi_messages_of_agents_out_of_step_are_one_message() {
    for (vectors, heard) in [([0x41, 0x41], 1), ([0x41, 0x82], 0)] {
        let mut bus = faulty(4, vec![fault(SerialFaultKind::ArbitrationId { agent: 1, id: 2 }, 0, None)]);
        for (source, vector) in [(1, vectors[0]), (2, vectors[1])] {
            bus.request(Time::ZERO, Request::EndOfInterrupt { source, vector }, 0);
        }
        let effects = run(&mut bus, &Fake::accepting(4), cycles(100));
        let ends = effects.iter().filter(|(_, effect)| matches!(effect, BusEffect::EndOfInterrupt { .. })).count();
        assert_eq!(ends, heard, "{vectors:02X?}");
        assert_eq!(bus.is_idle(), heard > 0, "damaged ones are sent for ever");
    }
}

#[test]
fn a_jabbering_agent_is_noticed() {
    let mut bus = faulty(3, vec![fault(SerialFaultKind::Jabber { agent: 1 }, 0, None)]);
    let effects = run(&mut bus, &Fake::accepting(3), cycles(14));
    assert_eq!(errors(&effects), [(0, 2), (1, 1), (2, 2)]);
    assert_eq!(bus.arbitration_ids().ids(), [0, 1, 2], "errors leave the ids");
}

#[test]
fn an_id_corrupted_during_a_message_moves_on_with_its_status() {
    let mut bus = faulty(3, vec![fault(SerialFaultKind::ArbitrationId { agent: 1, id: 7 }, 10, None)]);
    send(&mut bus, 0, message(0, 0, 2));
    run(&mut bus, &Fake::accepting(3), cycles(22));
    assert_eq!(bus.arbitration_ids().ids(), [0, 8, 3]);
}

#[test]
fn no_state_recurs_before_the_last_fault_is_over() {
    let noise = fault(SerialFaultKind::ChecksumNoise { every: 2 }, 100, Some(700));
    let mut bus = faulty(3, vec![noise, fault(SerialFaultKind::ArbitrationId { agent: 1, id: 6 }, 900, None)]);
    send(&mut bus, 0, message(0, 0, 2));
    let full = Fake::accepting(3).with(2, Retry);
    let mut seen: Vec<Vec<u64>> = Vec::new();
    let mut recurred = None;
    while let Some(now) = bus.next_event().filter(|&now| now < cycles(3_000)) {
        let mut words = Vec::new();
        bus.state(&mut words);
        if seen.contains(&words) {
            recurred.get_or_insert(now);
        }
        seen.push(words);
        bus.advance(&full, &mut Vec::new());
    }
    let at = recurred.expect("it repeats itself in the end");
    assert!(at > cycles(900) && at < cycles(900 + 3 * 15 * 21), "{at}");
}

#[test]
fn skipping_equals_running_under_noise() {
    // a period of 7 noisy messages, six of which move the ids: 35 attempts of each of two senders
    let faults = vec![fault(SerialFaultKind::ChecksumNoise { every: 7 }, 0, None)];
    let full = Fake::accepting(4).with(2, Retry);
    let mut ran = faulty(4, faults);
    send(&mut ran, 0, message(0, 0, 2));
    send(&mut ran, 0, message(1, 0, 2));
    run(&mut ran, &full, cycles(10_000));
    let state = |bus: &SerialBus| {
        let mut words = Vec::new();
        bus.state(&mut words);
        words
    };
    let (reference, start) = (state(&ran), ran.next_event().expect("for ever"));
    let mut skipped = ran.clone();
    let mut effects = Vec::new();
    ran.advance(&full, &mut effects);
    while state(&ran) != reference {
        ran.advance(&full, &mut effects);
    }
    let attempts = effects.iter().filter(|effect| matches!(effect, BusEffect::Attempt { .. })).count() as u64;
    let period = ran.next_event().expect("for ever").since(start);
    skipped.skip(1, period, attempts);
    assert_eq!(skipped.undispatched(), ran.undispatched());
    assert_eq!(run(&mut skipped, &full, cycles(50_000)), run(&mut ran, &full, cycles(50_000)));
}
