//! One run of a scenario: assemble, execute, judge.

use crate::judgement::{RunReport, judge, needs_events};
use crate::machine::{self, AssemblyError, Choices};
use crate::scenario::Scenario;
use crate::token::Token;
use sim::{Activity, Ending, Execution, Machine, Outcome, RunError, Stacks};
use std::cell::RefCell;

thread_local! {
    /// The token of the run under way on this thread.
    static UNDER_WAY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The token of the run that this thread began last: what a bug is reported with.
pub fn token_under_way() -> Option<String> {
    UNDER_WAY.with_borrow(Clone::clone)
}

/// A run that gave no report.
#[derive(Debug, thiserror::Error)]
pub enum RunFailure {
    /// The scenario does not fit the machine.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// Software asked for something that is not modelled.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// How to run: nothing of it changes what happens, but `seed` and `cut_ps`.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Executor, workers, windows.
    pub execution: Execution,
    /// Seed, events, elision, cut.
    pub choices: Choices,
}

impl Settings {
    /// One worker, full windows, elision on, no events kept.
    pub fn seeded(seed: u64) -> Self {
        let choices =
            Choices { seed, keep_events: false, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
        Self { execution: Execution::default(), choices }
    }

    /// The same run with its events, in the one execution that explanations are made from: how far polls and attempts have
    /// come at its end must not decide what is said.
    pub(crate) fn for_explanations(self) -> Self {
        let choices = Choices { keep_events: true, elision: true, stacks: Stacks::Own, ..self.choices };
        Self { execution: Execution::default(), choices }
    }
}

/// Runs `scenario`, and gives what happened.
///
/// # Errors
/// If the scenario does not fit its machine, or asks for something that is not modelled.
pub fn execute(scenario: &Scenario, settings: &Settings) -> Result<Outcome, RunFailure> {
    let machine = Machine::new(machine::assemble(scenario, settings.choices)?).map_err(AssemblyError::from)?;
    Ok(machine.run(settings.execution)?)
}

/// Runs `scenario`, and judges what happened.
///
/// # Errors
/// As [`execute`].
pub fn run(scenario: &Scenario, settings: &Settings) -> Result<(RunReport, Outcome), RunFailure> {
    UNDER_WAY.set(Some(Token::new(scenario, settings.choices.seed).to_string()));
    let outcome = execute(scenario, settings)?;
    // A CPU may have been disturbed so shortly before the end that its loop is not yet proven anew.
    let spins = outcome.cpus.iter().any(|cpu| cpu.activity == Activity::Running);
    let aftermath = if outcome.ending == Ending::Stopped && spins {
        let choices = Choices { to_the_end: true, keep_events: false, ..settings.choices };
        Some(execute(scenario, &Settings { choices, ..*settings })?)
    } else {
        None
    };
    let evidence =
        if needs_events(scenario, &outcome) { Some(execute(scenario, &settings.for_explanations())?) } else { None };
    Ok((judge(scenario, settings.choices.seed, &outcome, aftermath.as_ref(), evidence.as_ref()), outcome))
}
