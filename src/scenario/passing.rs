//! What passes a filter: lists of values, and numbers.

use super::diagnostic::InputError;
use super::named::Named;
use super::reader::{Field, Table};
use std::ops::RangeInclusive;

/// The list `key`, if it is there.
pub(super) fn list<T>(
    table: &Table<'_>,
    key: &str,
    item: impl Fn(&Field<'_>) -> Result<T, InputError>,
) -> Result<Option<Vec<T>>, InputError> {
    table.get(key).map(|field| field.list(|one| item(one))).transpose()
}

/// The list of names `key`, if it is there.
pub(super) fn names<T: Named>(table: &Table<'_>, key: &str) -> Result<Option<Vec<T>>, InputError> {
    list(table, key, |field| field.name())
}

/// Does it pass? A list that is not there lets everything pass.
pub(super) fn has<T: PartialEq>(list: Option<&Vec<T>>, one: T) -> bool {
    list.is_none_or(|list| list.contains(&one))
}

/// Numbers that pass: single ones, `[1, 2]`, or all of a range, `{ from = 1, to = 9 }`, either end of which may be left
/// out.
#[derive(Debug)]
pub(super) struct Numbers(Vec<RangeInclusive<u32>>);

impl Numbers {
    /// Reads the filter `key`, if it is there; `all`: what these numbers can be.
    pub(super) fn read(table: &Table<'_>, key: &str, all: &RangeInclusive<u32>) -> Result<Option<Self>, InputError> {
        let Some(field) = table.get(key) else { return Ok(None) };
        let number = |field: &Field<'_>| field.small_integer(*all.start(), *all.end());
        if !field.is_table() {
            return Ok(Some(Self(field.list(|item| number(item).map(|one| one..=one))?)));
        }
        let range = Table::open(field, &format!("the range `{key}`"), &["from", "to"])?;
        let end = |key, absent: &u32| range.get(key).map_or(Ok(*absent), |field| number(&field));
        Ok(Some(Self(vec![end("from", all.start())?..=end("to", all.end())?])))
    }

    pub(super) fn pass(&self, number: u32) -> bool {
        self.0.iter().any(|range| range.contains(&number))
    }
}
