//! Cases no suite has: NMIs to a CPU that is inside its NMI handler (SDM vol. 3 §6.7.1).

use crate::lab::Lab;
use crate::platform::{Bus, I82489DX, INTEGRATED, P6, PENTIUM, Platform, XAPIC, XAPIC_IDEAL};
use crate::record::Record;
use crate::seat::{Entry, FIXED, NMI};
use sim::{NmiWhenPending, Time};

/// CPU0 sends `nmis` NMIs, one after another; the first handler of CPU1 lasts 200 µs.
fn nmis(platform: Platform, rule: NmiWhenPending, nmis: usize) -> Record {
    let lab = Lab::new(platform)
        .knobs(|knobs| knobs.nmi_when_pending = rule)
        .cpu(move |seat| {
            for _ in 0..nmis {
                seat.send(1, NMI);
                seat.wait_until_idle();
                seat.delay_us(5);
            }
            seat.note("sent", nmis as u64);
        })
        .sleeper()
        .on_nmi(|seat| {
            if seat.nmis() == 1 {
                seat.delay_us(200);
            }
            seat.note("left", 0_u32);
        });
    lab.run()
}

#[test]
fn own_07_one_nmi_is_latched_and_more_collapse() {
    // SDM vol. 3 §6.7.1, fig. 10-17: the bus accepts them all
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        for (sent, runs) in [(1, 1), (2, 2), (3, 2), (4, 2), (12, 2)] {
            let record = nmis(platform, NmiWhenPending::Collapse, sent);
            assert_eq!(record.count(1, Entry::Nmi), runs, "{platform}: {sent} NMIs");
            assert!(sent > 12 || record.notes(0, "sent")[0].0 < Time::from_us(200), "no send waits for the handler");
            let order: Vec<Entry> = record.entries(1);
            assert_eq!(order, [Entry::Nmi, Entry::Note("left", 0)].repeat(runs), "handlers do not nest");
        }
    }
}

#[test]
fn own_07_where_a_full_latch_refuses_none_is_lost() {
    // The retry row of the status table (SDM vol. 3 §10.13.2.3; knob `nmi_when_pending`), on the serial bus only
    for platform in [PENTIUM, P6] {
        for sent in 1..=5 {
            let record = nmis(platform, NmiWhenPending::Retry, sent);
            assert_eq!(record.count(1, Entry::Nmi), sent, "{platform}: {sent} NMIs");
            let waited = record.notes(0, "sent")[0].0 > Time::from_us(200);
            assert_eq!(waited, sent > 2, "the third waits for the IRET of the first");
        }
    }
    for platform in [XAPIC, XAPIC_IDEAL] {
        assert_ne!(platform.bus, Bus::Serial);
        let record = nmis(platform, NmiWhenPending::Retry, 5);
        assert_eq!(record.count(1, Entry::Nmi), 2, "nothing is refused there");
    }
}

#[test]
fn own_07_the_latch_is_free_again_when_the_second_handler_runs() {
    // First in service, second latched, third collapses; the fourth comes while the second is in service, and is latched
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for at in [10, 20, 30, 130] {
                    seat.sleep_until(Time::from_us(at));
                    seat.send(1, NMI);
                }
                seat.settle();
            })
            .sleeper()
            .on_nmi(|seat| seat.delay_us(100));
        assert_eq!(lab.run().count(1, Entry::Nmi), 3, "{platform}");
    }
}

#[test]
fn own_07_any_iret_unblocks_nmis() {
    // SDM vol. 3 §6.7.1: until the next IRET, whichever. The first handler lets in a fixed interrupt; after the IRET of
    // that, the latched NMI is taken inside the first one's handler
    for platform in [P6, XAPIC, XAPIC_IDEAL] {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for low in [NMI, FIXED | 0x41, NMI] {
                    seat.send(1, low);
                    seat.settle();
                }
            })
            .sleeper()
            .on_nmi(|seat| {
                seat.note("entered", 0_u32);
                if seat.nmis() == 1 {
                    seat.delay_us(100);
                    seat.irq_restore(true);
                    seat.pause();
                    seat.irq_save();
                }
                seat.note("left", 0_u32);
            });
        let (entered, left) = (Entry::Note("entered", 0), Entry::Note("left", 0));
        let expected = [Entry::Nmi, entered, Entry::Interrupt(0x41), Entry::Nmi, entered, left, left];
        assert_eq!(lab.run().entries(1), expected, "{platform}");
    }
}
