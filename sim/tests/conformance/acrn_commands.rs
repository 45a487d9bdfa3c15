//! ACRN, functional-safety suite: the interrupt command register.

use crate::lab::Lab;
use crate::platform::{BUSES, I82489DX, INTEGRATED, P6, PENTIUM, X2APIC_MODE, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{Entry, FIXED, ICR, IRR, ISR, TO_SELF};
use sim::apic::REDIRECTABLE_IPI;
use sim::{IcrTriggerReadback, IllegalIpi, IllegalSelfIpi, InvalidShorthand};

/// What is sent, what a self IPI records of it, and how many messages that makes of 16 illegal ones and a legal one. The
/// suite, which was run on hardware, expects 20H; SDM vol. 3 §10.5.3 has the APIC as sender and receiver.
const READINGS: [(IllegalIpi, IllegalSelfIpi, u32, usize); 3] = [
    (IllegalIpi::Sent, IllegalSelfIpi::Both, 0x60, 17),
    (IllegalIpi::Sent, IllegalSelfIpi::SendOnly, 0x20, 17),
    (IllegalIpi::KeptBack, IllegalSelfIpi::Both, 0x20, 1),
];

#[test]
fn acrn_self_ipis_with_illegal_vectors_are_errors() {
    // SDM vol. 3 §10.5.2, 10.5.3: vectors 0 to 15, seen in ESR after a write of it
    for platform in INTEGRATED {
        for (sent, recorded, errors, messages) in READINGS {
            let lab = Lab::new(platform)
                .knobs(|knobs| (knobs.illegal_ipi, knobs.illegal_self_ipi) = (sent, recorded))
                .cpu(move |seat| {
                    for vector in 0..16 {
                        seat.send_self(vector);
                        seat.settle();
                        assert_eq!(seat.errors(), errors, "{vector:X}");
                        assert_eq!((seat.vectors(IRR), seat.vectors(ISR)), (vec![], vec![]));
                    }
                    seat.send_self(0x10);
                    assert_eq!(seat.errors(), 0);
                })
                .masked();
            assert_eq!(lab.run().sent().len(), messages);
        }
    }
}

#[test]
fn acrn_illegal_vectors_by_the_self_ipi_register() {
    // SDM vol. 3 §10.12.11
    for platform in X2APIC_MODE {
        for (recorded, errors) in [(IllegalSelfIpi::Both, 0x60), (IllegalSelfIpi::SendOnly, 0x20)] {
            let lab = Lab::new(platform).knobs(|knobs| knobs.illegal_self_ipi = recorded).cpu(move |seat| {
                for vector in 0..16 {
                    seat.write_msr(0x83F, vector).expect("the register takes any vector");
                    assert_eq!(seat.errors(), errors);
                }
            });
            assert_eq!(lab.run().vectors(0), []);
        }
    }
}

#[test]
fn acrn_other_delivery_modes_to_self_deliver_no_interrupt() {
    // Modes 1, 2, 3 and 7 by shorthand: invalid in SDM vol. 3 tables 10-3 and 10-4 but for fixed. 3 is reserved from the
    // P6 on, 7 is for local entries and I/O APICs only; mode 1 in x2APIC mode is an error of its own (§10.5.3)
    for platform in INTEGRATED.into_iter().filter(|&platform| platform != PENTIUM) {
        let lab = Lab::new(platform).cpu(|seat| {
            for (mode, x2apic_error) in [(1, REDIRECTABLE_IPI), (2, 0), (3, 0), (7, 0)] {
                seat.send(0, TO_SELF | mode << 8 | 0x41);
                seat.settle();
                let expected = if seat.is_x2apic() { x2apic_error } else { 0 };
                assert_eq!(seat.errors(), expected, "mode {mode}");
            }
            for mode in [3, 7] {
                seat.send(u32::from(seat.number()), FIXED | mode << 8 | 0x41);
                seat.settle();
                assert_eq!(seat.errors(), 0, "mode {mode}, physical");
            }
        });
        let record = lab.run();
        assert_eq!((record.entries(0), record.sent().len()), (vec![], 0));
    }
}

#[test]
fn acrn_invalid_shorthands_are_delivered_where_the_knob_says_so() {
    // Undefined by the tables; emulators deliver (knob `invalid_shorthand`)
    for platform in [P6, XAPIC, XAPIC_IDEAL].into_iter().chain(X2APIC_MODE) {
        let lab = Lab::new(platform).knobs(|knobs| knobs.invalid_shorthand = InvalidShorthand::Delivered).cpu(|seat| {
            for mode in [2, 4] {
                seat.send(0, TO_SELF | mode << 8);
                seat.settle();
            }
        });
        assert_eq!(lab.run().entries(0), [Entry::SystemManagement, Entry::Nmi]);
    }
}

#[test]
fn acrn_level_and_trigger_read_back_as_the_generation_has_it() {
    // ACRN: bits 15:14 are ignored on Pentium 4 and later; the KVM self tests read them back (knob
    // `icr_trigger_readback`). Pentium and P6 keep them
    for platform in BUSES.into_iter().chain([PENTIUM, I82489DX, X2APIC_PAGE]) {
        for rule in [IcrTriggerReadback::AsWritten, IcrTriggerReadback::Ignored] {
            let lab = Lab::new(platform)
                .knobs(|knobs| knobs.icr_trigger_readback = rule)
                .cpu(move |seat| {
                    let ignored = rule == IcrTriggerReadback::Ignored && !platform.generation.profile().serial;
                    for bits in [0x4000, 0xC000, 0x0000] {
                        seat.send(1, bits | 0x41);
                        seat.settle();
                        assert_eq!(seat.read(ICR), if ignored { 0x41 } else { bits | 0x41 }, "{bits:X}");
                    }
                })
                .sleeper();
            let record = lab.run();
            assert_eq!(record.vectors(1), [0x41; 3]);
            // All go as edges, but on the 82489DX, which has level-triggered IPIs (SDM vol. 3 §22.27.1).
            let levels: Vec<bool> = record.sent().iter().map(|(_, message)| message.level_triggered).collect();
            assert_eq!(levels, [false, platform == I82489DX, false]);
        }
    }
}
