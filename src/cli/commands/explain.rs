//! `apicsim explain`: run a scenario, and say why each wait took as long as it did.

use super::settings::settings;
use crate::cli::arguments::Run;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::judgement::jammed;
use crate::judgement::mechanism;
use crate::judgement::source_lines;
use crate::judgement::state::State;
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
    let ended: Vec<&WaitReport> = report.notable_waits().into_iter().filter(|wait| wait.outcome != "hung").collect();
    let explained: Vec<_> = ended.iter().copied().zip(explanations(&scenario, settings, &ended)?).collect();
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

/// Why each of these ended waits took as long as it did: the same run with its events tells how the machine stood just
/// before its end, or, of one that found idle, at its start, where the ICR still was busy. A wait that gave up has a
/// mechanism.
fn explanations(scenario: &Scenario, settings: Settings, waits: &[&WaitReport]) -> Result<Vec<Vec<String>>, Failure> {
    let mut lines: Vec<Vec<String>> = waits.iter().map(|wait| at_its_only_read(wait).into_iter().collect()).collect();
    if lines.iter().all(|lines| !lines.is_empty()) {
        return Ok(lines);
    }
    let mut kept = settings;
    kept.choices.keep_events = true;
    let outcome = execute(scenario, &kept)?;
    let instants: Vec<Time> = waits
        .iter()
        .map(|wait| if wait.outcome == "timeout" { end(wait) } else { Time::from_ps(wait.start.as_ps() + 1) })
        .collect();
    State::at_instants(scenario, &outcome, &instants, |place, state| {
        let (wait, lines) = (waits[place], &mut lines[place]);
        if lines.is_empty() {
            lines.extend(explain_icr(state, wait.cpu).chain);
            if wait.outcome == "timeout" {
                let shown = mechanism::shown(state, wait.cpu);
                if shown == Some(Mechanism::JammedBit) {
                    lines.extend(jammed::root(scenario, wait.cpu, end(wait)).map(|(line, _)| line));
                }
                lines.extend(shown.map(|mechanism| format!("mechanism {}", mechanism.with_name())));
                lines.push(what_follows(scenario).to_owned());
            } else if let Some(idle) = dispatched(&outcome.events, wait) {
                let (busy, late) = (idle.since(wait.start), end(wait).since(idle));
                lines.push(format!(
                    "the bus was done with it {busy} us later; the read that saw it came {late} us after that"
                ));
            }
        }
    });
    Ok(lines)
}

/// Why a wait took as long as it did that read its ICR once, and found it idle.
fn at_its_only_read(wait: &WaitReport) -> Option<String> {
    if wait.reads != Some(1) || wait.outcome != "idle" {
        return None;
    }
    let delay_first = wait.delays.is_some_and(|delays| delays > 0);
    Some(match wait.took {
        Some(took) if delay_first => {
            format!("the ICR was idle at its only read; the {took} us are the delay that came before it")
        }
        _ => "the ICR was idle at the first read".to_owned(),
    })
}

fn end(wait: &WaitReport) -> Time {
    Time::from_ps(wait.start.as_ps() + wait.took.map_or(0, |span| span.as_ps()))
}

/// When the message that the wait waited for was dispatched.
fn dispatched(events: &[Event], wait: &WaitReport) -> Option<Time> {
    let of_it = |event: &&Event| matches!(event.what, What::Dispatched(message, false) if message.source == wait.cpu);
    let within = |event: &&Event| event.time > wait.start && event.time <= end(wait);
    let from = events.partition_point(|event| event.time <= wait.start);
    events[from..].iter().take_while(within).find(of_it).map(|event| event.time)
}

/// What the kernel does after a wait that gave up.
fn what_follows(scenario: &Scenario) -> &'static str {
    match Arch::from_name(scenario.machine.arch).and_then(Arch::other) {
        Some(Other::Freebsd) => "the wait gave up; the kernel panics",
        Some(Other::Asterinas | Other::X86Crate) => "an error in the ESR ended the wait; the kernel goes on",
        _ => "the wait gave up; the kernel writes the ICR as if it were idle",
    }
}
