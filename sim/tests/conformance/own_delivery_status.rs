//! Cases no suite has: delivery status (SDM vol. 3 §10.6.1) on each bus, and writes of the ICR while it is busy.

use crate::lab::{Lab, name};
use crate::platform::{
    BUSES, Bus, I82489DX, P6, PAGES, PENTIUM, Platform, X2APIC_MODE, X2APIC_PAGE, XAPIC, XAPIC_IDEAL,
};
use crate::record::{Record, bclk, edge_after, picclk};
use crate::seat::{BUSY, FIXED, ICR, ICR_HIGH, NMI, TO_SELF};
use sim::bus::{AttemptOutcome, FrontSideBus, SerialBus};
use sim::{BusyClear, ClockDomain, Ending, IcrWriteWhileBusy, Time};

/// CPU0 sends `low` to CPU1 and reads its ICR 60 times; each read is noted.
fn polled_send(platform: Platform, busy_clear: BusyClear, low: u32) -> Record {
    let lab = Lab::new(platform)
        .knobs(|knobs| knobs.busy_clear = busy_clear)
        .cpu(move |seat| {
            seat.post(1, low);
            (0..60).for_each(|_| seat.note("busy", seat.read(ICR) & BUSY));
        })
        .sleeper();
    lab.run()
}

/// The bit reads 1 from the write up to `end`, and 0 from then on.
fn assert_busy_until(record: &Record, end: Time) {
    let reads = record.notes(0, "busy");
    for &(at, busy) in &reads {
        assert_eq!(busy != 0, at < end, "read at {at}, idle from {end}");
    }
    assert!(reads[0].1 != 0 && reads[59].1 == 0, "both were seen");
}

#[test]
fn own_01_busy_on_the_serial_bus_ends_with_the_message_or_its_status() {
    // SDM vol. 3 §10.13.2: a message of 21 cycles that begins at the first PICCLK edge after the write; knob `busy_clear`
    for platform in [I82489DX, PENTIUM, P6] {
        for (busy_clear, cycles) in [(BusyClear::EndOfMessage, 21), (BusyClear::StatusCycle, 20)] {
            for low in [FIXED | 0x41, NMI] {
                let record = polled_send(platform, busy_clear, low);
                let first = edge_after(record.sent()[0].0, picclk(1));
                assert_eq!(record.deliveries()[0].0, first + picclk(20), "taken in the second status cycle");
                assert_eq!(record.dispatched()[0].0, first + picclk(cycles));
                assert_busy_until(&record, first + picclk(cycles));
            }
        }
    }
}

#[test]
fn own_01_busy_on_the_front_side_bus_lasts_a_transaction() {
    // 12 BCLK from the grant in the first cycle after the write to the response
    for platform in [XAPIC, X2APIC_PAGE] {
        for busy_clear in [BusyClear::EndOfMessage, BusyClear::StatusCycle] {
            let record = polled_send(platform, busy_clear, FIXED | 0x41);
            let end = edge_after(record.sent()[0].0, bclk(1)) + bclk(12);
            assert_eq!((record.deliveries()[0].0, record.dispatched()[0].0), (end, end));
            assert_busy_until(&record, end);
        }
    }
}

#[test]
fn own_01_busy_is_never_seen_on_the_ideal_bus_or_in_x2apic_mode() {
    // What hypervisors do; SDM vol. 3 §10.12.9: the bit does not exist
    for platform in [XAPIC_IDEAL].into_iter().chain(X2APIC_MODE) {
        let record = polled_send(platform, BusyClear::EndOfMessage, FIXED | 0x41);
        assert_eq!(record.values(0, "busy"), [0; 60]);
        assert_eq!(record.vectors(1), [0x41]);
    }
}

/// CPU0 writes three commands to CPU1, the second `gap` core cycles after the first; then it waits.
fn three_writes(platform: Platform, rule: IcrWriteWhileBusy, gap: u64) -> Lab {
    let lab = Lab::new(platform).knobs(|knobs| knobs.icr_write_while_busy = rule).cpu(move |seat| {
        seat.post(1, FIXED | 0x41);
        seat.delay_cycles(gap);
        seat.post(1, FIXED | 0x51);
        seat.post(1, FIXED | 0x61);
        seat.wait_until_idle();
        seat.note("idle", 0_u32);
    });
    lab.sleeper()
}

/// Buses so slow that all three writes come within one cycle of the serial bus, or one transaction.
fn on_slow_bus(lab: Lab, platform: Platform) -> Lab {
    match platform.bus {
        Bus::Serial => {
            lab.bus(|| SerialBus::new(&[0, 1, 14]).expect("three ids").with_clock(ClockDomain::new(500_000, 1)))
        }
        _ => lab.bus(|| FrontSideBus::new().with_timing(ClockDomain::new(100_000, 1), 12)),
    }
}

#[test]
fn own_02_a_write_while_busy_follows_each_policy() {
    // Knob `icr_write_while_busy`; the first message still waits for its edge, or is on its way
    use IcrWriteWhileBusy::{Drop, Queue, Replace, Stall};
    let table: [(_, u64, _, &[u8]); 13] = [
        (P6, 0, Replace, &[0x61]),
        (P6, 0, Drop, &[0x41]),
        (P6, 0, Queue, &[0x41, 0x61]),
        (P6, 0, Stall, &[0x41, 0x51, 0x61]),
        (P6, 500, Replace, &[0x41, 0x61]),
        (P6, 500, Drop, &[0x41]),
        (P6, 500, Queue, &[0x41, 0x61]),
        (P6, 500, Stall, &[0x41, 0x51, 0x61]),
        (PENTIUM, 100, Replace, &[0x41, 0x61]),
        (XAPIC, 240, Replace, &[0x41, 0x61]),
        (XAPIC, 240, Drop, &[0x41]),
        (XAPIC, 240, Queue, &[0x41, 0x61]),
        (XAPIC, 240, Stall, &[0x41, 0x51, 0x61]),
    ];
    for (platform, gap, rule, expected) in table {
        let record = on_slow_bus(three_writes(platform, rule, gap), platform).run();
        assert_eq!(record.vectors(1), expected, "{platform}, gap {gap}, {rule}");
        let (idle, last) = (record.notes(0, "idle")[0].0, record.dispatched().pop().expect("something is sent").0);
        let read = u64::from(platform.generation.costs().register_read);
        let read = platform.generation.core_clock().span(read + 1);
        assert!(idle >= last && idle.since(last) <= read, "busy throughout: idle seen at {idle}, done at {last}");
    }
}

#[test]
fn own_02_without_a_delivery_status_no_message_is_lost() {
    // SDM vol. 3 §10.12.9: in x2APIC mode software need not look, whatever the knob says; so on the ideal bus
    use IcrWriteWhileBusy::{Drop, Queue, Replace, Stall};
    for platform in [XAPIC_IDEAL].into_iter().chain(X2APIC_MODE) {
        for rule in [Replace, Drop, Queue, Stall] {
            let mut taken = three_writes(platform, rule, 0).run().vectors(1);
            taken.sort_unstable();
            assert_eq!(taken, [0x41, 0x51, 0x61], "{platform} {rule}");
        }
    }
}

#[test]
fn own_03_icr_high_written_while_busy_changes_no_message() {
    // The destination is latched when ICR low is written
    use IcrWriteWhileBusy::{Drop, Queue, Replace, Stall};
    for platform in [I82489DX, PENTIUM, P6, XAPIC, X2APIC_PAGE] {
        for rule in [Replace, Drop, Queue, Stall] {
            let lab = Lab::new(platform)
                .knobs(|knobs| knobs.icr_write_while_busy = rule)
                .cpu(|seat| {
                    seat.post(1, FIXED | 0x41);
                    seat.write(ICR_HIGH, 2 << 24);
                    assert_ne!(seat.read(ICR) & BUSY, 0);
                    assert_eq!(seat.read(ICR_HIGH), 2 << 24, "the register takes it all the same");
                    seat.wait_until_idle();
                    seat.write(ICR, FIXED | 0x51);
                    seat.settle();
                })
                .sleepers(2);
            // A stalled bus, so that it is busy long enough
            let lab = if platform.bus == Bus::FrontSide { lab.bus(|| stalled_until(Time::from_us(3))) } else { lab };
            assert_eq!(lab.run().all_vectors(), [vec![], vec![0x41], vec![0x51]], "{platform} {rule}");
        }
    }
}

/// A front-side bus on which nothing completes before `until`.
fn stalled_until(until: Time) -> FrontSideBus {
    let mut bus = FrontSideBus::new();
    bus.stall(Time::ZERO, Some(until));
    bus
}

#[test]
fn own_03_a_queued_message_keeps_its_destination() {
    for platform in [PENTIUM, P6, XAPIC] {
        let lab = Lab::new(platform)
            .knobs(|knobs| knobs.icr_write_while_busy = IcrWriteWhileBusy::Queue)
            .cpu(|seat| {
                seat.post(1, FIXED | 0x41);
                seat.post(2, FIXED | 0x51);
                seat.write(ICR_HIGH, 3 << 24);
                seat.wait_until_idle();
                seat.settle();
            })
            .sleepers(3);
        assert_eq!(lab.run().all_vectors(), [vec![], vec![0x41], vec![0x51], vec![]], "{platform}");
    }
}

#[test]
fn own_04_bit_12_written_as_1_makes_nothing_busy() {
    // It is read-only (SDM vol. 3 §10.6.1): no target but the sender, a reserved mode, an illegal vector, which is sent
    // (§10.5.3)
    for platform in PAGES {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.send(0, TO_SELF | BUSY | 0x41);
            seat.settle();
            assert_eq!((seat.read(ICR), seat.taken()), (TO_SELF | 0x41, vec![0x41]));
            seat.write(ICR, BUSY | FIXED | 0x700);
            assert_eq!(seat.read(ICR) & BUSY, 0, "ExtINT is not sent");
            seat.write(ICR, BUSY | FIXED | 0x0F);
            seat.settle();
            assert_eq!((seat.read(ICR) & BUSY, seat.errors()), (0, 0x60));
        });
        assert_eq!(lab.run().sent().len(), 2);
    }
}

#[test]
fn own_04_bit_12_does_not_change_what_an_absent_target_does() {
    for platform in BUSES {
        let run = |low: u32| {
            let lab = Lab::new(platform).cpu(move |seat| {
                seat.write(ICR_HIGH, 9 << 24);
                seat.write(ICR, low);
                seat.delay_us(50);
                seat.note("busy", seat.read(ICR) & BUSY);
            });
            lab.run()
        };
        let (plain, with_bit) = (run(FIXED | 0x41), run(FIXED | BUSY | 0x41));
        let serial = platform.bus == Bus::Serial;
        for record in [&plain, &with_bit] {
            assert_eq!(record.values(0, "busy"), [if serial { u64::from(BUSY) } else { 0 }], "{platform}");
            assert!(matches!(record.outcome.ending, Ending::Proven(_)));
        }
        assert_eq!(plain.attempts(0x41), with_bit.attempts(0x41));
        assert!(plain.attempts(0x41).iter().all(|run| run.0 == AttemptOutcome::AcceptError));
        let names = |record: &Record| record.dispatched().iter().map(|(at, m)| (*at, name(m))).collect::<Vec<_>>();
        assert_eq!(names(&plain), names(&with_bit));
    }
}
