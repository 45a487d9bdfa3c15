//! Reports for people.

use crate::matrix::{Cell, Matrix};
use crate::report_json::digest;
use crate::scenario::Scenario;
use crate::verdict::{RunReport, Verdict, WaitReport, goal_name};
use comfy_table::{Cell as TableCell, CellAlignment, Table, presets};
use sim::Proof;
use std::fmt::Write;

/// One run.
pub(crate) fn run(scenario: &Scenario, report: &RunReport) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}: {}", scenario.name, scenario.machine);
    let _ = writeln!(out, "\n  {}", verdict(scenario, report));
    if let Some(hang) = &report.hang {
        let _ = writeln!(out, "  at       CPU{}, {}, since {} us", hang.cpu, hang.at, hang.since);
        if let Some(line) = hang.line {
            let _ = writeln!(out, "           {line}");
        }
        let _ = writeln!(out, "  why      {}", hang.why.join("\n           "));
        if let Some(mechanism) = hang.mechanism {
            let _ = writeln!(out, "  called   {mechanism}: {}", mechanism.about());
        }
    }
    for (n, wait) in report.waits.iter().enumerate() {
        let label = if n == 0 { "waits" } else { "" };
        let _ = writeln!(out, "  {label:<8} {}", wait_line(wait));
    }
    for (n, spin) in report.loops.iter().enumerate() {
        let label = if n == 0 { "loops" } else { "" };
        let _ = writeln!(
            out,
            "  {label:<8} CPU{} spins for ever since {} us, every {} us: {}",
            spin.cpu, spin.since, spin.period, spin.at
        );
    }
    for (n, start) in report.start_ups.iter().enumerate() {
        let _ = writeln!(out, "  {:<8} {start}", if n == 0 { "starts" } else { "" });
    }
    if report.crashed.is_some() {
        let capture = report.capture.map_or_else(|| "never".to_owned(), |at| format!("at {at} us"));
        let _ = writeln!(
            out,
            "  crash    {} waits timed out, {} CPUs stopped, capture kernel ready {capture}",
            report.timeouts, report.stopped
        );
    }
    for injected in &report.injected {
        let _ = writeln!(out, "  fault    injected: {injected}");
    }
    if report.notes.contains(&"disputed") {
        let _ = writeln!(out, "  note     rests on the per-class slot rule of the P6, which documents dispute");
    }
    if report.notes.contains(&"hypothetical") {
        let _ = writeln!(out, "  note     hypothetical: this sub-architecture and this wait were never in one kernel");
    }
    let expected = match report.expected {
        None => "nothing",
        Some(true) => "this",
        Some(false) => "something else",
    };
    let _ = writeln!(
        out,
        "\n  expected {expected}\n  digest   {}\n  replay   apicsim replay '{}'",
        digest(report.digest),
        report.token
    );
    out
}

fn verdict(scenario: &Scenario, report: &RunReport) -> String {
    let goal = goal_name(scenario);
    match report.verdict {
        Verdict::Completed => {
            let crash = report.from_crash.map(|span| format!(", {span} us after the crash")).unwrap_or_default();
            format!("COMPLETED  {goal} at {} us{crash}", report.sim_time)
        }
        Verdict::Hung => {
            let proof = match report.proof {
                Some(Proof::Quiescent) => "nobody polls, nothing is pending",
                Some(Proof::Recurrence) | None => "the whole machine repeats itself",
            };
            format!("HUNG for ever (proven: {proof}); last effective event at {} us", report.sim_time)
        }
        Verdict::Deadline => {
            let host = if sim::PROOFS { "" } else { " (this host has no shim for proofs of recurrence)" };
            let limit = sim::Time::from_ps(scenario.limit_ps);
            format!("DEADLINE: {goal} not reached in {limit} us; nothing is proven{host}")
        }
    }
}

pub(crate) fn wait_line(wait: &WaitReport) -> String {
    let WaitReport { cpu, at, start, outcome, .. } = wait;
    match (wait.reads, wait.delays, wait.took) {
        (Some(reads), Some(delays), Some(took)) => {
            format!("CPU{cpu} at {start} us: {outcome} after {took} us, {reads} reads, {delays} delays: {at}")
        }
        _ => format!("CPU{cpu} at {start} us: {outcome}: {at}"),
    }
}

/// A matrix as a table, with its causes and marks below.
pub(crate) fn matrix(matrix: &Matrix) -> String {
    let variants: Vec<&str> =
        matrix.rows.first().map(|row| row.cells.iter().map(|c| c.variant).collect()).unwrap_or_default();
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let mut header = vec!["sub-architecture".to_owned(), "machine".to_owned()];
    header.extend(variants.iter().map(|variant| format!("{variant}, us")));
    header.extend(variants.iter().map(|variant| format!("NMI {variant}")));
    header.push("FIXED".to_owned());
    table.set_header(header);
    let mut causes: Vec<String> = Vec::new();
    for row in &matrix.rows {
        let mut cells = vec![TableCell::new(row.arch), TableCell::new(format!("{} {}", row.generation, row.bus))];
        cells.extend(row.cells.iter().map(|cell| TableCell::new(verdict_cell(cell, &mut causes))));
        let price = |span: Option<sim::Duration>| span.map_or_else(|| "-".to_owned(), |span| span.to_string());
        let right = |text: String| TableCell::new(text).set_alignment(CellAlignment::Right);
        cells.extend(row.cells.iter().map(|cell| right(price(cell.price.nmi))));
        cells.push(right(price(row.cells.first().and_then(|cell| cell.price.fixed))));
        table.add_row(cells);
    }
    let mut out = format!("{table}\n");
    for (n, cause) in causes.iter().enumerate() {
        let _ = writeln!(out, "[{}] {cause}", letter(n));
    }
    legend(matrix, &mut out);
    out
}

fn letter(n: usize) -> char {
    char::from(b'a' + (n % 26) as u8)
}

fn verdict_cell(cell: &Cell, causes: &mut Vec<String>) -> String {
    let report = &cell.report;
    let mut text = match (&report.hang, report.verdict) {
        (Some(hang), _) => {
            let known = causes.iter().position(|cause| *cause == hang.cause);
            let n = known.unwrap_or_else(|| {
                causes.push(hang.cause.clone());
                causes.len() - 1
            });
            format!("hangs [{}]", letter(n))
        }
        (None, Verdict::Completed) => {
            report.from_crash.map_or_else(|| report.sim_time.to_string(), |span| span.to_string())
        }
        (None, _) => "not proven".to_owned(),
    };
    for (note, mark) in MARKS {
        if report.notes.contains(&note) {
            text.push(mark);
        }
    }
    text
}

const MARKS: [(&str, char); 3] = [("injected", '*'), ("disputed", '†'), ("hypothetical", '‡')];

fn legend(matrix: &Matrix, out: &mut String) {
    let noted = |note: &str| {
        let mut cells = matrix.rows.iter().flat_map(|row| &row.cells);
        cells.any(|cell| cell.report.notes.contains(&note))
    };
    let texts = [
        "rests on an injected fault (--set 'fault=[]' leaves it out)",
        "rests on the P6's two slots a priority class, which documents dispute (--set knobs.slots=per-vector)",
        "hypothetical: this sub-architecture and this wait were never in one kernel",
    ];
    for ((note, mark), text) in MARKS.into_iter().zip(texts) {
        if noted(note) {
            let _ = writeln!(out, " {mark}  {text}");
        }
    }
}
