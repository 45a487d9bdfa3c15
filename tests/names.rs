//! What there is, by name: lists, files to copy, names that are nearly right, and names from stack traces.

use crate::support::{apicsim, function, json, report, words};
use apicsim::scenario::{ALL_ARCHES, RoleName, STACK_NAMES, VARIANTS, builtin, builtin_names, named::Named};
use serde_json::{Value, json as value};

fn text(arguments: &[&str]) -> (Option<i32>, String) {
    let output = apicsim(arguments);
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn every_kind_is_listed_with_a_sentence_each() {
    let document = json(&["list", "--json"]);
    assert_eq!(document["schema"], value!({ "name": "apicsim.list", "version": "1.1" }));
    let count = |kind: &str| document[kind].as_array().unwrap_or_else(|| panic!("{kind}")).len();
    assert_eq!((count("scenarios"), count("archs")), (builtin_names().len(), ALL_ARCHES.len()));
    assert_eq!((count("variants"), count("roles")), (VARIANTS.len(), RoleName::ALL.len()));
    for kind in document.as_object().unwrap().keys().filter(|key| *key != "schema") {
        let alone = json(&["list", kind, "--json"]);
        assert_eq!(alone[kind], document[kind], "{kind}");
        let (code, text) = text(&["list", kind]);
        assert_eq!(code, Some(0), "{kind}");
        for entry in document[kind].as_array().unwrap() {
            assert!(entry["about"].as_str().unwrap().len() > 8, "{entry}");
            assert!(text.contains(entry["name"].as_str().unwrap()), "{entry} in {text}");
        }
    }
    for kind in ["goals", "mechanisms", "lessons", "buses", "generations", "faults", "calls", "functions"] {
        assert!(count(kind) > 0, "{kind}");
    }
}

/// By the page of the format: the default stands first there, too.
#[test]
fn knobs_have_their_defaults() {
    let page = include_str!("../docs/scenario-format.md");
    let document = json(&["list", "knobs", "--json"]);
    let default = |key: &str| {
        let knobs = document["knobs"].as_array().unwrap();
        knobs.iter().find(|knob| knob["name"] == key).unwrap_or_else(|| panic!("{key}"))["default"].clone()
    };
    for (key, first) in [
        ("slots", "per-class"),
        ("icr_write_while_busy", "replace"),
        ("wait_shape", "delay-first"),
        ("mps_retries", "1"),
    ] {
        assert!(
            page.contains(&format!("| `{key}` | `{first}`")) || page.contains(&format!("| `{key}` | {first}")),
            "{key}"
        );
        assert_eq!(default(key), Value::from(first), "{key}");
    }
}

/// Each value that `list --json` has is taken, and so are the least and the greatest number; one beyond is refused.
#[test]
fn listed_values_are_those_that_a_scenario_takes() {
    let document = json(&["list", "knobs", "--json"]);
    let takes = |key: &Value, value: &str| {
        let mut request = apicsim::scenario::Request::new("nmi-stall");
        request.sets = vec![format!("knobs.{}={value}", key.as_str().unwrap())];
        apicsim::scenario::load(&request).is_ok()
    };
    let mut numeric = Vec::new();
    for knob in document["knobs"].as_array().unwrap() {
        let name = &knob["name"];
        for value in knob["values"].as_array().unwrap() {
            assert!(takes(name, value.as_str().unwrap()), "{knob}");
        }
        assert!(knob["default"].as_str().is_none_or(|default| takes(name, default)), "{knob}");
        assert!(!takes(name, "nonsense"), "{knob}");
        if let (Some(min), Some(max)) = (knob["min"].as_u64(), knob["max"].as_u64()) {
            assert!(takes(name, &min.to_string()) && takes(name, &max.to_string()), "{knob}");
            assert!(!takes(name, &(max + 1).to_string()), "{knob}");
            assert!(min == 0 || !takes(name, &(min - 1).to_string()), "{knob}");
            numeric.push(name.as_str().unwrap().to_owned());
        }
    }
    assert_eq!(numeric, ["jitter_picclk", "delay_hz", "mps_retries", "panic_on_ipistall"]);
}

#[test]
fn show_prints_a_file_that_runs() {
    for name in builtin_names() {
        assert_eq!(text(&["show", name]), (Some(0), builtin(name).unwrap().to_owned()), "{name}");
    }
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/shown.toml");
    std::fs::write(path, text(&["show", "nmi-stall"]).1).unwrap();
    let (copy, own) = (json(&["run", path, "--json"]), json(&["run", "nmi-stall", "--json"]));
    assert_eq!(copy["digest"], own["digest"]);
    assert_eq!(text(&["show", path]).1, builtin("nmi-stall").unwrap());
    assert_eq!(text(&["show", "nmi-stal"]).0, Some(2));
}

#[test]
fn a_run_begins_with_a_line_of_its_story() {
    for command in ["run", "explain"] {
        for name in builtin_names() {
            let (_, text) = text(&[command, name]);
            let mut lines = text.lines();
            let (story, machine) = (lines.next().unwrap(), lines.next().unwrap());
            assert!(story.starts_with(&format!("{name}: ")) && story.chars().count() > name.len() + 12, "{story}");
            assert!(machine.starts_with("on ") && machine.contains(" CPU"), "{machine}");
        }
    }
}

#[test]
fn names_that_are_nearly_right_get_a_suggestion() {
    let cases = [
        (&["run", "nmi-stall", "--ach", "i386/default"][..], "'--arch'"),
        (&["rnu", "nmi-stall"], "'run'"),
        (&["run", "dead-apic"], "did you mean `dead-target`?"),
        (&["run", "dead-apic"], "`apic-dead` is a fault; scenarios with it: dead-target"),
        (&["run", "nmi-stall", "--set", "fault.0.kind=dead-apic"], "did you mean `apic-dead`?"),
        (&["list", "scenaros"], "did you mean `scenarios`?"),
        (&["accesses", "--call", "native_safe_apic_wait_icr"], "did you mean `native_safe_apic_wait_icr_idle`?"),
        (&["run", "nmi-stall", "--expect", "hang"], "did you mean `hung`?"),
    ];
    for (arguments, suggestion) in cases {
        let (code, text) = text(arguments);
        assert!(code == Some(2) && words(&text).contains(suggestion), "{arguments:?}: {text}");
    }
}

/// What each leads to is true: somebody waits in that function in each of its scenarios.
#[test]
fn names_of_stack_traces_lead_to_function_variant_and_scenarios() {
    for name in STACK_NAMES {
        for scenario in name.scenarios {
            let report = report(scenario, name.arch, name.variant, &[]);
            let waits = report.waits.iter().map(|wait| &wait.at).chain(report.given_up.iter().map(|wait| &wait.at));
            let mut at =
                waits.chain(report.loops.iter().map(|spin| &spin.at)).chain(report.hang.iter().map(|hang| &hang.at));
            assert!(at.any(|at| function(at) == name.model), "{} in {scenario}", name.name);
        }
        for arguments in
            [&["run", name.name][..], &["explain", name.name], &["matrix", name.name], &["show", name.name]]
        {
            let (code, text) = text(arguments);
            assert!(code == Some(2) && text.contains(name.model) && text.contains(name.scenarios[0]), "{text}");
        }
        let output = apicsim(&["accesses", "--call", name.name]);
        assert_eq!(output.status.code(), Some(0), "{}", name.name);
        let note = String::from_utf8(output.stderr).unwrap();
        assert!(note.contains(name.model) && note.contains(name.variant) && note.contains(name.scenarios[0]), "{note}");
        let of_model = apicsim(&["accesses", "--call", name.call, "--arch", name.arch, "--variant", name.variant]);
        assert_eq!((of_model.stdout, of_model.stderr.is_empty()), (output.stdout, true), "{}", name.name);
    }
}

#[test]
fn a_verdict_can_be_expected_on_the_command_line() {
    let code = |expect: &str, command: &str| text(&[command, "nmi-stall", "--expect", expect]).0;
    for command in ["run", "explain"] {
        assert_eq!((code("hung", command), code("completed", command)), (Some(0), Some(1)), "{command}");
    }
    let document = json(&["run", "nmi-stall", "--variant", "merged", "--expect", "hung", "--json"]);
    assert_eq!(document["expectation"], value!([{ "key": "verdict", "expected": "hung", "found": "completed" }]));
    let plain = json(&["run", "nmi-stall", "--variant", "merged", "--json"]);
    assert_eq!((&document["token"], &document["digest"]), (&plain["token"], &plain["digest"]), "no part of the run");
}

#[test]
fn a_token_is_replayed_with_a_file_that_has_moved() {
    let [old, new, other] = ["/old-place.toml", "/new-place.toml", "/other.toml"]
        .map(|name| format!("{}{name}", env!("CARGO_TARGET_TMPDIR")));
    std::fs::write(&old, builtin("dead-target").unwrap()).unwrap();
    let run = json(&["run", &old, "--json"]);
    let token = run["token"].as_str().unwrap();
    std::fs::rename(&old, &new).unwrap();
    assert_eq!(text(&["replay", token]).0, Some(2), "the file is gone");
    assert_eq!(json(&["replay", token, "--scenario", &new, "--json"]), run);
    assert_eq!(json(&["replay", token, "--scenario", "dead-target", "--json"]), run, "the same text, built in");
    std::fs::write(&other, format!("# changed\n{}", builtin("dead-target").unwrap())).unwrap();
    let (code, text) = text(&["replay", token, "--scenario", &other]);
    assert!(code == Some(2) && words(&text).contains("is not the one that the token is of"), "{text}");
}

#[test]
fn a_matrix_leaves_out_machines_of_a_family_that_cannot_hold_the_scenario() {
    let family = ["matrix", "nmi-stall", "--arch", "modern/*", "--variant", "modern"];
    let document = json(&[&family[..], &["--json"]].concat());
    let rows: Vec<&str> =
        document["rows"].as_array().unwrap().iter().map(|row| row["arch"].as_str().unwrap()).collect();
    assert_eq!(rows, ["modern/xapic-flat", "modern/xapic-physflat", "modern/x2apic-phys", "modern/x2apic-cluster"]);
    assert_eq!(document["left_out"][0]["arch"], "modern/noop");
    for format in ["text", "csv", "markdown"] {
        let (_, text) = text(&[&family[..], &["--format", format]].concat());
        assert!(text.contains("left out:") && text.contains("modern/noop:"), "{format}: {text}");
    }
    let named = text(&["matrix", "nmi-stall", "--arch", "modern/*,modern/noop"]);
    assert!(named.0 == Some(2) && named.1.contains("at most 1 CPU"), "who names it gets the error: {}", named.1);
    assert_eq!(
        text(&["matrix", "nmi-stall", "--arch", "modern/*", "--set", "knobs.slotz=1"]).0,
        Some(2),
        "none is left"
    );
}

#[test]
fn every_csv_record_can_be_repeated() {
    let (_, text) = text(&[
        "matrix",
        "nmi-stall",
        "--arch",
        "i386/default",
        "--seed",
        "7",
        "--cpus",
        "5",
        "--set",
        "knobs.jitter_picclk=2",
        "--format",
        "csv",
    ]);
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|one| *one == name).unwrap_or_else(|| panic!("{name}"));
    let mut records = 0;
    for record in lines {
        let field = |name: &str| record[column(name)];
        assert_eq!((field("seed"), field("cpus"), field("sets")), ("7", "5", "knobs.jitter_picclk=2"));
        let replayed = json(&["replay", field("token"), "--json"]);
        assert_eq!(replayed["digest"], field("digest"));
        records += 1;
    }
    assert_eq!(records, 3);
}
