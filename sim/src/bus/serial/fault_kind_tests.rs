//! What each kind of injected fault does to the serial bus.

use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
use super::super::{AttemptOutcome, DeliveryMode, Message};
use super::tests::{CYCLE, bus};
use super::*;

fn with_fault(kind: SerialFaultKind, until: Option<u64>) -> SerialBus {
    bus(4)
        .with_faults(vec![SerialFault {
            from: Time::ZERO,
            until: until.map(|cycle| Time::from_ps(cycle * CYCLE)),
            kind,
        }])
        .expect("a possible fault")
}

/// Outcomes of the attempts up to `until` bus cycles.
fn outcomes(bus: &mut SerialBus, until: u64) -> Vec<AttemptOutcome> {
    let effects = run(bus, &Fake::accepting(4), Time::from_ps(until * CYCLE));
    let outcome = |(_, effect): &(u64, BusEffect)| match effect {
        BusEffect::Attempt { outcome, .. } => Some(*outcome),
        _ => None,
    };
    effects.iter().filter_map(outcome).collect()
}

#[test]
fn noise_damages_every_nth_message() {
    use AttemptOutcome::{Accepted, ChecksumError};
    let mut bus = with_fault(SerialFaultKind::ChecksumNoise { every: 2 }, None);
    for agent in 0..3 {
        send(&mut bus, 0, message(agent, 0, 3));
    }
    assert_eq!(outcomes(&mut bus, 1_000), [Accepted, ChecksumError, Accepted, ChecksumError, Accepted]);
    let mut bad = with_fault(SerialFaultKind::ChecksumNoise { every: 1 }, None);
    send(&mut bad, 0, message(0, 0, 3));
    let effects = run(&mut bad, &Fake::accepting(4), Time::from_ps(22 * CYCLE));
    let bits: Vec<u32> = effects
        .iter()
        .filter_map(|(_, effect)| match effect {
            BusEffect::Error { bits, .. } => Some(*bits),
            _ => None,
        })
        .collect();
    assert_eq!(bits, [1, 2, 2, 2], "sender bit 0, receivers bit 1 (SDM vol. 3 §10.5.3)");
    assert_eq!(bad.arbitration_ids().ids(), [0, 1, 2, 3], "errors leave the ids");
}

#[test]
fn a_stuck_wire_stops_or_spoils_everything() {
    use AttemptOutcome::{AcceptError, ChecksumError};
    let stuck = |wire, driven| SerialFaultKind::StuckWire { wire, driven };
    let mut driven = with_fault(stuck(Wire::Picd0, true), Some(100));
    send(&mut driven, 0, message(0, 0, 3));
    assert_eq!(driven.next_event(), Some(Time::from_ps(100 * CYCLE)), "the bus looks busy until then");
    let mut for_ever = with_fault(stuck(Wire::Picd1, true), None);
    send(&mut for_ever, 0, message(0, 0, 3));
    assert_eq!((for_ever.next_event(), for_ever.undispatched()[0].stalled_since), (None, Some(Time::ZERO)));
    // what is lost shows in the checksum, or nobody hears the start bit
    for wire in [Wire::Picd0, Wire::Picd1] {
        let mut lost = with_fault(stuck(wire, false), Some(1_000));
        send(&mut lost, 0, message(0, 0, 3));
        let during = outcomes(&mut lost, 900);
        assert!(during.iter().all(|outcome| matches!(outcome, AcceptError | ChecksumError)), "{wire:?} {during:?}");
        assert_eq!(outcomes(&mut lost, 2_000).last(), Some(&AttemptOutcome::Accepted), "{wire:?}");
    }
}

#[test]
fn a_lost_clock_stops_the_bus() {
    let gap = SerialFault {
        from: Time::from_ps(10 * CYCLE),
        until: Some(Time::from_ps(110 * CYCLE)),
        kind: SerialFaultKind::LostClock,
    };
    let mut bus = bus(4).with_faults(vec![gap]).expect("a possible fault");
    send(&mut bus, 0, message(0, 0, 3));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [((1 + 21 + 100) * CYCLE, 0)]);
    let mut gone = with_fault(SerialFaultKind::LostClock, None);
    send(&mut gone, 0, message(0, 0, 3));
    assert!(gone.is_idle() && gone.undispatched()[0].stalled_since.is_some());
}

#[test]
fn an_agent_out_of_step_collides_until_the_ids_are_reloaded() {
    // SDM vol. 3 §10.7: what the INIT level de-assert is for
    let mut bus = with_fault(SerialFaultKind::ArbitrationId { agent: 1, id: 2 }, None);
    send(&mut bus, 0, message(1, 0, 3));
    send(&mut bus, 0, message(2, 0, 0));
    let outcomes_seen = outcomes(&mut bus, 200);
    assert!(outcomes_seen.len() > 10 && outcomes_seen.iter().all(|o| *o == AttemptOutcome::ChecksumError));
    let deassert = Message { mode: DeliveryMode::Init, level_triggered: true, asserted: false, ..broadcast(3, 0) };
    send(&mut bus, 201 * CYCLE, deassert);
    let after = run(&mut bus, &Fake::accepting(4), Time::from_ps(400 * CYCLE));
    assert_eq!(dispatched(&after).iter().map(|(_, agent)| *agent).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn a_jabbering_agent_starves_all_others() {
    let mut bus = with_fault(SerialFaultKind::Jabber { agent: 1 }, Some(500));
    send(&mut bus, 0, message(3, 0, 2));
    assert_eq!(outcomes(&mut bus, 499), [], "EOI messages go first");
    assert_eq!(outcomes(&mut bus, 600), [AttemptOutcome::Accepted]);
}
