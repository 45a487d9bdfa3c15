//! From the options of a command to the settings of a run.

use crate::cli::arguments::{Budgets, Elision, Execution, Executor, Window};
use crate::machine::Choices;
use crate::run::Settings;
use sim::{Duration, Handle, Stacks};

/// The workers that a choice of the user means: one, unless he says otherwise, because nothing of this size pays more.
pub(super) fn workers(execution: &Execution) -> usize {
    execution.threads.unwrap_or(1) as usize
}

/// How to run, from the options.
pub(super) fn settings(execution: &Execution, seed: u64, budgets: Budgets, handle: Option<Handle>) -> Settings {
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
        choices: Choices { seed, elision, cut_ps: None, to_the_end: false, stacks: Stacks::Own },
        budget: budgets.budget(),
        handle,
        chooser: None,
        parts: None,
    }
}
