//! The program: from the words of the command line to an exit status.

use super::arguments::{Arguments, Look};
use super::commands;
use super::complaint::complain;
use super::exit_status::ExitStatus;
use super::look::{error_has_colours, width};
use crate::failure::Failure;
use crate::run::{OwnCode, token_under_way};
use crate::scenario::nearest::nearest;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;

/// Help is not wider than one can read.
const HELP_WIDTH_MAX: usize = 120;

/// The whole program, with what a crate outside has of its own: its `main`. Variants alone can be handed over as they are; a chooser
/// or parts of machines, which only `replay` looks for, by [`OwnCode`].
///
/// Its crate should have `#[global_allocator] static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();`, too: code that
/// allocates is then Open, whatever was promised.
pub fn main_with(own: impl Into<OwnCode>) -> ExitCode {
    let own = own.into();
    let command = Arguments::command().term_width(width().min(HELP_WIDTH_MAX));
    let arguments = match command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let error = with_suggestion(error);
            if error.use_stderr() {
                let styled = error_has_colours(Look::default());
                let message = error.render();
                complain(&if styled { message.ansi().to_string() } else { message.to_string() });
            } else {
                // Help and version go to standard output and are success; a closed pipe is success, too.
                let _ = error.print();
            }
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let status = match std::panic::catch_unwind(|| commands::dispatch(&arguments, &own)) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => say(&failure, error_has_colours(arguments.look)),
        Err(_) => broken_invariant(),
    };
    ExitCode::from(status.code())
}

/// The command that is nearly the one that was typed, where the parser knows of none.
fn with_suggestion(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let command = Arguments::command();
    let names: Vec<&str> =
        command.get_subcommands().filter(|one| !one.is_hide_set()).map(clap::Command::get_name).collect();
    if let (Some(near), None) = (nearest(typed, &names), error.get(ContextKind::SuggestedSubcommand)) {
        let near = ContextValue::Strings(vec![near.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
    error
}

fn say(failure: &Failure, styled: bool) -> ExitStatus {
    if let Some(message) = failure.render(styled) {
        complain(&message);
    }
    failure.into()
}

/// The panic's own message stands above.
fn broken_invariant() -> ExitStatus {
    let command: Vec<String> = std::env::args().skip(1).collect();
    let replay = token_under_way().map(|token| format!("\n  apicsim replay '{token}'")).unwrap_or_default();
    complain(&format!(
        "error: an invariant of apicsim {} broke; this is a bug. Please report the message above with:\n  \
         apicsim {}{replay}",
        env!("CARGO_PKG_VERSION"),
        command.join(" ")
    ));
    ExitStatus::InternalError
}
