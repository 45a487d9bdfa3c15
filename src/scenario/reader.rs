//! Reading a table key by key: unknown keys are refused at once, and every value is checked where it is read.

use super::decimal::{self, Unit};
use super::diagnostic::InputError;
use super::document::{Node, Value};
use super::named::{self, Named, UnknownName};
use super::nearest;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// A table whose keys are all known.
#[derive(Debug)]
pub(super) struct Table<'d> {
    node: &'d Node,
    path: String,
}

/// A value and the path that `--set` would give it.
#[derive(Debug, Clone)]
pub(super) struct Field<'d> {
    pub(super) node: &'d Node,
    pub(super) path: String,
}

impl<'d> Table<'d> {
    /// Opens a table; `describe` is what it is called in messages, such as `[knobs]`, `keys` the keys it may have.
    pub(super) fn open(field: Field<'d>, describe: &str, keys: &[&str]) -> Result<Self, InputError> {
        let Value::Table(entries) = &field.node.value else {
            return Err(field.wrong("a table"));
        };
        let table = Self { node: field.node, path: field.path };
        for entry in entries {
            if !keys.contains(&entry.key.as_str()) {
                return Err(InputError::new(format!("unknown key `{}` in {describe}", entry.key))
                    .at(&entry.key_place, "not a key of this table")
                    .help(table.nearest_path(&entry.key, keys)));
            }
        }
        Ok(table)
    }

    fn nearest_path(&self, key: &str, keys: &[&str]) -> String {
        if keys.is_empty() {
            return "it takes no keys".to_owned();
        }
        let all = keys.join(", ");
        match nearest::nearest(key, keys) {
            Some(near) => format!("did you mean `{}`? Valid here: {all}", self.join(near)),
            None => format!("valid here: {all}"),
        }
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Field<'d>> {
        let Value::Table(entries) = &self.node.value else { return None };
        let entry = entries.iter().find(|entry| entry.key == key)?;
        Some(Field { node: &entry.node, path: self.join(key) })
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&self, key: &str, example: &str) -> Result<Field<'d>, InputError> {
        self.get(key).ok_or_else(|| {
            InputError::new(format!("missing key `{}`", self.join(key)))
                .at(&self.node.place, format!("`{key}` is missing here"))
                .help(format!("add it, for example: {key} = {example}"))
        })
    }
}

impl<'d> Field<'d> {
    /// The error "this must be …".
    pub(super) fn wrong(&self, expected: &str) -> InputError {
        let found = self.node.value.kind();
        InputError::new(format!("`{}` must be {expected}, not {found}", self.path))
            .at(&self.node.place, format!("expected {expected}"))
    }

    /// An error about this value.
    pub(super) fn error(&self, message: &str, label: &str) -> InputError {
        InputError::new(message).at(&self.node.place, label)
    }

    /// An unknown name as this value.
    pub(super) fn unknown(&self, error: UnknownName) -> InputError {
        InputError::new(format!("{} as `{}`", error.message, self.path))
            .at(&self.node.place, "not a valid name")
            .help(error.help)
    }

    /// Is it a table?
    pub(super) fn is_table(&self) -> bool {
        matches!(self.node.value, Value::Table(_))
    }

    /// A string.
    pub(super) fn text(&self) -> Result<&'d str, InputError> {
        match &self.node.value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong("a string")),
        }
    }

    pub(super) fn line_of_text(&self) -> Result<String, InputError> {
        let text = self.text()?.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(self.error(&format!("`{}` is one line of text", self.path), "not a line of text"));
        }
        Ok(text.to_owned())
    }

    /// A string; a number stands for its digits, because the names of some values are numbers.
    pub(super) fn text_or_number(&self) -> Result<Cow<'d, str>, InputError> {
        match &self.node.value {
            Value::Integer(number) => Ok(Cow::Owned(number.to_string())),
            _ => self.text().map(Cow::Borrowed),
        }
    }

    /// A boolean.
    pub(super) fn boolean(&self) -> Result<bool, InputError> {
        match self.node.value {
            Value::Boolean(boolean) => Ok(boolean),
            _ => Err(self.wrong("true or false")),
        }
    }

    /// A whole number in a range.
    pub(super) fn integer(&self, range: &RangeInclusive<u64>) -> Result<u64, InputError> {
        let (least, most) = (range.start(), range.end());
        let expected = format!("an integer from {least} to {most}");
        let Value::Integer(integer) = self.node.value else { return Err(self.wrong(&expected)) };
        u64::try_from(integer).ok().filter(|integer| range.contains(integer)).ok_or_else(|| {
            self.error(&format!("`{}` is out of range", self.path), "out of range").help(format!("it is {expected}"))
        })
    }

    /// A whole number in a range that fits 32 bits.
    pub(super) fn small_integer(&self, least: u32, most: u32) -> Result<u32, InputError> {
        let integer = self.integer(&(u64::from(least)..=u64::from(most)))?;
        Ok(u32::try_from(integer).unwrap_or(most)) // the range was just checked
    }

    /// A time, a plain decimal of `unit`.
    pub(super) fn picoseconds(&self, unit: Unit) -> Result<u64, InputError> {
        let text = match &self.node.value {
            Value::Integer(integer) => integer.to_string(),
            Value::Float(text) => text.clone(),
            _ => return Err(self.wrong("a plain decimal number")),
        };
        decimal::picoseconds(&text, unit)
            .map_err(|error| self.error(&format!("`{}`: {error}", self.path), "not a time that can be simulated"))
    }

    /// A name of a closed set.
    pub(super) fn name<T: Named>(&self) -> Result<T, InputError> {
        named::by_name(self.text()?).map_err(|error| self.unknown(error))
    }

    /// An array, item by item. A lone value counts as an array of one.
    pub(super) fn list<T>(&self, item: impl Fn(&Self) -> Result<T, InputError>) -> Result<Vec<T>, InputError> {
        match &self.node.value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, node)| item(&self.index(node, index))).collect()
            }
            _ => Ok(vec![item(self)?]),
        }
    }

    /// The tables of an array of tables, with their fields.
    pub(super) fn tables(&self) -> Result<Vec<Field<'d>>, InputError> {
        match &self.node.value {
            Value::Array(items) => Ok(items.iter().enumerate().map(|(index, node)| self.index(node, index)).collect()),
            _ => Err(self.wrong(&format!("an array of tables ([[{}]])", self.path))),
        }
    }

    fn index(&self, node: &'d Node, index: usize) -> Self {
        Self { node, path: format!("{}.{index}", self.path) }
    }
}
