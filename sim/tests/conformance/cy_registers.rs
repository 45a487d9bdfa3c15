//! Cyberus guest-tests, which also run on bare metal: local entries, faults, the timer (CY-11 to CY-14).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, PENTIUM, X2APIC, X2APIC_IDEAL, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{
    LDR, LVT_ERROR, LVT_LINT0, LVT_LINT1, LVT_PERFORMANCE, LVT_TIMER, SVR, Seat, TDCR, TMCCT, TMICT, TPR, TSC,
    TSC_DEADLINE,
};
use sim::Duration;
use sim::apic::{GeneralProtection, Mode};

#[test]
fn cy_11_local_entries_of_a_disabled_apic() {
    for platform in [XAPIC, XAPIC_IDEAL, X2APIC_PAGE, X2APIC] {
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
    for platform in INTEGRATED.into_iter().filter(|&platform| platform != PENTIUM) {
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

/// The timer in a mode, with divide by one.
const ONE_SHOT: u32 = 0x0_0041;
const PERIODIC: u32 = 0x2_0041;
const DEADLINE: u32 = 0x4_0041;

/// Interrupts within 60 µs after `code`.
fn within_60_us(seat: &Seat<'_>, code: &dyn Fn()) -> usize {
    let before = seat.taken().len();
    code();
    seat.delay_us(60);
    seat.taken().len() - before
}

fn arm(seat: &Seat<'_>, ticks: u64) {
    let soon = seat.read_msr(TSC).expect("there is one") + ticks;
    seat.write_msr(TSC_DEADLINE, soon).expect("a deadline");
}

#[test]
fn cy_14_changes_of_the_timers_mode_disarm_the_deadline() {
    for platform in [X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, DEADLINE);
            let past = within_60_us(seat, &|| seat.write_msr(TSC_DEADLINE, 1).expect("the past"));
            assert_eq!(past, 1, "a deadline in the past is due at once");
            arm(seat, 25_000);
            assert_eq!(within_60_us(seat, &|| {}), 1, "control: this deadline comes");
            for mode in [ONE_SHOT, PERIODIC] {
                seat.write(LVT_TIMER, DEADLINE);
                arm(seat, 25_000);
                assert_eq!(within_60_us(seat, &|| seat.write(LVT_TIMER, mode)), 0, "disarmed by {mode:X}");
            }
            seat.write(LVT_TIMER, PERIODIC);
            seat.write(TMICT, 2_000);
            assert!(within_60_us(seat, &|| {}) > 1, "control: it is periodic");
            assert_eq!(within_60_us(seat, &|| seat.write(LVT_TIMER, DEADLINE)), 0, "periodic to deadline disarms");
            assert_eq!(seat.read(TMCCT), 0);
        });
        lab.run();
    }
}

#[test]
fn cy_14_between_one_shot_and_periodic() {
    // 3000 ticks of 10 ns: 30 µs
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            let period = seat.platform.generation.timer_clock().cycles(Duration::from_us(30)) as u32;
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, PERIODIC);
            seat.write(TMICT, period);
            seat.delay_us(10);
            assert_eq!(within_60_us(seat, &|| seat.write(LVT_TIMER, ONE_SHOT)), 1, "one more, after periodic");
            assert_eq!((within_60_us(seat, &|| {}), seat.read(TMCCT)), (0, 0), "and that was the last");
            let expired = within_60_us(seat, &|| seat.write(LVT_TIMER, PERIODIC));
            assert_eq!((expired, seat.read(TMCCT)), (0, 0), "an expired one-shot stays at 0");
            seat.write(LVT_TIMER, ONE_SHOT);
            seat.write(TMICT, period);
            seat.delay_us(10);
            let left = seat.read(TMCCT);
            seat.write(LVT_TIMER, PERIODIC);
            assert!((1..=left).contains(&seat.read(TMCCT)), "one-shot to periodic goes on counting");
            assert_eq!(within_60_us(seat, &|| {}), 2, "at 30 and 60 µs after the start");
            seat.write(TMICT, 0);
        });
        lab.run();
    }
}
