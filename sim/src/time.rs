//! The one clock: picoseconds in a `u64`, and clock domains as exact rational numbers of picoseconds a cycle.
//!
//! Not modelled: drift between domains, jitter of a clock edge. Range: 213 days.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A span of simulated time, in picoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `ps` picoseconds.
    pub const fn from_ps(ps: u64) -> Self {
        Self(ps)
    }
    /// A span of `ns` nanoseconds.
    ///
    /// # Panics
    /// On overflow (more than 213 days).
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns.checked_mul(1_000).expect("more than 213 days"))
    }
    /// A span of `us` microseconds.
    ///
    /// # Panics
    /// On overflow (more than 213 days).
    pub const fn from_us(us: u64) -> Self {
        Self(us.checked_mul(1_000_000).expect("more than 213 days"))
    }
    /// The span in picoseconds.
    pub const fn as_ps(self) -> u64 {
        self.0
    }
}

/// An instant, in picoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `ps` picoseconds after the start.
    pub const fn from_ps(ps: u64) -> Self {
        Self(ps)
    }
    /// The instant `us` microseconds after the start.
    ///
    /// # Panics
    /// On overflow (more than 213 days).
    pub const fn from_us(us: u64) -> Self {
        Self(Duration::from_us(us).0)
    }
    /// Picoseconds since the start.
    pub const fn as_ps(self) -> u64 {
        self.0
    }
    /// The span since `earlier`; nothing if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    /// Saturates at [`Time::NEVER`].
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub for Duration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Microseconds with at most six places, without trailing zeros: exact, because a picosecond is the sixth place.
fn write_us(ps: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (whole, rest) = (ps / 1_000_000, ps % 1_000_000);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let places = format!("{rest:06}");
    write!(f, "{whole}.{}", places.trim_end_matches('0'))
}

impl fmt::Display for Time {
    /// Exact decimal microseconds, without a unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_us(self.0, f)
    }
}

impl fmt::Display for Duration {
    /// Exact decimal microseconds, without a unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_us(self.0, f)
    }
}

/// A clock whose cycle lasts `numerator / denominator` picoseconds. Cycle *n* happens at `ceil(n * period)`: each
/// cycle is rounded by itself, so roundings never add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClockDomain {
    numerator: u64,
    denominator: u64,
}

impl ClockDomain {
    /// A clock with a period of `numerator / denominator` picoseconds.
    ///
    /// # Panics
    /// If either is zero, or if a cycle is shorter than a picosecond: two cycles must not fall together.
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        assert!(denominator > 0 && numerator >= denominator, "a cycle lasts at least one picosecond");
        Self { numerator, denominator }
    }

    /// The instant of cycle `n`; saturates at [`Time::NEVER`].
    #[inline]
    pub const fn instant(self, cycle: u64) -> Time {
        if self.denominator == 1 {
            return Time(cycle.saturating_mul(self.numerator));
        }
        let ps = (cycle as u128 * self.numerator as u128).div_ceil(self.denominator as u128);
        if ps > u64::MAX as u128 { Time::NEVER } else { Time(ps as u64) }
    }

    /// The first cycle that happens at or after `time`.
    #[inline]
    pub const fn first_at_or_after(self, time: Time) -> u64 {
        // instant(n) >= t  <=>  n * num > (t - 1) * den, for t > 0
        if time.0 == 0 {
            return 0;
        }
        let n = (time.0 as u128 - 1) * self.denominator as u128 / self.numerator as u128 + 1;
        n as u64
    }

    /// The first cycle that happens strictly after `time`.
    #[inline]
    pub const fn first_after(self, time: Time) -> u64 {
        if time.0 == u64::MAX {
            return u64::MAX;
        }
        self.first_at_or_after(Time(time.0 + 1))
    }

    /// The least number of cycles that lasts at least `span`.
    #[inline]
    pub const fn cycles(self, span: Duration) -> u64 {
        (span.0 as u128 * self.denominator as u128).div_ceil(self.numerator as u128) as u64
    }

    /// How long `cycles` last, rounded up to a picosecond.
    pub const fn span(self, cycles: u64) -> Duration {
        Duration(self.instant(cycles).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn microseconds_are_exact() {
        assert_eq!(Time(40_000_000).to_string(), "40");
        assert_eq!(Time(1_260_001).to_string(), "1.260001");
        assert_eq!(Time(60_500_000).to_string(), "60.5");
    }
}
