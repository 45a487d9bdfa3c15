//! The JSON documents of the contract: field names stay, others script on them.

use super::digest;
use super::microseconds::{microseconds, microseconds_or_null};
use crate::judgement::crash::{CpuFate, CrashReport};
use crate::judgement::start_up::StartUpReport;
use crate::judgement::waits::WaitReport;
use crate::judgement::{
    Finding, GivenUpReport, HangReport, LoopReport, ProgramNote, RunReport, StrictFinding, StrictReport, Unmet,
    Verdict, WaitingReport,
};
use crate::matrix::Matrix;
use crate::scenario::named::Named;
use crate::scenario::{OwnWaits, Scenario, counted};
use serde_json::{Value, json};
use sim::{Interruption, Proof, Time};

/// What the host adds to a document, if it is asked for.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::Host;
/// let scenario = load(&Request::new("normal-dispatch"))?;
/// let (report, _) = run(&scenario, &Settings::seeded(0))?;
/// let document = run_document(&scenario, &report, Some(Host { threads: 2, host_us: 1_500 }));
/// assert_eq!(document["host"]["threads"], 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Workers.
    pub threads: usize,
    /// Host time of the run, in microseconds.
    pub host_us: u64,
}

impl Host {
    fn json(self) -> Value {
        json!({ "threads": self.threads, "host_ms": microseconds(self.host_us * 1_000) })
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} µs on {}", self.host_us, counted(self.threads as u64, "thread"))
    }
}

fn proof(proof: Option<Proof>) -> &'static str {
    match proof {
        Some(Proof::Quiescent) => "quiescent",
        Some(Proof::Recurrence) => "recurrence",
        None => "none",
    }
}

/// Null where there is none: the run was interrupted.
pub(crate) fn verdict_value(report: &RunReport) -> Value {
    if report.verdict == Verdict::Interrupted { Value::Null } else { Value::from(report.verdict.name()) }
}

/// What ended a run before its time.
pub(crate) const fn interruption(why: Interruption) -> &'static str {
    match why {
        Interruption::Flag => "signal",
        Interruption::Operations => "operations",
        Interruption::Events => "events",
    }
}

/// Null when completed.
pub(crate) fn proof_value(report: &RunReport) -> Value {
    if report.verdict == Verdict::Completed { Value::Null } else { Value::from(proof(report.proof)) }
}

/// What the document of one run is.
pub(crate) fn run_schema() -> Value {
    json!({ "name": "apicsim.run", "version": "1.7" })
}

/// The document of one run.
pub fn run_document(scenario: &Scenario, report: &RunReport, host: Option<Host>) -> Value {
    let machine = &scenario.machine;
    let mut document = json!({
        "schema": run_schema(),
        "scenario": scenario.name,
        "arch": machine.arch,
        "variant": machine.variant,
        "own_wait": scenario.own.as_ref().map(own_wait),
        "release": machine.release,
        "bus": machine.bus.name(),
        "generation": machine.generation.name(),
        "cpus": machine.cpus,
        "seed": report.seed.to_string(),
        "token": report.token,
        "verdict": verdict_value(report),
        "interrupted": report.verdict == Verdict::Interrupted,
        "interrupted_by": report.interruption.map_or(Value::Null, |why| interruption(why).into()),
        "proof": proof_value(report),
        "goal": scenario.goal_name(),
        "sim_time_us": microseconds(report.sim_time.as_ps()),
        "from_crash_us": microseconds_or_null(report.from_crash.map(|span| span.as_ps())),
        "digest": digest::written(report.digest),
        "waits": report.waits.iter().map(wait_value).collect::<Vec<_>>(),
        "waits_total": report.waits_total,
        "waits_left_out": report.waits_total - report.waits.len() as u64,
        "timeouts": report.timeouts,
        "stopped": report.stopped,
        "started": report.started,
        "given_up": report.given_up.iter().map(given_up).collect::<Vec<_>>(),
        "open_ended": report.open_ended,
        "said": report.said.iter().map(said).collect::<Vec<_>>(),
        "said_total": report.said_total,
        "waiting": report.waiting.iter().map(waiting).collect::<Vec<_>>(),
        "start_ups": report.start_ups.iter().map(start_up).collect::<Vec<_>>(),
        "capture_us": microseconds_or_null(report.capture.map(|at| at.as_ps())),
        "crash": report.crash.as_ref().map_or(Value::Null, crash),
        "panicked": report.panicked.map(|panic| json!({ "cpu": panic.cpu, "at_us": microseconds(panic.at.as_ps()) })),
        "injected": report.injected,
        "notes": report.notes,
        "hang": report.hang.as_ref().map_or(Value::Null, hang),
        "loops": report.loops.iter().map(endless_loop).collect::<Vec<_>>(),
        "expected": report.expected,
        "expectation": expectation(report),
        "ok": report.ok(),
    });
    document["strict"] = strict(report.strict.as_ref());
    document["strict_total"] = report.strict.as_ref().map(|strict| strict.total).into();
    if let Some(host) = host {
        document["host"] = host.json();
    }
    document
}

/// What the variant is, where it is one of one's own.
fn own_wait(own: &OwnWaits) -> Value {
    json!({ "name": own.name(), "version": own.version(), "closed": own.is_closed(), "about": own.to_string() })
}

/// The document with these of the waits, and no others.
pub(crate) fn with_waits(mut document: Value, report: &RunReport, waits: &[&WaitReport]) -> Value {
    document["waits"] = waits.iter().map(|wait| wait_value(wait)).collect();
    document["waits_left_out"] = json!(report.waits_total - waits.len() as u64);
    document
}

/// What does not hold of what is expected; empty where all does, null where nothing is expected.
fn expectation(report: &RunReport) -> Value {
    let value = |finding: &Finding| match finding {
        Finding::Name(name) => json!(name),
        Finding::Count(count) => json!(count),
        Finding::Flag(flag) => json!(flag),
        Finding::None => Value::Null,
    };
    let unmet =
        |unmet: &Unmet| json!({ "key": unmet.key, "expected": value(&unmet.expected), "found": value(&unmet.found) });
    report.expected.map_or(Value::Null, |_| report.unmet.iter().map(unmet).collect())
}

/// One wait.
pub(crate) fn wait_value(wait: &WaitReport) -> Value {
    json!({
        "cpu": wait.cpu,
        "at": wait.at,
        "start_us": microseconds(wait.start.as_ps()),
        "reads": wait.reads,
        "delays": wait.delays,
        "outcome": wait.outcome,
        "sim_us": microseconds_or_null(wait.took.map(|span| span.as_ps())),
    })
}

fn start_up(start: &StartUpReport) -> Value {
    json!({
        "cpu": start.cpu,
        "target": start.target,
        "start_us": microseconds(start.start.as_ps()),
        "messages_us": microseconds_or_null(start.messages.map(|span| span.as_ps())),
        "reads": start.reads,
        "timeouts": start.timeouts,
        "startups": start.startups,
        "never_delivered": start.never_delivered,
        "delivery_error": start.delivery_error,
        "called_in_us": microseconds_or_null(start.called_in.map(|at| at.as_ps())),
        "answers": start.answers,
        "outcome": start.outcome.name(),
        "why": start.why,
    })
}

fn given_up(wait: &GivenUpReport) -> Value {
    json!({
        "cpu": wait.cpu,
        "what": wait.what,
        "at": wait.at,
        "start_us": microseconds(wait.start.as_ps()),
        "sim_us": microseconds(wait.took.as_ps()),
        "why": wait.why,
    })
}

fn said(note: &ProgramNote) -> Value {
    json!({ "cpu": note.cpu, "at_us": microseconds(note.at.as_ps()), "text": note.text, "at": note.step })
}

/// By rule and line; null where it was not asked for.
pub(crate) fn strict(report: Option<&StrictReport>) -> Value {
    let finding = |finding: &StrictFinding| {
        json!({
            "rule": finding.rule.name(),
            "cpu": finding.cpu,
            "at_us": microseconds(finding.at.as_ps()),
            "what": finding.what,
            "at": finding.place,
            "count": finding.count,
            "wrong_on": finding.rule.wrong_on(),
        })
    };
    report.map_or(Value::Null, |report| report.findings.iter().map(finding).collect())
}

fn waiting(waiting: &WaitingReport) -> Value {
    json!({ "cpu": waiting.cpu, "why": waiting.why, "cause": waiting.cause })
}

/// The stages as `entered_us` to `ready_us`; `control_us` is when the capture kernel got control.
fn crash(crash: &CrashReport) -> Value {
    let mut document = json!({ "cpu": crash.cpu, "trigger": crash.trigger });
    for stage in &crash.stages {
        document[format!("{}_us", stage.key)] = instant(stage.at);
    }
    let fate = |fate: &CpuFate| {
        json!({
            "cpu": fate.cpu,
            "fate": fate.fate.name(),
            "saved_us": instant(fate.saved),
            "stopped_us": instant(fate.stopped),
            "instead": fate.instead,
        })
    };
    document["cpus"] = crash.cpus.iter().map(fate).collect();
    document
}

fn instant(at: Option<Time>) -> Value {
    microseconds_or_null(at.map(|at| at.as_ps()))
}

fn hang(hang: &HangReport) -> Value {
    json!({
        "cpu": hang.cpu,
        "since_us": microseconds(hang.since.as_ps()),
        "at": hang.at,
        "why": hang.why,
        "mechanism": hang.mechanism.map(|mechanism| mechanism.name()),
    })
}

fn endless_loop(spin: &LoopReport) -> Value {
    json!({
        "cpu": spin.cpu,
        "since_us": microseconds(spin.since.as_ps()),
        "period_us": microseconds(spin.period.as_ps()),
        "at": spin.at,
    })
}

/// The release that all cells have; none where they differ.
fn common_release(matrix: &Matrix) -> Option<&'static str> {
    let mut releases = matrix.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.release);
    let first = releases.next();
    first.filter(|first| releases.all(|release| release == *first))
}

/// The document of a matrix.
pub(crate) fn matrix_document(matrix: &Matrix, host: Option<Host>) -> Value {
    let rows: Vec<Value> = matrix
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<Value> = row
                .cells
                .iter()
                .map(|cell| {
                    let report = &cell.report;
                    json!({
                        "variant": cell.variant,
                        "release": cell.release,
                        "verdict": report.verdict.name(),
                        "proof": proof_value(report),
                        "sim_time_us": microseconds(report.sim_time.as_ps()),
                        "crash_us": microseconds_or_null(report.crashed.map(|at| at.as_ps())),
                        "from_crash_us": microseconds_or_null(report.from_crash.map(|span| span.as_ps())),
                        "timeouts": report.timeouts,
                        "stopped": report.stopped,
                        "capture_us": microseconds_or_null(report.capture.map(|at| at.as_ps())),
                        "control_us": instant(report.hand_over()),
                        "panicked_us": microseconds_or_null(report.panicked.map(|panic| panic.at.as_ps())),
                        "cause": report.hang.as_ref().map(|hang| hang.cause.as_str()),
                        "notes": report.notes,
                        "nmi_us": microseconds_or_null(cell.price.nmi.map(|span| span.as_ps())),
                        "fixed_us": microseconds_or_null(cell.price.fixed.map(|span| span.as_ps())),
                        "digest": digest::written(report.digest),
                        "crash_cpu": cell.crash_cpu,
                        "trigger": cell.trigger.map(|trigger| trigger.name()),
                        "seed": report.seed.to_string(),
                        "token": report.token,
                        "ok": report.ok(),
                        "expectation": expectation(report),
                    })
                })
                .collect();
            let mut value = json!({
                "arch": row.arch,
                "generation": row.generation,
                "bus": row.bus,
                "injected": row.injected,
            });
            if let Some(cpu) = row.crash_cpu {
                value["crash_cpu"] = Value::from(cpu);
            }
            if let Some(trigger) = row.trigger {
                value["trigger"] = Value::from(trigger.name());
            }
            value["cells"] = Value::from(cells);
            value
        })
        .collect();
    let mut document = json!({
        "schema": { "name": "apicsim.matrix", "version": "1.3" },
        "interrupted": matrix.interrupted,
        "scenario": matrix.scenario,
        "release": common_release(matrix),
        "rows": rows,
        "left_out": matrix.left_out.iter().map(|(arch, why)| json!({ "arch": arch, "why": why })).collect::<Vec<_>>(),
    });
    if let Some(host) = host {
        document["host"] = host.json();
    }
    document
}
