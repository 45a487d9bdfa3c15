//! A session at a terminal: line editing and history. Input that is no terminal is read line by line, without a prompt.
//!
//! Not modelled: completion, a history that outlives the session.

use crate::cli::arguments::Look;
use crate::cli::look::error_has_colours;
use crate::cli::output;
use crate::failure::Failure;
use crate::script::{Session, Step};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, IsTerminal, Write};

const PROMPT: &str = "apic> ";

const WELCOME: &str = "Local APICs by hand: one operation a line, `help` for a list, Ctrl-D to leave.\n";

/// Reads lines until the end of input, and shows what comes of each. A wrong line is reported, and the session goes on.
///
/// # Errors
/// The host: standard input or output.
pub(crate) fn interact(session: &mut Session, look: Look) -> Result<(), Failure> {
    let failed = |error| Failure::Host { what: "cannot read standard input".to_owned(), error };
    let mut editor = DefaultEditor::new().map_err(|error| failed(io_error(error)))?;
    if io::stdin().is_terminal() {
        output::print(WELCOME)?;
    }
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue, // Ctrl-C drops the line
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(io_error(error))),
        };
        let _full_history_is_nothing = editor.add_history_entry(line.as_str());
        match session.enter(&line) {
            Ok(Step::Show(text)) => output::print(&text)?,
            Ok(Step::Quit) => break,
            Err(error) => {
                let _closed_stderr_is_nothing =
                    io::stderr().write_all(error.render(error_has_colours(look)).as_bytes());
            }
        }
    }
    output::print(session.end())
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}
