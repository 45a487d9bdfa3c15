//! The serial bus as the manuals describe it, on fake agents.

use super::super::Response::{Accept, Refuse, Retry, Silent};
use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
use super::super::{AttemptOutcome, DeliveryMode, Message, Shorthand};
use super::*;
use crate::generation::BusyClear;

pub(super) const CYCLE: u64 = 60_000;

pub(super) fn bus(agents: u8) -> SerialBus {
    SerialBus::new(&(0..agents).collect::<Vec<_>>()).expect("legal ids")
}

pub(super) fn scenario_bus() -> SerialBus {
    SerialBus::new(&[0, 1, 2, 3, 14]).expect("legal ids")
}

#[test]
fn a_short_message_takes_21_cycles() {
    // SDM vol. 3 §10.13.2, 82801BA §5.8.3: 1.26 us at 60 ns
    for (busy_clear, clear) in [(BusyClear::EndOfMessage, 21), (BusyClear::StatusCycle, 20)] {
        let mut bus = bus(4).with_knobs(Knobs { busy_clear, ..Knobs::default() });
        let m = message(0, 0, 2);
        send(&mut bus, 0, m); // an edge: joins the next one
        assert_eq!(bus.bound(), Time::from_ps(20 * CYCLE));
        let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
        let expected = [
            (20 * CYCLE, BusEffect::Attempt { message: m, outcome: AttemptOutcome::Accepted }),
            (21 * CYCLE, BusEffect::Deliver { agent: 2, message: m }),
            ((1 + clear) * CYCLE, BusEffect::Dispatched { message: m, busy_still: false }),
        ];
        assert_eq!(effects, expected, "{busy_clear:?}");
        assert!(bus.is_idle() && bus.undispatched().is_empty());
        send(&mut bus, 21 * CYCLE + 1, m);
        let again = run(&mut bus, &Fake::accepting(4), Time::NEVER);
        assert_eq!(again[0].0, (22 + 19) * CYCLE, "the wire is free at cycle 21: {busy_clear:?}");
    }
}

#[test]
fn an_eoi_message_takes_14_cycles_and_goes_first() {
    // SDM vol. 3 §10.7, 10.13.2
    let mut bus = bus(4);
    send(&mut bus, 0, message(3, 0, 0));
    bus.request(Time::ZERO, Request::EndOfInterrupt { source: 1, vector: 0x41 }, 0);
    assert_eq!(bus.bound(), Time::from_ps(13 * CYCLE));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(effects[0], (14 * CYCLE, BusEffect::EndOfInterrupt { vector: 0x41 }));
    assert_eq!(dispatched(&effects), [((15 + 21) * CYCLE, 3)]);
}

#[test]
fn requests_join_the_first_edge_strictly_after_them() {
    for (at, edge) in [(0, 1), (1, 1), (CYCLE - 1, 1), (CYCLE, 2), (CYCLE + 1, 2)] {
        let mut bus = bus(4);
        send(&mut bus, at, message(0, 0, 2));
        assert_eq!(bus.next_event(), Some(Time::from_ps(edge * CYCLE)), "{at}");
    }
    let mut bus = bus(4);
    bus.request(Time::ZERO, Request::Message(message(0, 0, 2)), 3);
    assert_eq!(bus.next_event(), Some(Time::from_ps(4 * CYCLE)), "jitter");
}

#[test]
fn fifteen_agents_at_once_need_315_cycles() {
    // MPS B-4: 20 us cover one rotation of a full bus
    let mut bus = bus(15);
    (0..15).for_each(|agent| send(&mut bus, 0, message(agent, 0, (u32::from(agent) + 1) % 15)));
    let effects = run(&mut bus, &Fake::accepting(15), Time::NEVER);
    let order: Vec<_> = (0..15).map(|k| ((1 + 21 * (k + 1)) * CYCLE, 14 - k as Agent)).collect();
    assert_eq!(dispatched(&effects), order);
    assert_eq!(order.last().map(|last| last.0), Some(CYCLE + 315 * CYCLE));
}

#[test]
fn saturated_agents_take_turns() {
    // SDM vol. 3 §10.7: the worst gap of one agent is N messages
    for agents in 2_u8..=15 {
        let mut bus = bus(agents);
        let targets = Fake::accepting(agents.into());
        let next = |agent: Agent, number| message(agent, number, (u32::from(agent) + 1) % u32::from(agents));
        (0..agents.into()).for_each(|agent| send(&mut bus, 0, next(agent, 0)));
        let mut last = vec![CYCLE; agents.into()];
        for number in 1..400 {
            let mut effects = Vec::new();
            let gap = loop {
                let now = bus.next_event().expect("saturated").as_ps();
                bus.advance(&targets, &mut effects);
                if let Some(BusEffect::Dispatched { message, .. }) = effects.pop() {
                    send(&mut bus, now, next(message.source, number));
                    let gap = now - std::mem::replace(&mut last[usize::from(message.source)], now);
                    break gap;
                }
            };
            assert!(gap <= u64::from(agents) * 21 * CYCLE, "{agents} agents: gap {gap}");
        }
    }
}

#[test]
fn permanent_retry_starves_nobody() {
    let mut bus = scenario_bus();
    let targets = Fake::accepting(5).with(2, Retry);
    send(&mut bus, 0, message(3, 0, 2));
    [0, 1, 4].into_iter().for_each(|agent| send(&mut bus, 0, message(agent, 0, 0)));
    let effects = run(&mut bus, &targets, Time::from_us(20));
    assert_eq!(dispatched(&effects).iter().map(|&(_, agent)| agent).collect::<Vec<_>>(), [4, 1, 0]);
    let stuck = bus.undispatched();
    assert_eq!((stuck.len(), stuck[0].message.source), (1, 3));
    assert_eq!((stuck[0].last, stuck[0].attempts), (Some(AttemptOutcome::Retry), 12));
    assert_eq!(stuck[0].attempt_period, Some(Duration::from_ps(21 * CYCLE)));
    assert!(!bus.is_idle());
}

#[test]
fn permanent_accept_error_starves_lower_ids_only() {
    // status table, SDM vol. 3 §10.13.2.3: no update of ids after an error
    let mut bus = bus(5);
    let targets = Fake::accepting(5).with(1, Silent);
    send(&mut bus, 0, message(2, 0, 1));
    [0, 1, 3, 4].into_iter().for_each(|agent| send(&mut bus, 0, message(agent, 0, 0)));
    let effects = run(&mut bus, &targets, Time::from_us(100));
    assert_eq!(dispatched(&effects).iter().map(|&(_, agent)| agent).collect::<Vec<_>>(), [4, 3]);
    bus.request(Time::from_us(100), Request::EndOfInterrupt { source: 0, vector: 0x41 }, 0);
    let effects = run(&mut bus, &targets, Time::from_us(110));
    assert!(effects.iter().any(|(_, effect)| matches!(effect, BusEffect::EndOfInterrupt { .. })));
    assert_eq!(dispatched(&effects), [], "starved still");
}

#[test]
fn an_accept_error_is_recorded_by_all_and_sent_again() {
    let mut bus = bus(3);
    send(&mut bus, 0, message(1, 0, 2));
    let effects = run(&mut bus, &Fake::accepting(3).with(2, Refuse), Time::from_ps(22 * CYCLE));
    let errors: Vec<_> = [0x8, 0x4, 0x8].into_iter().zip(0..).collect();
    let expected = errors.into_iter().map(|(bits, agent)| (21 * CYCLE, BusEffect::Error { agent, bits }));
    assert_eq!(effects[1..], expected.collect::<Vec<_>>());
    assert_eq!(bus.arbitration_ids().ids(), [0, 1, 2]);
    assert_eq!(bus.bound(), Time::from_ps((22 + 19) * CYCLE), "sent again at once");
}

#[test]
fn a_multicast_is_all_or_nothing() {
    // SDM vol. 3 fig. 10-17
    let mut bus = bus(4);
    send(&mut bus, 0, broadcast(0, 0));
    let effects = run(&mut bus, &Fake::new(&[Accept, Accept, Retry, Accept]), Time::from_us(3));
    assert!(effects.iter().all(|(_, effect)| matches!(effect, BusEffect::Attempt { .. })), "{effects:?}");
    let effects = run(&mut bus, &Fake::new(&[Accept, Accept, Silent, Accept]), Time::from_us(5));
    let takers = effects.iter().filter_map(|(_, effect)| match effect {
        BusEffect::Deliver { agent, .. } => Some(*agent),
        _ => None,
    });
    assert_eq!(takers.collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn an_accepted_init_deassert_resynchronises() {
    let mut bus = scenario_bus();
    send(&mut bus, 0, message(3, 0, 0));
    run(&mut bus, &Fake::accepting(5), Time::NEVER);
    assert_eq!(bus.arbitration_ids().ids(), [1, 2, 3, 0, 15]);
    let shorthand = Shorthand::AllIncludingSelf;
    let deassert =
        Message { mode: DeliveryMode::Init, shorthand, level_triggered: true, asserted: false, ..message(0, 0, 0) };
    send(&mut bus, 3_000_000, deassert);
    run(&mut bus, &Fake::accepting(5), Time::NEVER);
    assert_eq!(bus.arbitration_ids().ids(), [0, 1, 2, 3, 14]);
}

#[test]
fn a_newer_message_replaces_the_waiting_one() {
    let (old, new) = (message(0, 0, 2), message(0, 1, 1));
    let full = Fake::accepting(4).with(2, Retry);
    let mut bus = bus(4);
    send(&mut bus, 0, old);
    run(&mut bus, &full, Time::from_ps(5 * CYCLE));
    send(&mut bus, 5 * CYCLE, new);
    assert_eq!(bus.undispatched().len(), 2, "the old one is on the wire");
    let effects = run(&mut bus, &full, Time::NEVER);
    assert_eq!(effects[0].1, BusEffect::Attempt { message: old, outcome: AttemptOutcome::Retry });
    assert_eq!(effects.last(), Some(&(43 * CYCLE, BusEffect::Dispatched { message: new, busy_still: false })));
    assert_eq!(dispatched(&effects).len(), 1, "the old one is dropped");
}

#[test]
fn an_attempt_on_the_wire_ends_under_its_own_status() {
    let (old, new) = (message(0, 0, 2), message(0, 1, 1));
    let mut bus = bus(4);
    send(&mut bus, 0, old);
    run(&mut bus, &Fake::accepting(4), Time::from_ps(21 * CYCLE));
    send(&mut bus, 21 * CYCLE + 1, new);
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(effects[0], (22 * CYCLE, BusEffect::Dispatched { message: old, busy_still: true }));
    assert_eq!(dispatched(&effects).last(), Some(&(43 * CYCLE, 0)));
}

#[test]
fn a_request_at_an_arbitration_edge_comes_after_it() {
    let (old, new) = (message(0, 0, 2), message(0, 1, 1));
    let mut bus = bus(4);
    send(&mut bus, 0, old);
    send(&mut bus, CYCLE, new); // handed over before the edge was processed
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert!(matches!(effects[0].1, BusEffect::Attempt { message, .. } if message == old));
    assert_eq!(dispatched(&effects).len(), 2);
}

/// Instants at which the state equals that of an event half-way.
fn recurrences(bus: &mut SerialBus, targets: &Fake, until: Time) -> Vec<u64> {
    let mut seen: Vec<(Vec<u64>, u64)> = Vec::new();
    while let Some(now) = bus.next_event().filter(|&now| now <= until) {
        let mut words = Vec::new();
        bus.state(&mut words);
        seen.push((words, now.as_ps()));
        bus.advance(targets, &mut Vec::new());
    }
    let reference = seen[seen.len() / 2].0.clone();
    seen.into_iter().filter(|(words, _)| *words == reference).map(|(_, at)| at).collect()
}

#[test]
fn a_lone_retrier_recurs_after_15_attempts() {
    let mut bus = scenario_bus();
    send(&mut bus, 0, message(0, 0, 2));
    let times = recurrences(&mut bus, &Fake::accepting(5).with(2, Retry), Time::from_us(200));
    assert!(times.len() > 3);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 18_900_000), "{times:?}");
}

#[test]
fn skipping_equals_running() {
    let targets = Fake::accepting(5).with(2, Retry);
    let mut ran = scenario_bus();
    send(&mut ran, 0, message(0, 0, 2));
    send(&mut ran, 0, message(1, 0, 2));
    run(&mut ran, &targets, Time::from_us(100));
    let mut reference = Vec::new();
    ran.state(&mut reference);
    let mut skipped = ran.clone();
    let start = ran.next_event().expect("retries for ever");
    let mut attempts = 0;
    let period = loop {
        let mut effects = Vec::new();
        ran.advance(&targets, &mut effects);
        attempts += effects.len() as u64;
        let mut words = Vec::new();
        ran.state(&mut words);
        if words == reference {
            break ran.next_event().expect("retries for ever").since(start);
        }
    };
    let end = start + Duration::from_ps(10 * period.as_ps());
    skipped.skip(10, period, attempts);
    run(&mut ran, &targets, Time::from_ps(end.as_ps() - 1));
    assert_eq!(skipped.next_event(), Some(end));
    assert_eq!(ran.next_event(), Some(end));
    assert_eq!(skipped.undispatched(), ran.undispatched());
    let effects = |bus: &mut SerialBus| run(bus, &targets, end + Duration::from_us(50));
    assert_eq!(effects(&mut skipped), effects(&mut ran));
}

#[test]
fn minimum_latency_is_the_shortest_way() {
    assert_eq!(bus(4).minimum_latency(), Duration::from_ps(12 * CYCLE + 1));
    let fractional = bus(4).with_clock(ClockDomain::new(91_000, 3)); // 30333.33 ps
    let latency = fractional.minimum_latency();
    for start in 0..10 {
        let clock = ClockDomain::new(91_000, 3);
        assert!(clock.instant(start + 12).since(clock.instant(start)) + Duration::from_ps(1) >= latency);
    }
}

#[test]
fn arbitration_ids_move_as_the_knob_says() {
    // status table in SDM vol. 3 §10.13.2.3, §10.7, §10.10
    use crate::generation::ArbitrationUpdate::{AcceptedOnly, EveryRound, StatusTable};
    for (rule, accepted, retried, failed) in
        [(StatusTable, true, true, false), (EveryRound, true, true, true), (AcceptedOnly, true, false, false)]
    {
        for (response, moves) in [(Accept, accepted), (Retry, retried), (Silent, failed)] {
            let mut bus = bus(2).with_knobs(Knobs { arbitration_update: rule, ..Knobs::default() });
            send(&mut bus, 0, message(0, 0, 1));
            run(&mut bus, &Fake::accepting(2).with(1, response), Time::from_ps(22 * CYCLE));
            assert_eq!(bus.arbitration_ids().ids() != [0, 1], moves, "{rule} {response:?}");
        }
    }
}

#[test]
fn broadcasts_may_go_first() {
    use crate::generation::ShorthandPriority;
    for (shorthand_priority, first) in [(ShorthandPriority::Own, 3), (ShorthandPriority::Fifteen, 1)] {
        let mut bus = bus(4).with_knobs(Knobs { shorthand_priority, ..Knobs::default() });
        send(&mut bus, 0, message(3, 0, 2));
        send(&mut bus, 0, broadcast(1, 0));
        let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
        assert_eq!(dispatched(&effects)[0].1, first, "{shorthand_priority}");
    }
}
