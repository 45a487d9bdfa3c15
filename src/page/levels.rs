//! The levels of a page's data: each a table whose rows stand in chunks of so many, so that a page reads what it shows and
//! nothing else.

use super::chunk::{base64, deflated};
use serde_json::{Value, json};

/// Events of a chunk, and of what goes with them: what a page reads to show one of them.
pub(super) const EVENTS: usize = 2048;

/// All levels, and the text that holds their chunks one after the other.
#[derive(Debug, Default)]
pub(super) struct Levels {
    list: Vec<Value>,
    data: String,
}

impl Levels {
    /// A level: of how many rows, how many of them a chunk has, the names of its columns, and its chunks.
    pub(super) fn add(
        &mut self,
        name: &str,
        (rows, block): (usize, usize),
        columns: &[&str],
        chunks: impl Iterator<Item = Vec<u8>>,
    ) {
        let sizes: Vec<usize> = chunks
            .map(|chunk| {
                base64(&chunk, &mut self.data);
                chunk.len()
            })
            .collect();
        self.list.push(json!({ "name": name, "rows": rows, "block": block, "columns": columns, "bytes": sizes }));
    }

    /// A level whose rows are JSON.
    pub(super) fn texts(&mut self, name: &str, texts: &[String], block: usize) {
        let chunks = texts.chunks(block).map(|some| deflated(format!("[{}]", some.join(",")).as_bytes()));
        self.add(name, (texts.len(), block), &[], chunks);
    }

    /// What levels there are, and the text of their chunks.
    pub(super) fn finish(self) -> (Value, String) {
        (Value::from(self.list), self.data)
    }
}
