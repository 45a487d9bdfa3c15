//! A session at a terminal: line editing and history. Input that is no terminal is read line by line, without a prompt.
//!
//! Not modelled: completion, a history that outlives the session.

use crate::cli::arguments::Look;
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
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

/// Reads lines until the end of input, and shows what comes of each. A wrong line is reported, and the session goes on. Ctrl-C
/// ends the run of a line, which is not kept: at a terminal the session goes on then, too, and else that is its end.
///
/// # Errors
/// The host: standard input or output.
pub(crate) fn interact(session: &mut Session, look: Look) -> Result<ExitStatus, Failure> {
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
        if enter(session, &line, look)? == Then::Quit {
            break;
        }
    }
    output::print(session.end())?;
    Ok(ExitStatus::Success)
}

/// Line by line, and no more than a session can need.
fn from_pipe(session: &mut Session, look: Look) -> Result<ExitStatus, Failure> {
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
        let then = if length == 0 { Then::Quit } else { enter(session, &String::from_utf8_lossy(&line), look)? };
        let status = match then {
            Then::GoOn => continue,
            Then::Quit => ExitStatus::Success,
            Then::Interrupted => ExitStatus::Interrupted,
        };
        output::print(session.end())?;
        return Ok(status);
    }
}

/// What comes after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Quit,
    Interrupted,
}

fn enter(session: &mut Session, line: &str, look: Look) -> Result<Then, Failure> {
    let interruptible = Interruptible::begin()?;
    match session.enter(line) {
        Ok(Step::Show(text)) => output::print(&text)?,
        Ok(Step::Quit) => return Ok(Then::Quit),
        Err(error) => {
            complain(&error.render(error_has_colours(look)));
        }
    }
    // The run may have been over already.
    Ok(if interruptible.handle().is_stopped() { Then::Interrupted } else { Then::GoOn })
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}
