//! The report of a run, for people.

use super::digest;
use super::page::Page;
use super::paper::{Ink, Paper};
use super::verdict::verdict;
use super::waits::Shown;
use crate::judgement::crash::{CrashReport, Fate};
use crate::judgement::hypothetical::HYPOTHETICAL;
use crate::judgement::{GivenUpReport, HangReport, ProgramNote, RunReport, StrictReport, Verdict};
use crate::scenario::{Scenario, counted, one_line};

/// One run.
pub(crate) fn run(scenario: &Scenario, report: &RunReport, waits: Shown, paper: Paper) -> Page {
    let mut page = Page::new(paper);
    let room = paper.prose().saturating_sub(scenario.name.chars().count() + 2);
    page.hanging(0, 2, &format!("{}: {}", scenario.name, one_line(&scenario.story, room)));
    page.hanging(0, 2, &format!("on {}", scenario.machine));
    own_wait(scenario, &mut page);
    page.gap();
    page.hanging(2, 2, &verdict(scenario, report, paper));
    if let Some(hang) = &report.hang {
        hang_lines(hang, &mut page);
    }
    for (n, line) in waits.lines(report).iter().enumerate() {
        page.labelled(first(n, "waits"), line);
    }
    for (n, spin) in report.loops.iter().enumerate() {
        let (cpu, since, period, at) = (spin.cpu, spin.since, spin.period, &spin.at);
        page.labelled(first(n, "loops"), &format!("CPU{cpu} spins for ever since {since} us, every {period} us: {at}"));
    }
    for (n, start) in report.start_ups.iter().enumerate() {
        page.labelled(first(n, "starts"), &start.to_string());
        start.why.iter().for_each(|line| page.hanging(13, 2, line));
    }
    for (n, wait) in report.given_up.iter().enumerate() {
        let GivenUpReport { cpu, what, at, start, took, goes_on, why } = wait;
        let line = format!("CPU{cpu} {what}, from {start} us on for {took} us, in vain: {at}");
        let alike = n > 0 && report.given_up[n - 1].goes_on == *goes_on;
        page.labelled(first(usize::from(alike), if *goes_on { "reports" } else { "gave up" }), &line);
        why.iter().for_each(|line| page.hanging(13, 2, line));
    }
    for (n, step) in report.open_ended.iter().enumerate() {
        page.labelled(first(n, "open"), step);
    }
    for (n, ProgramNote { cpu, at, text, step }) in report.said.iter().enumerate() {
        page.labelled(first(n, "said"), &format!("CPU{cpu} at {at} us: {text}  [{step}]"));
    }
    if let Some(more) = report.said_total.checked_sub(report.said.len() as u64).filter(|&more| more > 0) {
        page.labelled("", &format!("and {more} more, in the trace"));
    }
    report.strict.iter().for_each(|strict| strict_lines(strict, &mut page));
    for (n, waiting) in report.waiting.iter().enumerate() {
        for (of_it, line) in waiting.why.iter().enumerate() {
            let indent = if of_it == 0 { "" } else { "  " };
            page.labelled(first(n + of_it, "waiting"), &format!("{indent}{line}"));
        }
    }
    if report.crashed.is_some() {
        let capture = report.capture.map_or_else(|| "never".to_owned(), |at| format!("at {at} us"));
        let (waits, cpus) = (counted(report.timeouts, "wait"), counted(report.stopped, "CPU"));
        page.labelled("crash", &format!("{waits} timed out, {cpus} stopped, capture kernel ready {capture}"));
    }
    if let Some(crash) = &report.crash {
        crash_lines(crash, &mut page);
    } else if report.crash_happened {
        let image = if scenario.machine.crash_image { "" } else { ": no crash image is loaded" };
        page.labelled("crash", &format!("happened, and never entered the crash path{image}"));
    } else if let Some(crash) = scenario.crash() {
        let role = crash.role.role_name();
        page.labelled("crash", &format!("never came: `{role}` of CPU{} did not begin", crash.cpu));
    }
    for injected in &report.injected {
        page.labelled("fault", &format!("injected: {injected}"));
    }
    if report.notes.contains(&"disputed") {
        page.labelled("note", "rests on the per-class slot rule of the P6, which documents dispute");
    }
    if report.notes.contains(&"hypothetical") {
        page.labelled("note", HYPOTHETICAL);
    }
    page.gap();
    let expected = match report.expected {
        None if report.verdict == Verdict::Interrupted => "not asked".to_owned(),
        None => "nothing".to_owned(),
        Some(true) => paper.paint(Ink::Good, "this"),
        Some(false) => paper.paint(Ink::Bad, "something else"),
    };
    page.labelled("expected", &expected);
    for unmet in &report.unmet {
        page.labelled("", &unmet.to_string());
    }
    page.labelled("digest", &digest::written(report.digest));
    page.command("replay", "apicsim replay", &format!("'{}'", report.token));
    page
}

/// What the variant is, where it is one of one's own.
pub(super) fn own_wait(scenario: &Scenario, page: &mut Page) {
    if let Some(own) = &scenario.own {
        page.hanging(0, 2, &format!("{}: {own}", own.name()));
    }
}

/// The label of the first of several lines; the others have none.
fn first(n: usize, label: &str) -> &str {
    if n == 0 { label } else { "" }
}

fn hang_lines(hang: &HangReport, page: &mut Page) {
    page.labelled("at", &format!("CPU{}, {}, since {} us", hang.cpu, hang.at, hang.since));
    if let Some(line) = hang.line {
        page.source("", 11, line);
    }
    for (n, why) in hang.why.iter().enumerate() {
        page.labelled(first(n, "why"), why);
    }
    if let Some(mechanism) = hang.mechanism {
        page.labelled("called", &mechanism.with_name());
    }
}

/// What is legal here and wrong elsewhere.
fn strict_lines(strict: &StrictReport, page: &mut Page) {
    for (n, finding) in strict.findings.iter().enumerate() {
        page.labelled(first(n, "strict"), &finding.to_string());
    }
    match strict.left_out() {
        0 if strict.total == 0 => page.labelled("strict", "nothing that is wrong on another part"),
        0 => {}
        more => page.labelled("", &format!("and {more} more accesses, at other lines")),
    }
}

/// The stages of a crash, and what became of each CPU.
fn crash_lines(crash: &CrashReport, page: &mut Page) {
    for (n, stage) in crash.stages.iter().enumerate() {
        let at = stage.at.map_or_else(|| "never".to_owned(), |at| format!("at {at} us"));
        page.labelled(first(n, "stages"), &format!("{}: {at}", stage.about));
    }
    for (n, cpu) in crash.cpus.iter().enumerate() {
        let saved = cpu.saved.map_or_else(|| "not saved".to_owned(), |at| format!("saved at {at} us"));
        let fate = match (cpu.fate, cpu.stopped, &cpu.instead) {
            (Fate::Stopped, Some(at), _) => format!("{saved}, stopped at {at} us"),
            (Fate::NotStopped, _, Some(instead)) => format!("not stopped, {saved}: {instead}"),
            _ => format!("crashed, {saved}"),
        };
        page.labelled(first(n, "cpus"), &format!("CPU{} {fate}", cpu.cpu));
    }
}
