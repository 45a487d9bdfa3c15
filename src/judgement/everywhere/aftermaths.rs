//! A run that has come to its goal and goes on: held to the machine that never had one.

use super::{CHOICES, every_machine};
use crate::machine::{self, Choices};
use sim::{Effort, Ending, Execution, Machine, Outcome, Recording};

/// All of it, but what it took.
fn said(mut outcome: Outcome) -> String {
    outcome.effort = Effort::default();
    format!("{outcome:#?}")
}

#[test]
fn a_run_that_goes_on_is_told_as_two_machines_tell_it() {
    let (mut went_on, mut stayed) = (0, 0);
    every_machine(|scenario, machine| {
        let executions = [Execution::default(), Execution::Reference];
        let plain = |choices: Choices| {
            Machine::new(machine::assemble(scenario, choices).expect("it was assembled before")).expect("it fits")
        };
        let mut machine = Some(machine);
        for execution in executions.into_iter().take(if scenario.name == "nmi-stall" { 2 } else { 1 }) {
            let (mut twice, mut once) = (Recording::default(), Recording::default());
            let machine = machine.take().unwrap_or_else(|| plain(CHOICES));
            let (outcome, aftermath) = machine.observed_beyond(execution, &mut twice).expect("built-in scenarios run");
            let stopped = plain(CHOICES).observed(execution, &mut once).expect("built-in scenarios run");
            let place = format!("{} on {}, {execution:?}", scenario.name, scenario.machine);
            if outcome.ending == Ending::Stopped {
                went_on += u32::from(aftermath.is_some());
                stayed += u32::from(aftermath.is_none());
            }
            assert_eq!(said(outcome), said(stopped), "{place}");
            assert!(twice == once, "{place}");
            if let Some(aftermath) = aftermath {
                let never = plain(Choices { to_the_end: true, ..CHOICES }).run(execution).expect("it goes on");
                assert_eq!(said(aftermath), said(never), "{place}");
            }
        }
    });
    assert!(went_on > 20, "{went_on} went on, {stayed} did not");
}
