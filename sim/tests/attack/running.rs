//! Runs a machine and says how it ended, whatever it does: an outcome, an error, or a panic of the simulator.

use crate::failures::{Attempt, Failure, Fault, failure};
use sim::{Duration, Event, Execution, Machine, Outcome, Recording, RunError, Window};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `machine` to its end.
pub(crate) fn attempt(machine: Machine, execution: Execution) -> Attempt {
    caught(|| machine.run(execution))
}

/// The same, with its events by their beginnings: those before it failed, if it does.
pub(crate) fn recorded(machine: Machine, execution: Execution) -> (Attempt, Vec<Event>) {
    let mut recording = Recording::default();
    let attempt = caught(|| machine.observed(execution, &mut recording));
    (attempt, recording.by_beginning())
}

/// The same, and what it comes to that goes on where its stop rule has ended it; where that fails, both have.
pub(crate) fn beyond(machine: Machine, execution: Execution) -> (Attempt, Option<Attempt>) {
    let mut aftermath = None;
    let attempt = caught(|| {
        let (outcome, after) = machine.observed_beyond(execution, &mut Recording::default())?;
        aftermath = after.map(|after| Ok(Box::new(after)));
        Ok(outcome)
    });
    (attempt, aftermath)
}

fn caught(run: impl FnOnce() -> Result<Outcome, RunError>) -> Attempt {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(outcome)) => Ok(Box::new(outcome)),
        Ok(Err(error)) => Err(failure(&error)),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().cloned();
            let text = text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
            Err(Failure { kind: Fault::HostPanic, cpu: None, at: 0, line: None, text })
        }
    }
}

/// Windows on so many workers.
pub(crate) const fn windowed(workers: usize, window: Window) -> Execution {
    Execution::Windowed { workers, window }
}

/// An odd length of windows, which is on no grid.
pub(crate) const ODD: Window = Window::AtMost(Duration::from_ps(33_337));

/// The shortest windows.
pub(crate) const SHORTEST: Window = Window::AtMost(Duration::from_ps(1));

/// Executions that a hand-made machine is run in, by name; true: with elision.
pub(crate) const USUAL: [(bool, Execution); 9] = [
    (false, Execution::Reference),
    (true, Execution::Reference),
    (true, windowed(1, Window::Full)),
    (false, windowed(1, Window::Full)),
    (true, windowed(1, Window::Half)),
    (true, windowed(1, ODD)),
    (false, windowed(1, ODD)),
    (true, windowed(1, SHORTEST)),
    (true, windowed(3, Window::Full)),
];
