//! The dictionary of a page: what is said more than once stands once, and is named by its place.

use super::levels::Levels;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a cell has nothing to say.
pub(super) const NOTHING: i64 = -1;

/// Texts of a chunk.
const BLOCK: usize = 1024;

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

    /// All of it, in the order of first use, so that what is shown together stands together.
    pub(super) fn write(&self, levels: &mut Levels) {
        levels.texts("texts", &self.list, BLOCK);
    }
}
