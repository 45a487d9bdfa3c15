//! Division by a number, and multiplication by a fraction of at most one, without a division.
//!
//! Not modelled: fractions above one (the caller multiplies by their whole part).

/// One part in `divisor`, scaled by 2^64 and rounded down, so that it is always a little less.
///
/// Why that divides exactly: let `m` be the number kept and `e = 2^64 - m * divisor`, which is from 1 to `divisor`. For a
/// dividend `n` it gives `floor((n + 1) * m / 2^64)`, and `(n + 1) * m / 2^64 = (n + 1) / divisor - (n + 1) * e /
/// (divisor * 2^64)`. That is less than `(n + 1) / divisor`, so its floor is not above that of `n / divisor`. And as long as
/// `(n + 1) * e <= 2^64` it is at most `1 / divisor` less, so not less than `n / divisor` rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Inverse(u64);

impl Inverse {
    /// Of `divisor`, which is not zero.
    pub(super) const fn new(divisor: u64) -> Self {
        Self(u64::MAX / divisor)
    }

    /// Below which `x` every `x * factor + divisor - 1` is divided exactly by `divisor`: with `e` of at most `divisor` that
    /// is where `(x * factor + divisor) * divisor <= 2^64`.
    pub(super) const fn dividends(factor: u64, divisor: u64) -> u64 {
        let most = (1_u128 << 64) / divisor as u128;
        match most.checked_sub(divisor as u128) {
            Some(room) => (room / factor as u128) as u64, // below 2^64: `most` is 2^64 at most, and `divisor` not zero
            None => 0,
        }
    }

    /// `dividend / divisor`, rounded down, for the dividends that [`dividends`](Self::dividends) says.
    #[inline]
    pub(super) const fn divide(self, dividend: u64) -> u64 {
        (((dividend + 1) as u128 * self.0 as u128) >> 64) as u64
    }
}

/// The fraction `rest / divisor`, scaled by 2^64 and rounded down.
///
/// Why one correction is enough: let `f = rest / divisor` and `M` the number kept. `2^64 * f - M` lies in `[0, 1]` (it
/// is 1 for the fraction one only, whose `M` would not fit). So for every `x` below 2^64 the error, `x * f` less
/// `x * M / 2^64`, lies in `[0, 1)`, and `floor(x * M / 2^64)` is `floor(x * f)` or one less. The remainder that goes
/// with this estimate therefore lies in `[0, 2 * divisor)`: with a divisor of at most 2^63 it can be worked out modulo
/// 2^64, and a comparison with the divisor tells which of the two it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Reciprocal(u64);

impl Reciprocal {
    /// Of `rest / divisor`; `rest` is at most `divisor`, which is not zero.
    pub(super) const fn new(rest: u64, divisor: u64) -> Self {
        let scaled = ((rest as u128) << 64) / divisor as u128;
        Self(if scaled > u64::MAX as u128 { u64::MAX } else { scaled as u64 })
    }

    /// The whole part of `x * rest / divisor`, or one less.
    #[inline]
    pub(super) const fn estimate(self, x: u64) -> u64 {
        ((x as u128 * self.0 as u128) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_divides_exactly_up_to_its_limit() {
        for divisor in [1, 2, 3, 7, 999, 1250, 65_535, 65_536, 1 << 31, (1 << 32) - 1] {
            for factor in [divisor, divisor + 1, 1250 * divisor + 7] {
                let (inverse, end) = (Inverse::new(divisor), Inverse::dividends(factor, divisor));
                let values = (0..2_000).chain(end.saturating_sub(2_000)..end).filter(|&x| x < end);
                for dividend in values.map(|x| x * factor + divisor - 1) {
                    assert_eq!(inverse.divide(dividend), dividend / divisor, "{dividend} / {divisor}");
                }
            }
        }
        assert_eq!(Inverse::dividends(1, 1), u64::MAX);
        assert_eq!(Inverse::dividends(1 << 33, 1 << 33), 0, "there is nothing to divide");
    }

    #[test]
    fn an_estimate_is_right_or_one_too_small() {
        let divisors = [1, 2, 3, 7, 999, 1250, 1 << 32, (1 << 61) - 1, (1 << 63) - 1];
        let values = [0, 1, 2, 3, 1249, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
        for divisor in divisors {
            for rest in [0, 1, divisor / 3, divisor / 2, divisor - 1, divisor] {
                for x in values {
                    let exact = (u128::from(x) * u128::from(rest) / u128::from(divisor)) as u64;
                    let estimate = Reciprocal::new(rest, divisor).estimate(x);
                    assert!(exact - estimate <= 1, "{x} * {rest} / {divisor}: {estimate}");
                }
            }
        }
    }
}
