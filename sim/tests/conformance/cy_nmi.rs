//! Cyberus guest-tests, which also run on bare metal: NMIs and external interrupts (CY-06 to CY-10).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, Platform};
use crate::seat::{Entry, LVT_LINT0, LVT_LINT1, NMI, Seat, TO_SELF};
use sim::apic::LocalSource;
use sim::{InvalidShorthand, LocalEvent, Time};

#[test]
fn cy_06_nmi_against_the_interrupt_flag() {
    // The second NMI comes after the IRET of the fixed interrupt's handler: any IRET unblocks NMIs (SDM vol. 3 §6.7.1), so
    // it is still inside the first one's
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41); // waits: interrupts are off
                seat.send(0, NMI);
                seat.settle();
                seat.delay_us(50);
            })
            .masked()
            .on_nmi(|seat| {
                if seat.nmis() == 1 {
                    seat.send(0, NMI);
                    seat.settle();
                    seat.open_for_a_while();
                    seat.note("left", 0_u64);
                }
            });
        let entries = lab.run().entries(0);
        let order = [Entry::Nmi, Entry::Interrupt(0x41), Entry::Nmi, Entry::Note("left", 0)];
        assert_eq!(entries, order, "{platform}");
    }
}

#[test]
fn cy_07_one_more_nmi_after_the_handler() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send(0, NMI);
                seat.settle();
                seat.delay_us(50);
            })
            .on_nmi(|seat| {
                if seat.nmis() == 1 {
                    seat.send(0, NMI);
                    seat.delay_us(10);
                    assert_eq!(seat.nmis(), 1);
                }
            });
        assert_eq!(lab.run().count(0, Entry::Nmi), 2, "{platform}");
    }
}

#[test]
fn cy_08_an_nmi_by_self_shorthand_is_invalid() {
    // [G] knob invalid_shorthand; SDM vol. 3 tables 10-3 and 10-4
    for (rule, count) in [(InvalidShorthand::Ignored, 0), (InvalidShorthand::Delivered, 1)] {
        for platform in INTEGRATED {
            let lab = Lab::new(platform).knobs(move |knobs| knobs.invalid_shorthand = rule).cpu(|seat| {
                seat.send(0, TO_SELF | 0x400);
                seat.settle();
            });
            assert_eq!(lab.run().count(0, Entry::Nmi), count, "{platform} {rule}");
        }
    }
}

/// What CPU 0 did. LINT0 delivers external interrupts (ExtINT), pin goes high at 50 µs; a fixed interrupt and an external
/// one whose handlers spend 40 µs each, `open` with interrupts on.
fn external_and_fixed(
    platform: Platform,
    fixed: u8,
    open: bool,
    code: impl Fn(&Seat<'_>) + Send + Sync + 'static,
) -> Vec<Entry> {
    let pin = LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high: true, vector: EXTERNAL });
    let lab = Lab::new(platform)
        .cpu(move |seat| {
            seat.write(LVT_LINT0, 0x700);
            code(seat);
        })
        .masked()
        .event(Time::from_us(50), pin)
        .on_interrupt(move |seat, vector| {
            assert_eq!(seat.services(vector), vector == fixed, "the controller's interrupt is not in service here");
            seat.irq_restore(open);
            seat.delay_us(40);
            seat.irq_save();
            seat.note("leaves", vector);
            if vector == fixed {
                seat.eoi();
            }
        });
    lab.run().entries(0)
}

const EXTERNAL: u8 = 0x22;

#[test]
fn cy_09_external_interrupts_and_fixed_ones() {
    // An external interrupt has no priority here: with interrupts on it is taken inside any handler, and any inside its own
    let (external, leaves_external) = (Entry::Interrupt(EXTERNAL), Entry::Note("leaves", u64::from(EXTERNAL)));
    for platform in INTEGRATED {
        for fixed in [0x41_u8, 0xF1] {
            let (taken, leaves) = (Entry::Interrupt(fixed), Entry::Note("leaves", u64::from(fixed)));
            // the external one comes at 50 µs, 30 µs into the handler of the fixed one, which has interrupts off, then on
            for (open, order) in [
                (false, [taken, leaves, external, leaves_external]),
                (true, [taken, external, leaves_external, leaves]),
            ] {
                let during_fixed = external_and_fixed(platform, fixed, open, move |seat| {
                    seat.delay_us(10);
                    seat.send_self(fixed);
                    seat.irq_restore(true);
                    seat.delay_us(200);
                });
                assert_eq!(during_fixed, order, "{platform}, {fixed:02X}");
            }
            // both wait while interrupts are off
            let together = external_and_fixed(platform, fixed, false, move |seat| {
                seat.send_self(fixed);
                seat.delay_us(60);
                assert!(seat.taken().is_empty());
                seat.irq_restore(true);
                seat.delay_us(200);
            });
            assert_eq!(together.len(), 4, "{platform}: {together:?}");
            assert!([taken, leaves, external, leaves_external].iter().all(|entry| together.contains(entry)));
        }
    }
}

#[test]
fn cy_09_fixed_during_an_external_interrupt() {
    let (external, leaves_external) = (Entry::Interrupt(EXTERNAL), Entry::Note("leaves", u64::from(EXTERNAL)));
    for platform in INTEGRATED {
        let (taken, leaves) = (Entry::Interrupt(0x41), Entry::Note("leaves", 0x41));
        for (open, order) in
            [(false, [external, leaves_external, taken, leaves]), (true, [external, taken, leaves, leaves_external])]
        {
            let pin = LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high: true, vector: EXTERNAL });
            let lab = Lab::new(platform)
                .cpu(|seat| {
                    seat.write(LVT_LINT0, 0x700);
                    seat.delay_us(200);
                })
                .event(Time::from_us(50), pin)
                .on_interrupt(move |seat, vector| {
                    if vector == EXTERNAL {
                        seat.send_self(0x41);
                    }
                    seat.irq_restore(open);
                    seat.delay_us(20);
                    seat.irq_save();
                    seat.note("leaves", vector);
                    if vector == 0x41 {
                        seat.eoi();
                    }
                });
            assert_eq!(lab.run().entries(0), order, "{platform}");
        }
    }
}

#[test]
fn cy_09_nmi_and_fixed_together() {
    // Both come while the CPU is in an operation; at its end the NMI goes first (SDM vol. 3 §6.9)
    let pin = |pin| LocalEvent::Interrupt(LocalSource::Lint { pin, high: true, vector: 0 });
    for platform in INTEGRATED {
        let both = Time::from_us(50);
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.write(LVT_LINT0, 0x41);
                seat.write(LVT_LINT1, 0x400);
                seat.delay_us(200);
            })
            .event(both, pin(0))
            .event(both, pin(1));
        assert_eq!(lab.run().entries(0), [Entry::Nmi, Entry::Interrupt(0x41)], "{platform}");
    }
}

#[test]
fn cy_10_many_nmis_lose_no_liveness() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send(0, NMI);
                while seat.nmis() < 300 {
                    seat.delay_us(1);
                }
            })
            .on_nmi(|seat| {
                if seat.nmis() < 300 {
                    seat.post(0, NMI);
                    seat.delay_us(2);
                }
            })
            .cpu(|seat| {
                for _ in 0..100 {
                    seat.send(0, NMI);
                    seat.delay_us(5);
                }
            });
        assert!(lab.run().count(0, Entry::Nmi) >= 300, "{platform}");
    }
}
