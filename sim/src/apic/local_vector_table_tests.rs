//! Tests of local interrupts.

use super::super::testing::{enabled, fixed, reset};
use super::*;
use crate::generation::Generation;

const LVT0: u16 = 0x350;
const LVTPC: u16 = 0x340;
const LVTERR: u16 = 0x370;
const ESR: u16 = 0x280;
const NOW: Time = Time::ZERO;

#[test]
fn the_performance_entry_delivers_as_section_10_5_1_says() {
    let table = [
        (Generation::P6, 0x400, Some(LocalInterrupt::Nmi), 0x400),
        (Generation::XApic, 0x400, Some(LocalInterrupt::Nmi), 0x1_0400),
        (Generation::P6, 0x1_0400, None, 0x1_0400),
        (Generation::P6, 0x0EE, Some(LocalInterrupt::Requested(0xEE)), 0x0EE),
        (Generation::XApic, 0x0EE, Some(LocalInterrupt::Requested(0xEE)), 0x1_00EE),
        (Generation::P6, 0x200, Some(LocalInterrupt::Smi), 0x200),
        (Generation::P6, 0x500, None, 0x500), // "not supported", as 700H: §10.5.1
        (Generation::P6, 0x700, None, 0x700),
        (Generation::P6, 0x3EE, None, 0x3EE),
    ];
    for (generation, entry, fired, after) in table {
        let mut apic = enabled(generation, 0);
        apic.write(LVTPC, entry, NOW);
        assert_eq!(apic.local_event(LocalSource::PerformanceCounter, NOW), fired, "{generation:?} {entry:X}");
        assert_eq!(apic.read(LVTPC, NOW), after, "{generation:?} {entry:X}");
    }
    let mut pentium = enabled(Generation::Pentium, 0);
    pentium.values[Register::LvtPerformance as usize] = 0xEE;
    assert_eq!(pentium.local_event(LocalSource::PerformanceCounter, NOW), None, "no such entry");
}

#[test]
fn an_unsupported_mode_follows_the_knob() {
    for (knob, fired) in
        [(LvtUnsupportedMode::Ignored, None), (LvtUnsupportedMode::Delivered, Some(LocalInterrupt::Init))]
    {
        let mut apic = enabled(Generation::XApic, 0);
        apic.knobs.lvt_unsupported_mode = knob;
        apic.write(0x330, 0x500, NOW);
        assert_eq!(apic.local_event(LocalSource::Thermal, NOW), fired, "{knob}");
        apic.write(0x350, 0x500, NOW);
        let pin = LocalSource::Lint { pin: 0, high: true, vector: 0 };
        assert_eq!(apic.local_event(pin, NOW), Some(LocalInterrupt::Init), "the pins support it");
    }
}

/// Erratum BG26: the interrupt is taken on the new vector, even if the new entry is masked. Without it a mask keeps out what fires
/// later, and nothing else. Not pending, or in another mode, the entry is written and no more.
#[test]
fn an_entry_that_is_written_while_its_interrupt_is_pending() {
    let requested = |knob, first: u32, fires: bool, then: u32| {
        let mut apic = enabled(Generation::X2Apic, 0);
        apic.knobs.lvt_write_while_pending = knob;
        apic.write(0x330, first, NOW);
        if fires {
            apic.local_event(LocalSource::Thermal, NOW);
        }
        apic.write(0x330, then, NOW);
        assert_eq!(apic.read(0x330, NOW), then);
        apic.request_set().iter().collect::<Vec<u8>>()
    };
    let (usual, odd) = (LvtWriteWhilePending::ForLater, LvtWriteWhilePending::NewVector);
    let table = [
        (usual, 0x31, true, 0x1_0041, vec![0x31]),
        (odd, 0x31, true, 0x1_0041, vec![0x31, 0x41]),
        (odd, 0x31, true, 0x41, vec![0x31, 0x41]),
        (odd, 0x31, true, 0x1_0031, vec![0x31]),
        (odd, 0x31, false, 0x41, vec![]),
        (odd, 0x1_0031, true, 0x41, vec![]),
        (odd, 0x400, true, 0x41, vec![]),
        (odd, 0x31, true, 0x1_0441, vec![0x31]),
        (odd, 0x31, true, 0x1_0005, vec![0x31]),
    ];
    for (knob, first, fires, then, expected) in table {
        assert_eq!(requested(knob, first, fires, then), expected, "{knob}: {first:X}, {fires}, {then:X}");
    }
    // Once it is in service it is pending no more.
    let mut apic = enabled(Generation::X2Apic, 0);
    apic.knobs.lvt_write_while_pending = odd;
    apic.write(0x330, 0x31, NOW);
    apic.local_event(LocalSource::Thermal, NOW);
    assert_eq!(apic.acknowledge(), 0x31);
    apic.write(0x330, 0x41, NOW);
    assert_eq!(apic.request_set().iter().count(), 0);
}

#[test]
fn the_pins_of_a_globally_disabled_apic_are_the_core_s() {
    // SDM vol. 3 §6.3.1, §10.4.3: INTR and NMI. Not so of a software-disabled one (§10.4.7.2: masked)
    let lint = |pin, high| LocalSource::Lint { pin, high, vector: 0x31 };
    let mut apic = enabled(Generation::P6, 0);
    apic.write(0x0F0, 0xFF, NOW);
    assert_eq!([0, 1].map(|pin| apic.local_event(lint(pin, true), NOW)), [None, None], "software-disabled");
    assert_eq!([0, 1].map(|pin| apic.local_event(lint(pin, false), NOW)), [None, None]);
    apic.write_msr(0x1B, 0xFEE0_0000, NOW).expect("it may be disabled");
    let fired = [0, 1].map(|pin| apic.local_event(lint(pin, true), NOW));
    assert_eq!(fired, [Some(LocalInterrupt::External(0x31)), Some(LocalInterrupt::Nmi)]);
    assert_eq!(apic.local_event(lint(1, true), NOW), None, "an NMI is an edge");
    assert_eq!(apic.local_event(lint(1, false), NOW), None);
}

#[test]
fn lint1_is_edge_triggered_whatever_bit_15_says() {
    // SDM vol. 3 §10.5.1
    let mut apic = enabled(Generation::XApic, 0);
    apic.write(0x350, 0x8041, NOW);
    apic.write(0x360, 0x8042, NOW);
    for (pin, vector, entry, level) in [(0, 0x41, 0x350, true), (1, 0x42, 0x360, false)] {
        let pin = LocalSource::Lint { pin, high: true, vector: 0 };
        assert_eq!(apic.local_event(pin, NOW), Some(LocalInterrupt::Requested(vector)));
        assert_eq!(apic.read(entry, NOW) & 1 << 14 != 0, level, "remote IRR of {entry:X}");
        assert_eq!(apic.read(0x1A0, NOW) & 1 << (vector & 31) != 0, level, "TMR of {vector:X}");
    }
}

#[test]
fn masks_are_forced_once_software_has_disabled_the_apic() {
    // SDM vol. 3 §10.4.7.2; after a reset, which leaves it disabled, too, they are not (§10.4.7.1)
    let mut apic = reset(Generation::XApic, 0);
    apic.write(0x350, 0x700, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x700, "after a reset");
    apic.write(0x0F0, 0xFF, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x700, "that cleared nothing");
    apic.write(0x0F0, 0x1FF, NOW);
    apic.write(0x0F0, 0xFF, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x1_0700);
    apic.write(0x350, 0x700, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x1_0700, "forced");
    apic.write(0x0F0, 0xEF, NOW);
    apic.write(0x350, 0x700, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x1_0700, "disabled still, by another write of the SVR, too");
    apic.write(0x0F0, 0x1FF, NOW);
    apic.write(0x0F0, 0x1EF, NOW);
    apic.write(0x350, 0x700, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x700, "enabled, whatever the SVR held before");
    apic.write(0x0F0, 0xFF, NOW);
    apic.init();
    apic.write(0x350, 0x700, NOW);
    assert_eq!(apic.read(0x350, NOW), 0x700, "after an INIT");
}

#[test]
fn a_refused_local_interrupt_waits_for_an_eoi() {
    let mut apic = enabled(Generation::P6, 0);
    apic.write(LVTPC, 0xE1, NOW);
    apic.deliver(&fixed(1, 0xE2, 0));
    apic.deliver(&fixed(1, 0xE3, 0));
    assert_eq!(apic.performance_counter_overflow(), Some(LocalInterrupt::Refused(0xE1)));
    assert_eq!(apic.read(LVTPC, NOW), 0x10E1);
    assert_eq!(apic.acknowledge(), 0xE3);
    assert!(apic.write(0x0B0, 0, NOW).changed);
    assert_eq!(apic.read(LVTPC, NOW), 0xE1);
    assert_eq!(apic.requested().collect::<Vec<_>>(), [0xE1, 0xE2]);
}

#[test]
fn errors_interrupt_once_until_the_esr_is_written() {
    let mut apic = enabled(Generation::P6, 0);
    assert_eq!(apic.record_error(4), None, "masked");
    apic.write(LVTERR, 0xFE, NOW);
    assert_eq!(apic.record_error(4), Some(LocalInterrupt::Requested(0xFE)));
    assert_eq!(apic.acknowledge(), 0xFE);
    assert_eq!(apic.record_error(4), None);
    apic.write(ESR, 0, NOW);
    assert_eq!(apic.read(ESR, NOW), 4);
    assert_eq!(apic.record_error(4), Some(LocalInterrupt::Requested(0xFE)));
}

#[test]
fn an_illegal_vector_in_an_entry_is_an_error() {
    // SDM vol. 3 §10.5.2; the kernel masks the error entry first for this reason
    for (rule, at_write) in [(LvtIllegalVector::AtWrite, RECEIVE_ILLEGAL_VECTOR), (LvtIllegalVector::WhenFired, 0)] {
        let mut apic = enabled(Generation::P6, 0);
        apic.knobs.lvt_illegal_vector = rule;
        apic.write(LVTPC, 0, NOW);
        apic.write(ESR, 0, NOW);
        assert_eq!(apic.read(ESR, NOW), at_write);
        assert_eq!(apic.performance_counter_overflow(), None);
        apic.write(ESR, 0, NOW);
        assert_eq!(apic.read(ESR, NOW), RECEIVE_ILLEGAL_VECTOR);
    }
    let mut quiet = enabled(Generation::P6, 0);
    quiet.write(LVTPC, 0x400, NOW);
    quiet.write(ESR, 0, NOW);
    assert_eq!(quiet.read(ESR, NOW), 0, "an NMI entry needs no vector");
}

fn pin(apic: &mut LocalApic, high: bool) -> Option<LocalInterrupt> {
    apic.local_event(LocalSource::Lint { pin: 0, high, vector: 0x22 }, NOW)
}

#[test]
fn pins_follow_trigger_and_polarity() {
    // SDM vol. 3 §10.5.1
    let table = [
        (0x0031, true, Some(LocalInterrupt::Requested(0x31))),
        (0x2031, true, None), // active low: it was active before
        (0x0400, true, Some(LocalInterrupt::Nmi)),
        (0x0700, true, Some(LocalInterrupt::External(0x22))),
        (0x1_0031, true, None),
    ];
    for (entry, high, expected) in table {
        let mut apic = enabled(Generation::P6, 0);
        apic.write(LVT0, entry, NOW);
        assert_eq!(pin(&mut apic, high), expected, "{entry:X}");
    }
    let mut low = enabled(Generation::P6, 0);
    low.write(LVT0, 0x2031, NOW);
    pin(&mut low, true);
    assert_eq!(pin(&mut low, false), Some(LocalInterrupt::Requested(0x31)));
}

#[test]
fn a_level_triggered_pin_fires_again_after_eoi_while_it_is_held() {
    let mut apic = enabled(Generation::P6, 0);
    apic.write(LVT0, 0x8031, NOW);
    assert_eq!(pin(&mut apic, true), Some(LocalInterrupt::Requested(0x31)));
    assert_eq!(apic.read(LVT0, NOW), 0xC031, "remote IRR");
    assert_eq!(apic.acknowledge(), 0x31);
    apic.write(0x0B0, 0, NOW);
    assert_eq!(apic.pending_vector(), Some(0x31), "still held");
    assert_eq!(apic.acknowledge(), 0x31);
    pin(&mut apic, false);
    apic.write(0x0B0, 0, NOW);
    assert_eq!((apic.pending_vector(), apic.read(LVT0, NOW)), (None, 0x8031));
}

#[test]
fn the_timer_fires_through_its_entry() {
    let mut apic = enabled(Generation::P6, 0);
    apic.write(0x3E0, 0xB, NOW);
    apic.write(0x320, 0x2_0041, NOW);
    apic.write(0x380, 10, NOW);
    let at = apic.timer_expiry().expect("armed");
    assert_eq!(at, Time::from_ps(100_000), "ten ticks of 10 ns");
    assert_eq!(apic.local_event(LocalSource::Timer, at), Some(LocalInterrupt::Requested(0x41)));
    assert_eq!(apic.timer_expiry(), Some(Time::from_ps(200_000)), "periodic");
    apic.write(0x320, 0x3_0041, at);
    assert_eq!(apic.timer_expiry(), None, "masked: nothing to do");
    assert_eq!(apic.read(0x390, Time::from_ps(250_000)), 5, "but it counts");
}
