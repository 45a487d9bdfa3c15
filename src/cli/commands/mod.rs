//! The commands: each reads its arguments, does its work through the library, prints.

mod accesses;
mod demo;
mod explain;
mod list;
mod matrix;
mod run;
mod script;

use crate::cli::arguments::{Arguments, Command, Elision, Execution, Executor, Window};
use crate::cli::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::machine::Choices;
use crate::run::Settings;
use sim::{Duration, Stacks};

/// Does what the command line asks for.
///
/// # Errors
/// Bad input, or a host that fails us.
pub fn dispatch(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    arguments.check()?;
    match &arguments.command {
        None => matrix::headline(arguments.json),
        Some(Command::List(list)) => list::list(list),
        Some(Command::Run(run)) => run::run(run),
        Some(Command::Replay(replay)) => run::replay(replay),
        Some(Command::Matrix(matrix)) => matrix::matrix(matrix),
        Some(Command::Explain(run)) => explain::explain(run),
        Some(Command::Accesses(accesses)) => accesses::accesses(accesses),
        Some(Command::Demo(demo)) => demo::demo(demo),
        Some(Command::Script(script)) => script::script(script),
        Some(Command::Explore(_) | Command::Campaign(_) | Command::Serve(_)) => {
            unreachable!("check() refuses what comes later")
        }
    }
}

/// The workers that a choice of the user means: one, unless he says otherwise, because nothing of this size pays more.
fn workers(execution: &Execution) -> usize {
    execution.threads.unwrap_or(1) as usize
}

/// How to run, from the options.
fn settings(execution: &Execution, seed: u64, keep_events: bool) -> Settings {
    let window = match execution.window {
        Window::Full => sim::Window::Full,
        Window::Half => sim::Window::Half,
        Window::Picoseconds(ps) => sim::Window::AtMost(Duration::from_ps(ps)),
    };
    let executor = match execution.executor {
        Executor::Windowed => sim::Execution::Windowed { workers: workers(execution), window },
        Executor::Reference => sim::Execution::Reference,
    };
    let elision = execution.elision == Elision::On;
    Settings {
        execution: executor,
        choices: Choices { seed, keep_events, elision, cut_ps: None, to_the_end: false, stacks: Stacks::Own },
    }
}
