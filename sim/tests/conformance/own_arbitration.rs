//! Cases no suite has: arbitration ids in a whole machine, held against [`ArbitrationIds`]; focus processors.

use crate::lab::{Lab, name};
use crate::platform::{P6, PENTIUM, Platform, XAPIC};
use crate::record::{Record, bclk, edge_after, picclk};
use crate::seat::{FIXED, LOGICAL, LOWEST_PRIORITY, SVR, Seat, TPR};
use sim::bus::{Agent, ArbitrationIds, Message};
use sim::{FocusCycles, LowestPriorityCycles, Time};

/// The rule once more, from 82093AA §3.2.3 and not from the simulator: the winner gets 0, the others one more, and who
/// has 15 the winner's old id plus one.
fn rotated(ids: &[u8], winner: Agent) -> Vec<u8> {
    let old = ids[usize::from(winner)];
    let next = |(agent, &id): (usize, &u8)| match id {
        _ if agent == usize::from(winner) => 0,
        15 => old + 1,
        _ => id + 1,
    };
    ids.iter().enumerate().map(next).collect()
}

/// What `replay` found.
#[derive(Debug, PartialEq, Eq)]
struct Replay {
    /// Arbitrations with more than one contender.
    contested: usize,
    /// Won by another than the ids say.
    wrong: usize,
}

/// Each message began 21 cycles before it was done. Who of those waiting then had the highest id?
fn replay(record: &Record, apic_ids: &[u8], resynchronise: bool) -> Replay {
    let mut ids = ArbitrationIds::new(apic_ids).expect("legal ids");
    let mut waiting: Vec<(Time, Message)> =
        record.sent().into_iter().map(|(at, message)| (edge_after(at, picclk(1)), message)).collect();
    let mut found = Replay { contested: 0, wrong: 0 };
    for (done, message) in record.dispatched() {
        let start = Time::from_ps(done.as_ps() - picclk(21).as_ps());
        let contenders: Vec<Agent> =
            waiting.iter().filter(|(from, _)| *from <= start).map(|(_, waiting)| waiting.source).collect();
        let winner = contenders.iter().copied().max_by_key(|&agent| ids.of(agent));
        found.contested += usize::from(contenders.len() > 1);
        found.wrong += usize::from(winner != Some(message.source));
        waiting.retain(|(_, waiting)| (waiting.source, waiting.number) != (message.source, message.number));
        if message.is_init_deassert() && resynchronise {
            ids.resynchronise(|agent| apic_ids.get(usize::from(agent)).map(|&id| u32::from(id)));
        } else {
            let expected = rotated(ids.ids(), message.source);
            ids.rotate(message.source);
            assert_eq!(ids.ids(), expected);
        }
    }
    found
}

/// Sends `messages` to CPU 4, one after another as fast as the bus takes them.
fn saturate(seat: &Seat<'_>, messages: u32) {
    for _ in 0..messages {
        seat.send(4, FIXED | (0x31 + u32::from(seat.number()) * 0x10));
    }
    seat.settle();
}

const IDS: [u8; 6] = [0, 1, 2, 3, 4, 14];

#[test]
fn own_09_every_arbitration_is_won_by_the_highest_rotating_id() {
    // SDM vol. 3 §10.7, 82093AA §3.2.3
    for platform in [PENTIUM, P6] {
        let lab = (0..4).fold(Lab::new(platform), |lab, _| lab.cpu(|seat| saturate(seat, 12))).sleeper();
        let record = lab.run();
        assert_eq!(record.dispatched().len(), 48);
        let found = replay(&record, &IDS, true);
        assert!(found.wrong == 0 && found.contested > 20, "{platform}: {found:?}");
    }
}

#[test]
fn own_09_under_saturation_nobody_waits_for_more_than_the_others() {
    // Fair rotation: each of the three others goes first once, and one message is on the bus when it asks
    let lab = (0..4).fold(Lab::new(P6), |lab, _| lab.cpu(|seat| saturate(seat, 12))).sleeper();
    let record = lab.run();
    let done = record.dispatched();
    for (asked, message) in record.sent() {
        let (at, _) = done.iter().find(|(_, done)| name(done) == name(&message)).expect("it is dispatched");
        let waited = at.since(edge_after(asked, picclk(1)));
        assert!(waited <= picclk(5 * 21), "CPU{}: {waited}", message.source);
    }
}

#[test]
fn own_09_init_deassert_reloads_the_ids() {
    // SDM vol. 3 §10.6.1: all-including-self, level-triggered, not asserted
    for platform in [PENTIUM, P6] {
        let lab = (0..4)
            .fold(Lab::new(platform), |lab, cpu| {
                lab.cpu(move |seat| {
                    if cpu < 2 {
                        saturate(seat, 5);
                    }
                    seat.sleep_until(Time::from_us(100));
                    if cpu == 3 {
                        seat.send(0, 0x8_8500);
                        seat.settle();
                    }
                    seat.sleep_until(Time::from_us(200));
                    saturate(seat, 6);
                })
            })
            .sleeper();
        let record = lab.run();
        let found = replay(&record, &IDS, true);
        assert!(found.wrong == 0 && found.contested > 10, "{platform}: {found:?}");
        assert!(replay(&record, &IDS, false).wrong > 0, "{platform}: without it, others would have won");
        assert!(record.sent().iter().any(|(_, message)| message.is_init_deassert()));
    }
}

/// CPU1 holds vector 61 with a high task priority, CPU2 is free; CPU0 sends 61 to the lower of them. `svr` is CPU1's.
fn with_focus(platform: Platform, svr: u32, focus: FocusCycles, length: LowestPriorityCycles) -> Record {
    let lab = Lab::new(platform)
        .knobs(|knobs| (knobs.focus_cycles, knobs.lowest_priority_cycles) = (focus, length))
        .cpu(|seat| {
            seat.sleep_until(Time::from_us(40));
            seat.send(6, LOWEST_PRIORITY | LOGICAL | 0x61);
            seat.settle();
        })
        .cpu(move |seat| {
            seat.write(SVR, svr);
            seat.send_self(0x61);
            seat.write(TPR, 0xE0);
            seat.sleep_until(Time::from_us(100));
        })
        .masked()
        .sleeper();
    lab.run()
}

/// Who took CPU0's message, and how long it was on the bus.
fn taker_and_length(record: &Record, edge: sim::Duration) -> (Vec<Agent>, sim::Duration) {
    let is_it = |message: &Message| message.source == 0;
    let takers = record.deliveries().into_iter().filter(|(_, _, m)| is_it(m)).map(|(_, agent, _)| agent).collect();
    let sent = record.sent().into_iter().find(|(_, m)| is_it(m)).expect("it is sent").0;
    let done = record.dispatched().into_iter().find(|(_, m)| is_it(m)).expect("it is done").0;
    (takers, done.since(edge_after(sent, edge)))
}

#[test]
fn own_10_a_focus_processor_takes_it_whatever_its_priority() {
    // SDM vol. 3 §10.6.2.4, 10.9 (SVR bit 9 turns the check off); lengths §10.13.2 and knobs
    use FocusCycles as Focus;
    use LowestPriorityCycles as Lowest;
    for platform in [PENTIUM, P6] {
        let table = [
            (0x1FF, Focus::TwentyOne, Lowest::ThirtyFour, 1, 21),
            (0x1FF, Focus::ThirtyFour, Lowest::ThirtyFour, 1, 34),
            (0x3FF, Focus::TwentyOne, Lowest::ThirtyFour, 2, 34),
            (0x3FF, Focus::TwentyOne, Lowest::ThirtyThree, 2, 33),
        ];
        for (svr, focus, length, taker, cycles) in table {
            let record = with_focus(platform, svr, focus, length);
            let found = taker_and_length(&record, picclk(1));
            assert_eq!(found, (vec![taker], picclk(cycles)), "{platform}: SVR {svr:X} {focus} {length}");
        }
    }
}

#[test]
fn own_10_later_parts_have_no_focus_processor() {
    // SDM vol. 3 §10.6.2.4; the chipset redirects by task priority, and the sender is done with its own transaction
    let record = with_focus(XAPIC, 0x1FF, FocusCycles::TwentyOne, LowestPriorityCycles::ThirtyFour);
    assert_eq!(taker_and_length(&record, bclk(1)), (vec![2], bclk(12)));
    assert_eq!(record.vectors(2), [0x61]);
}
