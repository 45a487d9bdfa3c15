//! KVM unit tests, x86/apic.c: the timer (KUT-22 to KUT-28). One count is one tick of 10 ns, unless divided.

use crate::lab::Lab;
use crate::platform::{INTEGRATED, Platform, X2APIC_IDEAL, X2APIC_PAGE};
use crate::seat::{Entry, LVT_TIMER, Seat, TDCR, TMCCT, TMICT, TSC, TSC_DEADLINE};
use sim::Duration;

const ONE_SHOT: u32 = 0x41;
const PERIODIC: u32 = 0x2_0041;
const DEADLINE: u32 = 0x4_0041;
const BY_1: u32 = 0xB;

/// A lone CPU with a timer divided by 1.
fn alone(platform: Platform, code: impl Fn(&Seat<'_>) + Send + Sync + 'static) -> crate::record::Record {
    Lab::new(platform)
        .cpu(move |seat| {
            seat.write(TDCR, BY_1);
            code(seat);
        })
        .run()
}

/// Ticks of the timer in a microsecond.
fn per_us(platform: Platform) -> u64 {
    platform.generation.timer_clock().cycles(Duration::from_us(1))
}

#[test]
fn kut_22_one_shot_interrupts_once_and_not_early() {
    for platform in INTEGRATED {
        let record = alone(platform, |seat| {
            seat.write(LVT_TIMER, ONE_SHOT);
            seat.note("started", 0_u64);
            seat.write(TMICT, 0x1000);
            seat.delay_us(200);
        });
        let (started, _) = record.notes(0, "started")[0];
        let interval = platform.generation.timer_clock().span(0x1000);
        assert!(record.time(0, Entry::Interrupt(0x41)) >= started + interval, "{platform}");
        assert_eq!(record.vectors(0), [0x41]);
    }
}

#[test]
fn kut_23_a_mode_change_keeps_the_initial_count() {
    for platform in INTEGRATED {
        alone(platform, |seat| {
            seat.write(LVT_TIMER, ONE_SHOT);
            seat.write(TMICT, 0x99_9999);
            seat.write(LVT_TIMER, PERIODIC);
            assert_eq!(seat.read(TMICT), 0x99_9999);
            seat.write(TMICT, 0);
        });
    }
}

#[test]
fn kut_24_the_count_runs_to_zero() {
    for platform in INTEGRATED {
        alone(platform, |seat| {
            seat.write(LVT_TIMER, ONE_SHOT);
            seat.write(TMICT, 5_000);
            assert!(seat.read(TMCCT) > 0);
            seat.delay_us(100);
            assert_eq!(seat.read(TMCCT), 0);
        });
    }
}

/// Half of 40 µs of a count have passed; `from` becomes `to`. The count then, 4 µs later, and 30 µs later.
fn change_at_half(platform: Platform, from: u32, to: u32) -> Vec<u64> {
    let count = 40 * per_us(platform) as u32;
    let record = alone(platform, move |seat| {
        seat.write(LVT_TIMER, from);
        seat.write(TMICT, count);
        seat.delay_us(22);
        seat.write(LVT_TIMER, to);
        seat.note("count", seat.read(TMCCT));
        seat.delay_us(4);
        seat.note("count", seat.read(TMCCT));
        seat.delay_us(22);
        seat.note("count", seat.read(TMCCT));
        seat.write(TMICT, 0);
    });
    record.values(0, "count")
}

#[test]
fn kut_25_one_shot_to_periodic_goes_on_and_reloads() {
    for platform in INTEGRATED {
        let [then, soon, late] = change_at_half(platform, ONE_SHOT, PERIODIC)[..] else { panic!("three counts") };
        let half = 20 * per_us(platform);
        assert!(then < half && soon < then && late > half, "{platform}: {then} {soon} {late}");
    }
}

#[test]
fn kut_26_periodic_to_one_shot_runs_out() {
    for platform in INTEGRATED {
        let [then, soon, late] = change_at_half(platform, PERIODIC, ONE_SHOT)[..] else { panic!("three counts") };
        assert!(then > soon && soon > 0 && late == 0, "{platform}: {then} {soon} {late}");
    }
}

#[test]
fn kut_27_an_expired_one_shot_stays_at_zero() {
    for platform in INTEGRATED {
        alone(platform, |seat| {
            seat.write(LVT_TIMER, ONE_SHOT);
            seat.write(TMICT, 100);
            seat.delay_us(20);
            seat.write(LVT_TIMER, PERIODIC);
            seat.delay_us(20);
            assert_eq!((seat.read(TMICT), seat.read(TMCCT)), (100, 0));
        });
    }
}

#[test]
fn kut_28_tsc_deadline() {
    for platform in [X2APIC_PAGE, X2APIC_IDEAL] {
        let record = alone(platform, |seat| {
            seat.write(LVT_TIMER, DEADLINE);
            let now = seat.read_msr(TSC).expect("there is one");
            seat.write_msr(TSC_DEADLINE, now).expect("deadline now");
            seat.delay_us(5);
            assert_eq!(seat.read_msr(TSC_DEADLINE), Ok(0));
        });
        assert_eq!(record.vectors(0), [0x41], "{platform}");
    }
}
