//! KVM unit tests, x86/apic.c: existence, APIC_BASE, modes, ids (KUT-01 to KUT-09).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, P6, P6_IDEAL, X2APIC, X2APIC_IDEAL, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{
    BASE_MSR, EOI, ICR, ID, ISR, LVT_ERROR, LVT_LINT0, LVT_LINT1, LVT_TIMER, SVR, TDCR, TMICT, TPR, VERSION,
};
use sim::apic::{GeneralProtection, Mode};
use sim::{ApicIdWrites, Generation};

const PAGE: u64 = 0xFEE0_0000;
const EN: u64 = 1 << 11;
const EXTD: u64 = 1 << 10;

#[test]
fn kut_01_existence() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            assert!((0x10..=0x15).contains(&(seat.read(VERSION) & 0xFF)));
        });
        lab.run();
    }
}

#[test]
fn kut_02_disable() {
    // [G] parts after the 3-wire bus; the feature bit and the page go, CR8 stays (SDM vol. 3 §10.4.3)
    for platform in [XAPIC, XAPIC_IDEAL, X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.change_mode(Mode::Disabled);
            assert_eq!(seat.read_msr(BASE_MSR).expect("exists") & (EN | EXTD), 0);
            assert_eq!(seat.identification(1)[3] >> 9 & 1, 0);
            for offset in [VERSION, TPR, SVR, ISR] {
                seat.write_register(offset, 0x42);
                assert_eq!(seat.read_register(offset), u32::MAX, "{offset:03X}");
            }
            seat.write_cr8(7);
            assert_eq!(seat.read_cr8(), 7);
        });
        lab.run();
    }
}

#[test]
fn kut_03_enable_again() {
    for platform in [XAPIC, XAPIC_IDEAL, X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.change_mode(Mode::Disabled);
            seat.change_mode(Mode::XApic);
            assert_eq!(seat.identification(1)[3] >> 9 & 1, 1);
            assert!((0x10..=0x15).contains(&(seat.read(VERSION) & 0xFF)));
            seat.write_cr8(5);
            assert_eq!(seat.read(TPR), 0x50);
        });
        lab.run();
    }
}

#[test]
fn kut_04_x2apic_mode_hides_the_page() {
    // SDM vol. 3 §10.12.2; every register that software can write in this mode, and one that it cannot
    let lab = Lab::new(X2APIC_PAGE).cpu(|seat| {
        seat.change_mode(Mode::X2Apic);
        seat.write(TPR, 0x50);
        for offset in [ID, TPR, SVR, ICR, LVT_TIMER, LVT_LINT0, LVT_LINT1, LVT_ERROR, TMICT, TDCR] {
            let before = seat.read(offset);
            for value in [0x42, !before, 0x1FF] {
                seat.write_register(offset, value);
                assert_eq!(seat.read_register(offset), u32::MAX, "{offset:03X}");
                assert_eq!(seat.read(offset), before, "{offset:03X} after {value:X}");
            }
        }
        seat.write_register(EOI, 0);
        seat.write_cr8(3);
        assert_eq!((seat.read_cr8(), seat.read(TPR)), (3, 0x30));
        seat.settle();
    });
    assert_eq!(lab.run().vectors(0), [], "writes of the page's ICR send nothing");
}

#[test]
fn kut_05_mode_transitions() {
    // SDM vol. 3 fig. 10-27: from x2APIC mode, bits 11:10 written, legal or not
    let lab = Lab::new(X2APIC_IDEAL).endless(|_| {}).cpu(|seat| {
        let fault = Err(GeneralProtection);
        for (bits, expected) in
            [(EXTD, fault), (EN, fault), (0, Ok(())), (EXTD, fault), (EN | EXTD, fault), (EN, Ok(())), (EXTD, fault)]
        {
            assert_eq!(seat.write_msr(BASE_MSR, PAGE | bits), expected, "{bits:X}");
        }
    });
    lab.run();
}

#[test]
fn kut_06_no_x2apic_on_parts_without_it() {
    for platform in [P6, P6_IDEAL, XAPIC, XAPIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            assert_eq!(seat.identification(1)[2] >> 21 & 1, 0);
            assert_eq!(seat.write_msr(BASE_MSR, PAGE | EN | EXTD), Err(GeneralProtection));
        });
        lab.run();
    }
}

#[test]
fn kut_07_relocation() {
    // SDM vol. 3 §10.4.5
    for platform in [XAPIC, X2APIC_PAGE] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.change_mode(Mode::Disabled);
            seat.write_msr(BASE_MSR, 0xFED4_0000 | EN).expect("another page");
            assert!((0x10..=0x15).contains(&(seat.read_memory(0xFED4_0030) & 0xFF)));
            assert_eq!(seat.read_memory(0xFEE0_0030), u32::MAX, "nothing is left at the old one");
        });
        lab.run();
    }
}

#[test]
fn kut_08_reserved_bits_of_the_base() {
    let lab = Lab::new(X2APIC_PAGE).cpu(|seat| {
        for bit in [36, 63, 0, 9] {
            assert_eq!(seat.write_msr(BASE_MSR, PAGE | EN | 1 << bit), Err(GeneralProtection), "bit {bit}");
        }
    });
    lab.run();
}

#[test]
fn kut_09_ids() {
    // [G] a write sticks before Nehalem or by the knob; never a fault
    for (platform, rule, sticks) in [
        (XAPIC, ApicIdWrites::ByGeneration, true),
        (X2APIC_PAGE, ApicIdWrites::ByGeneration, false),
        (X2APIC_PAGE, ApicIdWrites::Writable, true),
    ] {
        let lab = Lab::new(platform).knobs(move |knobs| knobs.apic_id_writes = rule).sleeper().cpu(move |seat| {
            assert_eq!(seat.identification(1)[1] >> 24, 1, "the initial id");
            assert_eq!(seat.read(ID) >> 24, 1);
            seat.write(ID, 2 << 24);
            assert_eq!(seat.read(ID) >> 24, if sticks { 2 } else { 1 });
            if seat.platform.generation == Generation::X2Apic {
                seat.change_mode(Mode::X2Apic);
                assert_eq!(seat.read(ID), 1, "the low 8 bits are those of the initial id");
                assert_eq!(seat.write_msr(0x802, 2), Err(GeneralProtection));
            }
            seat.change_mode(Mode::Disabled);
            seat.change_mode(Mode::XApic);
            assert_eq!(seat.read(ID) >> 24, 1, "the initial one again");
        });
        lab.run();
    }
}
