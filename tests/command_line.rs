//! The command line is a contract: field names, exit statuses, help.

use crate::support::{apicsim, json};
use serde_json::Value;

fn has_fields(document: &Value, fields: &[&str]) {
    for field in fields {
        assert!(document.get(field).is_some(), "`{field}` is missing in {document:#}");
    }
}

const RUN_FIELDS: [&str; 24] = [
    "schema",
    "scenario",
    "arch",
    "variant",
    "bus",
    "generation",
    "cpus",
    "seed",
    "token",
    "verdict",
    "proof",
    "goal",
    "sim_time_us",
    "digest",
    "waits",
    "timeouts",
    "stopped",
    "capture_us",
    "injected",
    "hang",
    "loops",
    "expected",
    "ok",
    "from_crash_us",
];

#[test]
fn run_prints_the_documented_fields() {
    let hung = json(&["run", "nmi-stall", "--json"]);
    has_fields(&hung, &RUN_FIELDS);
    has_fields(&hung["hang"], &["cpu", "since_us", "at", "why"]);
    has_fields(&hung["loops"][0], &["cpu", "since_us", "period_us", "at"]);
    has_fields(&hung["waits"][0], &["cpu", "at", "start_us", "reads", "delays", "outcome", "sim_us"]);
    assert_eq!(hung["verdict"], "hung");
    assert_eq!(hung["proof"], "recurrence");
    assert!(hung["seed"].is_string());
    let digest = hung["digest"].as_str().unwrap().strip_prefix("2:").expect("the version of the digest");
    assert!(digest.len() == 16 && digest.bytes().all(|digit| b"0123456789abcdef".contains(&digit)), "{digest}");
    assert_eq!(hung["schema"]["name"], "apicsim.run");
    assert_eq!(hung.as_object().unwrap().keys().next().unwrap(), "schema");
    let last = hung["waits"].as_array().unwrap().last().unwrap();
    assert_eq!((last["outcome"].as_str(), &last["reads"]), (Some("hung"), &Value::Null));
    let completed = json(&["run", "nmi-stall", "--variant", "merged", "--json"]);
    assert_eq!((&completed["proof"], &completed["hang"]), (&Value::Null, &Value::Null));
    assert_eq!(completed["from_crash_us"].to_string(), "100180.368");
}

#[test]
fn the_host_is_only_there_if_asked_for() {
    assert!(json(&["run", "nmi-stall", "--json"]).get("host").is_none());
    let document = json(&["run", "nmi-stall", "--json", "--host", "--threads", "2"]);
    has_fields(&document["host"], &["threads", "host_ms"]);
    assert_eq!(document["host"]["threads"], 2);
}

#[test]
fn matrix_prints_the_documented_fields() {
    let document = json(&["matrix", "nmi-stall", "--arch", "i386/default,x86_64/flat", "--json"]);
    has_fields(&document, &["schema", "scenario", "rows"]);
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        has_fields(row, &["arch", "generation", "bus", "injected", "cells"]);
        for cell in row["cells"].as_array().unwrap() {
            let fields = [
                "variant",
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
            ];
            has_fields(cell, &fields);
        }
    }
    assert_eq!(
        document,
        json(&["matrix", "nmi-stall", "--arch", "i386/default,x86_64/flat", "--json", "--executor", "reference"])
    );
}

#[test]
fn the_headline_shows_every_row_and_what_to_type_next() {
    let text = String::from_utf8(apicsim(&[]).stdout).unwrap();
    for arch in apicsim::scenario::ARCHES {
        assert!(text.contains(arch), "{arch} in:\n{text}");
    }
    assert_eq!(text.matches("hangs [").count(), 9);
    for part in ["injected fault", "dispute", "hypothetical", "apicsim explain nmi-stall", "apicsim demo"] {
        assert!(text.contains(part), "{part}");
    }
    let document = json(&["--json"]);
    assert_eq!(document["rows"].as_array().unwrap().len(), 9);
}

#[test]
fn exit_statuses() {
    let code = |arguments: &[&str]| apicsim(arguments).status.code();
    assert_eq!(code(&["run", "nmi-stall"]), Some(0), "a hang that is expected");
    assert_eq!(code(&["run", "nmi-stall", "--limit-us", "50"]), Some(1), "expected something else");
    assert_eq!(code(&["run", "nmi-stall", "--set", "expect=[]", "--limit-us", "50"]), Some(1), "a deadline");
    assert_eq!(code(&["run", "nmi-stall", "--set", "expect=[]"]), Some(0), "nothing expected, and decided");
    assert_eq!(code(&["run", "nmi-stall", "--trace", "/no/such/directory/trace.txt"]), Some(3));
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["--no-such-option"]), Some(2));
}

#[test]
fn a_machine_has_as_many_cpus_as_its_kernel_can_name() {
    let nmi_stall = ["run", "nmi-stall", "--arch", "modern/x2apic-cluster", "--variant", "merged", "--json"];
    let document = json(&[&nmi_stall[..], &["--cpus", "300"]].concat());
    assert_eq!((&document["verdict"], &document["stopped"]), (&Value::from("completed"), &Value::from(299)));
    for (cpus, code) in [("768", 0), ("769", 2)] {
        let output = apicsim(&["run", "crossed-flushes", "--arch", "modern/x2apic-cluster", "--cpus", cpus]);
        assert_eq!(output.status.code(), Some(code), "{cpus}");
    }
}

#[test]
fn replay_gives_the_same_run_on_any_executor() {
    let document = json(&[
        "run",
        "nmi-stall",
        "--arch",
        "i386/numaq",
        "--variant",
        "rfc",
        "--set",
        "knobs.jitter_picclk=3",
        "--seed",
        "9",
        "--json",
    ]);
    let token = document["token"].as_str().unwrap();
    for extra in [&["--executor", "reference"][..], &["--threads", "3"], &["--window", "half"], &["--window", "12345"]]
    {
        let arguments = [&["replay", token, "--json"], extra].concat();
        assert_eq!(json(&arguments), document, "{extra:?}");
    }
}

#[test]
fn explain_names_the_causes_of_waits_that_ended() {
    let text = String::from_utf8(apicsim(&["explain", "nmi-stall", "--variant", "merged"]).stdout).unwrap();
    for part in
        ["CPU2's class F is full", "the wait gave up", "the ICR was idle at the first read", "run-queue lock of CPU2"]
    {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    let document = json(&["explain", "nmi-stall", "--variant", "rfc", "--json"]);
    assert!(document["explained"].as_array().unwrap().len() >= 4);
}

#[test]
fn a_trace_is_the_ordered_event_stream() {
    let text = String::from_utf8(apicsim(&["run", "normal-dispatch", "--trace", "-"]).stdout).unwrap();
    let times: Vec<f64> = text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    assert!(times.len() > 50);
    assert!(text.contains("delivered to CPU2") && text.contains("smp_invalidate_interrupt"));
}

#[test]
fn the_demo_tells_the_hang_to_its_proof_and_the_fix() {
    let text = String::from_utf8(apicsim(&["demo"]).stdout).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" "); // wherever its lines are broken
    for part in
        ["PROVEN: it hangs for ever", "RETRY", "ICR BUSY (FIXED FC", "die_nmi", "gives up", "the dump can be taken"]
    {
        assert!(text.contains(part), "{part}");
    }
    let steps: Vec<&str> = text.split("── step ").skip(1).collect();
    assert!((13..=17).contains(&steps.len()), "{} steps", steps.len());
    // The moments that matter, in their order: both slots full, the third refused, the proof, the NMI that can do nothing.
    let moments: [&[&str]; 6] = [
        &["delivers FIXED FD to CPU2", "CPU2 running IF=0 ICR idle class F [FD] [ ]"],
        &["delivers FIXED FB to CPU2", "class F [FD] [FB]", "is full"],
        &[
            "CPU2 refuses FIXED FC, the third interrupt of class F",
            "bus FIXED FC to logical 04: RETRY",
            "class F [FD] [FB]",
        ],
        &["PROVEN"],
        &["is latched, and can do nothing", "CPU2 NMI handler IF=0 ICR idle class F [FD] [FB] NMI latched"],
        &["2 CPUs stopped", "will never be taken"],
    ];
    let mut rest = steps.iter();
    for moment in moments {
        assert!(
            rest.any(|step| moment.iter().all(|part| step.contains(part))),
            "{moment:?} does not follow in:\n{text}"
        );
    }
}

#[test]
fn lists_are_whole() {
    let text = String::from_utf8(apicsim(&["list"]).stdout).unwrap();
    for part in ["nmi-stall", "kdump", "i386/summit", "merged", "serial", "xapic", "fsb-stall", "hang-of-2007"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn every_command_has_help() {
    for command in
        ["list", "run", "replay", "matrix", "measure", "explain", "messages", "accesses", "demo", "script", "serve"]
    {
        let output = apicsim(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Usage: apicsim") && text.lines().count() > 5, "{command}:\n{text}");
    }
}

/// What follows a wait that gave up is the kernel's own affair.
#[test]
fn explain_says_what_each_kernel_does_then() {
    let text = |arguments: &[&str]| String::from_utf8(apicsim(arguments).stdout).unwrap();
    let freebsd = text(&["explain", "stuck-icr", "--arch", "other/freebsd"]);
    for part in ["PANICKED: CPU0", "if !pending(cpu)", "the wait gave up; the kernel panics"] {
        assert!(freebsd.contains(part), "`{part}` in:\n{freebsd}");
    }
    let driver = text(&["explain", "stuck-icr", "--arch", "other/x86-crate", "--generation", "pentium"]);
    assert_eq!(driver.matches("an error in the ESR ended the wait; the kernel goes on").count(), 2, "{driver}");
    let trace = text(&["run", "stuck-icr", "--arch", "other/freebsd", "--trace", "-"]);
    assert!(trace.contains("reaches Panicked"), "{trace}");
}
