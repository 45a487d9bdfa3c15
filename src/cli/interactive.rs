//! A session at a terminal: line editing and history. Input that is no terminal is read line by line, without a prompt.
//!
//! Not modelled: completion, a history that outlives the session.

use crate::cli::arguments::Look;
use crate::cli::complaint::complain;
use crate::cli::look::error_has_colours;
use crate::cli::output;
use crate::failure::Failure;
use crate::scenario::diagnostic::InputError;
use crate::script::{Session, Step};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, BufRead, IsTerminal, Read};

const PROMPT: &str = "apic> ";

/// Longer input is no session.
const SESSION_BYTES_MAX: u64 = 4 << 20;

/// Reads lines until the end of input, and shows what comes of each. A wrong line is reported, and the session goes on.
///
/// # Errors
/// The host: standard input or output.
pub(crate) fn interact(session: &mut Session, look: Look) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return from_pipe(session, look);
    }
    let failed = |error| Failure::Host { what: "cannot read standard input".to_owned(), error };
    let mut editor = DefaultEditor::new().map_err(|error| failed(io_error(error)))?;
    output::print(&session.greeting())?;
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue, // Ctrl-C drops the line
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(io_error(error))),
        };
        let _full_history_is_nothing = editor.add_history_entry(line.as_str());
        if !enter(session, &line, look)? {
            break;
        }
    }
    output::print(session.end())
}

/// Line by line, and no more than a session can need.
fn from_pipe(session: &mut Session, look: Look) -> Result<(), Failure> {
    let failed = |error| Failure::Host { what: "cannot read standard input".to_owned(), error };
    let mut input = io::stdin().lock().take(SESSION_BYTES_MAX + 1);
    let mut taken = 0;
    loop {
        let mut line = Vec::new();
        let length = input.read_until(b'\n', &mut line).map_err(failed)? as u64;
        taken += length;
        if taken > SESSION_BYTES_MAX {
            let error = InputError::new("standard input is larger than 4 MiB").help("this is not a session");
            return Err(error.into());
        }
        if length == 0 || !enter(session, &String::from_utf8_lossy(&line), look)? {
            break;
        }
    }
    output::print(session.end())
}

/// Does the session go on?
fn enter(session: &mut Session, line: &str, look: Look) -> Result<bool, Failure> {
    match session.enter(line) {
        Ok(Step::Show(text)) => output::print(&text)?,
        Ok(Step::Quit) => return Ok(false),
        Err(error) => {
            complain(&error.render(error_has_colours(look)));
        }
    }
    Ok(true)
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}
