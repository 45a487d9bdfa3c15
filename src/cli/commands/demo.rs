//! `apicsim demo`: a lesson, told step by step from a real run.

use crate::cli::arguments::Demo;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::failure::Failure;
use crate::lessons::hang_of_2007;
use crate::report::Paper;
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use std::io::{BufRead, IsTerminal};

/// The one lesson of this version.
pub(super) const LESSON: &str = "hang-of-2007";

pub(super) fn demo(arguments: &Demo, paper: Paper) -> Result<ExitStatus, Failure> {
    let lesson = arguments.lesson.as_deref().unwrap_or(LESSON);
    if lesson != LESSON {
        let error = InputError::new(format!("there is no lesson `{lesson}`"));
        return Err(error.help(nearest::suggestion(lesson, &[LESSON])).into());
    }
    let interruptible = Interruptible::begin()?;
    let steps = hang_of_2007(paper, &interruptible.handle())?;
    drop(interruptible);
    let Some(steps) = steps else { return Ok(ExitStatus::Interrupted) };
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let count = steps.len();
    for (n, step) in steps.iter().enumerate() {
        let title = format!("── step {} of {count} ", n + 1);
        output::print(&format!("{title}{}\n{step}\n", "─".repeat(paper.width.min(80) - title.chars().count())))?;
        if interactive && n + 1 < count && !go_on()? {
            break;
        }
    }
    Ok(ExitStatus::Success)
}

/// Waits for Enter; `q` or the end of input stops.
fn go_on() -> Result<bool, Failure> {
    output::print("[Enter goes on, q and Enter stops] ")?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let read = read.map_err(|error| Failure::Host { what: "cannot read standard input".to_owned(), error })?;
    Ok(read > 0 && line.trim() != "q")
}
