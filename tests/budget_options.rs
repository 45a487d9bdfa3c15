//! `--max-operations` and `--max-events`, with the real program: a run ends where its budget is used up, the same in every
//! execution, and says so.

use crate::many_waits::many;
use crate::support::{apicsim, json, words};
use serde_json::Value;

/// The ways in which a run can be executed.
const WAYS: [&[&str]; 6] = [
    &[],
    &["--executor", "reference"],
    &["--elision", "off"],
    &["--threads", "3"],
    &["--window", "half"],
    &["--executor", "reference", "--elision", "off"],
];

fn text(arguments: &[&str]) -> (Option<i32>, String) {
    let output = apicsim(arguments);
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// The instant at which a report says that its run ended, in µs.
fn ended_at(report: &str) -> f64 {
    let words = words(report);
    let after = words.split_once(" at ").unwrap().1;
    after.split_once(" µs").unwrap().0.parse().unwrap()
}

/// Lines of the trace of a run that is over at `limit_us`.
fn events_until(limit_us: f64) -> usize {
    let limit = limit_us.to_string();
    let (_, trace) = text(&["run", "nmi-stall", "--trace", "-", "--limit-us", &limit]);
    trace.lines().skip_while(|line| !line.starts_with("# time_us")).skip(1).take_while(|line| !line.is_empty()).count()
}

#[test]
fn a_budget_of_events_ends_a_run_on_the_first_10_us_at_which_it_is_used_up_in_every_execution() {
    for most in ["1", "0x32", "77", "100"] {
        let number =
            most.strip_prefix("0x").map_or_else(|| most.parse(), |hex| usize::from_str_radix(hex, 16)).unwrap();
        let reports = WAYS.map(|way| text(&[&["run", "nmi-stall", "--max-events", most], way].concat()));
        assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
        let (status, report) = &reports[0];
        assert_eq!(*status, Some(5), "{report}");
        assert!(words(report).contains("INTERRUPTED by the budget of events at "), "{report}");
        assert!(report.contains("apicsim replay") && words(report).contains("expected not asked"), "{report}");
        let at = ended_at(report);
        assert_eq!(at % 10.0, 0.0, "{report}");
        assert!(events_until(at) >= number, "{most}: {} events until {at} us", events_until(at));
        assert!(at < 15.0 || events_until(at - 10.0) < number, "{most} were told before {at} us");
        // What was done by then is the run with that limit.
        let documents = WAYS.map(|way| json(&[&["run", "nmi-stall", "--max-events", most, "--json"], way].concat()));
        assert!(documents.iter().all(|document| *document == documents[0]));
        let limited = json(&["run", "nmi-stall", "--limit-us", &at.to_string(), "--json"]);
        assert_eq!(documents[0]["digest"], limited["digest"]);
        assert_eq!(documents[0]["waits"], limited["waits"]);
        let Value::Object(document) = &documents[0] else { panic!("{:?}", documents[0]) };
        assert_eq!((&document["verdict"], &document["interrupted"]), (&Value::Null, &true.into()));
        assert_eq!((&document["interrupted_by"], &document["ok"]), (&"events".into(), &false.into()));
    }
}

/// Three sends take 4.23 µs. In each CPU 0 reads its ICR 16 times, with 15 PAUSEs in between, and what it and the target do
/// beside that are some ten operations: so in a µs there are 22 at least, and 32 at most.
#[test]
fn a_budget_of_operations_counts_every_poll() {
    let path = many(1_001);
    let name = path.to_str().unwrap();
    for most in [20_000, 60_000_u32] {
        let number = most.to_string();
        let reports = WAYS.map(|way| text(&[&["run", name, "--max-operations", &number], way].concat()));
        assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
        let (status, report) = &reports[0];
        assert_eq!(*status, Some(5), "{report}");
        assert!(words(report).contains("INTERRUPTED by the budget of operations at "), "{report}");
        let at = ended_at(report);
        assert!((f64::from(most) / 32.0..=f64::from(most) / 22.0).contains(&at), "{most}: {report}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_run_that_stays_within_its_budget_is_the_run() {
    let plain = text(&["run", "kdump", "--json"]);
    let within =
        text(&["run", "kdump", "--json", "--max-events", "100000000", "--max-operations", "0xffffffffffffffff"]);
    assert_eq!(plain, within);
    let explained = text(&["explain", "nmi-stall"]);
    assert_eq!(text(&["explain", "nmi-stall", "--max-events", "100000"]), explained);
}

#[test]
fn replay_explain_and_script_take_budgets_too() {
    let token = json(&["run", "nmi-stall", "--json"])["token"].as_str().unwrap().to_owned();
    let run = text(&["run", "nmi-stall", "--max-events", "60"]);
    assert_eq!(text(&["replay", &token, "--max-events", "60"]), run);
    let explained = text(&["explain", "nmi-stall", "--max-events", "60"]);
    assert_eq!(explained.0, Some(5));
    assert!(words(&explained.1).contains("INTERRUPTED by the budget of events"), "{}", explained.1);

    let path = std::env::temp_dir().join(format!("apicsim-budget-{}.apic", std::process::id()));
    std::fs::write(&path, "cpu 1 sti\nwait 50\ncpu 0 ipi 1 ASSERT|0x31\nwait 5000\nirqlog *\nwait 1000000\n").unwrap();
    let name = path.to_str().unwrap();
    let whole = json(&["script", name, "--json"]);
    assert_eq!((&whole["end"], &whole["interrupted_by"]), (&"complete".into(), &Value::Null));
    let lines = whole["lines"].as_array().unwrap();
    let mut cut = 0;
    for most in ["0", "100", "200", "260", "300"] {
        let parts = WAYS.map(|way| json(&[&["script", name, "--max-events", most, "--json"], way].concat()));
        assert!(parts.iter().all(|part| *part == parts[0]), "{parts:?}");
        let done = parts[0]["lines"].as_array().unwrap();
        if parts[0]["end"] == "complete" {
            continue;
        }
        cut += 1;
        assert_eq!((&parts[0]["end"], &parts[0]["interrupted_by"]), (&"interrupted".into(), &"events".into()));
        assert_eq!(done[..], lines[..done.len()], "what was done is as it is in the whole");
        let (status, transcript) = text(&["script", name, "--max-events", most]);
        let last = format!("# interrupted at line {:03} by the budget of events", done.len() + 1);
        assert_eq!((status, transcript.lines().last()), (Some(5), Some(&*last)));
    }
    assert!(cut >= 2, "{cut}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_budget_that_is_no_number_is_refused() {
    for (option, value) in [("--max-events", "many"), ("--max-operations", "-1"), ("--max-events", "1e6")] {
        let refused = apicsim(&["run", "nmi-stall", option, value]);
        let said = words(&String::from_utf8(refused.stderr).unwrap());
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(value == "-1" || said.contains("a budget is a number from 0"), "{said}");
    }
}
