//! Values in scripts: C-style numbers, named terms, and `a|b|c`; names of registers and MSRs.

use super::model::x2apic_msr;
use super::registers::{self, MSRS};
use super::tokens::Token;
use crate::scenario::diagnostic::{InputError, Place};
use crate::scenario::nearest;
use std::ops::RangeInclusive;

/// Names of values: fields of the ICR (SDM vol. 3 §10.6.1), of the local vector table (§10.5.1) and of the APIC base
/// (§10.12.1).
const TERMS: [(&str, u64); 21] = [
    ("FIXED", 0),
    ("LOWPRI", 0x100),
    ("SMI", 0x200),
    ("NMI", 0x400),
    ("INIT", 0x500),
    ("SIPI", 0x600),
    ("EXTINT", 0x700),
    ("PHYS", 0),
    ("LOGICAL", 0x800),
    ("ASSERT", 0x4000),
    ("DEASSERT", 0),
    ("EDGE", 0),
    ("LEVEL", 0x8000),
    ("SELF", 0x4_0000),
    ("ALL", 0x8_0000),
    ("OTHERS", 0xC_0000),
    ("MASKED", 0x1_0000),
    ("PERIODIC", 0x2_0000),
    ("TSCDEADLINE", 0x4_0000),
    ("EN", 0x800),
    ("EXTD", 0x400),
];

/// The names of all terms.
pub(crate) fn term_names() -> Vec<&'static str> {
    TERMS.iter().map(|(name, _)| *name).collect()
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotANumber {
    #[error("a number that begins with 0 is octal, as in C, and has the digits 0 to 7 only")]
    Octal,
    #[error("it is more than 64 bits")]
    TooLong,
    #[error("a number is decimal, 0x hex or 0 octal, without a sign")]
    Other,
}

/// A C-style number: decimal, `0x` hex, `0` octal.
fn number(text: &str) -> Result<u64, NotANumber> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        let decimal = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit());
        return Err(if radix == 8 && decimal { NotANumber::Octal } else { NotANumber::Other });
    }
    u64::from_str_radix(digits, radix).map_err(|_| NotANumber::TooLong)
}

/// A value of at most `bits` bits: terms joined by `|`.
pub(crate) fn value(token: &Token<'_>, bits: u32) -> Result<u64, InputError> {
    let mut value = 0;
    let mut at = token.place.span().start;
    for term in token.text.split('|') {
        let place = Place::new(token.place.source(), at..at + term.len());
        value |= one_term(&Token { text: term, place })?;
        at += term.len() + 1;
    }
    match u64::MAX >> (64 - bits) {
        most if value > most => Err(token
            .error(format!("`{}` does not fit {bits} bits", token.text), "too large")
            .help(format!("at most {most:#x}"))),
        _ => Ok(value),
    }
}

fn one_term(term: &Token<'_>) -> Result<u64, InputError> {
    if let Some((_, value)) = TERMS.iter().find(|(name, _)| *name == term.text) {
        return Ok(*value);
    }
    if term.text.is_empty() {
        return Err(term
            .error("a term is missing beside `|`", "nothing here")
            .help("a value is a number, a name, or several of them joined by |, without blanks"));
    }
    if !term.text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(term
            .error(format!("unknown value `{}`", term.text), "neither a number nor a name")
            .help(nearest::suggestion(term.text, &term_names())));
    }
    number(term.text).map_err(|why| bad_number(term, why))
}

fn bad_number(token: &Token<'_>, why: NotANumber) -> InputError {
    token.error(format!("`{}` is no number", token.text), "not a number").help(why.to_string())
}

/// A plain number in a range; `what` is what the message calls it.
pub(crate) fn plain(token: &Token<'_>, what: &str, range: &RangeInclusive<u64>) -> Result<u64, InputError> {
    let number = number(token.text).map_err(|why| bad_number(token, why))?;
    if range.contains(&number) {
        return Ok(number);
    }
    Err(token.error(format!("{what} is out of range: {}", token.text), "out of range").help(format!(
        "it is a number from {} to {}",
        range.start(),
        range.end()
    )))
}

/// A register: a name, or the byte offset of an aligned 32-bit access in the 4 KiB page (SDM vol. 3 §10.4.1).
pub(crate) fn register(token: &Token<'_>) -> Result<u16, InputError> {
    register_named(token, token.text)
}

fn register_named(token: &Token<'_>, text: &str) -> Result<u16, InputError> {
    if let Some(offset) = registers::offset_of(text) {
        return Ok(offset);
    }
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(token
            .error(format!("unknown register `{text}`"), "not a register")
            .help(format!("{}, or a byte offset as 0x300", registers::suggestion(text))));
    }
    let bare = text != "0" && !text.starts_with("0x") && !text.starts_with("0X");
    if bare && text.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(token.error(format!("the offset `{text}` has no 0x"), "hexadecimal or decimal?").help(format!(
            "offsets are hexadecimal: 0x{text}, or a name (`registers` in a session, docs/registers.md)"
        )));
    }
    match number(text).map_err(|why| bad_number(token, why))? {
        offset if offset < 0x1000 && offset % 4 == 0 => Ok(offset as u16),
        _ => Err(token
            .error(format!("`{text}` is no offset of a 32-bit register"), "not an offset")
            .help("a byte offset is a multiple of 4 from 0 to 0xffc")),
    }
}

/// An MSR: `X2:` and a register, a name, or a number.
pub(crate) fn msr(token: &Token<'_>) -> Result<u32, InputError> {
    if let Some(text) = token.text.strip_prefix("X2:") {
        return match register_named(token, text)? {
            offset if offset % 16 == 0 => Ok(x2apic_msr(offset)),
            _ => Err(token
                .error(format!("`{text}` has no MSR"), "not on a 16-byte boundary")
                .help("MSR 0x800 + offset/16 is the register at that offset, a multiple of 16")),
        };
    }
    if let Some((_, msr)) = MSRS.iter().find(|(name, _)| *name == token.text) {
        return Ok(*msr);
    }
    if !token.text.starts_with(|first: char| first.is_ascii_digit()) {
        let mut names: Vec<&str> = MSRS.iter().map(|(name, _)| *name).collect();
        names.push("X2:REG");
        return Err(token
            .error(format!("unknown MSR `{}`", token.text), "not an MSR")
            .help(format!("{}, or a number", nearest::suggestion(token.text, &names))));
    }
    Ok(plain(token, "the MSR", &(0..=u64::from(u32::MAX)))? as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::diagnostic::Source;

    fn token(text: &str) -> Token<'_> {
        Token { text, place: Place::new(&Source::new("t", text), 0..text.len()) }
    }

    #[test]
    fn numbers_are_those_of_c() {
        let good = [("0", 0), ("10", 10), ("0x1f", 31), ("0XfF", 255), ("010", 8), ("0xffffffffffffffff", u64::MAX)];
        for (text, expected) in good {
            assert_eq!(number(text), Ok(expected), "{text}");
        }
        let bad = [
            ("08", NotANumber::Octal),
            ("0x", NotANumber::Other),
            ("-1", NotANumber::Other),
            ("1_000", NotANumber::Other),
            ("", NotANumber::Other),
            ("0x1ffffffffffffffff", NotANumber::TooLong),
        ];
        for (text, expected) in bad {
            assert_eq!(number(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn terms_are_joined() {
        // SDM vol. 3 §10.6.1: shorthand 19:18, trigger 15, level 14, destination mode 11, delivery mode 10:8
        let table = [
            ("ASSERT|0x31", 0x4031),
            ("OTHERS|NMI|ASSERT", 0xC_4400),
            ("SIPI|ASSERT|0x09", 0x4609),
            ("INIT|LEVEL", 0x8500),
            ("LOGICAL|LOWPRI|SELF", 0x4_0900),
            ("MASKED|PERIODIC|TSCDEADLINE", 0x7_0000),
            ("0xfee00000|EN|EXTD", 0xFEE0_0C00),
            ("0", 0),
        ];
        for (text, expected) in table {
            assert_eq!(value(&token(text), 32).map_err(|error| error.to_string()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_values_say_what_would_be_right() {
        let table: [(&str, u32, &str); 6] = [
            ("ASERT|0x31", 32, "`ASSERT`"),
            ("0x100000000", 32, "at most 0xffffffff"),
            ("ASSERT|", 32, "joined by |"),
            ("|0x31", 32, "joined by |"),
            ("0x3g", 32, "decimal, 0x hex"),
            ("0x100", 8, "at most 0xff"),
        ];
        for (text, bits, help) in table {
            let error = value(&token(text), bits).expect_err(text);
            assert!(error.help_lines().concat().contains(help), "{text}: {}", error.render(false));
        }
        let caret = value(&token("ASSERT|NMO"), 32).expect_err("no such mode");
        assert_eq!(caret.place().map(Place::span), Some(7..10), "the caret is under the term");
    }

    #[test]
    fn registers_and_msrs_have_names_and_numbers() {
        for (text, offset) in [("ICRL", 0x300), ("ISR7", 0x170), ("0x3f0", 0x3F0), ("0", 0), ("0xffc", 0xFFC)] {
            assert_eq!(register(&token(text)).ok(), Some(offset), "{text}");
        }
        for (text, number) in
            [("APIC_BASE", 0x1B), ("TSC_DEADLINE", 0x6E0), ("X2:ICRL", 0x830), ("X2:SELF", 0x83F), ("0x800", 0x800)]
        {
            assert_eq!(msr(&token(text)).ok(), Some(number), "{text}");
        }
        let bad = [
            ("300", "0x300"),
            ("3f0", "0x3f0"),
            ("LVT00", "`LVT0`"),
            ("icrl", "`ICRL`"),
            ("0x1000", "0xffc"),
            ("0x302", "multiple of 4"),
        ];
        for (text, help) in bad {
            let error = register(&token(text)).expect_err(text);
            assert!(error.help_lines().concat().contains(help), "{}", error.render(false));
        }
        let bad = [("APICBASE", "`APIC_BASE`"), ("X2:IRC", "ICRL"), ("X2:0x304", "16"), ("0x100000000", "4294967295")];
        for (text, help) in bad {
            let error = msr(&token(text)).expect_err(text);
            assert!(error.help_lines().concat().contains(help), "{}", error.render(false));
        }
    }
}
