//! ACRN, functional-safety suite: the timer (SDM vol. 3 §10.5.4).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, X2APIC, X2APIC_IDEAL, X2APIC_PAGE, XAPIC};
use crate::seat::{IRR, LVT_TIMER, Seat, TDCR, TMCCT, TMICT, TSC, TSC_DEADLINE};

const PERIODIC: u32 = 1 << 17;
const DEADLINE: u32 = 2 << 17;
const RESERVED: u32 = 3 << 17;
const MASKED: u32 = 1 << 16;

#[test]
fn acrn_a_new_divider_takes_effect_at_once() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(move |seat| {
            seat.write(LVT_TIMER, MASKED);
            seat.write(TDCR, 0xB);
            seat.write(TMICT, u32::MAX);
            let rate = |seat: &Seat<'_>| {
                let before = seat.read(TMCCT);
                seat.delay_us(300);
                before - seat.read(TMCCT)
            };
            let whole = rate(seat);
            let ticks = (300_000_000 / platform.generation.timer_clock().span(1).as_ps()) as u32;
            assert!(whole.abs_diff(ticks) < ticks / 20, "{whole} for {ticks} ticks");
            for (code, divider) in [(0x1, 4), (0x9, 64), (0x0, 2), (0xA, 128)] {
                seat.write(TDCR, code);
                let divided = rate(seat);
                assert!(divided.abs_diff(whole / divider) <= 2, "{code:X}: {divided} for {whole} / {divider}");
            }
        });
        lab.run();
    }
}

/// The count, the initial count and the deadline.
fn state(seat: &Seat<'_>) -> (u32, u32, u64) {
    (seat.read(TMCCT), seat.read(TMICT), seat.read_msr(TSC_DEADLINE).expect("the part has the mode"))
}

fn in_future(seat: &Seat<'_>, cycles: u64) -> u64 {
    seat.read_msr(TSC).expect("there is a time-stamp counter") + cycles
}

#[test]
fn acrn_a_change_of_timer_mode_disarms() {
    for platform in [X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, PERIODIC | 0x41);
            seat.write(TMICT, 100_000);
            seat.write(LVT_TIMER, DEADLINE | 0x41);
            assert_eq!(state(seat), (0, 0, 0));
            let deadline = in_future(seat, 50_000);
            seat.write_msr(TSC_DEADLINE, deadline).expect("exists");
            assert_eq!(state(seat), (0, 0, deadline));
            seat.write(LVT_TIMER, 0x41);
            assert_eq!(state(seat), (0, 0, 0));
            seat.write(LVT_TIMER, DEADLINE | 0x41);
            assert_eq!(state(seat), (0, 0, 0), "it is not kept for later");
            seat.delay_us(100);
        });
        assert_eq!(lab.run().vectors(0), []);
    }
}

#[test]
fn acrn_counts_are_ignored_in_deadline_mode() {
    for platform in [X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(LVT_TIMER, DEADLINE | 0x41);
            seat.write(TMICT, 100);
            assert_eq!(state(seat), (0, 0, 0));
            seat.delay_us(100);
            let deadline = in_future(seat, 25_000);
            seat.write_msr(TSC_DEADLINE, deadline).expect("exists");
            seat.write(TMICT, 100);
            assert_eq!(state(seat), (0, 0, deadline), "and does not disarm");
            seat.delay_us(100);
            assert_eq!(state(seat), (0, 0, 0));
        });
        assert_eq!(lab.run().vectors(0), [0x41]);
    }
}

#[test]
fn acrn_a_deadline_behind_the_mask_passes_in_silence() {
    for platform in [X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(LVT_TIMER, DEADLINE | MASKED | 0x41);
            let deadline = in_future(seat, 25_000);
            seat.write_msr(TSC_DEADLINE, deadline).expect("exists");
            assert_eq!(state(seat).2, deadline);
            seat.delay_us(100);
            assert_eq!(state(seat), (0, 0, 0));
            seat.write(LVT_TIMER, DEADLINE | 0x41);
            seat.delay_us(100);
            assert_eq!(seat.vectors(IRR), []);
        });
        assert_eq!(lab.run().vectors(0), []);
    }
}

#[test]
fn acrn_the_deadline_register_is_dead_outside_its_mode() {
    for platform in [X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            for mode in [0, PERIODIC] {
                seat.write(LVT_TIMER, mode | 0x41);
                seat.write_msr(TSC_DEADLINE, in_future(seat, 25_000)).expect("exists");
                assert_eq!(state(seat), (0, 0, 0));
                seat.delay_us(100);
            }
        });
        assert_eq!(lab.run().vectors(0), []);
    }
    let none = Lab::new(XAPIC).cpu(|seat| assert!(seat.read_msr(TSC_DEADLINE).is_err(), "a part without the mode"));
    none.run();
}

#[test]
fn acrn_the_reserved_timer_mode_stops_everything() {
    // SDM vol. 3 fig. 10-8: 11 is reserved; both bits can be written where there is a deadline mode
    for platform in [X2APIC_PAGE, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, 0x41);
            seat.write(TMICT, 10_000);
            seat.write(LVT_TIMER, RESERVED | 0x41);
            assert_eq!(state(seat), (0, 0, 0));
            seat.write(TMICT, 10_000);
            seat.write_msr(TSC_DEADLINE, in_future(seat, 25_000)).expect("exists");
            assert_eq!(state(seat), (0, 0, 0));
            seat.delay_us(200);
        });
        assert_eq!(lab.run().vectors(0), []);
    }
}
