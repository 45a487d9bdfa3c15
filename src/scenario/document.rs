//! A TOML document as a tree in which every key and value knows where it was written.
//!
//! Values of `--set` are grafted into the same tree before anything is read from it, so that one set of checks serves
//! both, and each message points at the text that is wrong.

use super::diagnostic::{InputError, Place, Source};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    String(String),
    /// Saturated: whatever does not fit is out of every range.
    Integer(i128),
    /// As it was written, so that decimals stay exact.
    Float(String),
    Boolean(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) node: Node,
}

impl Value {
    /// What it is called in messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a decimal number",
            Self::Boolean(_) => "a boolean",
            Self::Datetime => "a date or time",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// The document in `source`.
///
/// # Errors
/// A syntax error or a duplicate key, at its place.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, InputError> {
    match DeTable::parse(source.text()) {
        Ok(table) => {
            Ok(Node { place: Place::new(source, table.span()), value: convert_table(source, table.get_ref(), 0) })
        }
        Err(error) => Err(syntax_error(source, &error)),
    }
}

/// The value that all of `span` of `source` is, if it is one.
pub(super) fn parse_value(source: &Arc<Source>, span: Range<usize>) -> Option<Node> {
    let start = span.start;
    let value = DeValue::parse(source.text().get(span)?).ok()?;
    Some(convert(source, &value, start))
}

fn syntax_error(source: &Arc<Source>, error: &toml::de::Error) -> InputError {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let place = Place::new(source, error.span().unwrap_or(0..0));
    let help = if message.contains("duplicate") {
        "a key stands once in a table: keep one of the two"
    } else {
        "a scenario is a TOML file, version 1.1: https://toml.io"
    };
    InputError::new(format!("not valid TOML: {message}")).at(&place, "here").help(help)
}

fn convert(source: &Arc<Source>, value: &Spanned<DeValue<'_>>, offset: usize) -> Node {
    let span = value.span();
    let place = Place::new(source, span.start + offset..span.end + offset);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => Value::Integer(integer_value(integer.as_str(), integer.radix())),
        DeValue::Float(float) => Value::Float(float.as_str().replace('_', "")),
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => Value::Array(items.iter().map(|item| convert(source, item, offset)).collect()),
        DeValue::Table(table) => convert_table(source, table, offset),
    };
    Node { place, value }
}

fn convert_table(source: &Arc<Source>, table: &DeTable<'_>, offset: usize) -> Value {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<std::borrow::Cow<'_, str>> = key;
        let span = key.span();
        Entry {
            key: key.get_ref().to_string(),
            key_place: Place::new(source, span.start + offset..span.end + offset),
            node: convert(source, value, offset),
        }
    };
    let mut entries: Vec<Entry> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.key_place.span().start); // as written, so that the first error is the first
    Value::Table(entries)
}

fn integer_value(text: &str, radix: u32) -> i128 {
    let text = text.replace('_', "");
    let saturated = if text.starts_with('-') { i128::MIN } else { i128::MAX };
    i128::from_str_radix(&text, radix).unwrap_or(saturated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Node, InputError> {
        parse(&Source::new("test.toml", text))
    }

    #[test]
    fn values_keep_their_text_and_place() {
        let node = parse_text("a = 0xFC\nb = 30.000_001\n[c]\nd = [true, \"x\"]\n").expect("valid");
        let Value::Table(entries) = &node.value else { panic!("a table") };
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "c"]);
        assert!(matches!(entries[0].node.value, Value::Integer(0xFC)));
        assert!(matches!(&entries[1].node.value, Value::Float(text) if text == "30.000001"));
        assert_eq!(entries[1].node.place.to_string(), "test.toml:2:5");
        let Value::Table(inner) = &entries[2].node.value else { panic!("a table") };
        assert_eq!(inner[0].key_place.to_string(), "test.toml:4:1");
    }

    #[test]
    fn huge_integers_saturate() {
        assert_eq!(integer_value(&"9".repeat(60), 10), i128::MAX);
        assert_eq!(integer_value(&format!("-{}", "9".repeat(60)), 10), i128::MIN);
        assert!(parse_text(&format!("a = {}", "9".repeat(60))).is_ok());
    }

    #[test]
    fn errors_have_a_line() {
        let error = parse_text("a = 1\nb = = 2\n").expect_err("bad syntax");
        assert_eq!(error.place().map(Place::line), Some(2), "{error}");
        let error = parse_text("a = 1\nb = 2\na = 3\n").expect_err("duplicate");
        assert!(error.message().contains("duplicate key"), "{error}");
        assert_eq!(error.place().map(Place::line), Some(3), "{error}");
        for text in [
            "a = \"",
            "[",
            "a = [1,",
            "\u{0}",
            "a = 1 b = 2",
            &"[".repeat(100_000),
            &format!("a={}", "[".repeat(9_999)),
        ] {
            let _ = parse_text(text).expect_err("bad syntax").render(false);
        }
    }
}
