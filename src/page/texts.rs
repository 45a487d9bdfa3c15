//! The dictionary of a page: what is said more than once stands once, and is named by its place.

use serde_json::Value;
use std::collections::BTreeMap;

/// Where a cell has nothing to say.
pub(super) const NOTHING: i64 = -1;

/// The dictionary.
#[derive(Debug, Default)]
pub(super) struct Texts {
    list: Vec<String>,
    places: BTreeMap<String, i64>,
}

impl Texts {
    /// The place of a text.
    pub(super) fn text(&mut self, text: &str) -> i64 {
        self.value(&Value::from(text))
    }

    /// The place of any value.
    pub(super) fn value(&mut self, value: &Value) -> i64 {
        let json = value.to_string();
        if let Some(&place) = self.places.get(&json) {
            return place;
        }
        let place = self.list.len() as i64;
        self.list.push(json.clone());
        self.places.insert(json, place);
        place
    }

    /// All of it, as a JSON array.
    pub(super) fn json(&self) -> String {
        format!("[{}]", self.list.join(","))
    }
}
