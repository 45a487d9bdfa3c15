//! Where output goes: standard output, locked and flushed; a closed pipe is success.

use crate::failure::Failure;
use crate::scenario::diagnostic::InputError;
use serde_json::Value;
use std::io::Write;
use std::path::Path;

/// The file that is standard output.
pub(crate) const STANDARD_OUTPUT: &str = "-";

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

/// A JSON document has standard output for itself.
pub(crate) fn check_streams(json: bool, trace: Option<&Path>) -> Result<(), InputError> {
    if json && trace == Some(Path::new(STANDARD_OUTPUT)) {
        return Err(InputError::new("--json and --trace - both want standard output")
            .help("give the trace a file: --trace run.txt"));
    }
    Ok(())
}
