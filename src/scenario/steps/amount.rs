//! Spans of simulated time in steps: fixed, or drawn.

use crate::scenario::amount::Amount;
use crate::scenario::decimal::{self, Unit};
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use crate::scenario::operation::Token;

/// Longest span: 10 000 s.
const LONGEST_PS: u64 = 10_000_000_000_000_000;

const UNITS: [(&str, u64); 5] =
    [("ps", 1), ("ns", 1_000), ("us", 1_000_000), ("ms", 1_000_000_000), ("s", 1_000_000_000_000)];

/// `10us`, `1.5ms`, `200ns`.
pub(in crate::scenario) fn span(token: &Token<'_>) -> Result<u64, InputError> {
    let number_ends = token.text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(token.text.len());
    let (number, unit) = token.text.split_at(number_ends);
    let wrong = |message: String| {
        token.error(message, "not a time").help("a time is a decimal number and a unit: 200ns, 10us, 1.5ms, 2s")
    };
    let units: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
    let Some((_, ps)) = UNITS.iter().find(|(name, _)| *name == unit || (unit == "µs" && *name == "us")) else {
        return Err(match (number, unit) {
            ("", _) => wrong(format!("`{}` is not a time", token.text)),
            (_, "") => wrong(format!("`{}` has no unit", token.text)),
            _ => wrong(format!("`{unit}` is not a unit of time")).help(nearest::suggestion(unit, &units)),
        });
    };
    // As a decimal of µs, scaled: exact, whatever the unit.
    let scaled = decimal::picoseconds(number, Unit::Microseconds)
        .map_err(|error| wrong(format!("`{}`: {error}", token.text)))?;
    let in_ps = u128::from(scaled) * u128::from(*ps);
    if in_ps % 1_000_000 != 0 {
        return Err(wrong(format!("`{}` is not a whole number of picoseconds", token.text)));
    }
    match u64::try_from(in_ps / 1_000_000) {
        Ok(span) if span <= LONGEST_PS => Ok(span),
        _ => Err(token.error(format!("`{}` is too long", token.text), "too long").help("at most 10000s")),
    }
}

/// `10us`, `uniform(5us,10us)`, `exp(50us)`.
pub(in crate::scenario) fn amount(token: &Token<'_>) -> Result<Amount, InputError> {
    let Some((name, rest)) = token.text.split_once('(') else { return span(token).map(Amount::Fixed) };
    let Some(inner) = rest.strip_suffix(')') else {
        return Err(token.error(format!("`{}` has no closing parenthesis", token.text), "not closed").help(USAGE));
    };
    let start = token.place.span().start + name.len() + 1;
    let mut at = start;
    let mut parts = Vec::new();
    for part in inner.split(',') {
        let blanks = part.len() - part.trim_start().len();
        parts.push(span(&token.part(at + blanks, part.trim()))?);
        at += part.len() + 1;
    }
    match (name, &parts[..]) {
        ("uniform", &[first, last]) if first < last => Ok(Amount::Uniform { first, last }),
        ("uniform", [_, _]) => {
            Err(token.error("there is nothing to draw from", "empty").help("the lesser comes first: uniform(5us,10us)"))
        }
        ("exp", &[mean]) if mean > 0 => Ok(Amount::Exponential { mean }),
        ("exp", [_]) => Err(token.error("a mean of no time", "no time").help(USAGE)),
        ("uniform" | "exp", _) => Err(token.error(format!("`{name}` takes other times"), "not so many").help(USAGE)),
        _ => Err(token
            .error(format!("`{name}` draws nothing"), "not a distribution")
            .help(nearest::suggestion(name, &["uniform", "exp"]))),
    }
}

const USAGE: &str = "it is written: uniform(FIRST,LAST) or exp(MEAN), with times such as 10us";
