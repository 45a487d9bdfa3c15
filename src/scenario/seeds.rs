//! A range of seeds as it is written: `A..B`, from A to before B, decimal or with 0x.

use std::ops::Range;

/// Runs of one measurement or campaign at most: at a microsecond each more than three hours.
pub(crate) const RUNS_MAX: u64 = 10_000_000_000;

/// A number without a sign, decimal or with 0x.
pub(crate) fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = digits.chars().all(|digit| digit.is_digit(radix)); // no sign
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// The range.
///
/// # Errors
/// It is none, it is empty, or it is longer than any campaign.
pub(crate) fn seed_range(text: &str) -> Result<Range<u64>, String> {
    let right = "the first seed, two dots, and the one behind the last, as 0..1000";
    let (first, end) = text.split_once("..").ok_or_else(|| format!("`{text}` is no range of seeds: {right}"))?;
    let seed = |text: &str| number(text).ok_or_else(|| format!("`{text}` is no seed: {right}"));
    let (first, end) = (seed(first)?, seed(end)?);
    if first >= end {
        return Err(format!(
            "{first}..{end} has no seed: the second number is the one behind the last, as {first}..{}",
            first.saturating_add(1)
        ));
    }
    if end - first > RUNS_MAX {
        return Err(format!("{first}..{end} are {} seeds, and {RUNS_MAX} are the most", end - first));
    }
    Ok(first..end)
}
