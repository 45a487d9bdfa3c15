//! Which bits of each register software can change, generation by generation, from the figures of the manual: fields as bit
//! ranges, not the register table under test. Bits 31:20, 17:16 and 13 of ICR low on Pentium 4 and later are left out: they
//! are reserved, and what reads back from them is said nowhere.
//!
//! Also here: constants that tests compare with themselves elsewhere, as literals of the manual.

use sim::apic::{self, Clocks, LocalApic, Mode, Preset};
use sim::{Generation, Knobs, Named, Time};

const NOW: Time = Time::ZERO;

fn enabled(generation: Generation) -> LocalApic {
    let clocks = Clocks { core: generation.core_clock(), timer: generation.timer_clock() };
    let mut apic = LocalApic::new(generation, Knobs::default(), 0, 0, clocks);
    apic.preset(&Preset::default());
    apic
}

/// The bits of these ranges, high and low.
fn bits(ranges: &[(u32, u32)]) -> u32 {
    ranges.iter().fold(0, |bits, &(high, low)| (low..=high).fold(bits, |bits, bit| bits | 1 << bit))
}

/// Bits that a write of ones sets and a write of zeros clears.
fn changed(generation: Generation, offset: u16) -> u32 {
    let written = |value| {
        let mut apic = enabled(generation);
        apic.write(offset, value, NOW);
        apic.read(offset, NOW)
    };
    written(u32::MAX) & !written(0)
}

/// A register, its figure, and its fields on the 82489DX, Pentium, P6, Pentium 4 and x2APIC parts; none: it is reserved.
type Figure = (u16, &'static str, [Option<&'static [(u32, u32)]>; 5]);

const VECTOR: (u32, u32) = (7, 0);
const MODE: (u32, u32) = (10, 8);
const POLARITY: (u32, u32) = (13, 13);
const TRIGGER: (u32, u32) = (15, 15);
const MASK: (u32, u32) = (16, 16);
const ONCE_OR_PERIODIC: &[(u32, u32)] = &[VECTOR, MASK, (17, 17)];
const COUNTER: &[(u32, u32)] = &[VECTOR, MODE, MASK];
const PIN: &[(u32, u32)] = &[VECTOR, MODE, POLARITY, TRIGGER, MASK];
const ERROR: &[(u32, u32)] = &[VECTOR, MASK];
const DIVISOR: &[(u32, u32)] = &[(3, 3), (1, 0)];
const ALL: &[(u32, u32)] = &[(31, 0)];
const EIGHT: &[(u32, u32)] = &[(31, 24)];
/// Enable and focus check; bits 3:0 of the vector are hard-wired up to the P6.
const SPURIOUS_TO_P6: &[(u32, u32)] = &[(9, 4)];

const FIGURES: [Figure; 16] = [
    // An id of four bits on Pentium and P6; read-only since Nehalem.
    (0x020, "fig. 10-6, §10.4.6", [Some(EIGHT), Some(&[(27, 24)]), Some(&[(27, 24)]), Some(EIGHT), Some(&[])]),
    (0x080, "fig. 10-18", [Some(&[VECTOR]); 5]),
    (0x0A0, "fig. 10-19: read-only", [Some(&[]); 5]),
    (
        0x0D0,
        "fig. 10-13; 32 bits on the 82489DX: §22.27.1",
        [Some(ALL), Some(EIGHT), Some(EIGHT), Some(EIGHT), Some(EIGHT)],
    ),
    (0x0E0, "fig. 10-14", [Some(&[(31, 28)]); 5]),
    (
        0x0F0,
        "fig. 10-23; bit 12 with EOI suppression",
        [Some(SPURIOUS_TO_P6), Some(SPURIOUS_TO_P6), Some(SPURIOUS_TO_P6), Some(&[(8, 0)]), Some(&[(8, 0), (12, 12)])],
    ),
    (0x2F0, "fig. 10-8: since Nehalem", [None, None, None, None, Some(COUNTER)]),
    (
        0x310,
        "fig. 10-12; 32 bits of a logical destination on the 82489DX",
        [Some(ALL), Some(EIGHT), Some(EIGHT), Some(EIGHT), Some(EIGHT)],
    ),
    (
        0x320,
        "fig. 10-8; the deadline mode is bit 18",
        [
            Some(ONCE_OR_PERIODIC),
            Some(ONCE_OR_PERIODIC),
            Some(ONCE_OR_PERIODIC),
            Some(ONCE_OR_PERIODIC),
            Some(&[VECTOR, MASK, (18, 17)]),
        ],
    ),
    (0x330, "fig. 10-8: since the Pentium 4", [None, None, None, Some(COUNTER), Some(COUNTER)]),
    (0x340, "fig. 10-8: since the P6", [None, None, Some(COUNTER), Some(COUNTER), Some(COUNTER)]),
    (0x350, "fig. 10-8; bits 12 and 14 are read-only", [Some(PIN); 5]),
    (0x360, "fig. 10-8", [Some(PIN); 5]),
    (0x370, "fig. 10-8; none on the 82489DX", [None, Some(ERROR), Some(ERROR), Some(ERROR), Some(ERROR)]),
    (0x380, "fig. 10-11", [Some(ALL); 5]),
    (0x3E0, "fig. 10-10", [Some(DIVISOR); 5]),
];

#[test]
fn software_changes_the_bits_of_the_figures() {
    for (offset, figure, fields) in FIGURES {
        for (&generation, fields) in Generation::ALL.iter().zip(fields) {
            let expected = fields.map_or(0, bits);
            assert_eq!(changed(generation, offset), expected, "{generation} {offset:03X}, SDM vol. 3 {figure}");
        }
    }
}

/// Of ICR low the fields are the same on all parts: vector, delivery mode, destination mode, level, trigger, shorthand
/// (SDM vol. 3 fig. 10-12). Bit 12 is read-only.
#[test]
fn software_changes_the_fields_of_icr_low() {
    let fields = bits(&[VECTOR, MODE, (11, 11), (14, 14), TRIGGER, (19, 18)]);
    for &generation in Generation::ALL {
        assert_eq!(changed(generation, 0x300) & fields, fields, "{generation}");
        assert_eq!(changed(generation, 0x300) & 1 << 12, 0, "{generation}");
        if generation.profile().serial {
            assert_eq!(changed(generation, 0x300) & !fields, 0, "{generation}");
        }
    }
}

#[test]
fn error_bits_are_those_of_figure_10_9() {
    let bits = [
        apic::SEND_CHECKSUM_ERROR,
        apic::RECEIVE_CHECKSUM_ERROR,
        apic::SEND_ACCEPT_ERROR,
        apic::RECEIVE_ACCEPT_ERROR,
        apic::REDIRECTABLE_IPI,
        apic::SEND_ILLEGAL_VECTOR,
        apic::RECEIVE_ILLEGAL_VECTOR,
        apic::ILLEGAL_REGISTER,
    ];
    assert_eq!(bits, [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80]);
}

/// A lowest-priority IPI in x2APIC mode is the one message that is stopped, with bit 4 alone (SDM vol. 3 §10.5.3, §10.12.9).
#[test]
fn a_redirectable_ipi_is_bit_4() {
    let mut apic = enabled(Generation::X2Apic);
    apic.preset(&Preset::default().with(|preset| preset.mode = Mode::X2Apic));
    apic.write_msr(0x830, 0x105, NOW).expect("the register takes it");
    apic.write_msr(0x828, 0, NOW).expect("the register takes zero");
    assert_eq!(apic.read_msr(0x828, NOW), Ok(0x10));
}
