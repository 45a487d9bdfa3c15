//! A JSON object that is written part by part: what is text already never becomes a value.

use serde_json::Value;
use sim::Time;
use std::fmt::Write;

/// An instant in picoseconds; what lies beyond 106 days is not told apart.
pub(super) fn picoseconds(time: Time) -> i64 {
    i64::try_from(time.as_ps()).unwrap_or(i64::MAX)
}

/// An object that grows.
#[derive(Debug, Default)]
pub(super) struct Object(String);

impl Object {
    /// A part that is small.
    pub(super) fn value(&mut self, key: &str, value: &Value) {
        self.json(key, &value.to_string());
    }

    /// A part that is JSON already.
    pub(super) fn json(&mut self, key: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        let _ = write!(self.0, "{}:{json}", Value::from(key)); // writing to a string cannot fail
    }

    /// The whole.
    pub(super) fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_one_object() {
        let mut object = Object::default();
        object.json("a", "[1,-1]");
        object.value("c \"", &Value::from("x\"y"));
        let value: Value = serde_json::from_str(&object.finish()).expect("it is JSON");
        assert_eq!(value, serde_json::json!({ "a": [1, -1], "c \"": "x\"y" }));
        assert_eq!(Object::default().finish(), "{}");
    }
}
