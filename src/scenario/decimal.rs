//! Plain decimals of microseconds and nanoseconds as whole picoseconds, exactly: no binary fraction is involved.

use thiserror::Error;

/// The unit that a decimal counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// 1 µs = 10⁶ ps.
    Microseconds,
    /// 1 ns = 10³ ps.
    Nanoseconds,
}

impl Unit {
    /// How many decimal places reach down to a picosecond.
    const fn places(self) -> usize {
        match self {
            Self::Microseconds => 6,
            Self::Nanoseconds => 3,
        }
    }
}

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum DecimalError {
    /// Not digits with at most one point.
    #[error("a time is a plain decimal number such as 30 or 30.5")]
    NotPlain,
    /// Below zero.
    #[error("a time cannot be negative")]
    Negative,
    /// Finer than the clock.
    #[error("the clock counts whole picoseconds: at most {0} decimal places here")]
    TooFine(usize),
    /// Does not fit into 64 bits of picoseconds.
    #[error("time overflows: the clock reaches 213 days (18446744073709 µs)")]
    Overflow,
}

/// `text`, a plain decimal of `unit`, in picoseconds.
///
/// # Errors
/// See [`DecimalError`].
pub(crate) fn picoseconds(text: &str, unit: Unit) -> Result<u64, DecimalError> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Some(rest) = text.strip_prefix('-') {
        return if rest.starts_with(|first: char| first.is_ascii_digit()) {
            Err(DecimalError::Negative)
        } else {
            Err(DecimalError::NotPlain)
        };
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(DecimalError::NotPlain);
    }
    let fraction = fraction.trim_end_matches('0');
    let places = unit.places();
    if fraction.len() > places {
        return Err(DecimalError::TooFine(places));
    }
    let all = format!("{whole}{fraction:0<places$}");
    // Only digits are left, so that nothing but the size can be wrong.
    all.parse().map_err(|_| DecimalError::Overflow)
}

/// `picoseconds` as a plain decimal of microseconds with at most six places and no trailing zeros.
pub(crate) fn microseconds(picoseconds: u64) -> String {
    let (whole, rest) = (picoseconds / 1_000_000, picoseconds % 1_000_000);
    if rest == 0 {
        return whole.to_string();
    }
    let places = format!("{rest:06}");
    format!("{whole}.{}", places.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let cases = [
            ("0", 0),
            ("30", 30_000_000),
            ("+30.5", 30_500_000),
            ("0.000001", 1),
            ("0.1000000000", 100_000),
            ("18446744073709.551615", u64::MAX),
        ];
        for (text, ps) in cases {
            assert_eq!(picoseconds(text, Unit::Microseconds), Ok(ps), "{text}");
        }
        assert_eq!(picoseconds("100.5", Unit::Nanoseconds), Ok(100_500));
    }

    #[test]
    fn everything_else_is_refused() {
        let cases = [
            ("", DecimalError::NotPlain),
            (".", DecimalError::NotPlain),
            ("1.", DecimalError::NotPlain),
            ("1e3", DecimalError::NotPlain),
            ("nan", DecimalError::NotPlain),
            ("-inf", DecimalError::NotPlain),
            ("-1", DecimalError::Negative),
            ("0.0000001", DecimalError::TooFine(6)),
            ("18446744073709.551616", DecimalError::Overflow),
            ("99999999999999999999999999999999", DecimalError::Overflow),
        ];
        for (text, error) in cases {
            assert_eq!(picoseconds(text, Unit::Microseconds), Err(error), "{text}");
        }
    }

    #[test]
    fn printing_is_the_inverse() {
        for ps in [0, 1, 999_999, 1_000_000, 1_260_001, 60_500_000, u64::MAX] {
            assert_eq!(picoseconds(&microseconds(ps), Unit::Microseconds), Ok(ps));
        }
    }
}
