//! Exact times in JSON: decimals of microseconds, never a binary fraction.

use crate::scenario::decimal;
use serde_json::{Number, Value};

/// `picoseconds` as a JSON number of microseconds: exact, with at most six places and no trailing zeros.
pub(crate) fn microseconds(picoseconds: u64) -> Value {
    Value::Number(Number::from_string_unchecked(decimal::microseconds(picoseconds)))
}

/// As [`microseconds`], and null for a time that there is none of.
pub(crate) fn microseconds_or_null(picoseconds: Option<u64>) -> Value {
    picoseconds.map_or(Value::Null, microseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let cases = [
            (0, "0"),
            (1, "0.000001"),
            (60_500_000, "60.5"),
            (1_260_001, "1.260001"),
            (100_100_000_000, "100100"),
            (u64::MAX, "18446744073709.551615"),
        ];
        for (ps, text) in cases {
            assert_eq!(microseconds(ps).to_string(), text);
            let back: Value = serde_json::from_str(text).expect("a JSON number");
            assert_eq!(back, microseconds(ps), "survives a reader");
        }
        assert_eq!(microseconds_or_null(None), Value::Null);
        assert_eq!(microseconds_or_null(Some(2_000_000)).to_string(), "2");
    }
}
