//! Tests of clock domains: the reciprocals against the divisions that they stand for.

use super::*;

const LIMIT: u64 = 1 << 63;

const PERIODS: [(u64, u64); 20] = [
    (1, 1),
    (2, 2),
    (3, 2),
    (7, 5),
    (400, 1),
    (1000, 999),
    (1250, 3),
    (2000, 1),
    (15_000, 1),
    (60_000, 1),
    (500_000_000_000, 596_591),
    (1_000_000_007, 998_244_353),
    (u32::MAX as u64, 1),
    (u32::MAX as u64, u32::MAX as u64 - 1),
    ((1 << 61) - 1, (1 << 31) - 1), // Mersenne primes
    ((1 << 62) + 1, (1 << 62) - 1),
    (LIMIT - 1, 1),
    (LIMIT - 1, 2),
    (LIMIT - 1, LIMIT - 2),
    (LIMIT - 1, LIMIT - 1),
];

fn instant(cycle: u64, numerator: u64, denominator: u64) -> u64 {
    let ps = (u128::from(cycle) * u128::from(numerator)).div_ceil(u128::from(denominator));
    u64::try_from(ps).unwrap_or(u64::MAX)
}

fn first_at_or_after(ps: u64, numerator: u64, denominator: u64) -> u64 {
    let Some(before) = ps.checked_sub(1) else { return 0 };
    (u128::from(before) * u128::from(denominator) / u128::from(numerator)) as u64 + 1
}

fn cycles(ps: u64, numerator: u64, denominator: u64) -> u64 {
    (u128::from(ps) * u128::from(denominator)).div_ceil(u128::from(numerator)) as u64
}

fn check(clock: ClockDomain, x: u64) {
    let (numerator, denominator) = (clock.numerator, clock.denominator);
    let at = instant(x, numerator, denominator);
    assert_eq!(clock.instant(x), Time(at), "{clock:?} instant {x}");
    assert_eq!(clock.span(x), Duration(at), "{clock:?} span {x}");
    let first = first_at_or_after(x, numerator, denominator);
    assert_eq!(clock.first_at_or_after(Time(x)), first, "{clock:?} first at or after {x}");
    let after = x.checked_add(1).map_or(u64::MAX, |next| first_at_or_after(next, numerator, denominator));
    assert_eq!(clock.first_after(Time(x)), after, "{clock:?} first after {x}");
    assert_eq!(clock.cycles(Duration(x)), cycles(x, numerator, denominator), "{clock:?} cycles {x}");
}

/// Knuth's MMIX generator, with the high bits folded in.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state ^ *state >> 33
}

#[test]
fn conversions_equal_the_divisions_at_the_edges() {
    for (numerator, denominator) in PERIODS {
        let clock = ClockDomain::new(numerator, denominator);
        let saturation = (u128::from(u64::MAX) * u128::from(denominator) / u128::from(numerator)) as u64;
        let factors = [numerator, denominator];
        let multiples = factors.iter().flat_map(|&factor| {
            let highest = u64::MAX / factor;
            (0..40).flat_map(move |k| [factor.wrapping_mul(k), highest.saturating_sub(k) * factor])
        });
        let powers = (0..64).map(|bit| 1_u64 << bit);
        for edge in multiples.chain(powers).chain([saturation, first_at_or_after(u64::MAX, numerator, denominator)]) {
            for x in [edge.wrapping_sub(2), edge.wrapping_sub(1), edge, edge.wrapping_add(1), edge.wrapping_add(2)] {
                check(clock, x);
            }
        }
    }
}

#[test]
fn conversions_equal_the_divisions_at_random_values() {
    let mut state = 1;
    for round in 0..50_000 {
        let (numerator, denominator) = if round < 1_000 {
            PERIODS[round % PERIODS.len()]
        } else {
            let [a, b] = [0; 2].map(|_: u64| (next(&mut state) >> 1 >> (next(&mut state) % 62)).max(1));
            (a.max(b), a.min(b))
        };
        let clock = ClockDomain::new(numerator, denominator);
        for _ in 0..if round < 1_000 { 1_000 } else { 20 } {
            let x = next(&mut state);
            check(clock, x >> (next(&mut state) % 64));
        }
    }
}

#[test]
fn cycles_are_rounded_one_by_one() {
    let xapic = ClockDomain::new(1250, 3); // 2.4 GHz
    assert_eq!(xapic.instant(1), Time(417));
    assert_eq!(xapic.instant(3), Time(1250));
    assert_eq!(xapic.instant(2_400_000_000), Time(1_000_000_000_000));
}

#[test]
fn first_cycle_at_or_after_is_the_inverse() {
    for clock in [ClockDomain::new(2000, 1), ClockDomain::new(1250, 3), ClockDomain::new(60_000, 1)] {
        for ps in (0..200_000).step_by(37) {
            let time = Time(ps);
            let n = clock.first_at_or_after(time);
            assert!(clock.instant(n) >= time);
            assert!(n == 0 || clock.instant(n - 1) < time, "{clock:?} {ps}");
            assert!(clock.instant(clock.first_after(time)) > time);
        }
    }
}

#[test]
#[should_panic(expected = "below 2^63")]
fn a_period_has_a_limit() {
    ClockDomain::new(LIMIT, 1);
}

#[test]
#[should_panic(expected = "at least one picosecond")]
fn two_cycles_do_not_fall_together() {
    ClockDomain::new(999, 1000);
}
