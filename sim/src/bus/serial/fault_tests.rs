//! Injected faults of the wires, and what follows from them.

use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
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
