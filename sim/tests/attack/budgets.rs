//! Runs that are ended before their time: by a budget, at one instant in every execution; by the stop flag, at an instant
//! at which the run is that with this limit.

use crate::compare::{differing, lines};
use crate::executions::drawn;
use crate::machines::{Setup, settings};
use crate::running::{USUAL, attempt};
use sim::{
    BUDGET_GRID, Batch, Budget, Ending, Execution, FLAG_GRID, Handle, Interruption, Machine, MachineSettings, Observer,
    Outcome, Time,
};

fn machine(settings: MachineSettings) -> Machine {
    Machine::new(settings).expect("the machine is possible")
}

fn budgeted(setup: Setup, budget: Budget, execution: Execution) -> Result<Box<Outcome>, crate::failures::Failure> {
    attempt(machine(settings(setup).with(|machine| machine.budget = budget)), execution)
}

fn events(most: u64) -> Budget {
    Budget::default().with(|budget| budget.events = Some(most))
}

fn operations(most: u64) -> Budget {
    Budget::default().with(|budget| budget.operations = Some(most))
}

/// The run up to an instant, with that for its limit.
fn with_limit(setup: Setup, at: Time) -> Result<Box<Outcome>, crate::failures::Failure> {
    attempt(machine(settings(Setup { limit: Some(at), ..setup })), Execution::Reference)
}

#[test]
fn a_budget_ends_a_run_at_one_instant_in_every_execution() {
    let mut interrupted = 0;
    for seed in 0..90 {
        let plain = Setup::plain(seed);
        for budget in [events(0), events(1), events(60), operations(1), operations(40), operations(3_000)] {
            let reference = budgeted(plain, budget, Execution::Reference);
            let expected = lines(&reference, true);
            if let Ok(outcome) = &reference
                && let Some(at) = outcome.interrupted_at
            {
                interrupted += 1;
                assert!(matches!(outcome.ending, Ending::Interrupted(why) if why != Interruption::Flag));
                assert_eq!(at.as_ps() % BUDGET_GRID.as_ps(), 0);
                let cut = with_limit(plain, at).expect("a part of a run that goes on");
                assert_eq!((cut.digest, cut.last_effective), (outcome.digest, outcome.last_effective), "SEED={seed}");
            }
            for way in drawn(seed) {
                let other = budgeted(Setup { elision: way.elision, ..plain }, budget, way.execution);
                let at = |it: &Result<Box<Outcome>, _>| it.as_ref().ok().map(|it| (it.ending, it.interrupted_at));
                assert_eq!(at(&other), at(&reference), "SEED={seed} {budget:?} {way:?}");
                let different = differing(&expected, &lines(&other, true));
                assert!(different.is_empty(), "SEED={seed} {budget:?} {way:?}:\n{}", different.join("\n"));
            }
        }
    }
    assert!(interrupted > 200, "{interrupted}");
}

/// At the first look of the grid at which the budget is used up: counted by hand from the events of the whole run.
#[test]
fn a_budget_of_events_ends_at_the_first_look_after_it() {
    for seed in 0..60 {
        let plain = Setup::plain(seed);
        let mut whole = sim::Recording::default();
        if machine(settings(plain)).observed(Execution::Reference, &mut whole).is_err() {
            continue;
        }
        for most in [1, 7, 100] {
            let Some(last) = whole.told.get(most as usize - 1) else { continue };
            let grid = BUDGET_GRID.as_ps();
            let expected = Time::from_ps((last.at.as_ps() / grid + 1) * grid);
            let outcome = budgeted(plain, events(most), Execution::default()).expect("it runs");
            match outcome.interrupted_at {
                Some(at) => assert_eq!(at, expected, "SEED={seed}, {most} events"),
                None => assert!(outcome.last_effective <= expected, "SEED={seed}, {most} events: its own end is later"),
            }
        }
    }
}

#[test]
fn no_budget_at_all_ends_a_run_before_anything_happens() {
    for (elision, execution) in USUAL {
        for budget in [events(0), operations(0)] {
            let outcome =
                budgeted(Setup { elision, ..Setup::plain(3) }, budget, execution).expect("nothing went wrong");
            assert_eq!((outcome.interrupted_at, outcome.last_effective), (Some(Time::ZERO), Time::ZERO));
            assert!(outcome.milestones.is_empty() && outcome.cpus.iter().all(|cpu| cpu.waits.is_empty()));
        }
    }
}

/// Raises the stop flag when it has been handed so many batches.
struct Stops(Handle, usize);

impl Observer for Stops {
    fn take(&mut self, _: &Batch<'_>) {
        if self.1 == 0 {
            self.0.stop();
        }
        self.1 = self.1.saturating_sub(1);
    }
}

#[test]
fn a_raised_flag_ends_the_run_at_its_next_look() {
    let mut interrupted = 0;
    for seed in 0..60 {
        for (elision, execution) in USUAL {
            let setup = Setup { elision, limit: Some(Time::from_us(4_500)), ..Setup::plain(seed) };
            let handle = Handle::default();
            let settings = settings(setup).with(|machine| machine.handle = Some(handle.clone()));
            let result = machine(settings).observed(execution, &mut Stops(handle.clone(), seed as usize % 3));
            let Ok(outcome) = result else { continue };
            if let Some(at) = outcome.interrupted_at {
                interrupted += 1;
                assert_eq!(outcome.ending, Ending::Interrupted(Interruption::Flag));
                assert_eq!((at.as_ps() % FLAG_GRID.as_ps(), handle.reached()), (0, at));
                let cut = with_limit(setup, at).expect("a part of a run that goes on");
                assert_eq!((cut.digest, cut.last_effective), (outcome.digest, outcome.last_effective), "SEED={seed}");
            }
        }
    }
    assert!(interrupted > 100, "{interrupted}");
}

/// A flag that is raised stays so: whatever begins then ends at once.
#[test]
fn a_flag_that_was_raised_before_the_run_ends_it_before_anything_happens() {
    let handle = Handle::default();
    handle.stop();
    for (elision, execution) in USUAL {
        for seed in 0..5 {
            let handle = Some(handle.clone());
            let settings = settings(Setup { elision, ..Setup::plain(seed) }).with(|machine| machine.handle = handle);
            let outcome = attempt(machine(settings), execution).expect("nothing went wrong");
            assert_eq!(outcome.ending, Ending::Interrupted(Interruption::Flag));
            assert_eq!((outcome.interrupted_at, outcome.last_effective), (Some(Time::ZERO), Time::ZERO));
        }
    }
}

/// A handle that nobody uses is none.
#[test]
fn a_handle_changes_nothing() {
    for seed in 0..60 {
        for way in drawn(seed) {
            let setup = Setup { elision: way.elision, ..Setup::plain(seed) };
            let alone = lines(&attempt(machine(settings(setup)), way.execution), true);
            let held = settings(setup).with(|machine| machine.handle = Some(Handle::default()));
            let different = differing(&alone, &lines(&attempt(machine(held), way.execution), true));
            assert!(different.is_empty(), "SEED={seed} {way:?}:\n{}", different.join("\n"));
        }
    }
}
