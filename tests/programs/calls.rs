//! Every kernel function that can be called, as a step, on every kernel that has it, in a whole machine: a verdict, and one
//! and the same in both executors.

use super::{load_on, program, text};
use apicsim::scenario::{ARCHES, MODERN_ARCHES, OTHER_ARCHES};
use apicsim::{Settings, run};
use kernel_model::{Call, Takes};
use sim::Execution;

/// To CPU 1; where there is none, to itself.
fn step(call: Call, cpus: u32) -> String {
    let takes = |what| call.takes().contains(&what);
    let to =
        if takes(Takes::Mask) || takes(Takes::Target) { format!(" to={}", (cpus - 1).min(1)) } else { String::new() };
    let vector = if takes(Takes::Vector) { " vector=0x41" } else { "" };
    format!("call {}{to}{vector}\nreach back", call.name())
}

fn all_calls_on(arches: &[&str], variant: &str) -> usize {
    let mut runs = 0;
    for arch in arches {
        for &call in Call::ALL {
            let cpus = if *arch == "modern/noop" { 1 } else { 3 };
            let declarations = format!("goal = \"reach:back\"\nlimit_us = 12000000\n[machine]\ncpus = {cpus}");
            let text = text(&declarations, &program(0, &step(call, cpus)));
            let scenario = match load_on(&text, arch, variant) {
                Ok(scenario) => scenario,
                Err(error) => {
                    assert!(error.message().contains("has no"), "{}", error.render(false));
                    continue;
                }
            };
            let digest = |execution| {
                let mut settings = Settings::seeded(0);
                settings.execution = execution;
                let (report, outcome) = run(&scenario, &settings)
                    .unwrap_or_else(|error| panic!("{} on {arch}, {variant}: {error}", call.name()));
                (report.verdict, outcome.digest)
            };
            assert_eq!(digest(Execution::default()), digest(Execution::Reference), "{} on {arch}", call.name());
            runs += 1;
        }
    }
    runs
}

#[test]
fn every_function_of_2007_runs_as_a_step() {
    assert!(all_calls_on(&ARCHES, "before") > 300);
    assert!(all_calls_on(&ARCHES[..2], "merged") > 60);
}

#[test]
fn every_function_of_today_runs_as_a_step() {
    assert!(all_calls_on(&MODERN_ARCHES, "modern") > 150);
    assert!(all_calls_on(&OTHER_ARCHES, "own") >= OTHER_ARCHES.len());
}
