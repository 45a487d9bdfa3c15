//! Cyberus guest-tests, which also run on bare metal (CY-01 to CY-14).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, P6, Platform, X2APIC_IDEAL, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{
    Entry, FIXED, LDR, LVT_LINT0, LVT_PERFORMANCE, LVT_TIMER, NMI, PPR, SVR, Seat, TDCR, TMICT, TO_SELF, TPR,
};
use crate::seat::{LVT_ERROR, LVT_LINT1, TSC, TSC_DEADLINE};
use sim::apic::{GeneralProtection, LocalSource, Mode};
use sim::{InvalidShorthand, LocalEvent, Slots, Time};

/// All vectors wait; a P6 takes them all by the manual's slot rule.
fn all_pending(platform: Platform, by_shorthand: bool, code: impl Fn(&Seat<'_>) + Send + Sync + 'static) -> Vec<u8> {
    let lab = Lab::new(platform)
        .knobs(|knobs| knobs.slots = Slots::PerVector)
        .cpu(move |seat| {
            for vector in 32..=255_u32 {
                seat.send(0, if by_shorthand { TO_SELF | vector } else { FIXED | vector });
            }
            seat.delay_us(100); // in x2APIC mode nothing waits for the bus
            code(seat);
        })
        .masked();
    lab.run().vectors(0)
}

#[test]
fn cy_01_vectors_come_in_descending_order() {
    for platform in INTEGRATED {
        for by_shorthand in [true, false] {
            let taken = all_pending(platform, by_shorthand, |seat| {
                seat.irq_restore(true);
                seat.delay_us(2_000);
            });
            assert_eq!(taken, (32..=255).rev().collect::<Vec<u8>>(), "{platform}");
        }
    }
}

#[test]
fn cy_02_tpr_lets_higher_classes_through() {
    for platform in [P6, XAPIC, X2APIC_IDEAL] {
        all_pending(platform, true, |seat| {
            for class in (2..=0xE_u8).rev() {
                seat.write(TPR, u32::from(class) << 4);
                seat.irq_restore(true);
                seat.delay_us(300);
                seat.irq_save();
                assert!(seat.taken().iter().all(|vector| vector >> 4 > class), "class {class:X}");
                assert_eq!(seat.taken().len(), usize::from(0xF - class) * 16, "class {class:X}");
            }
            seat.write(TPR, 0);
            seat.irq_restore(true);
            seat.delay_us(300);
            assert_eq!(seat.taken().len(), 224);
        });
    }
}

#[test]
fn cy_03_tpr_f_blocks_everything() {
    for platform in [XAPIC, X2APIC_PAGE, X2APIC_IDEAL] {
        for by_cr8 in [true, false] {
            let lab = Lab::new(platform).cpu(move |seat| {
                let set =
                    |class: u8| if by_cr8 { seat.write_cr8(class) } else { seat.write(TPR, u32::from(class) << 4) };
                set(0xF);
                seat.send_self(255);
                assert!(seat.taken().is_empty());
                set(0);
                seat.delay_us(5);
                assert_eq!(seat.taken(), [255]);
            });
            lab.run();
        }
    }
}

#[test]
fn cy_04_ppr_in_the_handler() {
    // SDM vol. 3 §10.8.3.1
    for platform in [P6, XAPIC_IDEAL, X2APIC_IDEAL] {
        for vector in [0x31_u8, 0x5A, 0xF7] {
            let lab = Lab::new(platform).cpu(move |seat| seat.send_self(vector)).on_interrupt(move |seat, vector| {
                for tpr in (0..=0xFF_u32).step_by(9) {
                    seat.write(TPR, tpr);
                    let ppr = seat.read(PPR);
                    let (class, own) = (tpr >> 4, u32::from(vector >> 4));
                    assert_eq!(ppr >> 4, class.max(own), "TPR {tpr:02X}");
                    let sub_classes = match class.cmp(&own) {
                        std::cmp::Ordering::Greater => vec![tpr & 0xF],
                        std::cmp::Ordering::Less => vec![0],
                        std::cmp::Ordering::Equal => vec![tpr & 0xF, 0],
                    };
                    assert!(sub_classes.contains(&(ppr & 0xF)), "TPR {tpr:02X}: PPR {ppr:02X}");
                }
                seat.write(TPR, 0);
                seat.eoi();
            });
            lab.run();
        }
    }
}

#[test]
fn cy_05_tpr_changes_inside_handlers() {
    for platform in [P6, XAPIC_IDEAL, X2APIC_IDEAL] {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                [0xF0, 0xE0, 0xD0].into_iter().for_each(|vector| seat.send_self(vector));
                seat.write(TPR, 0xE0);
                seat.open_for_a_while();
                assert_eq!(seat.taken(), [0xF0], "E0 and D0 are masked");
                seat.write(TPR, 0);
                seat.open_for_a_while();
            })
            .masked()
            .on_interrupt(|seat, vector| {
                assert_eq!(seat.read(PPR) & 0xF0, u32::from(vector & 0xF0).max(seat.read(TPR) & 0xF0));
                seat.eoi();
            });
        assert_eq!(lab.run().vectors(0), [0xF0, 0xE0, 0xD0]);
    }
}

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
        for platform in [P6, XAPIC, X2APIC_IDEAL] {
            let lab = Lab::new(platform).knobs(move |knobs| knobs.invalid_shorthand = rule).cpu(|seat| {
                seat.send(0, TO_SELF | 0x400);
                seat.settle();
            });
            assert_eq!(lab.run().count(0, Entry::Nmi), count, "{platform} {rule}");
        }
    }
}

#[test]
fn cy_09_external_interrupts_and_fixed_ones() {
    // ExtINT through LINT0 while a fixed one is served, the other way round, and both at once; NMI and fixed together
    for platform in [P6, XAPIC_IDEAL, X2APIC_IDEAL] {
        let pin = |high| LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high, vector: 0x22 });
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.write(LVT_LINT0, 0x700);
                seat.delay_us(20);
                seat.send_self(0x41);
                seat.send(0, NMI);
                seat.settle();
                seat.open_for_a_while();
                seat.open_for_a_while();
            })
            .masked()
            .event(Time::from_us(10), pin(true))
            .on_interrupt(|seat, vector| {
                if seat.services(vector) {
                    seat.eoi();
                }
            });
        let entries = lab.run().entries(0);
        for wanted in [Entry::Nmi, Entry::Interrupt(0x41), Entry::Interrupt(0x22)] {
            assert_eq!(entries.iter().filter(|entry| **entry == wanted).count(), 1, "{platform}: {entries:?}");
        }
    }
}

#[test]
fn cy_10_many_nmis_lose_no_liveness() {
    for platform in [P6, XAPIC, X2APIC_IDEAL] {
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

#[test]
fn cy_11_local_entries_of_a_disabled_apic() {
    for platform in [XAPIC, X2APIC_PAGE] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.change_mode(Mode::Disabled);
            for offset in [LVT_TIMER, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR] {
                seat.write_register(offset, 0x41);
                assert_eq!(seat.read_register(offset), u32::MAX);
            }
        });
        lab.run();
    }
}

#[test]
fn cy_12_local_entries_of_a_software_disabled_apic() {
    // SDM vol. 3 §10.4.7.2
    for platform in [P6, XAPIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(SVR, 0xFF);
            for offset in [LVT_TIMER, LVT_PERFORMANCE, LVT_LINT0, LVT_LINT1, LVT_ERROR] {
                assert_eq!(seat.read(offset), 0x1_0000);
                seat.write(offset, 0x41);
                assert_eq!(seat.read(offset), 0x1_0041, "the vector sticks, the mask stays");
            }
        });
        lab.run();
    }
}

#[test]
fn cy_13_x2apic_registers_fault_where_they_must() {
    let fault = || Err(GeneralProtection);
    let lab = Lab::new(X2APIC_PAGE).cpu(move |seat| {
        seat.write(TPR, 0x20);
        assert_eq!(seat.read_msr(0x808), Err(GeneralProtection), "not in this mode");
        assert_eq!(seat.write_msr(0x1B, 0xFEE0_0400), fault(), "EXTD without EN");
        seat.change_mode(Mode::X2Apic);
        assert_eq!(seat.read(TPR), 0x20, "registers keep their values");
        assert_eq!(seat.read(LDR), 1, "derived from id 0");
        for read_only in [0x802, 0x803, 0x80A, 0x80D, 0x810, 0x839] {
            assert_eq!(seat.write_msr(read_only, 0), fault(), "{read_only:X}");
        }
        for write_only in [0x80B, 0x83F] {
            assert_eq!(seat.read_msr(write_only), Err(GeneralProtection), "{write_only:X}");
        }
        for register in [0x808, 0x80B, 0x80F, 0x832] {
            assert_eq!(seat.write_msr(register, 1 << 32), fault(), "{register:X}");
        }
        seat.change_mode(Mode::Disabled);
        assert_eq!(seat.write_msr(0x1B, 0xFEE0_0C00), fault(), "disabled to x2APIC");
    });
    lab.run();
}

#[test]
fn cy_14_timer() {
    for platform in [X2APIC_PAGE, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            let count = |code: &dyn Fn()| {
                let before = seat.taken().len();
                code();
                seat.delay_us(60);
                seat.taken().len() - before
            };
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, 0x4_0041);
            assert_eq!(count(&|| seat.write_msr(TSC_DEADLINE, 1).expect("the past")), 1, "at once");
            for mode in [0x0_0041, 0x2_0041] {
                seat.write(LVT_TIMER, 0x4_0041);
                let soon = seat.read_msr(TSC).expect("there is one") + 25_000;
                seat.write_msr(TSC_DEADLINE, soon).expect("deadline");
                assert_eq!(count(&|| seat.write(LVT_TIMER, mode)), 0, "disarmed by {mode:X}");
            }
            seat.write(TMICT, 2_000);
            assert_eq!(count(&|| seat.write(LVT_TIMER, 0x4_0041)), 0, "periodic to deadline disarms");
            seat.write(LVT_TIMER, 0x2_0041);
            seat.write(TMICT, 3_000);
            seat.delay_us(10);
            assert_eq!(count(&|| seat.write(LVT_TIMER, 0x0_0041)), 1, "periodic to one-shot gives one more");
        });
        lab.run();
    }
}
