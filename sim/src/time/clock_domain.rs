//! Clock domains: between cycles and instants, exactly, and without dividing.
//!
//! Not modelled: drift between domains, jitter of a clock edge.

use super::reciprocal::{Inverse, Reciprocal};
use super::{Duration, Time};

/// A clock whose cycle lasts `numerator / denominator` picoseconds. Cycle *n* happens at `ceil(n * period)`: each
/// cycle is rounded by itself, so roundings never add up.
///
/// ```
/// use sim::{ClockDomain, Time};
///
/// let picclk = ClockDomain::new(60_000, 1); // 60 ns
/// assert_eq!(picclk.first_after(Time::from_ps(60_000)), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClockDomain {
    numerator: u64,
    denominator: u64,
    /// For the cycles below `direct`: how a number is divided by the denominator.
    inverse: Inverse,
    direct: u64,
    /// The rest of the period, less than a picosecond.
    fraction: Reciprocal,
    /// Cycles a picosecond, at most one.
    frequency: Reciprocal,
}

impl ClockDomain {
    /// A clock with a period of `numerator / denominator` picoseconds, `1 <= denominator <= numerator < 2^63`.
    ///
    /// # Panics
    /// If either is zero, if a cycle is shorter than a picosecond (two cycles must not fall together), or if the
    /// numerator is 2^63 or more.
    pub const fn new(numerator: u64, denominator: u64) -> Self {
        assert!(denominator > 0 && numerator >= denominator, "a cycle lasts at least one picosecond");
        assert!(numerator < 1 << 63, "the numerator of a period is below 2^63");
        Self {
            numerator,
            denominator,
            inverse: Inverse::new(denominator),
            direct: Inverse::dividends(numerator, denominator),
            fraction: Reciprocal::new(numerator % denominator, denominator),
            frequency: Reciprocal::new(denominator, numerator),
        }
    }

    /// The instant of cycle `n`; saturates at [`Time::NEVER`].
    #[inline]
    pub const fn instant(&self, cycle: u64) -> Time {
        if cycle < self.direct { self.direct_instant(cycle) } else { self.late_instant(cycle) }
    }

    /// The instant of `cycle`, if it comes out of one multiplication: all do that a run gets to.
    #[inline(always)]
    pub(crate) const fn early_instant(&self, cycle: u64) -> Option<Time> {
        if cycle < self.direct { Some(self.direct_instant(cycle)) } else { None }
    }

    /// Of a cycle below `direct`: ceil(p / d) is floor((p + d - 1) / d).
    #[inline(always)]
    const fn direct_instant(&self, cycle: u64) -> Time {
        Time(self.inverse.divide(cycle * self.numerator + self.denominator - 1))
    }

    /// Of any cycle.
    #[inline(never)]
    const fn late_instant(&self, cycle: u64) -> Time {
        let whole = cycle as u128 * (self.numerator / self.denominator) as u128;
        let fraction = self.fraction.estimate(cycle);
        // Modulo 2^64, so that it is right where the product does not fit, too: what is left of it is below
        // 2 * denominator (see `Reciprocal`).
        let floor = (whole as u64).wrapping_add(fraction);
        let left = cycle.wrapping_mul(self.numerator).wrapping_sub(floor.wrapping_mul(self.denominator));
        // One for what is left, one more where the estimate was too small. The sum is at most `cycle`.
        let fraction = fraction + (left > 0) as u64 + (left > self.denominator) as u64;
        let (ps, carry) = (whole as u64).overflowing_add(fraction);
        if carry || whole > u64::MAX as u128 { Time::NEVER } else { Time(ps) }
    }

    /// The first cycle that happens at or after `time`.
    #[inline]
    pub const fn first_at_or_after(&self, time: Time) -> u64 {
        // instant(n) >= t  <=>  n * num > (t - 1) * den, for t > 0
        if time.0 == 0 {
            return 0;
        }
        let (cycles, left) = self.elapsed(time.0 - 1);
        cycles + (left >= self.numerator) as u64 + 1
    }

    /// The first cycle that happens strictly after `time`.
    #[inline]
    pub const fn first_after(&self, time: Time) -> u64 {
        if time.0 == u64::MAX {
            return u64::MAX;
        }
        let (cycles, left) = self.elapsed(time.0);
        cycles + (left >= self.numerator) as u64 + 1
    }

    /// The least number of cycles that lasts at least `span`.
    #[inline]
    pub const fn cycles(&self, span: Duration) -> u64 {
        let (cycles, left) = self.elapsed(span.0);
        cycles + (left > 0) as u64 + (left > self.numerator) as u64
    }

    /// How long `cycles` last, rounded up to a picosecond.
    #[inline]
    pub const fn span(&self, cycles: u64) -> Duration {
        Duration(self.instant(cycles).0)
    }

    /// Whole cycles in `ps` picoseconds, or one less, and what is left then of `ps * denominator`, below 2 * numerator.
    #[inline]
    const fn elapsed(&self, ps: u64) -> (u64, u64) {
        let cycles = self.frequency.estimate(ps);
        (cycles, ps.wrapping_mul(self.denominator).wrapping_sub(cycles.wrapping_mul(self.numerator)))
    }
}

impl std::fmt::Debug for ClockDomain {
    /// The period; the other fields follow from it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { numerator, denominator, .. } = self;
        f.debug_struct("ClockDomain").field("numerator", numerator).field("denominator", denominator).finish()
    }
}

#[cfg(test)]
#[path = "clock_domain_tests.rs"]
mod tests;
