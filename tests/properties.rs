//! The feature `proptest`: what its strategies give, and what becomes of a property that fails.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use apicsim::prelude::*;
use apicsim::property::{PropertyFailure, check, config, fault_plans, machines, scenarios};
use apicsim::scenario::{ARCHES, Bus, FaultName};
use apicsim::token::Token;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("apicsim-properties-{}-{name}", std::process::id()))
}

/// What the program says of a replay, as JSON.
fn replayed(file: &Path, token: &Token) -> serde_json::Value {
    let mut program = Command::new(env!("CARGO_BIN_EXE_apicsim"));
    program.args(["replay", "--scenario", file.to_str().unwrap(), &token.to_string(), "--json"]);
    let output = program.output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Every scenario is one, reads back, and comes out the same on both executors, with and without elision. Machines, buses and
/// faults are all among them.
#[test]
fn scenarios_are_valid_and_deterministic() {
    let (faults, arches, buses, ends) = <(
        RefCell<BTreeSet<&str>>,
        RefCell<BTreeSet<&str>>,
        RefCell<BTreeSet<&str>>,
        RefCell<BTreeSet<String>>,
    )>::default();
    let folder = folder("valid");
    let outcome = check("valid", config(150), &folder, scenarios(), |scenario, settings| {
        let read =
            Scenario::from_toml(&scenario.to_toml()).map_err(|error| TestCaseError::fail(error.render(false)))?;
        prop_assert!(read.says_the_same_as(scenario));
        faults.borrow_mut().extend(scenario.faults.iter().map(|fault| fault.kind.name()));
        arches.borrow_mut().insert(scenario.machine.arch);
        buses.borrow_mut().insert(sim::Named::name(scenario.machine.bus));
        let mut others = [settings.clone(), settings.clone(), settings.clone()];
        others[0].execution = Execution::Reference;
        others[1].choices.elision = false;
        others[2].execution = Execution::Windowed { workers: 2, window: Window::Half };
        let told = |scenario: &Scenario, settings: &Settings| match run(scenario, settings) {
            Ok((report, _)) => format!("{:?} {:016x}", report.verdict, report.digest),
            Err(error) => error.to_string(),
        };
        let first = told(scenario, settings);
        ends.borrow_mut().insert(first.split(' ').next().unwrap_or_default().to_owned());
        prop_assert_eq!(&told(&read, settings), &first);
        for other in others {
            prop_assert_eq!(&told(scenario, &other), &first, "{:?}", other);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(arches.borrow().len() > 10 && buses.borrow().len() == 5, "{arches:?} {buses:?}");
    assert!(faults.borrow().len() > 12, "{faults:?}");
    assert!(["Completed", "Hung"].iter().all(|end| ends.borrow().contains(*end)), "{ends:?}");
    assert!(!folder.exists(), "nothing failed, and nothing is kept");
}

/// A property that does not hold: its file is small, and replays as the same run, by the program too.
#[test]
fn a_failure_is_a_file_that_replays() {
    let folder = folder("failure");
    let failure = check("never-hangs", config(200), &folder, scenarios(), |scenario, settings| {
        let Ok((report, _)) = run(scenario, settings) else { return Ok(()) };
        prop_assert_ne!(report.verdict, Verdict::Hung, "it hangs");
        Ok(())
    });
    let Err(failure @ PropertyFailure::Counterexample { .. }) = failure else { panic!("{failure:?}") };
    let said = failure.to_string();
    let PropertyFailure::Counterexample { reason, file, token } = failure else { unreachable!() };
    assert!(reason.contains("it hangs"), "{reason}");
    assert_eq!(file, folder.join("never-hangs.toml"));
    assert!(said.ends_with(&format!("apicsim replay --scenario '{}' '{token}'", file.display())), "{said}");
    let document = replayed(&file, &token);
    assert_eq!(document["verdict"], "hung");
    let scenario = token.load_from(file.to_str().unwrap(), &[]).unwrap();
    let report = run(&scenario, &Settings::seeded(token.seed)).unwrap().0;
    assert_eq!(document["digest"], format!("{}:{:016x}", sim::Outcome::DIGEST_VERSION, report.digest));
    // Shrunk: two CPUs, nothing broken, and of the programs little more than the step that waits for ever.
    assert_eq!((scenario.machine.cpus, scenario.faults.len()), (2, 0), "{}", scenario.to_toml());
    assert!(scenario.programs.steps.len() <= 8, "{}", scenario.to_toml());
    // In another place, the same.
    let moved = folder.join("moved.toml");
    std::fs::rename(&file, &moved).unwrap();
    assert_eq!(replayed(&moved, &token)["verdict"], "hung");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A failure that only a fault makes keeps that fault, and a panic of a property is a failure as any other.
#[test]
fn shrinking_keeps_what_matters() {
    let folder = folder("fault");
    let failure = check("no-lost-message", config(300), &folder, scenarios(), |scenario, _| {
        assert!(scenario.faults.iter().all(|fault| fault.kind.fault_name() != FaultName::Message), "a message");
        Ok(())
    });
    let Err(PropertyFailure::Counterexample { file, token, .. }) = failure else { panic!("{failure:?}") };
    let scenario = token.load_from(file.to_str().unwrap(), &[]).unwrap();
    assert_eq!(scenario.faults.len(), 1, "{}", scenario.to_toml());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_kept_or_tried_is_said() {
    let never = |_: &Scenario, _: &Settings| Err(TestCaseError::fail("never"));
    let file = folder("file");
    std::fs::write(&file, "in the way").unwrap();
    let failure = check("x", config(1), &file, scenarios(), never);
    let Err(failure @ PropertyFailure::NotSaved { .. }) = failure else { panic!("{failure:?}") };
    assert!(failure.to_string().contains("format = 1") && failure.to_string().contains("cannot"), "{failure}");
    std::fs::remove_file(file).unwrap();
    let wrong = Just(ScenarioBuilder::new("wrong").cpus(0));
    let tried = Cell::new(0);
    let failure = check("x", config(1), &folder("none"), wrong, |_, _| {
        tried.set(tried.get() + 1);
        Ok(())
    });
    assert!(matches!(&failure, Err(PropertyFailure::GaveUp(_))) && tried.get() == 0, "{failure:?}");
}

/// Shrunk all the way, they are the plainest that there are.
#[test]
fn strategies_shrink_to_the_plainest() {
    use proptest::strategy::ValueTree;
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        let mut tree = (machines(), fault_plans()).new_tree(&mut runner).unwrap();
        while tree.simplify() {}
        let (machine, plan) = tree.current();
        assert_eq!((machine.arch, &*machine.variant, machine.bus, machine.cpus), (ARCHES[0], "before", Bus::Serial, 2));
        assert!(plan.fitted(&machine).is_empty(), "{plan:?}");
    }
}
