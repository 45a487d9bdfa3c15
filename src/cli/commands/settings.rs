//! From the options of a command to the settings of a run.

use crate::cli::arguments::{Budgets, Elision, Execution, Executor, Window};
use crate::machine::Choices;
use crate::run::Settings;
use sim::{Duration, Handle};

/// The workers that a choice of the user means: one, unless he says otherwise, because nothing of this size pays more.
pub(super) fn workers(execution: &Execution) -> usize {
    execution.threads.unwrap_or(1) as usize
}

/// How to run, from the options.
pub(super) fn settings(execution: &Execution, seed: u64, budgets: Budgets, handle: Option<Handle>) -> Settings {
    Settings { handle, ..as_asked(execution, Settings::seeded(seed), budgets) }
}

/// `settings`, with what the options say of all that does not decide a run.
pub(super) fn as_asked(execution: &Execution, settings: Settings, budgets: Budgets) -> Settings {
    let window = match execution.window {
        Window::Full => sim::Window::Full,
        Window::Half => sim::Window::Half,
        Window::Picoseconds(ps) => sim::Window::AtMost(Duration::from_ps(ps)),
    };
    let executor = match execution.executor {
        Executor::Windowed => sim::Execution::Windowed { workers: workers(execution), window },
        Executor::Reference => sim::Execution::Reference,
    };
    let choices = Choices { elision: execution.elision == Elision::On, ..settings.choices };
    Settings { execution: executor, choices, budget: budgets.budget(), ..settings }
}
