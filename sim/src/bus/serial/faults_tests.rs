//! Lists of faults: which are possible, and what they say of the bus.

use super::*;

fn fault(from: u64, until: Option<u64>, kind: SerialFaultKind) -> SerialFault {
    SerialFault { from: Time::from_us(from), until: until.map(Time::from_us), kind }
}

#[test]
fn impossible_faults_are_refused() {
    use SerialFaultKind::{ArbitrationId, ChecksumNoise, Jabber, LostClock, StuckWire};
    let (from, until) = (Time::from_us(5), Time::from_us(5));
    let stuck = |wire, driven| StuckWire { wire, driven };
    let table = [
        (
            vec![fault(1, None, Jabber { agent: 4 })],
            Some(SerialFaultError::NoSuchAgent { fault: 0, agent: 4, agents: 4 }),
        ),
        (
            vec![fault(1, None, ArbitrationId { agent: 9, id: 1 })],
            Some(SerialFaultError::NoSuchAgent { fault: 0, agent: 9, agents: 4 }),
        ),
        (
            vec![fault(1, None, ArbitrationId { agent: 3, id: 16 })],
            Some(SerialFaultError::NotAnId { fault: 0, id: 16 }),
        ),
        (vec![fault(1, None, ChecksumNoise { every: 0 })], Some(SerialFaultError::NoPeriod { fault: 0 })),
        (vec![fault(5, Some(5), LostClock)], Some(SerialFaultError::EndsTooEarly { fault: 0, from, until })),
        (
            vec![fault(1, Some(3), LostClock), fault(2, None, LostClock)],
            Some(SerialFaultError::Overlap { first: 0, second: 1 }),
        ),
        (
            vec![fault(1, None, stuck(Wire::Picd0, true)), fault(2, None, stuck(Wire::Picd0, false))],
            Some(SerialFaultError::Overlap { first: 0, second: 1 }),
        ),
        (vec![fault(1, None, stuck(Wire::Picd0, true)), fault(2, None, stuck(Wire::Picd1, false))], None),
        (vec![fault(1, Some(2), LostClock), fault(2, None, LostClock)], None),
        (
            vec![fault(1, None, ArbitrationId { agent: 0, id: 3 }), fault(1, None, ArbitrationId { agent: 1, id: 3 })],
            None,
        ),
    ];
    for (faults, expected) in table {
        assert_eq!(Faults::new(faults.clone(), 4).err(), expected, "{faults:?}");
    }
}

#[test]
fn the_bus_looks_idle_when_the_last_stuck_wire_is_free() {
    let stuck = |wire, from, until| fault(from, until, SerialFaultKind::StuckWire { wire, driven: true });
    let two = vec![stuck(Wire::Picd0, 10, Some(20)), stuck(Wire::Picd1, 15, Some(30))];
    let faults = Faults::new(two, 4).expect("different wires");
    for (at, idle) in [(5, 5), (10, 30), (15, 30), (29, 30), (30, 30)] {
        assert_eq!(faults.idle_from(Time::from_us(at)), Some(Time::from_us(idle)), "{at}");
    }
    let for_ever = Faults::new(vec![stuck(Wire::Picd1, 10, None)], 4).expect("one fault");
    assert_eq!(for_ever.idle_from(Time::from_us(10)), None);
    assert_eq!(for_ever.dead_since(Time::from_us(10)), Some(Time::from_us(10)));
}
