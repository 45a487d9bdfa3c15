//! What the modules share: scenarios by a few words, runs, the program itself.

use apicsim::scenario::{self, Request, Scenario};
use apicsim::{RunReport, Settings, run};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// A scenario on one sub-architecture under one variant, with `--set`s.
pub(crate) fn load(name: &str, arch: &str, variant: &str, sets: &[&str]) -> Scenario {
    let mut request = Request::new(name);
    request.arch = Some(arch.to_owned());
    request.variant = Some(variant.to_owned());
    request.sets = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::load(&request).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// Its report, on the default executor. The token that replays it is printed if the test fails.
pub(crate) fn report(name: &str, arch: &str, variant: &str, sets: &[&str]) -> RunReport {
    let report = run(&load(name, arch, variant, sets), &Settings::seeded(0)).unwrap().0;
    println!("apicsim replay '{}'", report.token);
    report
}

/// What is written of a scenario reads back as the same.
pub(crate) fn reads_back(scenario: &Scenario) {
    let text = scenario.to_toml();
    match Scenario::from_toml(&text) {
        Ok(read) => assert!(read.says_the_same_as(scenario), "{text}\n{read:#?}\n{scenario:#?}"),
        Err(error) => panic!("{}\n{text}", error.render(false)),
    }
}

/// The function of an `at`.
pub(crate) fn function(at: &str) -> &str {
    at.split(' ').next().unwrap_or_default()
}

/// Its words, wherever its lines are broken.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs the program, into a pipe of the default width.
pub(crate) fn apicsim(arguments: &[&str]) -> Output {
    apicsim_with(arguments, &[("NO_COLOR", "1")])
}

/// Runs the program in a folder.
pub(crate) fn apicsim_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apicsim"));
    command.env_remove("COLUMNS").env("NO_COLOR", "1").current_dir(folder).args(arguments).output().unwrap()
}

/// Runs the program with these variables, and no others that say how text looks.
pub(crate) fn apicsim_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apicsim"));
    command.env_remove("COLUMNS").env_remove("NO_COLOR").args(arguments).envs(variables.iter().copied());
    command.output().unwrap()
}

/// Runs the program, and reads its one JSON document.
pub(crate) fn json(arguments: &[&str]) -> Value {
    let output = apicsim(arguments);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}
