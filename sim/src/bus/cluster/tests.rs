//! The cluster bus on fake agents: two to three clusters of two, serial or front-side.

use super::super::Response::{Accept, Retry};
use super::super::testing::{broadcast, delivered, dispatched, message, run, send};
use super::super::testing_agents::{Fellows, logical, lowest_priority};
use super::super::{AttemptOutcome, FrontSideBus, SerialBus};
use super::*;
use crate::generation::ClusterBusy;

const NS: u64 = 1_000;
const US: u64 = 1_000_000;

/// Clusters of two agents on serial buses; the manager has id 13.
fn serial(clusters: u16) -> ClusterBus {
    let cluster = |number: u16| Cluster {
        number: number as u8,
        members: vec![2 * number, 2 * number + 1],
        segment: Box::new(SerialBus::new(&[1, 2, 13]).expect("the ids are different")),
        manager_id: 13,
    };
    ClusterBus::new((0..clusters).map(cluster).collect()).expect("it is possible")
}

fn front_side(clusters: u16) -> ClusterBus {
    let cluster = |number: u16| Cluster {
        number: number as u8,
        members: vec![2 * number, 2 * number + 1],
        segment: Box::new(FrontSideBus::new().with_manager(2)),
        manager_id: 0xFF,
    };
    ClusterBus::new((0..clusters).map(cluster).collect()).expect("it is possible")
}

fn busy(cluster_busy: ClusterBusy) -> Knobs {
    Knobs { cluster_busy, ..Knobs::default() }
}

/// Outcomes of attempts, with their instants and senders.
fn attempts(effects: &[(u64, BusEffect)]) -> Vec<(u64, Agent, AttemptOutcome)> {
    let attempt = |&(at, effect): &(u64, BusEffect)| match effect {
        BusEffect::Attempt { message, outcome } => Some((at, message.source, outcome)),
        _ => None,
    };
    effects.iter().filter_map(attempt).collect()
}

#[test]
fn a_message_to_another_cluster_takes_two_buses_and_a_hop() {
    // Local: edge at 60 ns, 20 cycles until the manager has it, 21 until the sender is done. Remote: the same from 1 µs
    // later, on the first edge after.
    let table = [(ClusterBusy::FirstLeg, 60 + 1_260), (ClusterBusy::BothLegs, 2_280 + 1_260 + 1_000)];
    for (cluster_busy, done) in table {
        let mut bus = serial(2).with_knobs(busy(cluster_busy));
        send(&mut bus, 0, logical(0, 7, 0x12));
        let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
        // 1 260 + 1 000 = 2 260, so the edge at 2 280
        assert_eq!(delivered(&effects), [((2_280 + 1_200) * NS, 3)]);
        assert_eq!(dispatched(&effects), [(done * NS, 0)], "{cluster_busy:?}");
        let named = effects.iter().all(|(_, effect)| match effect {
            BusEffect::Deliver { message, .. } | BusEffect::Attempt { message, .. } => *message == logical(0, 7, 0x12),
            _ => true,
        });
        assert!(named, "source and number stay: {effects:?}");
        assert!(bus.is_idle() && bus.undispatched().is_empty() && bus.in_transit().is_empty());
    }
}

#[test]
fn front_side_nodes_are_joined_the_same_way() {
    let table = [(ClusterBusy::FirstLeg, 130), (ClusterBusy::BothLegs, 2_260)];
    for (cluster_busy, done) in table {
        let mut bus = front_side(2).with_knobs(busy(cluster_busy));
        send(&mut bus, 0, logical(1, 0, 0x11));
        let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
        // 130 ns, a hop until 1 130, the edge at 1 140, 12 cycles; and a hop back
        assert_eq!(delivered(&effects), [(1_260 * NS, 2)]);
        assert_eq!(dispatched(&effects), [(done * NS, 1)], "{cluster_busy:?}");
    }
}

#[test]
fn what_stays_in_its_cluster_never_asks_the_manager() {
    let table = [(logical(0, 0, 0x02), vec![1]), (message(0, 0, 2), vec![1]), (broadcast(0, 0), vec![1])];
    for (message, receivers) in table {
        let mut bus = serial(2).with_knobs(busy(ClusterBusy::BothLegs));
        send(&mut bus, 0, message);
        let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
        let taken: Vec<Agent> = delivered(&effects).iter().map(|&(_, agent)| agent).collect();
        assert_eq!(taken, receivers, "{message:?}");
        assert_eq!(dispatched(&effects), [(1_320 * NS, 0)]);
    }
}

#[test]
fn a_broadcast_reaches_every_cluster() {
    // SDM vol. 3 §10.6.2.2: logical FFh
    for cluster_busy in [ClusterBusy::FirstLeg, ClusterBusy::BothLegs] {
        let mut bus = serial(3).with_knobs(busy(cluster_busy));
        send(&mut bus, 0, logical(2, 0, 0xFF));
        let effects = run(&mut bus, &Fellows::clustered(3, 2), Time::NEVER);
        let (here, there) = (1_260 * NS, 3_480 * NS);
        assert_eq!(delivered(&effects), [(here, 2), (here, 3), (there, 0), (there, 1), (there, 4), (there, 5)]);
        assert_eq!(dispatched(&effects).len(), 1, "{cluster_busy:?}: once, when all have it");
    }
}

#[test]
fn shorthands_can_reach_the_machine() {
    let mut bus = serial(2).with_scopes(PhysicalScope::Cluster, ShorthandScope::Machine);
    send(&mut bus, 0, broadcast(0, 0));
    let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
    assert_eq!(delivered(&effects).iter().map(|taken| taken.1).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_lowest_priority_message_is_decided_at_its_destination() {
    let mut bus = front_side(2);
    send(&mut bus, 0, lowest_priority(logical(0, 0, 0x13)));
    let agents = Fellows::clustered(2, 2).with_priorities(&[0, 0, 0x40, 0x30]);
    assert_eq!(delivered(&run(&mut bus, &agents, Time::NEVER)), [(1_260 * NS, 3)]);
}

#[test]
fn a_full_remote_target_is_tried_until_it_has_room() {
    let full = Fellows::clustered(2, 2).answering(3, Retry);
    // (knob, is the sender still busy after 50 µs?)
    for (cluster_busy, still_busy) in [(ClusterBusy::FirstLeg, false), (ClusterBusy::BothLegs, true)] {
        let mut bus = serial(2).with_knobs(busy(cluster_busy));
        send(&mut bus, 0, logical(0, 0, 0x12));
        let effects = run(&mut bus, &full, Time::from_us(50));
        assert_eq!(dispatched(&effects).is_empty(), still_busy, "{cluster_busy:?}");
        let tried = attempts(&effects);
        assert_eq!(tried[0].2, AttemptOutcome::Accepted, "the manager took it");
        assert!(tried.len() > 30 && tried[1..].iter().all(|try_| try_.2 == AttemptOutcome::Retry));
        assert_eq!(bus.undispatched().len(), usize::from(still_busy));
        assert_eq!(bus.in_transit().len(), 1);
        let held = bus.in_transit()[0];
        assert_eq!((held.message, held.attempts), (logical(0, 0, 0x12), tried.len() as u64 - 1));
        assert_eq!(held.last, Some(AttemptOutcome::Retry));
        // Room at last.
        let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
        assert_eq!(delivered(&effects).len(), 1);
        assert_eq!(dispatched(&effects).len(), usize::from(still_busy));
        assert!(bus.in_transit().is_empty());
    }
}

#[test]
fn a_full_remote_target_holds_up_senders_that_mean_somebody_else() {
    // Mechanism P with room for one: CPU3 is full; what goes to CPU2 waits behind it, in both managers, then on the bus.
    let full = Fellows::clustered(2, 2).answering(3, Retry);
    let mut bus = serial(2).with_links(Duration::from_us(1), 1).expect("a queue of one");
    let number_of = |at: u64| (at / (5 * US)) as u32;
    for at in [0, 5 * US, 10 * US] {
        let destination = if at == 0 { 0x12 } else { 0x11 };
        run(&mut bus, &full, Time::from_ps(at));
        send(&mut bus, at, logical(0, number_of(at), destination));
    }
    let effects = run(&mut bus, &full, Time::from_us(60));
    assert_eq!(dispatched(&effects), [], "the third finds its manager full");
    let local = attempts(&effects).iter().filter(|attempt| attempt.2 == AttemptOutcome::Accepted).count();
    assert_eq!(local, 0);
    assert_eq!(bus.undispatched().len(), 1);
    assert_eq!((bus.undispatched()[0].message.number, bus.undispatched()[0].last), (2, Some(AttemptOutcome::Retry)));
    assert_eq!(bus.in_transit().len(), 2);
    // Local traffic is not held up.
    send(&mut bus, 60 * US, logical(1, 0, 0x01));
    let effects = run(&mut bus, &full, Time::from_us(80));
    assert_eq!(dispatched(&effects).iter().map(|done| done.1).collect::<Vec<_>>(), [1]);
    let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
    assert_eq!(delivered(&effects).iter().map(|taken| taken.1).collect::<Vec<_>>(), [3, 2, 2]);
    assert!(bus.is_idle());
}

#[test]
fn back_pressure_holds_grants_of_a_front_side_bus() {
    // The far node's bus is stalled until 100 µs: two messages fill both queues, the third gets no grant.
    let mut far = FrontSideBus::new().with_manager(2);
    far.stall(Time::ZERO, Some(Time::from_us(100)));
    let near = FrontSideBus::new().with_manager(2);
    let cluster = |number: u8, members, segment: FrontSideBus| Cluster {
        number,
        members,
        segment: Box::new(segment),
        manager_id: 0xFF,
    };
    let clusters = vec![cluster(0, vec![0, 1], near), cluster(1, vec![2, 3], far)];
    let mut bus = ClusterBus::new(clusters).and_then(|bus| bus.with_links(Duration::from_us(1), 1)).expect("possible");
    let agents = Fellows::clustered(2, 2);
    for number in 0..3 {
        run(&mut bus, &agents, Time::from_us(u64::from(number) * 5));
        send(&mut bus, u64::from(number) * 5 * US, logical(0, number, 0x11));
    }
    send(&mut bus, 10 * US + 1, logical(1, 0, 0x01));
    let effects = run(&mut bus, &agents, Time::from_us(99));
    assert_eq!(dispatched(&effects), [], "all senders of the bus are held back (BPRI#)");
    assert_eq!(bus.undispatched().len(), 2);
    let effects = run(&mut bus, &agents, Time::NEVER);
    assert_eq!(dispatched(&effects).iter().map(|done| done.1).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(delivered(&effects).iter().filter(|taken| taken.1 == 2).count(), 3);
    assert!(dispatched(&effects)[0].0 > 100 * US);
}

#[test]
fn two_full_nodes_that_send_to_each_other_do_not_deadlock() {
    let agents = Fellows::clustered(2, 2);
    for mut bus in [serial(2), front_side(2)] {
        bus = bus.with_links(Duration::from_us(1), 1).expect("a queue of one");
        for number in 0..20 {
            let at = Time::from_us(u64::from(number));
            run(&mut bus, &agents, at);
            for (source, destination) in [(0, 0x11), (1, 0x12), (2, 0x01), (3, 0x02)] {
                if bus.undispatched().iter().all(|held| held.message.source != source) {
                    send(&mut bus, at.as_ps(), logical(source, number, destination));
                }
            }
        }
        run(&mut bus, &agents, Time::NEVER);
        assert!(bus.is_idle() && bus.undispatched().is_empty() && bus.in_transit().is_empty());
    }
}

#[test]
fn nothing_crosses_a_dead_link() {
    // The link of cluster 1 dies at 2 µs: what would arrive later stays, and the queue fills.
    for (cluster_busy, busy_since) in [(ClusterBusy::FirstLeg, false), (ClusterBusy::BothLegs, true)] {
        let mut bus = serial(3).with_knobs(busy(cluster_busy)).with_links(Duration::from_us(1), 1).expect("possible");
        assert!(bus.kill_link(Time::from_us(2), 1));
        assert!(!bus.kill_link(Time::from_us(2), 9), "no such cluster");
        send(&mut bus, 0, logical(0, 0, 0x11)); // would arrive at 2.26 µs
        let effects = run(&mut bus, &Fellows::clustered(3, 2), Time::from_us(50));
        assert_eq!(delivered(&effects), []);
        assert_eq!(dispatched(&effects).is_empty(), busy_since, "{cluster_busy:?}");
        assert_eq!(bus.in_transit()[0].stalled_since, Some(Time::from_us(2)));
        assert!(bus.is_idle(), "nothing will ever happen");
        assert!(bus.undispatched().iter().all(|held| held.stalled_since == Some(Time::from_us(2))));
        assert_eq!(bus.undispatched().len(), usize::from(busy_since));
        // Its own bus works; other clusters are behind the full queue.
        send(&mut bus, 50 * US, logical(2, 0, 0x12));
        send(&mut bus, 50 * US, logical(1, 0, 0x21));
        let effects = run(&mut bus, &Fellows::clustered(3, 2), Time::from_us(100));
        assert_eq!(delivered(&effects).iter().map(|taken| taken.1).collect::<Vec<_>>(), [3]);
        assert!(attempts(&effects).iter().filter(|attempt| attempt.1 == 1).count() > 30, "retried for ever");
    }
}

#[test]
fn an_answer_is_lost_on_a_link_that_died_meanwhile() {
    // Taken over there at 3.54 µs; the link of the sender's cluster is dead when the answer would arrive.
    let mut bus = serial(2).with_knobs(busy(ClusterBusy::BothLegs));
    bus.kill_link(Time::from_us(4), 0);
    send(&mut bus, 0, logical(0, 0, 0x11));
    let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
    assert_eq!((delivered(&effects).len(), dispatched(&effects)), (1, vec![]));
    assert_eq!(bus.undispatched()[0].stalled_since, Some(Time::from_us(4)));
}

#[test]
fn a_sender_is_done_in_order() {
    // Both legs: a newer message to its own cluster must not clear the status of the older one.
    let mut bus = serial(2).with_knobs(busy(ClusterBusy::BothLegs));
    let (far, near) = (logical(0, 0, 0x11), logical(0, 1, 0x02));
    send(&mut bus, 0, far);
    run(&mut bus, &Fellows::clustered(2, 2), Time::from_ps(1_400 * NS));
    send(&mut bus, 1_400 * NS, near);
    assert_eq!(bus.undispatched().iter().map(|held| held.message).collect::<Vec<_>>(), [far, near]);
    let effects = run(&mut bus, &Fellows::clustered(2, 2), Time::NEVER);
    let done: Vec<_> = effects.iter().filter(|effect| matches!(effect.1, BusEffect::Dispatched { .. })).collect();
    let at = 4_540 * NS;
    assert_eq!(
        done,
        [
            &(at, BusEffect::Dispatched { message: far, busy_still: true }),
            &(at, BusEffect::Dispatched { message: near, busy_still: false }),
        ]
    );
}

#[test]
fn errors_and_ends_of_interrupt_stay_in_their_cluster() {
    // Nobody takes the message over there: the listeners record it, and the manager, which has no ESR, tries again.
    let gone = Fellows::clustered(2, 2).answering(3, super::super::Response::Silent);
    let mut bus = serial(2);
    send(&mut bus, 0, logical(0, 0, 0x12));
    let effects = run(&mut bus, &gone, Time::from_us(4));
    let errors: Vec<Agent> = effects
        .iter()
        .filter_map(|(_, effect)| match effect {
            BusEffect::Error { agent, .. } => Some(*agent),
            _ => None,
        })
        .collect();
    assert_eq!(errors, [2, 3]);
    let mut bus = serial(2);
    bus.request(Time::ZERO, Request::EndOfInterrupt { source: 3, vector: 0x41 }, 0);
    let effects = run(&mut bus, &gone, Time::NEVER);
    assert_eq!(effects, [((60 + 780) * NS, BusEffect::EndOfInterrupt { vector: 0x41 })]);
}

fn words(bus: &ClusterBus) -> Vec<u64> {
    let mut words = Vec::new();
    bus.state(&mut words);
    words
}

/// Two targets in two clusters that are full for ever, and senders of both clusters that want them.
fn retried_for_ever(cluster_busy: ClusterBusy) -> (ClusterBus, Fellows) {
    let full = Fellows::clustered(2, 2).answering(1, Retry).answering(3, Retry);
    let mut bus = serial(2).with_knobs(busy(cluster_busy));
    for (source, at, destination) in [(0, 0, 0x12), (1, 3, 0x11), (2, 90, 0x02), (3, 0, 0x12)] {
        send(&mut bus, at * NS, logical(source, 0, destination));
    }
    run(&mut bus, &full, Time::from_us(40));
    (bus, full)
}

/// Runs on until the state is that of now. Gives the time it took, and the attempts.
fn recurrence(bus: &mut ClusterBus, agents: &Fellows) -> (Duration, u64) {
    let (first, start) = (words(bus), bus.next_event().expect("something recurs"));
    let mut effects = Vec::new();
    let mut tried = 0;
    for _ in 0..10_000 {
        bus.advance(agents, &mut effects);
        tried += effects.drain(..).filter(|effect| matches!(effect, BusEffect::Attempt { .. })).count() as u64;
        if words(bus) == first {
            return (bus.next_event().expect("it goes on").since(start), tried);
        }
    }
    panic!("no recurrence");
}

#[test]
fn skipping_equals_running() {
    for cluster_busy in [ClusterBusy::FirstLeg, ClusterBusy::BothLegs] {
        let (mut run_bus, full) = retried_for_ever(cluster_busy);
        let (mut skipped, _) = retried_for_ever(cluster_busy);
        let (period, tried) = recurrence(&mut run_bus, &full);
        assert_eq!(recurrence(&mut skipped, &full), (period, tried));
        assert!(tried > 1);
        for _ in 0..7 {
            assert_eq!(recurrence(&mut run_bus, &full), (period, tried));
        }
        skipped.skip(7, period, tried);
        assert_eq!(words(&skipped), words(&run_bus));
        assert_eq!(skipped.next_event(), run_bus.next_event());
        assert_eq!(skipped.bound(), run_bus.bound());
        assert_eq!(skipped.undispatched(), run_bus.undispatched());
        assert_eq!(skipped.in_transit(), run_bus.in_transit());
        let roomy = Fellows::clustered(2, 2).answering(0, Accept);
        assert_eq!(run(&mut skipped, &roomy, Time::NEVER), run(&mut run_bus, &roomy, Time::NEVER));
    }
}

#[test]
fn a_link_that_will_die_forbids_recurrence() {
    let full = Fellows::clustered(2, 2).answering(3, Retry);
    let mut bus = serial(2);
    bus.kill_link(Time::from_us(900), 0);
    send(&mut bus, 0, logical(0, 0, 0x12));
    run(&mut bus, &full, Time::from_us(40));
    let first = words(&bus);
    let mut effects = Vec::new();
    for _ in 0..200 {
        bus.advance(&full, &mut effects);
        assert_ne!(words(&bus), first);
    }
}

#[test]
fn the_least_latency_is_that_of_the_fastest_segment() {
    assert_eq!(front_side(2).minimum_latency(), FrontSideBus::new().minimum_latency());
    let serial_bus = SerialBus::new(&[0]).expect("one id");
    assert_eq!(serial(2).minimum_latency(), serial_bus.minimum_latency());
}

#[test]
fn a_manager_needs_a_queue() {
    assert_eq!(serial(2).with_links(Duration::from_us(1), 0).err(), Some(ClusterError::NoQueue));
}
