//! Spans of time that are drawn, in whole numbers: no float decides anything in a run.
//!
//! Not modelled: draws finer than a picosecond, and exponential spans beyond 22 means, of which there is one in 2^32.

use crate::scenario::Amount;

/// Alternatives of a draw, less one.
const LAST: u64 = u32::MAX as u64 - 1;

/// The length of a span, in picoseconds. `number` draws one of 2^32 - 1 numbers, evenly.
pub(super) fn draw(amount: Amount, number: impl FnOnce() -> u32) -> u64 {
    match amount {
        Amount::Fixed(ps) => ps,
        Amount::Uniform { first, last } => {
            first + (u128::from(last - first) * u128::from(number()) / u128::from(LAST)) as u64
        }
        Amount::Exponential { mean } => ((u128::from(mean) * u128::from(minus_ln(number()))) >> FRACTION) as u64,
    }
}

/// Bits behind the point.
const FRACTION: u32 = 32;

/// ln 2 with that many bits.
const LN_2: u64 = 0xB172_17F7;

/// -ln((number + 1) / 2^32).
fn minus_ln(number: u32) -> u64 {
    let log2 = (u64::from(u32::BITS) << FRACTION) - log2(u64::from(number) + 1);
    ((u128::from(log2) * u128::from(LN_2)) >> FRACTION) as u64
}

/// The binary logarithm of `x`, 1 to 2^32: its whole part is the place of the highest bit; each further bit says whether the
/// square of what is left reaches 2.
fn log2(x: u64) -> u64 {
    let whole = x.ilog2();
    let mut rest = x << (63 - whole) >> 1; // 1 to 2, with 62 bits behind the point
    let mut log = u64::from(whole);
    for _ in 0..FRACTION {
        let square = ((u128::from(rest) * u128::from(rest)) >> 62) as u64;
        let bit = square >> 63;
        rest = square >> bit;
        log = log << 1 | bit;
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the host's own logarithm.
    #[test]
    fn logarithms_are_those_of_the_library() {
        let numbers = [0, 1, 2, 3, 99, 65_535, 1 << 20, (1 << 31) - 1, 1 << 31, u32::MAX - 2, u32::MAX - 1];
        for number in numbers.into_iter().chain((0..1_000).map(|n| n * 4_294_967)) {
            let exact = -((f64::from(number) + 1.0) / 4_294_967_296.0).ln();
            let ours = minus_ln(number) as f64 / f64::from(u32::MAX);
            assert!((ours - exact).abs() < 1e-7, "{number}: {ours} {exact}");
        }
    }

    /// The ends of what can be drawn, by hand: 32 ln 2 = 22.18 means at most.
    #[test]
    fn draws_stay_in_their_range() {
        let uniform = Amount::Uniform { first: 1_000, last: 3_000 };
        assert_eq!([0, u32::MAX - 1, u32::MAX / 2].map(|n| draw(uniform, || n)), [1_000, 3_000, 2_000]);
        let exponential = Amount::Exponential { mean: 1_000_000 };
        assert_eq!(draw(exponential, || 0) / 10_000, 2_218);
        assert_eq!(draw(exponential, || u32::MAX - 1), 0);
        let widest = Amount::Uniform { first: 0, last: u64::MAX };
        assert_eq!(draw(widest, || u32::MAX - 1), u64::MAX);
    }

    /// The mean of evenly spread numbers is the mean of the distribution; of 1 000 000 strata to within a thousandth.
    #[test]
    fn the_mean_is_the_mean() {
        let mean = 50_000_000_u64;
        let sum: u128 =
            (0..1_000_000_u32).map(|n| u128::from(draw(Amount::Exponential { mean }, || n * 4_294 + 2_147))).sum();
        let average = (sum / 1_000_000) as i64;
        assert!((average - mean as i64).abs() < 50_000, "{average}");
    }
}
