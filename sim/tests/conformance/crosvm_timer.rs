//! crosvm, unit tests of the APIC: its timer (SDM vol. 3 §10.5.4).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, Platform};
use crate::record::Record;
use crate::seat::{LVT_TIMER, TDCR, TMCCT, TMICT, msr};
use sim::apic::LocalSource;
use sim::{Duration, LocalEvent, Time, What};

/// When the initial count was written first.
fn armed(record: &Record) -> Time {
    let is_write = |what: &What| match what {
        What::Write { access, .. } => [u32::from(TMICT), msr(TMICT)].contains(&access.operand),
        _ => false,
    };
    record.events.iter().find(|event| is_write(&event.what)).expect("it is written").time
}

/// When the timer fired.
fn fired(record: &Record) -> Vec<Time> {
    let timer = What::Local(LocalEvent::Interrupt(LocalSource::Timer));
    record.events.iter().filter(|event| event.what == timer).map(|event| event.time).collect()
}

/// The instants `n` intervals of 4 times 500 000 ticks after the tick at which counting began.
fn expected(platform: Platform, armed: Time, n: u64) -> Time {
    let clock = platform.generation.timer_clock();
    clock.instant(clock.first_at_or_after(armed) + n * 4 * 500_000)
}

/// Not earlier, and not later than the next core cycle: less than a nanosecond on the later parts.
fn assert_exact(platform: Platform, at: Time, expected: Time) {
    let cycle: Duration = platform.generation.core_clock().span(1);
    assert!(at >= expected && at.since(expected) < cycle, "{at} for {expected}");
}

#[test]
fn crosvm_one_shot_fires_once_and_exactly() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0x1);
            seat.write(LVT_TIMER, 0x31);
            seat.write(TMICT, 500_000);
            seat.delay_us(100_000);
            assert_eq!((seat.read(TMCCT), seat.read(TMICT)), (0, 500_000));
        });
        let record = lab.run();
        assert_eq!(record.vectors(0), [0x31]);
        assert_exact(platform, fired(&record)[0], expected(platform, armed(&record), 1));
    }
}

#[test]
fn crosvm_periodic_fires_again_and_again_without_drift() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0x1);
            seat.write(LVT_TIMER, 0x2_0031);
            seat.write(TMICT, 500_000);
            seat.delay_us(310_000);
            seat.write(TMICT, 0);
            seat.note("stopped", 0_u32);
            seat.delay_us(100_000);
        });
        let record = lab.run();
        let (armed, fired) = (armed(&record), fired(&record));
        let stopped = record.notes(0, "stopped")[0].0;
        assert!(fired.len() >= 10, "{}", fired.len());
        for (n, &at) in (1..).zip(&fired) {
            assert_exact(platform, at, expected(platform, armed, n));
        }
        assert!(*fired.last().expect("it fired") < stopped, "a written 0 stops it");
        assert!(expected(platform, armed, fired.len() as u64 + 1) > stopped, "none is missing");
        assert_eq!(record.vectors(0), vec![0x31; fired.len()]);
    }
}

#[test]
fn crosvm_a_masked_timer_is_silent_and_an_unmasked_one_uses_its_vector() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, 0x1_0031);
            seat.write(TMICT, 500);
            seat.delay_us(20);
            assert_eq!((seat.taken(), seat.requests(0x31)), (vec![], false));
            seat.write(LVT_TIMER, 0x42);
            seat.delay_us(20);
            assert_eq!(seat.taken(), [], "what passed behind the mask is gone");
            seat.write(TMICT, 500);
            seat.delay_us(20);
            assert_eq!(seat.taken(), [0x42]);
        });
        lab.run();
    }
}
