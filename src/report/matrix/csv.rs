//! One record a run, for spreadsheets: RFC 4180, its fields named as in JSON.

use crate::matrix::{Cell, Matrix, Row};
use crate::report::csv_field::quoted;
use crate::report::digest;
use crate::report::json::proof_value;
use crate::scenario::decimal;
use crate::scenario::named::Named;
use sim::Duration;

/// The fields of a CSV record, named as in JSON.
const CSV_FIELDS: [&str; 29] = [
    "scenario",
    "arch",
    "generation",
    "bus",
    "injected",
    "crash_cpu",
    "trigger",
    "variant",
    "release",
    "verdict",
    "proof",
    "sim_time_us",
    "crash_us",
    "from_crash_us",
    "timeouts",
    "stopped",
    "control_us",
    "capture_us",
    "panicked_us",
    "cause",
    "notes",
    "nmi_us",
    "fixed_us",
    "digest",
    "seed",
    "cpus",
    "sets",
    "token",
    "ok",
];

/// One record a run, after a header, as RFC 4180 has it. What there is none of is empty.
pub(crate) fn csv(matrix: &Matrix) -> String {
    let mut out = CSV_FIELDS.join(",") + "\r\n";
    for row in &matrix.rows {
        for cell in &row.cells {
            let record = csv_record(&matrix.scenario, row, cell).map(|field| quoted(&field));
            out += &(record.join(",") + "\r\n");
        }
    }
    out
}

fn csv_record(scenario: &str, row: &Row, cell: &Cell) -> [String; CSV_FIELDS.len()] {
    let report = &cell.report;
    let span = |span: Option<Duration>| span.map(|span| decimal::microseconds(span.as_ps())).unwrap_or_default();
    [
        scenario.to_owned(),
        row.arch.to_owned(),
        row.generation.to_owned(),
        row.bus.to_owned(),
        row.injected.to_string(),
        cell.crash_cpu.map(|cpu| cpu.to_string()).unwrap_or_default(),
        cell.trigger.map(|trigger| trigger.name().to_owned()).unwrap_or_default(),
        cell.variant.clone(),
        cell.release.to_owned(),
        report.verdict.name().to_owned(),
        proof_value(report).as_str().unwrap_or_default().to_owned(),
        decimal::microseconds(report.sim_time.as_ps()),
        report.crashed.map(|at| decimal::microseconds(at.as_ps())).unwrap_or_default(),
        span(report.from_crash),
        report.timeouts.to_string(),
        report.stopped.to_string(),
        report.hand_over().map(|at| decimal::microseconds(at.as_ps())).unwrap_or_default(),
        report.capture.map(|at| decimal::microseconds(at.as_ps())).unwrap_or_default(),
        report.panicked.map(|panic| decimal::microseconds(panic.at.as_ps())).unwrap_or_default(),
        report.hang.as_ref().map(|hang| hang.cause.clone()).unwrap_or_default(),
        report.notes.join(" "),
        span(cell.price.nmi),
        span(cell.price.fixed),
        digest::written(report.digest),
        report.seed.to_string(),
        cell.cpus.to_string(),
        cell.sets.join(" "),
        report.token.clone(),
        report.ok().to_string(),
    ]
}
