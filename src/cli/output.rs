//! Where output goes: standard output, locked and flushed; a closed pipe is success.

use crate::failure::Failure;
use serde_json::Value;
use std::io::Write;

/// Prints text to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::writing("standard output", error))
}

/// Prints one JSON document to standard output.
pub(crate) fn print_json(document: &Value) -> Result<(), Failure> {
    print(&format!("{document:#}\n"))
}
