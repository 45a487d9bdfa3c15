//! The serial bus as the manuals describe it, on fake agents.

use super::super::Response::{Accept, Refuse, Retry, Silent};
use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
use super::super::{AttemptOutcome, DeliveryMode, Message, Shorthand};
use super::*;
use crate::generation::BusyClear;

const CYCLE: u64 = 60_000;

fn bus(agents: u8) -> SerialBus {
    SerialBus::new(&(0..agents).collect::<Vec<_>>()).expect("legal ids")
}

fn scenario_bus() -> SerialBus {
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

/// What happens to `message`, as (bus cycle, effect), without the attempts.
fn fate(bus: &mut SerialBus, targets: &dyn Targets, message: Message) -> Vec<(u64, BusEffect)> {
    send(bus, 0, message);
    let effects = run(bus, targets, Time::from_us(30));
    let cycle = |at: u64| at / CYCLE - 1;
    effects.into_iter().filter(|(_, e)| !matches!(e, BusEffect::Attempt { .. })).map(|(at, e)| (cycle(at), e)).collect()
}

/// Agents whose priority is their number, of which one may be the focus processor.
struct Bidders(Fake, Option<Agent>);

impl Targets for Bidders {
    fn agents(&self) -> Agent {
        self.0.agents()
    }
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        self.0.addressed(agent, message)
    }
    fn response(&self, agent: Agent, message: &Message) -> crate::bus::Response {
        self.0.response(agent, message)
    }
    fn bid(&self, agent: Agent, message: &Message) -> crate::bus::Bid {
        crate::bus::Bid { focus: self.1 == Some(agent), priority: self.0.bid(agent, message).priority / 2 }
    }
    fn apic_id(&self, agent: Agent) -> Option<u32> {
        self.0.apic_id(agent)
    }
    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        self.0.remote_register(agent, slot)
    }
}

fn lowest(source: Agent) -> Message {
    Message { mode: DeliveryMode::LowestPriority, ..broadcast(source, 0) }
}

#[test]
fn the_lowest_priority_takes_a_34_cycle_message() {
    // SDM vol. 3 §10.13.2; priorities 0 0 1 1, so that agents 0 and 1 tie
    let mut bus = bus(4);
    let m = lowest(2);
    let taken = fate(&mut bus, &Bidders(Fake::accepting(4), None), m);
    let dispatched = BusEffect::Dispatched { message: m, busy_still: false };
    assert_eq!(
        taken,
        [(33, BusEffect::Deliver { agent: 1, message: m }), (34, dispatched)],
        "the higher id wins a tie"
    );
    let mut short = super::SerialBus::new(&[0, 1, 2, 3]).expect("legal ids").with_knobs(Knobs {
        lowest_priority_cycles: crate::generation::LowestPriorityCycles::ThirtyThree,
        ..Knobs::default()
    });
    assert_eq!(fate(&mut short, &Bidders(Fake::accepting(4), None), m)[1].0, 33);
}

#[test]
fn a_focus_processor_takes_it_in_21_cycles() {
    for (focus_cycles, cycles) in
        [(crate::generation::FocusCycles::TwentyOne, 21), (crate::generation::FocusCycles::ThirtyFour, 34)]
    {
        let mut bus = bus(4).with_knobs(Knobs { focus_cycles, ..Knobs::default() });
        let m = lowest(2);
        let taken = fate(&mut bus, &Bidders(Fake::accepting(4), Some(3)), m);
        let dispatched = BusEffect::Dispatched { message: m, busy_still: false };
        assert_eq!(taken, [(20, BusEffect::Deliver { agent: 3, message: m }), (cycles, dispatched)], "{focus_cycles}");
    }
}

#[test]
fn a_lowest_priority_message_is_retried_only_if_nobody_has_a_slot() {
    let table = [
        ([Retry, Accept, Accept, Retry], Some(1)),
        ([Retry, Retry, Accept, Retry], None),
        ([Silent, Silent, Accept, Silent], None),
    ];
    for (responses, winner) in table {
        let mut bus = bus(4);
        let effects = fate(&mut bus, &Bidders(Fake::new(&responses), None), lowest(2));
        let taker = effects.iter().find_map(|(_, effect)| match effect {
            BusEffect::Deliver { agent, .. } => Some(*agent),
            _ => None,
        });
        assert_eq!(taker, winner, "{responses:?}");
        let last = bus.undispatched().first().and_then(|held| held.last);
        let expected = match responses[0] {
            Silent => Some(AttemptOutcome::AcceptError),
            _ if winner.is_none() => Some(AttemptOutcome::Retry),
            _ => None,
        };
        assert_eq!(last, expected, "{responses:?}");
        if expected.is_some() {
            assert_eq!(bus.undispatched()[0].attempt_period, Some(Duration::from_ps(34 * CYCLE)), "{responses:?}");
        }
    }
}

#[test]
fn a_remote_read_takes_39_cycles_and_always_ends() {
    // 82801BA p. 117: reported successful, never retried
    for (responses, value) in [([Accept, Accept], Some(0x102)), ([Accept, Silent], None)] {
        let mut bus = bus(2);
        let m = Message { mode: DeliveryMode::RemoteRead, vector: 2, ..message(0, 0, 1) };
        let answered = fate(&mut bus, &Fake::new(&responses), m);
        let dispatched = BusEffect::Dispatched { message: m, busy_still: false };
        assert_eq!(answered, [(37, BusEffect::RemoteRead { message: m, value }), (39, dispatched)], "{responses:?}");
    }
}

#[test]
fn a_failed_start_up_message_is_not_sent_again() {
    // SDM vol. 3 §10.6.1 against the status table (knob)
    use crate::generation::StartUpResend;
    for (start_up_resend, ends) in [(StartUpResend::Never, true), (StartUpResend::StatusTable, false)] {
        for failure in [Silent, Retry] {
            let mut bus = bus(2).with_knobs(Knobs { start_up_resend, ..Knobs::default() });
            let m = Message { mode: DeliveryMode::StartUp, vector: 0x99, ..message(0, 0, 1) };
            let effects = fate(&mut bus, &Fake::accepting(2).with(1, failure), m);
            let end = effects.iter().find(|(_, effect)| matches!(effect, BusEffect::Dispatched { .. }));
            assert_eq!(end.map(|(cycle, _)| *cycle), ends.then_some(21), "{start_up_resend} {failure:?}");
            assert!(!effects.iter().any(|(_, effect)| matches!(effect, BusEffect::Deliver { .. })));
        }
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

#[test]
fn long_messages_of_fifteen_agents_exceed_20_us() {
    // hardware facts behind MP specification B-4: 15 x 34 cycles
    let mut bus = bus(15);
    (0..15).for_each(|agent| send(&mut bus, 0, lowest(agent)));
    let effects = run(&mut bus, &Fake::accepting(15), Time::NEVER);
    assert_eq!(dispatched(&effects).last().map(|last| last.0), Some(CYCLE + 510 * CYCLE));
}

/// Agents whose answer and priority depend on how often they were asked for a bid: the bids change after the first look.
#[derive(Debug)]
struct Late(std::cell::Cell<bool>, Option<crate::bus::Response>);

impl Targets for Late {
    fn agents(&self) -> Agent {
        3
    }
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        agent != message.source
    }
    fn response(&self, _: Agent, _: &Message) -> crate::bus::Response {
        self.1.filter(|_| self.0.get()).unwrap_or(Accept)
    }
    fn bid(&self, agent: Agent, _: &Message) -> crate::bus::Bid {
        let priority = if self.0.get() { 10 - agent as u8 } else { agent as u8 };
        crate::bus::Bid { focus: false, priority }
    }
    fn apic_id(&self, agent: Agent) -> Option<u32> {
        Some(u32::from(agent))
    }
    fn remote_register(&self, _: Agent, _: u8) -> u32 {
        0
    }
}

/// Runs a lowest-priority message of agent 0 to cycle 20, changes the agents, and goes on to its end.
fn change_after_cycle_20(answer: Option<crate::bus::Response>) -> (Vec<(u64, BusEffect)>, SerialBus) {
    let mut bus = bus(3);
    let targets = Late(std::cell::Cell::new(false), answer);
    send(&mut bus, 0, lowest(0));
    let mut effects = run(&mut bus, &targets, Time::from_ps(21 * CYCLE));
    targets.0.set(true);
    effects.extend(run(&mut bus, &targets, Time::from_ps(35 * CYCLE)));
    (effects, bus)
}

#[test]
fn priorities_are_those_that_the_wires_carry() {
    // SDM vol. 3 §10.13: cycles 21 to 28, and the winner alone drives cycle 33
    let (effects, _) = change_after_cycle_20(None);
    let winner = effects.iter().find_map(|(at, effect)| match effect {
        BusEffect::Deliver { agent, .. } => Some((at / CYCLE, *agent)),
        _ => None,
    });
    assert_eq!(winner, Some((34, 1)), "the lowest priority as it was in cycle 20");
}

#[test]
fn a_winner_may_have_lost_its_slot() {
    // status table, SDM vol. 3 §10.13.2.3: third status 11 and 0x
    for (answer, outcome, bits) in
        [(Retry, AttemptOutcome::Retry, vec![]), (Silent, AttemptOutcome::AcceptError, vec![4, 8, 8])]
    {
        let (effects, bus) = change_after_cycle_20(Some(answer));
        let m = lowest(0);
        assert_eq!(effects[0], (34 * CYCLE, BusEffect::Attempt { message: m, outcome }), "{answer:?}");
        let recorded: Vec<u32> = effects
            .iter()
            .filter_map(|(_, effect)| match effect {
                BusEffect::Error { bits, .. } => Some(*bits),
                _ => None,
            })
            .collect();
        assert_eq!(recorded, bits, "{answer:?}");
        assert_eq!(bus.arbitration_ids().ids(), [0, 2, 3], "the ids have moved on: {answer:?}");
        assert_eq!(bus.bound(), Time::from_ps((35 + 19) * CYCLE), "sent again after 34 cycles: {answer:?}");
    }
}

#[test]
fn ties_are_broken_by_the_ids_after_the_update() {
    // the sender has the highest id until cycle 20, and the lowest from then on
    let mut bus = bus(4);
    let m = Message { shorthand: Shorthand::AllIncludingSelf, ..lowest(3) };
    let taken = fate(&mut bus, &Bidders(Fake::accepting(4), None), m);
    assert_eq!(taken[0], (33, BusEffect::Deliver { agent: 1, message: m }), "agents 0 and 1 tie");
    let mut alone = super::SerialBus::new(&[1, 0]).expect("legal ids");
    let m = Message { shorthand: Shorthand::AllIncludingSelf, ..lowest(0) };
    let taken = fate(&mut alone, &Bidders(Fake::accepting(2), None), m);
    assert_eq!(taken[0], (33, BusEffect::Deliver { agent: 1, message: m }), "agent 0 had id 1, and won with it");
}

#[test]
fn software_may_have_changed_the_ids_that_are_reloaded() {
    // SDM vol. 3 §10.6.1; agent 4 has no APIC id register
    struct Renamed(Fake);
    impl Targets for Renamed {
        fn agents(&self) -> Agent {
            self.0.agents()
        }
        fn addressed(&self, agent: Agent, message: &Message) -> bool {
            self.0.addressed(agent, message)
        }
        fn response(&self, agent: Agent, message: &Message) -> crate::bus::Response {
            self.0.response(agent, message)
        }
        fn bid(&self, agent: Agent, message: &Message) -> crate::bus::Bid {
            self.0.bid(agent, message)
        }
        fn apic_id(&self, agent: Agent) -> Option<u32> {
            (agent < 4).then_some(0x18 + u32::from(agent))
        }
        fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
            self.0.remote_register(agent, slot)
        }
    }
    let mut bus = scenario_bus();
    let deassert = Message {
        mode: DeliveryMode::Init,
        shorthand: Shorthand::AllIncludingSelf,
        level_triggered: true,
        asserted: false,
        ..message(0, 0, 0)
    };
    fate(&mut bus, &Renamed(Fake::accepting(5)), deassert);
    assert_eq!(bus.arbitration_ids().ids(), [8, 9, 10, 11, 14]);
}

#[test]
fn several_that_answer_a_remote_read_drive_the_wires_together() {
    let mut bus = bus(3);
    let m = Message { mode: DeliveryMode::RemoteRead, vector: 0x42, ..broadcast(0, 0) };
    let answered = fate(&mut bus, &Fake::accepting(3), m);
    let value = Some(0x102 | 0x202); // slot 2: bits 5:0 of the vector
    assert_eq!(answered[0], (37, BusEffect::RemoteRead { message: m, value }));
}

#[test]
fn busy_clears_at_the_deciding_cycle_of_each_format() {
    // knob `busy_clear`: 20 short, 33 lowest priority, 37 remote read
    for (mode, early, late) in [
        (DeliveryMode::Nmi, 20, 21),
        (DeliveryMode::LowestPriority, 33, 34),
        (DeliveryMode::RemoteRead, 37, 39),
        (DeliveryMode::StartUp, 20, 21),
    ] {
        for (busy_clear, cycle) in [(BusyClear::StatusCycle, early), (BusyClear::EndOfMessage, late)] {
            for answer in [Accept, Retry] {
                let fails = answer == Retry && !matches!(mode, DeliveryMode::StartUp | DeliveryMode::RemoteRead);
                let mut bus = bus(2).with_knobs(Knobs { busy_clear, ..Knobs::default() });
                let m = Message { mode, ..message(0, 0, 1) };
                let effects = fate(&mut bus, &Bidders(Fake::accepting(2).with(1, answer), None), m);
                let end = effects.iter().find(|(_, effect)| matches!(effect, BusEffect::Dispatched { .. }));
                assert_eq!(end.map(|(at, _)| *at), (!fails).then_some(cycle), "{mode:?} {busy_clear} {answer:?}");
            }
        }
    }
}
