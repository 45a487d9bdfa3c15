//! A rate, and between which bounds it lies in 95 of 100 cases: Wilson's score interval, which is none that leaves 0 to 1, and
//! is right for few runs and for rates near both ends.
//!
//! Computed in whole numbers, in millionths, so that it is the same on every host.

/// The 97.5th percentile of the normal distribution, 1.959964, in millionths.
const Z: u128 = 1_959_964;
const ONE: u128 = 1_000_000;

/// The bounds of `hits` of `count`, in millionths; all of it where there is nothing.
///
/// (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
pub(super) fn wilson(hits: u64, count: u64) -> (u64, u64) {
    if count == 0 {
        return (0, ONE as u64);
    }
    let (hits, n) = (u128::from(hits), u128::from(count));
    let z2 = Z * Z / ONE; // z², in millionths
    // Both sides times 2n: middle = 2·hits + z², spread = z·√(4·hits·(n-hits)/n + z²), all over 2(n + z²).
    let middle = 2 * hits * ONE + z2;
    let under = 4 * hits * (n - hits) * ONE / n * ONE + z2 * ONE; // in (millionths)²
    let spread = Z * under.isqrt() / ONE;
    let whole = 2 * (n * ONE + z2);
    let low = middle.saturating_sub(spread) * ONE / whole;
    let high = ((middle + spread) * ONE).div_ceil(whole);
    let low = if hits == 0 { 0 } else { low };
    let high = if hits == n { ONE } else { high.min(ONE) };
    (low as u64, high as u64)
}

/// A share in millionths, as a percentage with three places.
pub(super) fn percent(millionths: u64) -> String {
    let thousandths = (millionths + 5) / 10;
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `hits` of `count` in millionths, rounded.
pub(super) fn share(hits: u64, count: u64) -> u64 {
    let count = u128::from(count.max(1));
    ((u128::from(hits) * ONE + count / 2) / count) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with the formula in floating point, in millionths.
    fn naive(hits: f64, n: f64) -> (f64, f64) {
        let (z, p) = (1.959_964, hits / n);
        let middle = p + z * z / (2.0 * n);
        let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + z * z / n;
        ((middle - spread) / whole * 1e6, (middle + spread) / whole * 1e6)
    }

    #[test]
    fn bounds_are_those_of_the_formula() {
        for count in [1_u64, 2, 3, 10, 81, 1_000, 123_457, 1_000_000_000] {
            for hits in [0, 1, 2, count / 3, count / 2, count - 1, count].into_iter().filter(|hits| *hits <= count) {
                let (low, high) = wilson(hits, count);
                let (right_low, right_high) = naive(hits as f64, count as f64);
                assert!((low as f64 - right_low).abs() < 3.0, "{hits}/{count}: {low} {right_low}");
                assert!((high as f64 - right_high).abs() < 3.0, "{hits}/{count}: {high} {right_high}");
            }
        }
    }

    /// Newcombe (1998), table I: 81 of 263 has 0.2553 to 0.3662, 15 of 148 0.0624 to 0.1605, 0 of 20 0 to 0.1611, 1 of 29 0.0061 to 0.1718.
    #[test]
    fn published_intervals_come_out() {
        for (hits, count, low, high) in
            [(81, 263, 2553, 3662), (15, 148, 624, 1605), (0, 20, 0, 1611), (1, 29, 61, 1718)]
        {
            let found = wilson(hits, count);
            assert_eq!(((found.0 + 50) / 100, (found.1 + 50) / 100), (low, high), "{hits}/{count}");
        }
    }

    #[test]
    fn percentages_have_three_places() {
        for (millionths, text) in [(0, "0"), (1_000_000, "100"), (123_456, "12.346"), (500_000, "50"), (10, "0.001")] {
            assert_eq!(percent(millionths), text);
        }
        assert_eq!((share(1, 3), share(2, 3), share(0, 0)), (333_333, 666_667, 0));
    }
}
