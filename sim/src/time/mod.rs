//! The one clock: picoseconds in a `u64`, and clock domains as exact rational numbers of picoseconds a cycle.
//!
//! Not modelled: drift between domains, jitter of a clock edge. Range: 213 days.

mod clock_domain;
mod reciprocal;

pub use clock_domain::ClockDomain;

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A span of simulated time, in picoseconds.
///
/// ```
/// use sim::{Duration, Time};
///
/// assert_eq!(Time::from_us(1) + Duration::from_ns(500), Time::from_ps(1_500_000));
/// ```
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
///
/// ```
/// let at = sim::Time::from_us(3);
/// assert_eq!((at.as_ps(), at.to_string()), (3_000_000, "3".to_owned()));
/// ```
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_exact() {
        assert_eq!(Time(40_000_000).to_string(), "40");
        assert_eq!(Time(1_260_001).to_string(), "1.260001");
        assert_eq!(Time(60_500_000).to_string(), "60.5");
    }
}
