//! Cyberus guest-tests, which also run on bare metal: priorities (CY-01 to CY-05).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, Platform, X2APIC, X2APIC_IDEAL, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{FIXED, PPR, Seat, TO_SELF, TPR};
use sim::Slots;

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
    for platform in INTEGRATED {
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
    for platform in [XAPIC, XAPIC_IDEAL, X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
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
    // SDM vol. 3 §10.8.3.1: every TPR under a vector of every class, one with sub-class 0 and one with another
    for platform in INTEGRATED {
        let vectors: Vec<u8> = (2..=0xF_u8).flat_map(|class| [class << 4, class << 4 | 9]).collect();
        let count = vectors.len();
        let lab = Lab::new(platform)
            .cpu(move |seat| vectors.iter().for_each(|&vector| seat.send_self(vector)))
            .on_interrupt(|seat, vector| {
                for tpr in 0..=0xFF_u32 {
                    seat.write(TPR, tpr);
                    check_ppr(seat, vector, tpr);
                }
                seat.write(TPR, 0);
                seat.eoi();
            });
        assert_eq!(lab.run().vectors(0).len(), count);
    }
}

/// The PPR while the handler of `vector` runs.
fn check_ppr(seat: &Seat<'_>, vector: u8, tpr: u32) {
    let ppr = seat.read(PPR);
    let (class, own) = (tpr >> 4, u32::from(vector >> 4));
    let sub_classes = match class.cmp(&own) {
        std::cmp::Ordering::Greater => vec![tpr & 0xF],
        std::cmp::Ordering::Less => vec![0],
        std::cmp::Ordering::Equal => vec![tpr & 0xF, 0],
    };
    assert_eq!(ppr >> 4, class.max(own), "{vector:02X}, TPR {tpr:02X}");
    assert!(sub_classes.contains(&(ppr & 0xF)), "{vector:02X}, TPR {tpr:02X}: PPR {ppr:02X}");
}

#[test]
fn cy_05_tpr_changes_inside_handlers() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                [0xF0, 0xE0, 0xD0].into_iter().for_each(|vector| seat.send_self(vector));
                seat.open_for_a_while();
                assert_eq!(seat.taken(), [0xF0], "its handler left TPR at E0, which masks the others");
                seat.write(TPR, 0);
                seat.open_for_a_while();
                assert_eq!(seat.taken(), [0xF0, 0xE0, 0xD0], "D0 was taken inside E0's handler after its EOI");
            })
            .masked()
            .on_interrupt(|seat, vector| {
                for tpr in [0, 0xD5, 0xE0, 0xF3, 0] {
                    seat.write(TPR, tpr);
                    check_ppr(seat, vector, tpr);
                    let before = seat.taken();
                    seat.open_for_a_while();
                    assert_eq!(seat.taken(), before, "no waiting class is above {vector:02X}, whatever TPR says");
                }
                if vector == 0xF0 {
                    seat.write(TPR, 0xE0);
                }
                seat.eoi();
                if vector == 0xE0 {
                    seat.write(TPR, 0xD0);
                    seat.open_for_a_while();
                    assert!(!seat.taken().contains(&0xD0), "masked by TPR");
                    seat.write(TPR, 0xC0);
                    seat.open_for_a_while();
                    assert!(seat.taken().contains(&0xD0), "no longer masked");
                }
            });
        assert_eq!(lab.run().vectors(0), [0xF0, 0xE0, 0xD0], "{platform}");
    }
}
