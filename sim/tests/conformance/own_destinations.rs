//! Cases no suite has: messages for nobody, broadcasts that one refuses, logical ids, both modes on one bus.

use crate::lab::Lab;
use crate::platform::{BUSES, Bus, I82489DX, P6, PENTIUM, Platform, X2APIC_MODE, X2APIC_PAGE, XAPIC};
use crate::record::{Record, picclk};
use crate::seat::{BUSY, FIXED, ICR, IRR, LDR, LOGICAL, START_UP, SVR, TO_OTHERS};
use sim::apic::{Mode, RECEIVE_ACCEPT_ERROR, SEND_ACCEPT_ERROR};
use sim::bus::AttemptOutcome;
use sim::{Ending, Generation, Time};

/// Who is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    PhysicalTarget,
    LogicalSet,
    SoftwareEnabledTarget,
}

/// CPU0 sends to nobody, and 50 µs later looks at its ICR and ESR; CPU1 looks at its own.
fn to_nobody(platform: Platform, missing: Missing, mode: u32) -> Record {
    let (destination, low) = match missing {
        Missing::PhysicalTarget => (9, mode),
        Missing::LogicalSet => (0x80, mode | LOGICAL),
        Missing::SoftwareEnabledTarget => (6, mode | LOGICAL),
    };
    let other = move |seat: &crate::seat::Seat<'_>| {
        if missing == Missing::SoftwareEnabledTarget {
            seat.write(SVR, 0xFF);
        }
        seat.delay_us(80);
        if platform != I82489DX {
            seat.note("errors", seat.errors());
        }
    };
    let lab = Lab::new(platform)
        .cpu(move |seat| {
            seat.delay_us(5);
            seat.post(destination, low);
            seat.delay_us(50);
            let busy = if seat.is_x2apic() { 0 } else { seat.read(ICR) & BUSY };
            seat.note("busy", busy);
            if platform != I82489DX {
                seat.note("errors", seat.errors());
            }
        })
        .cpu(other)
        .cpu(other);
    lab.run()
}

const MISSING: [Missing; 3] = [Missing::PhysicalTarget, Missing::LogicalSet, Missing::SoftwareEnabledTarget];

#[test]
fn own_05_on_the_serial_bus_a_message_for_nobody_is_sent_again_for_ever() {
    // SDM vol. 3 §10.7, 10.13.2.3 (accept error), 10.5.3 (ESR bits 2 and 3); every 21 cycles
    for platform in [I82489DX, PENTIUM, P6] {
        for missing in MISSING {
            let record = to_nobody(platform, missing, FIXED | 0x41);
            assert_eq!((record.values(0, "busy"), record.receivers(0x41)), (vec![u64::from(BUSY)], vec![]));
            assert!(matches!(record.outcome.ending, Ending::Proven(_)), "{platform} {missing:?}");
            let held = &record.outcome.undispatched[0].held;
            assert_eq!((held.last, held.attempt_period), (Some(AttemptOutcome::AcceptError), Some(picclk(21))));
            if platform != I82489DX {
                assert_eq!(record.values(0, "errors"), [u64::from(SEND_ACCEPT_ERROR)], "{platform} {missing:?}");
                assert_eq!(record.values(1, "errors"), [u64::from(RECEIVE_ACCEPT_ERROR)], "{platform} {missing:?}");
            }
        }
    }
}

#[test]
fn own_05_elsewhere_a_message_for_nobody_is_done_at_once() {
    // No target answers on a parallel bus, and there are no accept errors (SDM vol. 3 §10.5.3)
    for platform in BUSES.into_iter().chain(X2APIC_MODE).filter(|platform| platform.bus != Bus::Serial) {
        for missing in MISSING {
            let record = to_nobody(platform, missing, FIXED | 0x41);
            assert_eq!((record.values(0, "busy"), record.dispatched().len()), (vec![0], 1), "{platform} {missing:?}");
            assert_eq!((record.vectors(1), record.vectors(2)), (vec![], vec![]));
            for cpu in 0..3 {
                assert_eq!(record.values(cpu, "errors"), [0], "{platform} {missing:?}");
            }
        }
    }
}

#[test]
fn own_05_a_start_up_message_for_nobody_is_tried_once() {
    // SDM vol. 3 §10.6.1: not retried by hardware; the accept error tells (MP specification B-4)
    for platform in [PENTIUM, P6] {
        let record = to_nobody(platform, Missing::PhysicalTarget, START_UP | 0x10);
        assert_eq!(record.values(0, "busy"), [0]);
        assert_eq!(record.values(0, "errors"), [u64::from(SEND_ACCEPT_ERROR)]);
        let attempts: Vec<_> = record.attempts(0x10).iter().map(|run| (run.0, run.1)).collect();
        assert_eq!(attempts, [(AttemptOutcome::AcceptError, 1)]);
    }
}

/// CPU2 has two vectors of class F requested and interrupts off until 60 µs; CPU0 broadcasts a third at 30 µs.
fn broadcast_with_one_full(platform: Platform) -> Record {
    let lab = Lab::new(platform)
        .cpu(|seat| {
            for vector in [0xFB, 0xFD] {
                seat.send(2, FIXED | vector);
                seat.settle();
            }
            seat.sleep_until(Time::from_us(30));
            seat.send(0, TO_OTHERS | 0xFC);
            seat.wait_until_idle();
        })
        .sleeper()
        .cpu(|seat| {
            seat.sleep_until(Time::from_us(60));
            seat.note("before", seat.vectors(IRR).len() as u64);
            seat.irq_restore(true);
        })
        .masked();
    lab.run()
}

#[test]
fn own_06_a_broadcast_that_one_refuses_is_taken_by_nobody() {
    // SDM vol. 3 fig. 10-17: the combined status is Retry, and all discard; then all take it at one instant
    for platform in [PENTIUM, P6] {
        let record = broadcast_with_one_full(platform);
        assert_eq!(record.values(2, "before"), [2], "refused so far");
        let taken: Vec<_> = record.deliveries().into_iter().filter(|(_, _, m)| m.vector == 0xFC).collect();
        assert_eq!(taken.iter().map(|taken| taken.1).collect::<Vec<_>>(), [1, 2]);
        assert!(taken[0].0 == taken[1].0 && taken[0].0 > Time::from_us(60), "{platform}: {}", taken[0].0);
        assert_eq!((record.vectors(0), record.vectors(1)), (vec![], vec![0xFC]));
        let mut full = record.vectors(2);
        full.sort_unstable();
        assert_eq!(full, [0xFB, 0xFC, 0xFD]);
    }
}

#[test]
fn own_06_on_a_parallel_bus_nobody_refuses() {
    // SDM vol. 3 fig. 10-16, §10.8.4
    for platform in BUSES.into_iter().chain(X2APIC_MODE).filter(|platform| platform.bus != Bus::Serial) {
        let record = broadcast_with_one_full(platform);
        assert_eq!(record.values(2, "before"), [3]);
        assert_eq!((record.vectors(1), record.vectors(2)), (vec![0xFC], vec![0xFD, 0xFC, 0xFB]), "{platform}");
        assert!(record.deliveries().iter().all(|delivery| delivery.0 < Time::from_us(35)));
    }
}

#[test]
fn own_13_logical_ids_in_x2apic_mode() {
    // SDM vol. 3 §10.12.10.2: id bits 31:4 in bits 31:16, one of 16 bits below; and each is addressed by it
    const IDS: [(u32, u32); 7] = [
        (0, 0x0000_0001),
        (15, 0x0000_8000),
        (16, 0x0001_0001),
        (31, 0x0001_8000),
        (255, 0x000F_8000),
        (256, 0x0010_0001),
        (0xF_FFEF, 0xFFFE_8000),
    ];
    for platform in X2APIC_MODE {
        let sender = Lab::new(platform).cpu(|seat| {
            for (vector, (_, logical)) in (0x31..).zip(IDS) {
                seat.send(logical, FIXED | LOGICAL | vector);
                seat.settle();
            }
        });
        // The sender has an id of its own, of another cluster.
        let lab = IDS.into_iter().fold(sender.with(|cpu| cpu.apic_id = 0x100_0000), |lab, (id, logical)| {
            lab.endless(move |seat| {
                assert_eq!(seat.read(LDR), logical, "id {id:X}");
                seat.idle();
            })
            .with(|cpu| cpu.apic_id = id)
        });
        let record = lab.run();
        let expected: Vec<Vec<u8>> = (0x31..0x38).map(|vector| vec![vector]).collect();
        assert_eq!(record.all_vectors()[1..], expected);
    }
}

#[test]
fn own_13_a_logical_id_is_derived_when_the_mode_is_entered() {
    // SDM vol. 3 §10.12.10.2, 10.12.5.1: what software wrote before is gone
    let lab = Lab::new(X2APIC_PAGE)
        .cpu(|seat| {
            seat.write(LDR, 0xAB00_0000);
            seat.change_mode(Mode::X2Apic);
            assert_eq!(seat.read(LDR), 0x0001_8000);
        })
        .with(|cpu| cpu.apic_id = 31);
    lab.run();
}

/// Four CPUs: 0 and 1 use the page, 2 and 3 x2APIC mode. Who gets each broadcast of `sender`?
fn mixed_broadcasts(bus: Bus, sender: usize) -> Vec<(&'static str, Vec<u16>)> {
    const BROADCASTS: [(&str, u32, u32); 6] = [
        ("all", 0, 0x8_4000),
        ("others", 0, 0xC_4000),
        ("physical, all ones", u32::MAX, FIXED),
        ("physical FF", 0xFF, FIXED),
        ("logical, all ones", u32::MAX, FIXED | LOGICAL),
        ("logical FF", 0xFF, FIXED | LOGICAL),
    ];
    let platform = Platform { generation: Generation::X2Apic, bus, mode: Mode::XApic };
    let lab = (0..4).fold(Lab::new(platform), |lab, cpu| {
        let lab = if cpu == sender {
            lab.cpu(|seat| {
                for (vector, (_, destination, low)) in (0x31..).zip(BROADCASTS) {
                    seat.send(destination, low | vector);
                    seat.settle();
                }
            })
        } else {
            lab.sleeper()
        };
        lab.with(|settings| settings.apic.mode = if cpu < 2 { Mode::XApic } else { Mode::X2Apic })
    });
    let record = lab.run();
    (0x31..).zip(BROADCASTS).map(|(vector, (name, ..))| (name, record.receivers(vector))).collect()
}

#[test]
fn own_14_broadcasts_between_both_modes() {
    // Shorthands reach everybody. The manual does not describe the mixture; here each receiver reads a destination by the
    // section on its own mode (SDM vol. 3 §10.6.2.1, 10.12.9): FFH is everybody for the page, an id, or a logical set of cluster 0, for x2APIC mode; FFFF FFFFH, which
    // only x2APIC mode can send, is everybody for both
    for bus in [Bus::FrontSide, Bus::Ideal] {
        for sender in [0, 1] {
            let others = (0..4).filter(|&cpu| cpu != sender).collect::<Vec<u16>>();
            let expected = [
                ("all", vec![0, 1, 2, 3]),
                ("others", others),
                ("physical, all ones", vec![0, 1]), // eight bits of ones: FFH
                ("physical FF", vec![0, 1]),
                ("logical, all ones", vec![0, 1, 2, 3]), // logical ids 4 and 8 of cluster 0 are in FFH
                ("logical FF", vec![0, 1, 2, 3]),
            ];
            assert_eq!(mixed_broadcasts(bus, usize::from(sender)), expected, "CPU{sender} on {bus:?}");
        }
        for sender in [2, 3] {
            let others = (0..4).filter(|&cpu| cpu != sender).collect::<Vec<u16>>();
            let expected = [
                ("all", vec![0, 1, 2, 3]),
                ("others", others),
                ("physical, all ones", vec![0, 1, 2, 3]),
                ("physical FF", vec![0, 1]),
                ("logical, all ones", vec![0, 1, 2, 3]),
                ("logical FF", vec![0, 1, 2, 3]),
            ];
            assert_eq!(mixed_broadcasts(bus, usize::from(sender)), expected, "CPU{sender} on {bus:?}");
        }
    }
}

#[test]
fn own_14_a_broadcast_leaves_out_who_is_globally_disabled() {
    // SDM vol. 3 §10.4.3
    for platform in [P6, XAPIC] {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.delay_us(5);
                seat.send(0, 0x8_4031);
                seat.settle();
            })
            .sleeper()
            .endless(|seat| {
                seat.change_mode(Mode::Disabled);
                seat.idle();
            });
        assert_eq!(lab.run().receivers(0x31), [0, 1]);
    }
}
