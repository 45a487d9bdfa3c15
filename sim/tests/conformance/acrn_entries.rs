//! ACRN, functional-safety suite: the local vector table and the spurious vector register.

use crate::lab::Lab;
use crate::platform::{I82489DX, INTEGRATED, Platform};
use crate::seat::{
    ESR, Entry, IRR, ISR, LVT_CMCI, LVT_ERROR, LVT_LINT0, LVT_LINT1, LVT_PERFORMANCE, LVT_THERMAL, LVT_TIMER, SVR,
};
use sim::apic::{LocalSource, RECEIVE_ILLEGAL_VECTOR};
use sim::{Generation, LocalEvent, LvtIllegalVector, SvrLowNibble, Time};

const MASKED: u32 = 1 << 16;

/// The entries that a generation has (SDM vol. 3 §10.4.8), the newest last.
fn entries(platform: Platform) -> &'static [u16] {
    const ALL: [u16; 7] = [LVT_TIMER, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_PERFORMANCE, LVT_THERMAL, LVT_CMCI];
    match platform.generation {
        Generation::I82489Dx => &ALL[..3],
        Generation::Pentium => &ALL[..4],
        Generation::P6 => &ALL[..5],
        Generation::XApic => &ALL[..6],
        Generation::X2Apic => &ALL,
    }
}

#[test]
fn acrn_entries_are_masked_while_software_disabled() {
    // SDM vol. 3 §10.4.7.2
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = Lab::new(platform).cpu(move |seat| {
            for &entry in entries(platform) {
                seat.write(entry, 0x41);
                assert_eq!(seat.read(entry), 0x41, "{entry:X}");
            }
            seat.write(SVR, 0xFF);
            for &entry in entries(platform) {
                assert_eq!(seat.read(entry), MASKED | 0x41, "{entry:X}");
                seat.write(entry, 0x42);
                assert_eq!(seat.read(entry), MASKED | 0x42, "{entry:X}: the vector is taken, the mask stays");
            }
            seat.write(SVR, 0x1FF);
            for &entry in entries(platform) {
                assert_eq!(seat.read(entry), MASKED | 0x42, "{entry:X}");
                seat.write(entry, 0x42);
                assert_eq!(seat.read(entry), 0x42, "{entry:X}");
            }
        });
        lab.run();
    }
}

#[test]
fn acrn_spurious_vector_reads_back() {
    // SDM vol. 3 §10.9: bits 3:0 are hard-wired on Pentium and P6 (knob `svr_low_nibble`), bit 9 is focus checking
    // there, bit 12 suppresses EOI messages on the latest
    for platform in INTEGRATED {
        let (writable, wired) = match platform.generation {
            Generation::X2Apic => (0x11FF, 0),
            Generation::XApic => (0x1FF, 0),
            _ => (0x3F0, 0xF),
        };
        for (nibble, wired) in [(SvrLowNibble::Ones, wired), (SvrLowNibble::Zeros, 0)] {
            let lab = Lab::new(platform).knobs(|knobs| knobs.svr_low_nibble = nibble).cpu(move |seat| {
                for value in [0x1FF, 0x150, 0x0A5, 0x3C3, 0x11E1] {
                    seat.write(SVR, if seat.is_x2apic() { value & writable } else { value });
                    assert_eq!(seat.read(SVR), value & writable | wired, "{value:X}");
                }
            });
            lab.run();
        }
    }
}

#[test]
fn acrn_an_illegal_vector_in_an_entry_is_an_error() {
    // SDM vol. 3 §10.5.2, for each entry, even if it is masked (knob `lvt_illegal_vector`: or when it fires)
    for platform in INTEGRATED {
        for rule in [LvtIllegalVector::AtWrite, LvtIllegalVector::WhenFired] {
            let lab = Lab::new(platform).knobs(|knobs| knobs.lvt_illegal_vector = rule).cpu(move |seat| {
                for &entry in entries(platform) {
                    for (vector, illegal) in [(0x00, true), (0x0F, true), (0x10, false), (0xFF, false)] {
                        seat.write(entry, MASKED | vector);
                        let recorded = illegal && rule == LvtIllegalVector::AtWrite;
                        let expected = if recorded { RECEIVE_ILLEGAL_VECTOR } else { 0 };
                        assert_eq!(seat.errors(), expected, "{entry:X} {vector:02X}");
                    }
                }
            });
            lab.run();
        }
    }
}

#[test]
fn acrn_an_illegal_vector_that_fires_is_an_error() {
    // SDM vol. 3 §10.5.2: no interrupt, whichever the knob
    for platform in INTEGRATED {
        let pin = LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high: true, vector: 0 });
        let lab = Lab::new(platform)
            .knobs(|knobs| knobs.lvt_illegal_vector = LvtIllegalVector::WhenFired)
            .cpu(|seat| {
                seat.write(LVT_LINT0, 0x0F);
                assert_eq!(seat.errors(), 0);
                seat.delay_us(20);
                assert_eq!(seat.errors(), RECEIVE_ILLEGAL_VECTOR);
                assert_eq!(seat.vectors(IRR), []);
            })
            .event(Time::from_us(15), pin);
        assert_eq!(lab.run().vectors(0), []);
    }
}

#[test]
fn acrn_delivery_status_of_an_entry_is_read_only() {
    // SDM vol. 3 §10.5.1, bit 12 of each entry
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = Lab::new(platform).cpu(move |seat| {
            for &entry in entries(platform) {
                seat.write(entry, MASKED | 1 << 12 | 0x41);
                assert_eq!(seat.read(entry), MASKED | 0x41, "{entry:X}");
            }
        });
        lab.run();
    }
}

/// LINT0 goes high while its entry holds `mode`.
fn pin_in_mode(platform: Platform, mode: u32) -> Vec<Entry> {
    let pin = LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high: true, vector: 0x77 });
    let look = |seat: &crate::seat::Seat<'_>| {
        assert_eq!((seat.vectors(ISR), seat.vectors(IRR)), (vec![], vec![]));
        seat.write(ESR, 0);
        assert_eq!(seat.read(ESR), 0);
    };
    let lab = Lab::new(platform)
        .sleeper()
        .endless(move |seat| {
            seat.write(LVT_LINT0, mode << 8);
            seat.delay_us(30);
            look(seat);
        })
        .on_interrupt(move |seat, _| look(seat))
        .on_start_up(move |seat, _| look(seat))
        .event(Time::from_us(15), pin);
    lab.run().entries(1)
}

#[test]
fn acrn_other_modes_of_lint0_leave_isr_and_esr_alone() {
    // SDM vol. 3 §10.5.1: 2 SMI, 4 NMI, 7 ExtINT (past ISR); 1, 3 and 6 are reserved. None checks the vector, here 0
    for platform in INTEGRATED {
        let table = [
            (1, vec![]),
            (2, vec![Entry::SystemManagement]),
            (3, vec![]),
            (4, vec![Entry::Nmi]),
            (6, vec![]),
            (7, vec![Entry::Interrupt(0x77)]),
        ];
        for (mode, expected) in table {
            assert_eq!(pin_in_mode(platform, mode), expected, "{platform}, mode {mode}");
        }
    }
}

#[test]
fn acrn_lint0_in_init_mode_initialises() {
    // SDM vol. 3 §10.5.1, mode 5; the CPU then waits for a start-up message and finds ISR and ESR clear
    let pin = LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high: true, vector: 0 });
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.delay_us(30);
                seat.send(1, 0x4612);
                seat.settle();
            })
            .endless(|seat| {
                seat.write(LVT_LINT0, 0x500);
                seat.idle();
            })
            .event(Time::from_us(15), pin)
            .on_start_up(|seat, _| {
                assert_eq!((seat.vectors(ISR), seat.errors()), (vec![], 0));
                assert_eq!(seat.read(LVT_LINT0), MASKED);
            });
        assert_eq!(lab.run().entries(1), [Entry::StartUp(0x12)]);
    }
}
