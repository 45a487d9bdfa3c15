//! Tests of reads and writes of the register page.

use super::super::Access;
use super::super::testing::{enabled, fixed, reset};
use super::*;
use crate::generation::SvrLowNibble;
use crate::named::Named;
use Generation::{P6, XApic};

#[test]
fn reset_values_are_those_of_section_10_4_7_1() {
    let table = [
        (0x020, 0x0300_0000, 0x0300_0000),
        (0x030, 0x0004_0011, 0x0005_0014),
        (0x080, 0, 0),
        (0x0A0, 0, 0),
        (0x0E0, 0xFFFF_FFFF, 0xFFFF_FFFF),
        (0x0F0, 0xFF, 0xFF),
        (0x170, 0, 0),
        (0x300, 0, 0),
        (0x380, 0, 0),
        (0x390, 0, 0),
        (0x320, 0x1_0000, 0x1_0000),
        (0x330, 0, 0x1_0000),
        (0x340, 0x1_0000, 0x1_0000),
        (0x3E0, 0, 0),
    ];
    for (offset, p6, xapic) in table {
        for (generation, expected) in [(P6, p6), (XApic, xapic)] {
            let mut apic = reset(generation, 3);
            assert_eq!(apic.read(offset, Time::ZERO), expected, "{generation:?} {offset:03X}");
        }
    }
}

#[test]
fn writes_keep_reserved_and_read_only_bits() {
    // SDM vol. 3 fields in §10.4.6, 10.5.1, 10.6.1, 10.6.2.2, 10.9: all ones written, what is read back
    let table = [
        (0x020, 0x0F00_0000, 0xFF00_0000),
        (0x030, 0x0004_0011, 0x0005_0014),
        (0x080, 0xFF, 0xFF),
        (0x0D0, 0xFF00_0000, 0xFF00_0000),
        (0x0F0, 0x3FF, 0x1FF),
        (0x310, 0xFF00_0000, 0xFF00_0000),
        (0x340, 0x1_07FF, 0x1_07FF),
        (0x350, 0x1_A7FF, 0x1_A7FF),
        (0x370, 0x1_00FF, 0x1_00FF),
        (0x3E0, 0xB, 0xB),
    ];
    for (offset, p6, xapic) in table {
        for (generation, expected) in [(P6, p6), (XApic, xapic)] {
            let mut apic = enabled(generation, 3);
            apic.write(offset, u32::MAX, Time::ZERO);
            assert_eq!(apic.read(offset, Time::ZERO), expected, "{generation:?} {offset:03X}");
        }
    }
    let mut apic = enabled(P6, 0);
    apic.write(0x0E0, 0, Time::ZERO);
    assert_eq!(apic.read(0x0E0, Time::ZERO), 0x0FFF_FFFF);
    apic.write(0x0F0, 0x120, Time::ZERO);
    assert_eq!(apic.read(0x0F0, Time::ZERO), 0x12F, "the P6 fixes the low nibble to 1");
}

#[test]
fn changed_means_changed() {
    let mut apic = enabled(P6, 0);
    assert!(!apic.write(0x080, 0, Time::ZERO).changed);
    assert!(apic.write(0x080, 0x20, Time::ZERO).changed);
    assert!(!apic.write(0x080, 0x20, Time::ZERO).changed);
    assert!(!apic.write(0x0B0, 0, Time::ZERO).changed);
    assert!(!apic.write(0x280, 0, Time::ZERO).changed);
    assert!(apic.write(0x300, 0xFC, Time::ZERO).changed);
    assert!(apic.write(0x2F0, 0, Time::ZERO).changed, "first illegal access");
    assert!(!apic.write(0x2F0, 0, Time::ZERO).changed, "the bit is there already");
    let before = apic.clone();
    apic.read(0x2F0, Time::ZERO);
    assert_eq!(apic, before);
}

#[test]
fn software_disable_masks_the_local_entries() {
    // SDM vol. 3 §10.4.7.2
    let mut apic = enabled(P6, 0);
    apic.write(0x340, 0x400, Time::ZERO);
    apic.deliver(&fixed(1, 0x41, 0));
    assert!(apic.write(0x0F0, 0xFF, Time::ZERO).changed);
    assert_eq!(apic.read(0x340, Time::ZERO), 0x1_0400);
    apic.write(0x340, 0x400, Time::ZERO);
    assert_eq!(apic.read(0x340, Time::ZERO), 0x1_0400, "cannot be unmasked");
    assert_eq!(apic.pending_vector(), Some(0x41), "what is held needs service");
    apic.write(0x0F0, 0x1FF, Time::ZERO);
    assert_eq!(apic.read(0x340, Time::ZERO), 0x1_0400, "software unmasks");
}

#[test]
fn the_low_nibble_of_the_p6_follows_the_knob() {
    let mut apic = enabled(P6, 0);
    apic.knobs.svr_low_nibble = SvrLowNibble::Zeros;
    apic.init();
    assert_eq!(apic.read(0x0F0, Time::ZERO), 0xF0);
    apic.write(0x0F0, 0x1FF, Time::ZERO);
    assert_eq!(apic.read(0x0F0, Time::ZERO), 0x1F0);
}

#[test]
fn ids_are_writable_before_nehalem_or_as_the_knob_says() {
    let table = [
        (P6, ApicIdWrites::ByGeneration, 0x0500_0000),
        (XApic, ApicIdWrites::ByGeneration, 0xA500_0000),
        (Generation::X2Apic, ApicIdWrites::ByGeneration, 0x0300_0000),
        (Generation::X2Apic, ApicIdWrites::Writable, 0xA500_0000),
        (P6, ApicIdWrites::ReadOnly, 0x0300_0000),
    ];
    for (generation, rule, expected) in table {
        let mut apic = enabled(generation, 3);
        apic.knobs.apic_id_writes = rule;
        apic.write(0x020, 0xA500_0000, Time::ZERO);
        assert_eq!(apic.read(0x020, Time::ZERO), expected, "{generation} {rule}");
    }
}

#[test]
fn an_external_apic_clears_itself_when_software_disables_it() {
    // SDM vol. 3 §22.27.1
    let mut apic = enabled(Generation::I82489Dx, 0);
    apic.deliver(&fixed(1, 0x41, 0));
    assert!(apic.write(0x0F0, 0xFF, Time::ZERO).changed);
    assert_eq!(apic.pending_vector(), None);
}

#[test]
fn cr8_is_the_class_of_tpr() {
    // SDM vol. 3 §10.8.6
    let mut apic = enabled(Generation::X2Apic, 0);
    assert!(apic.write_cr8(0x5));
    assert_eq!((apic.read(0x080, Time::ZERO), apic.read_cr8()), (0x50, 5));
    apic.write(0x080, 0x3F, Time::ZERO);
    assert_eq!(apic.read_cr8(), 3);
    apic.set_mode_bits(Mode::Disabled);
    assert!(apic.write_cr8(7));
    assert_eq!((apic.read_cr8(), apic.tpr()), (7, 0x3F), "independent");
}

/// The whole page and the whole range of MSRs on every generation: nothing panics, every offset without a row is an
/// ESR error (where there is an ESR), every other access obeys its row.
#[test]
fn every_offset_reads_and_writes_as_its_row_says() {
    for &generation in Generation::ALL {
        let illegal = ILLEGAL_REGISTER & generation.profile().error_bits;
        for offset in 0..0x1000 {
            let row = registers::find(generation, offset).map(|(row, _)| row);
            for write in [false, true] {
                let mut apic = enabled(generation, 3);
                let before = apic.clone();
                if write {
                    apic.write(offset, 0x1_0042, Time::ZERO);
                } else {
                    apic.read(offset, Time::ZERO);
                }
                apic.error_status.write();
                let expected = if row.is_none() { illegal } else { 0 };
                assert_eq!(apic.error_status.read(), expected, "{generation} {offset:03X} write {write}");
                apic.error_status.write();
                let untouched = row.is_none_or(|row| !write || row.access == Some(Access::ReadOnly));
                assert!(!untouched || apic.values == before.values, "{generation} {offset:03X} write {write}");
            }
        }
    }
}
