//! A hand on a run from outside: it ends the run before its time, and sees how far it has come. And budgets, which end it
//! by what it has done.
//!
//! A machine that has a handle, a budget or an observer is *looked at*: at instants of simulated time on a fixed grid,
//! before anything at or after such an instant is executed. There the run may end. So one that is ended early is the run
//! as it is up to an instant ([`Outcome::interrupted_at`](crate::Outcome::interrupted_at)), and equal to the run with that
//! instant for its limit.
//!
//! What is promised:
//!
//! * A budget ends a run at the same instant in every execution: whatever the executor, its workers and windows, with
//!   elision or without. That is the first instant on the grid of [`BUDGET_GRID`] before which the machine has done as
//!   much as the budget allows. (On [`Stacks::Threads`](crate::Stacks::Threads) nothing is proven by recurrence, so polls
//!   that would not count do, and a budget of operations may be used up earlier.)
//! * A stop flag ends a run at the next look after somebody has raised it, within [`FLAG_GRID`] of simulated time if
//!   nothing else is asked. When that is depends on the host.
//! * A run that has its end before that has it: a stop rule, a proof, a limit, an error of software come first.
//!
//! Not modelled: a budget of host time or memory.

use crate::time::{Duration, Time};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// From one look to the next where a budget is to be kept: 10 µs.
pub const BUDGET_GRID: Duration = Duration::from_us(10);

/// From one look to the next without a budget: 1 ms.
pub const FLAG_GRID: Duration = Duration::from_us(1_000);

/// A hand on runs. Clones are the same hand; one may hold several runs, one after the other or at once.
///
/// ```
/// let handle = sim::Handle::default();
/// assert!(!handle.is_stopped());
/// handle.clone().stop();
/// assert!(handle.is_stopped());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Handle {
    stop: Arc<AtomicBool>,
    reached: Arc<AtomicU64>,
}

impl Handle {
    /// A hand whose stop flag is `flag`: what a signal handler sets.
    pub fn of_flag(flag: Arc<AtomicBool>) -> Self {
        Self { stop: flag, reached: Arc::default() }
    }

    /// Raises the stop flag: runs that this hand holds end at their next look, and those that begin later at once.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Is the stop flag raised?
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How far the run has come that was looked at last.
    pub fn reached(&self) -> Time {
        Time::from_ps(self.reached.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, at: Time) {
        self.reached.store(at.as_ps(), Ordering::Relaxed);
    }
}

/// How much a run may do. Whichever is used up first ends it; nothing is a budget of its own kind.
///
/// ```
/// use sim::Budget;
///
/// let some = Budget::default().with(|budget| budget.operations = Some(1_000_000));
/// assert_eq!(some.events, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Budget {
    /// Operations of software, as the event stream tells of them: an event that an operation leaves counts one, a run of
    /// polls or delays as many as it has. Of runs that are open those polls count that were made before the CPU was proven
    /// to repeat itself, until something ends that.
    pub operations: Option<u64>,
    /// Events of the stream. A run counts one, when it is told.
    pub events: Option<u64>,
}

impl Budget {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Budget {
    /// Is there any?
    pub(super) const fn is_set(&self) -> bool {
        self.operations.is_some() || self.events.is_some()
    }
}

/// What ended a run before its time.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// let cpus = vec![(CpuSettings::default(), Program::from_fn(|cpu| loop { cpu.pause() }))];
/// let budget = Budget::default().with(|budget| budget.operations = Some(1000));
/// let bus = Box::new(FrontSideBus::new());
/// let machine = Machine::new(MachineSettings::new(Generation::XApic, bus).with(|machine| {
///     machine.cpus = cpus;
///     machine.budget = budget;
/// }))?;
/// let outcome = machine.run(Execution::default())?;
/// assert_eq!(outcome.ending, Ending::Interrupted(Interruption::Operations));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// The stop flag of its handle.
    Flag,
    /// The budget of operations was used up.
    Operations,
    /// The budget of events was used up.
    Events,
}
