//! Reports for people.

use super::{digest, waits};
use crate::judgement::crash::{CrashReport, Fate};
use crate::judgement::hypothetical::HYPOTHETICAL;
use crate::judgement::{GivenUpReport, RunReport, Verdict};
use crate::scenario::Scenario;
use crate::scenario::named::Named;
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
    for (n, line) in waits::lines(report).iter().enumerate() {
        let label = if n == 0 { "waits" } else { "" };
        let _ = writeln!(out, "  {label:<8} {line}");
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
        start.why.iter().for_each(|line| out.push_str(&format!("             {line}\n")));
    }
    for (n, wait) in report.given_up.iter().enumerate() {
        let label = if n == 0 { "gave up" } else { "" };
        let GivenUpReport { cpu, what, at, start, took, why } = wait;
        let _ = writeln!(out, "  {label:<8} CPU{cpu} {what}, from {start} us on for {took} us, in vain: {at}");
        why.iter().for_each(|line| out.push_str(&format!("             {line}\n")));
    }
    for (n, waiting) in report.waiting.iter().enumerate() {
        let label = if n == 0 { "waiting" } else { "" };
        let _ = writeln!(out, "  {label:<8} {}", waiting.why.join("\n             "));
    }
    if report.crashed.is_some() {
        let capture = report.capture.map_or_else(|| "never".to_owned(), |at| format!("at {at} us"));
        let _ = writeln!(
            out,
            "  crash    {} waits timed out, {} CPUs stopped, capture kernel ready {capture}",
            report.timeouts, report.stopped
        );
    }
    if let Some(crash) = &report.crash {
        crash_lines(crash, &mut out);
    }
    for injected in &report.injected {
        let _ = writeln!(out, "  fault    injected: {injected}");
    }
    if report.notes.contains(&"disputed") {
        let _ = writeln!(out, "  note     rests on the per-class slot rule of the P6, which documents dispute");
    }
    if report.notes.contains(&"hypothetical") {
        let _ = writeln!(out, "  note     {HYPOTHETICAL}");
    }
    let expected = match report.expected {
        None => "nothing",
        Some(true) => "this",
        Some(false) => "something else",
    };
    let _ = writeln!(
        out,
        "\n  expected {expected}\n  digest   {}\n  replay   apicsim replay '{}'",
        digest::written(report.digest),
        report.token
    );
    out
}

/// The stages of a crash, and what became of each CPU.
fn crash_lines(crash: &CrashReport, out: &mut String) {
    for (n, stage) in crash.stages.iter().enumerate() {
        let label = if n == 0 { "stages" } else { "" };
        let at = stage.at.map_or_else(|| "never".to_owned(), |at| format!("at {at} us"));
        let _ = writeln!(out, "  {label:<8} {}: {at}", stage.about);
    }
    for (n, cpu) in crash.cpus.iter().enumerate() {
        let label = if n == 0 { "cpus" } else { "" };
        let saved = cpu.saved.map_or_else(|| "not saved".to_owned(), |at| format!("saved at {at} us"));
        let fate = match (cpu.fate, cpu.stopped, &cpu.instead) {
            (Fate::Stopped, Some(at), _) => format!("{saved}, stopped at {at} us"),
            (Fate::NotStopped, _, Some(instead)) => format!("not stopped, {saved}: {instead}"),
            _ => format!("crashed, {saved}"),
        };
        let _ = writeln!(out, "  {label:<8} CPU{} {fate}", cpu.cpu);
    }
}

fn verdict(scenario: &Scenario, report: &RunReport) -> String {
    let goal = scenario.goal.name();
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
            if let Some(panic) = report.panicked {
                let (cpu, at) = (panic.cpu, panic.at);
                return format!("PANICKED: CPU{cpu} gave up at {at} us; {goal} is never reached (proven: {proof})");
            }
            format!("HUNG for ever (proven: {proof}); last effective event at {} us", report.sim_time)
        }
        Verdict::Deadline => {
            let host = if sim::PROOFS { "" } else { " (this host has no shim for proofs of recurrence)" };
            let limit = sim::Time::from_ps(scenario.limit_ps);
            format!("DEADLINE: {goal} not reached in {limit} us; nothing is proven{host}")
        }
    }
}
