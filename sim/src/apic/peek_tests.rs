//! Tests of looking without reading.

use super::super::ILLEGAL_REGISTER;
use super::super::testing::{enabled, fixed};
use super::*;
use crate::generation::{EsrProtocol, Knobs};
use crate::named::Named;
use crate::time::Time;

const NOW: Time = Time::from_us(3);
const CURRENT_COUNT: u16 = 0x390;

/// An APIC with something in most registers: a vector in service and two requested, a message under way, a running
/// timer, an error gathered and one readable.
fn busy(generation: Generation, knobs: Knobs, mode: Mode) -> LocalApic {
    let mut apic = enabled(generation, 3);
    apic.knobs = knobs;
    apic.error_status = super::super::error_status::ErrorStatus::new(generation, knobs.esr_protocol);
    for (offset, value) in [(0x0D0, 0x0200_0000), (0x0E0, 0), (0x320, 0x2_0041), (0x370, 0xFE), (0x3E0, 0xB)] {
        apic.write(offset, value, Time::ZERO);
    }
    apic.write(0x380, 1_000, Time::ZERO);
    apic.deliver(&fixed(1, 0x41, 3));
    apic.acknowledge();
    apic.write(0x280, 0, Time::ZERO);
    for vector in [0x35, 0x91, 3] {
        apic.deliver(&crate::bus::Message { level_triggered: true, ..fixed(1, vector, 3) });
    }
    apic.write(0x080, 0x20, Time::ZERO);
    apic.write(0x310, 0x0500_0000, Time::ZERO);
    apic.write(0x300, 0xFD, Time::ZERO);
    apic.set_mode_bits(mode);
    apic.take_logged();
    apic
}

/// Such an APIC of every generation, in every mode, with every ESR protocol.
fn apics() -> impl Iterator<Item = LocalApic> {
    let modes = [Mode::Disabled, Mode::XApic, Mode::X2Apic];
    Generation::ALL.iter().flat_map(move |&generation| {
        modes.into_iter().flat_map(move |mode| {
            EsrProtocol::ALL
                .iter()
                .map(move |&esr_protocol| busy(generation, Knobs { esr_protocol, ..Knobs::default() }, mode))
        })
    })
}

/// Every offset of the page, aligned or not, and some beyond it.
fn offsets() -> impl Iterator<Item = u16> {
    (0..=0x1000).chain([0x1020, 0xFFF0, 0xFFFF])
}

#[test]
fn a_peek_gives_what_a_read_gives() {
    for apic in apics() {
        for offset in offsets() {
            let is_count = apic.mode() == Mode::XApic && offset == CURRENT_COUNT;
            let mut read = apic.clone();
            let value = read.read(offset, NOW);
            assert_eq!(apic.peek(offset), (!is_count).then_some(value), "{offset:03X} of {apic:?}");
            let changes = apic.read_logs(offset) && apic.record_error_changes(ILLEGAL_REGISTER);
            assert_eq!(read.take_logged(), changes, "{offset:03X} of {apic:?}");
            assert_eq!(read != apic, changes, "{offset:03X} of {apic:?}");
        }
    }
}

#[test]
fn a_second_read_gives_the_same() {
    for apic in apics() {
        for offset in offsets() {
            let mut read = apic.clone();
            let first = (read.read(offset, NOW), read.peek(offset));
            assert_eq!((read.read(offset, NOW), read.peek(offset)), first, "{offset:03X} of {apic:?}");
            assert!(first.1.is_none_or(|peeked| peeked == first.0), "{offset:03X} of {apic:?}");
        }
    }
}

/// The registers of x2APIC mode and their surroundings, and all others that the APIC has or that are next to them.
fn msrs() -> impl Iterator<Item = u32> {
    (0x7F0..0xC10).chain(0..0x40).chain(0x19C..0x1A4).chain(0x6D8..0x6E8).chain([u32::MAX - 1, u32::MAX])
}

fn depends_on_time(apic: &LocalApic, msr: u32) -> bool {
    match msr {
        MSR_TIME_STAMP_COUNTER => apic.generation() != Generation::I82489Dx,
        MSR_TSC_DEADLINE => apic.generation() == Generation::X2Apic,
        0x839 => apic.mode() == Mode::X2Apic,
        _ => false,
    }
}

#[test]
fn a_peek_gives_what_a_model_specific_read_gives() {
    for apic in apics() {
        for msr in msrs() {
            let mut read = apic.clone();
            let value = read.read_msr(msr, NOW);
            assert_eq!(apic.peek_msr(msr), (!depends_on_time(&apic, msr)).then_some(value), "{msr:X} of {apic:?}");
            assert_eq!(read.read_msr(msr, NOW), value, "{msr:X} of {apic:?}");
            assert_eq!(read, apic, "{msr:X}: a read changes nothing");
        }
    }
}

/// What does not depend on the time gives the same at any time.
#[test]
fn only_what_tells_the_time_is_not_peeked() {
    for apic in apics() {
        let mut read = apic.clone();
        for at in [Time::ZERO, Time::from_us(1), Time::from_us(40), Time::NEVER] {
            for offset in offsets().filter(|&offset| !apic.read_logs(offset)) {
                let peeked = apic.peek(offset);
                assert!(peeked.is_none_or(|peeked| peeked == read.read(offset, at)), "{offset:03X} of {apic:?}");
            }
            for msr in msrs() {
                let peeked = apic.peek_msr(msr);
                assert!(peeked.is_none_or(|peeked| peeked == read.read_msr(msr, at)), "{msr:X} of {apic:?}");
            }
        }
    }
}
