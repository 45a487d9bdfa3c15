//! The front-side bus on fake agents.

use super::super::Response::{Accept, Retry, Silent};
use super::super::testing::{Fake, broadcast, delivered, dispatched, message, run, send};
use super::super::testing_agents::{Fellows, lowest_priority};
use super::super::{AttemptOutcome, Message, Response};
use super::*;

const NS: u64 = 1_000;

#[test]
fn a_transaction_takes_12_cycles_from_its_grant() {
    let mut bus = FrontSideBus::new();
    let m = message(0, 0, 2);
    send(&mut bus, 0, m);
    // granted at the edge at 10 ns, which nobody sees
    assert_eq!((bus.next_event(), bus.bound()), (Some(Time::from_ps(130 * NS)), Time::from_ps(130 * NS)));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    let expected = [
        (130 * NS, BusEffect::Deliver { agent: 2, message: m }),
        (130 * NS, BusEffect::Dispatched { message: m, busy_still: false }),
    ];
    assert_eq!(effects, expected);
    assert!(bus.is_idle());
    assert_eq!(bus.minimum_latency(), Duration::from_ps(120 * NS + 1));
}

/// By hand: the edge after the request is at 10 ns. Until then a newer message takes the old one's place, and the old one is no
/// attempt yet; at that edge and after it the newer one is another transaction.
#[test]
fn a_message_can_be_replaced_until_the_edge_of_its_grant() {
    for (second, expected) in [
        (9_999, vec![(130 * NS, 2)]),
        (10 * NS, vec![(130 * NS, 1), (250 * NS, 2)]),
        (50 * NS, vec![(130 * NS, 1), (250 * NS, 2)]),
    ] {
        let mut bus = FrontSideBus::new();
        send(&mut bus, 0, message(0, 0, 1));
        send(&mut bus, 3 * NS, message(3, 0, 1)); // waits behind, and stays there
        let attempts = |at| bus.undispatched_at(Time::from_ps(at))[0].attempts;
        assert_eq!([attempts(9_999), attempts(10 * NS)], [0, 1]);
        send(&mut bus, second, message(0, 1, 2));
        let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
        let others = |&(_, effect): &(u64, BusEffect)| match effect {
            BusEffect::Deliver { agent, message } if message.source == 0 => Some(agent),
            _ => None,
        };
        let of_first: Vec<_> = effects.iter().filter_map(|effect| Some((effect.0, others(effect)?))).collect();
        let shift = if expected.len() == 2 { 120 * NS } else { 0 }; // the other one's transaction comes between
        let expected: Vec<_> =
            expected.into_iter().map(|(at, to)| (if to == 2 { at + shift } else { at }, to)).collect();
        assert_eq!(of_first, expected, "{second}");
    }
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
fn messages_of_x2apic_mode_wait_for_each_other() {
    // SDM vol. 3 §10.12.9: software has no delivery status to look at
    let of_x2apic = |number| Message { queues: true, ..message(0, number, 1) };
    let mut bus = FrontSideBus::new();
    (0..3).for_each(|number| send(&mut bus, 50 * NS * u64::from(number), of_x2apic(number)));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    let done: Vec<_> = effects.iter().filter(|e| matches!(e.1, BusEffect::Dispatched { .. })).collect();
    assert_eq!(
        done,
        [
            &(130 * NS, BusEffect::Dispatched { message: of_x2apic(0), busy_still: true }),
            &(250 * NS, BusEffect::Dispatched { message: of_x2apic(1), busy_still: true }),
            &(370 * NS, BusEffect::Dispatched { message: of_x2apic(2), busy_still: false }),
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

#[test]
fn the_lowest_task_priority_wins_a_redirected_interrupt() {
    // 460GX §3.7, Intel 5000X MCH datasheet §5.6.3: four bits of priority, ties to the lowest id
    let table: [(&[u8], &[Response], Option<Agent>); 6] = [
        (&[0x00, 0x30, 0x20, 0x40], &[Accept; 4], Some(2)),
        (&[0x00, 0x2F, 0x21, 0x20], &[Accept; 4], Some(1)), // one class: the lowest id
        (&[0x00, 0x10, 0x20, 0x30], &[Accept, Silent, Accept, Accept], Some(2)), // disabled: takes no part
        (&[0x00, 0x00, 0x00, 0x00], &[Accept; 4], Some(1)), // the sender is not addressed
        (&[0xFF, 0xFF, 0xFF, 0xFF], &[Silent, Silent, Silent, Accept], Some(3)),
        (&[0x00, 0x00, 0x00, 0x00], &[Silent; 4], None),
    ];
    for (priorities, responses, winner) in table {
        let mut agents = Fellows::flat(4).with_priorities(priorities);
        for (fellow, &response) in agents.0.iter_mut().zip(responses) {
            fellow.response = response;
        }
        let mut bus = FrontSideBus::new();
        send(&mut bus, 0, lowest_priority(broadcast(0, 0)));
        let effects = run(&mut bus, &agents, Time::NEVER);
        assert_eq!(dispatched(&effects), [(130 * NS, 0)], "done for the sender after its own transaction");
        let expected: Vec<_> = winner.map(|winner| (250 * NS, winner)).into_iter().collect();
        assert_eq!(delivered(&effects), expected, "{priorities:X?} {responses:?}");
        assert!(bus.is_idle());
    }
}

#[test]
fn the_tie_is_broken_by_id_and_not_by_number() {
    let mut agents = Fellows::flat(3);
    agents.0[1].apic_id = 9;
    let mut bus = FrontSideBus::new();
    send(&mut bus, 0, lowest_priority(broadcast(0, 0)));
    assert_eq!(delivered(&run(&mut bus, &agents, Time::NEVER)), [(250 * NS, 2)]);
}

#[test]
fn the_chipset_goes_before_senders() {
    let mut bus = FrontSideBus::new();
    send(&mut bus, 0, lowest_priority(message(0, 0, 1)));
    send(&mut bus, 1, message(2, 0, 3));
    let effects = run(&mut bus, &Fellows::flat(4), Time::NEVER);
    assert_eq!(delivered(&effects), [(250 * NS, 1), (370 * NS, 3)]);
}

#[test]
fn injected_retries_cost_a_transaction_each() {
    // mechanism N: redirectable interrupts may be retried, directed ones not (Intel 5000X MCH datasheet §5.8)
    let mut bus = FrontSideBus::new();
    bus.retry_redirectable(Time::ZERO, Some(Time::from_us(1)), Some(2));
    send(&mut bus, 0, lowest_priority(message(0, 0, 1)));
    send(&mut bus, 1, message(2, 0, 3));
    let mut effects = run(&mut bus, &Fellows::flat(4), Time::from_ps(200 * NS));
    let held = bus.undispatched()[0];
    assert_eq!((held.message.source, held.attempts, held.last), (0, 1, Some(AttemptOutcome::Retry)));
    effects.extend(run(&mut bus, &Fellows::flat(4), Time::NEVER));
    let retried: Vec<_> =
        effects.iter().filter(|e| matches!(e.1, BusEffect::Attempt { .. })).map(|effect| effect.0).collect();
    assert_eq!(retried, [130 * NS, 370 * NS], "behind the one that waits, then one cycle later");
    assert_eq!(dispatched(&effects), [(250 * NS, 2), (500 * NS, 0)]);
    assert_eq!(delivered(&effects), [(250 * NS, 3), (620 * NS, 1)]);
}

#[test]
fn a_retry_window_that_is_over_retries_nothing() {
    let mut bus = FrontSideBus::new();
    bus.retry_redirectable(Time::from_ps(10 * NS), Some(Time::from_ps(130 * NS)), None);
    send(&mut bus, 0, lowest_priority(message(0, 0, 1)));
    assert_eq!(dispatched(&run(&mut bus, &Fellows::flat(2), Time::NEVER)), [(130 * NS, 0)]);
}

#[test]
fn a_newer_message_takes_the_place_of_a_retried_one() {
    let mut bus = FrontSideBus::new();
    bus.retry_redirectable(Time::ZERO, None, Some(1));
    let newer = message(0, 1, 2);
    send(&mut bus, 0, lowest_priority(message(0, 0, 1)));
    send(&mut bus, 50 * NS, newer);
    let effects = run(&mut bus, &Fellows::flat(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [(250 * NS, 0)]);
    assert_eq!(delivered(&effects), [(250 * NS, 2)], "the retried one is gone");
}

/// The state now, and again each time after `attempts` retries.
fn states(bus: &mut FrontSideBus, agents: &Fellows, attempts: usize) -> (Vec<u64>, Time) {
    let (mut seen, mut effects) = (0, Vec::new());
    while seen < attempts {
        bus.advance(agents, &mut effects);
        seen += effects.drain(..).filter(|effect| matches!(effect, BusEffect::Attempt { .. })).count();
    }
    let mut words = Vec::new();
    bus.state(&mut words);
    (words, bus.next_event().expect("retried for ever"))
}

#[test]
fn skipping_retries_equals_running_them() {
    let agents = Fellows::flat(4);
    let mut bus = FrontSideBus::new().with_buses(&[0, 1, 0, 1]);
    bus.retry_redirectable(Time::ZERO, None, None);
    for (source, at) in [(0, 0), (1, 33), (2, 44)] {
        send(&mut bus, at * NS, lowest_priority(message(source, 0, 3)));
    }
    let (first, reference) = states(&mut bus, &agents, 12);
    let (next, period) = (1..200)
        .find_map(|attempts| {
            let (state, next) = states(&mut bus, &agents, 1);
            (state == first).then_some((next, attempts))
        })
        .expect("it recurs: 13 cycles on bus 1, 24 on bus 0");
    let mut skipped = bus.clone();
    states(&mut bus, &agents, 5 * period);
    skipped.skip(5, next.since(reference), period as u64);
    assert_eq!(skipped.next_event(), bus.next_event());
    assert_eq!(skipped.undispatched(), bus.undispatched());
    assert_eq!(states(&mut skipped, &agents, 12), states(&mut bus, &agents, 12));
}

#[test]
fn a_fault_that_is_still_to_come_or_to_end_forbids_recurrence() {
    for (from, until) in [(Time::ZERO, Some(Time::from_us(900))), (Time::from_us(900), None)] {
        let mut bus = FrontSideBus::new();
        bus.retry_redirectable(Time::ZERO, None, None);
        bus.retry_redirectable(from, until, None);
        send(&mut bus, 0, lowest_priority(message(0, 0, 1)));
        let first = states(&mut bus, &Fellows::flat(2), 5).0;
        assert_ne!(first, states(&mut bus, &Fellows::flat(2), 1).0);
    }
}

#[test]
fn a_directed_interrupt_is_shown_on_both_buses() {
    // Intel 5000X MCH datasheet §5.6.1: buses 0 (agents 0, 1) and 1 (agents 2, 3)
    let mut bus = FrontSideBus::new().with_buses(&[0, 0, 1, 1]);
    send(&mut bus, 0, broadcast(0, 0));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [(130 * NS, 0)], "not deferred: done at the response on its own bus");
    assert_eq!(delivered(&effects), [(130 * NS, 1), (250 * NS, 2), (250 * NS, 3)]);
    // One that addresses its own bus only occupies the other one all the same.
    send(&mut bus, 1_000 * NS, message(0, 1, 1));
    send(&mut bus, 1_100 * NS, message(2, 0, 3));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(delivered(&effects), [(1_130 * NS, 1), (1_230 * NS, 3)]);
    send(&mut bus, 2_000 * NS, message(0, 2, 1));
    send(&mut bus, 2_125 * NS, message(2, 1, 3));
    let effects = run(&mut bus, &Fake::accepting(4), Time::NEVER);
    assert_eq!(delivered(&effects), [(2_130 * NS, 1), (2_370 * NS, 3)], "the chipset was first on bus 1");
}

#[test]
fn senders_on_two_buses_overlap_until_the_chipset_is_full() {
    let sent = |buffers| {
        let mut bus = FrontSideBus::new().with_buses(&[0, 0, 1, 1]).with_buffers(buffers);
        for (source, destination) in [(0, 1), (1, 0), (2, 3), (3, 2)] {
            send(&mut bus, 0, message(source, 0, destination));
        }
        dispatched(&run(&mut bus, &Fake::accepting(4), Time::NEVER))
    };
    // Two buffers: 0 and 2 overlap; the chipset shows each on the other bus before 1 and 3 may go.
    assert_eq!(sent(2), [(130 * NS, 0), (130 * NS, 2), (370 * NS, 1), (370 * NS, 3)]);
    // One buffer: a message at a time over both buses.
    assert_eq!(sent(1), [(130 * NS, 0), (370 * NS, 1), (610 * NS, 2), (850 * NS, 3)]);
}

#[test]
fn a_redirected_interrupt_is_driven_on_both_buses() {
    // Intel 5000X MCH datasheet §5.6.3.2
    let mut bus = FrontSideBus::new().with_buses(&[0, 0, 1, 1]);
    send(&mut bus, 0, lowest_priority(broadcast(0, 0)));
    send(&mut bus, 140 * NS, message(2, 0, 3));
    let agents = Fellows::flat(4).with_priorities(&[0, 0x20, 0x20, 0x10]);
    let effects = run(&mut bus, &agents, Time::NEVER);
    assert_eq!(dispatched(&effects), [(130 * NS, 0), (370 * NS, 2)]);
    assert_eq!(delivered(&effects), [(250 * NS, 3), (370 * NS, 3)], "the sender on bus 1 waits for the chipset");
}

#[test]
fn a_full_manager_holds_all_senders_back_and_sends_itself() {
    // Agent 3 is the manager; directed interrupts cannot be retried (Intel 5000X MCH datasheet §5.8).
    let full = Fellows::flat(4).answering(3, Retry);
    let mut bus = FrontSideBus::new().with_manager(3);
    send(&mut bus, 0, message(0, 0, 3));
    send(&mut bus, 0, message(1, 0, 2));
    assert_eq!(run(&mut bus, &full, Time::NEVER), []);
    assert!(bus.is_idle(), "no transaction, no attempt");
    send(&mut bus, 1_000 * NS, message(3, 0, 1));
    assert_eq!(dispatched(&run(&mut bus, &full, Time::NEVER)), [(1_130 * NS, 3)], "the manager gets through");
    bus.room_again(Time::from_ps(2_000 * NS));
    let effects = run(&mut bus, &Fellows::flat(4), Time::NEVER);
    assert_eq!(dispatched(&effects), [(2_130 * NS, 0), (2_250 * NS, 1)]);
}

#[test]
fn a_grant_that_asks_the_manager_samples_it() {
    let mut bus = FrontSideBus::new().with_manager(3);
    send(&mut bus, 0, message(0, 0, 2));
    assert_eq!((bus.next_event(), bus.bound()), (Some(Time::from_ps(10 * NS)), Time::from_ps(10 * NS)));
    bus.advance(&Fellows::flat(4), &mut Vec::new());
    assert_eq!(bus.bound(), Time::from_ps(130 * NS));
    let mut unasked = FrontSideBus::new().with_manager(3);
    unasked.request(Time::ZERO, Request::EndOfInterrupt { source: 0, vector: 0x41 }, 0);
    assert_eq!(unasked.bound(), Time::from_ps(130 * NS));
}
