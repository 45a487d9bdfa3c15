//! `apicsim explain`: run a scenario, and say why each wait took as long as it did.

use super::settings::settings;
use crate::cli::arguments::Run;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::judgement::jammed;
use crate::judgement::mechanism;
use crate::judgement::source_lines;
use crate::judgement::waits::WaitReport;
use crate::judgement::why::explain_icr;
use crate::report::{Paper, json as report_json, text as report_text};
use crate::run::{Settings, execute, run};
use crate::scenario::{Mechanism, Scenario};
use kernel_model::{Arch, Other};
use serde_json::json;
use sim::{Event, Time, What};

pub(super) fn explain(arguments: &Run, paper: Paper) -> Result<ExitStatus, Failure> {
    let scenario = arguments.load()?;
    let settings = settings(&arguments.execution, arguments.overrides.seed, false);
    let (report, _) = run(&scenario, &settings)?;
    let mut explained = Vec::new();
    for wait in report.waits.iter().filter(|wait| wait.outcome != "hung") {
        explained.push((wait, why(&scenario, &settings, wait)?));
    }
    if arguments.output.json {
        let mut document = report_json::run_document(&scenario, &report, None);
        document["schema"]["name"] = json!("apicsim.explain");
        document["explained"] = explained
            .iter()
            .map(|(wait, why)| json!({ "cpu": wait.cpu, "start_us": crate::report::microseconds::microseconds(wait.start.as_ps()), "why": why }))
            .collect();
        output::print_json(&document)?;
    } else {
        let mut page = report_text::run(&scenario, &report, paper);
        let shown = report.hang.as_ref().is_some_and(|hang| hang.mechanism.is_some());
        if let (Some(mechanism), false) = (scenario.mechanism, shown) {
            page.gap();
            page.hanging(0, 2, &format!("mechanism {}", mechanism.with_name()));
        }
        for (wait, why) in &explained {
            page.gap();
            page.hanging(0, 2, &format!("CPU{}'s wait at {} us, {}", wait.cpu, wait.start, wait.at));
            if let Some(line) = source_lines::waiting_line(wait.site) {
                page.source("", 4, line);
            }
            for line in why {
                page.hanging(2, 2, line);
            }
        }
        output::print(&page.into_text())?;
    }
    Ok(if report.ok() { ExitStatus::Success } else { ExitStatus::Unexpected })
}

/// Why an ended wait took as long as it did: the same run, cut just before its end, tells. A wait that gave up has a
/// mechanism.
fn why(scenario: &Scenario, settings: &Settings, wait: &WaitReport) -> Result<Vec<String>, Failure> {
    let took = wait.took.map_or(0, |span| span.as_ps());
    if wait.reads == Some(1) && wait.outcome == "idle" {
        let delay_first = wait.delays.is_some_and(|delays| delays > 0);
        let line = if delay_first {
            format!(
                "the ICR was idle at its only read; the {took_us} us are the delay that came before it",
                took_us = Time::from_ps(took)
            )
        } else {
            "the ICR was idle at the first read".to_owned()
        };
        return Ok(vec![line]);
    }
    let end = wait.start.as_ps() + took;
    let mut cut = *settings;
    // Just before the end of the wait; of one that found idle, at its start, where it still was busy.
    cut.choices.cut_ps = Some(if wait.outcome == "timeout" { end } else { wait.start.as_ps() + 1 });
    let outcome = execute(scenario, &cut)?;
    let mut lines = explain_icr(scenario, &outcome, wait.cpu).chain;
    if wait.outcome == "timeout" {
        let shown = mechanism::shown(scenario, &outcome, wait.cpu);
        if shown == Some(Mechanism::JammedBit) {
            lines.extend(jammed::root(scenario, wait.cpu, Time::from_ps(end)).map(|(line, _)| line));
        }
        lines.extend(shown.map(|mechanism| format!("mechanism {}", mechanism.with_name())));
        lines.push(what_follows(scenario).to_owned());
    } else if let Some(idle) = dispatched(scenario, settings, wait, end)? {
        let (busy, late) = (idle.since(wait.start), Time::from_ps(end).since(idle));
        lines.push(format!("the bus was done with it {busy} us later; the read that saw it came {late} us after that"));
    }
    Ok(lines)
}

/// When the message that the wait waited for was dispatched.
fn dispatched(scenario: &Scenario, settings: &Settings, wait: &WaitReport, end: u64) -> Result<Option<Time>, Failure> {
    let mut cut = *settings;
    cut.choices.cut_ps = Some(end + 1);
    cut.choices.keep_events = true;
    let events = execute(scenario, &cut)?.events;
    let is_it = |event: &&Event| {
        event.time > wait.start && matches!(event.what, What::Dispatched(message, false) if message.source == wait.cpu)
    };
    Ok(events.iter().find(is_it).map(|event| event.time))
}

/// What the kernel does after a wait that gave up.
fn what_follows(scenario: &Scenario) -> &'static str {
    match Arch::from_name(scenario.machine.arch).and_then(Arch::other) {
        Some(Other::Freebsd) => "the wait gave up; the kernel panics",
        Some(Other::Asterinas | Other::X86Crate) => "an error in the ESR ended the wait; the kernel goes on",
        _ => "the wait gave up; the kernel writes the ICR as if it were idle",
    }
}
