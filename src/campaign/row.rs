//! One row: a run and what came of it, as a line of JSON. It is a function of the grid and of its number.
//!
//! Not in it: anything of the host, such as how long it took.

use super::cells::{Cell, Plan};
use super::lines::{REACHED_SCHEMA, ROW_SCHEMA};
use super::reached::{LineNames, Reached, ReachedSet};
use crate::failure::Failure;
use crate::judgement::{RunReport, Verdict};
use crate::report::digest;
use crate::report::json::proof_value;
use crate::report::microseconds::{microseconds, microseconds_or_null};
use crate::run::{Settings, run_observed};
use crate::scenario::named::Named;
use crate::token::Token;
use serde_json::{Value, json};

/// A row as it is written.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Without its newline.
    pub(super) text: String,
    /// What it reached.
    pub(super) reached: ReachedSet,
    /// Did it complete?
    pub(super) completed: bool,
}

impl ReachedSet {
    /// The line that says what its hash stands for.
    pub(super) fn line(&self) -> String {
        json!({ "schema": REACHED_SCHEMA, "id": self.id, "reached": self.names }).to_string()
    }
}

/// Makes the run of a row; none: it was interrupted.
pub(super) fn row(plan: &Plan, number: u64, settings: &Settings, lines: &mut LineNames) -> Option<Row> {
    let (cell, seed) = plan.at(number);
    let scenario = &cell.scenario;
    let mut settings = settings.clone();
    settings.choices.seed = seed;
    let mut reached = Reached::of(scenario);
    match run_observed(scenario, &settings, &mut reached) {
        Ok((report, _)) if report.verdict == Verdict::Interrupted => None,
        Ok((report, outcome)) => {
            let events = reached.events;
            let reached = reached.finish((scenario, &outcome, &report), lines);
            let text = judged(cell, number, &report, events, &reached).to_string();
            Some(Row { text, reached, completed: report.verdict == Verdict::Completed })
        }
        // What a program of the scenario does that no machine can is a result; a bug of ours panics here.
        Err(failure) => {
            let cause = match Failure::from(failure) {
                Failure::Input(error) => error.message().to_owned(),
                other => other.to_string(),
            };
            let reached = ReachedSet { id: String::new(), names: Vec::new() };
            let text = failed(cell, number, seed, &cause).to_string();
            Some(Row { text, reached, completed: false })
        }
    }
}

/// What is known of a run before it begins.
fn head(cell: &Cell, number: u64, seed: u64) -> Value {
    let scenario = &cell.scenario;
    let machine = &scenario.machine;
    json!({
        "schema": ROW_SCHEMA,
        "row": number,
        "scenario": scenario.name,
        "arch": machine.arch,
        "variant": machine.variant,
        "release": machine.release,
        "bus": machine.bus.name(),
        "load": cell.load,
        "fault": cell.fault,
        "generation": machine.generation.name(),
        "cpus": machine.cpus,
        "seed": seed.to_string(),
        "sets": cell.sets,
        "token": Token::new(scenario, seed).to_string(),
    })
}

fn judged(cell: &Cell, number: u64, report: &RunReport, events: u64, reached: &ReachedSet) -> Value {
    let mut row = head(cell, number, report.seed);
    row["verdict"] = report.verdict.name().into();
    row["proof"] = proof_value(report);
    row["cause"] = cause(report).into();
    row["expected"] = report.expected.into();
    row["sim_time_us"] = microseconds(report.sim_time.as_ps());
    row["from_crash_us"] = microseconds_or_null(report.from_crash.map(|span| span.as_ps()));
    row["timeouts"] = report.timeouts.into();
    row["stopped"] = report.stopped.into();
    row["capture_us"] = microseconds_or_null(report.capture.map(|at| at.as_ps()));
    row["events"] = events.into();
    row["reached"] = reached.id.as_str().into();
    row["digest"] = digest::written(report.digest).into();
    row
}

/// Of a hang its root; of a run that came to its limit, what the first CPU that waits waits for.
fn cause(report: &RunReport) -> Option<String> {
    match (&report.hang, report.verdict) {
        (Some(hang), _) => Some(hang.cause.clone()),
        (None, Verdict::Completed) => None,
        (None, _) => report.waiting.first().map(|waiting| waiting.cause.clone()),
    }
}

/// A run that came to nothing: its program does what no machine can.
fn failed(cell: &Cell, number: u64, seed: u64, cause: &str) -> Value {
    let mut row = head(cell, number, seed);
    row["verdict"] = "failed".into();
    for key in [
        "proof",
        "cause",
        "expected",
        "sim_time_us",
        "from_crash_us",
        "timeouts",
        "stopped",
        "capture_us",
        "events",
        "reached",
        "digest",
    ] {
        row[key] = Value::Null;
    }
    row["cause"] = cause.into();
    row
}
