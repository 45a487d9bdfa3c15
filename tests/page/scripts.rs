//! The page's scripts that need no browser, under node: steps forward and back, keyframes, the axis, the layout, causes. Where
//! there is no node, that is said, and nothing is tried.

use super::document::{page, temporary};
use std::io::Write;
use std::process::Command;

/// The scripts without a document, in their order.
const SCRIPTS: [&str; 16] = [
    "format", "inflate", "chunks", "run", "messages", "cells", "steps", "scale", "layout", "chain", "lesson",
    "without", "notebook", "address", "keys", "embedded",
];

fn node() -> bool {
    Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs the checks of `check.js` on the document of a run; what they say in the end.
fn check(arguments: &[&str]) -> String {
    check_by(include_str!("check.js"), arguments)
}

fn check_by(checks: &str, arguments: &[&str]) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/web");
    let mut program = String::from("\"use strict\";\n");
    for script in SCRIPTS {
        program += &std::fs::read_to_string(format!("{folder}/{script}.js")).unwrap();
    }
    program += checks;
    let (script, data) = (temporary(&arguments.join(" "), "js"), temporary(&arguments.join(" "), "json"));
    std::fs::write(&script, program).unwrap();
    let page = page(arguments).unwrap();
    std::fs::write(&data, format!("{}\n{}", page.element("run-0"), page.element("data-0"))).unwrap();
    let output = Command::new("node").arg(&script).arg(&data).output().unwrap();
    let _ = (std::fs::remove_file(&script), std::fs::remove_file(&data));
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {said}{error}");
    assert!(said.contains("checked"), "{arguments:?}: {said}{error}");
    said.into_owned()
}

fn is_there() -> bool {
    let there = node();
    if !there {
        // not by a macro: a passing test's output would be swallowed
        let _ = std::io::stderr().write_all(b"\nNOT RUN: there is no node here, so no script of the page was tried\n");
    }
    there
}

/// Lengths and the cycle that decides are in `check.js`, from the tables of the manual.
#[test]
fn the_wires_show_messages_of_every_format_in_the_right_cycle() {
    if !is_there() {
        return;
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/wires.toml");
    let said = check(&[file]);
    let counts = said.split_once("wires ").unwrap().1;
    let counts: serde_json::Value = serde_json::from_str(counts.trim()).unwrap();
    for (kind, least) in [("short", 3), ("arbitrated", 4), ("refused", 1), ("end", 1)] {
        assert!(counts[kind].as_u64().unwrap() >= least, "{kind}: {counts}");
    }
}

/// Runs of many blocks: on them the levels of detail, keyframes on the way and the last change of each cell.
#[test]
fn what_stands_in_many_chunks_is_found_there() {
    if !is_there() {
        return;
    }
    let file = super::document::temporary("long", "toml");
    std::fs::write(&file, super::LONG.replace("REPEAT", "60")).unwrap();
    check(&[&file.to_string_lossy()]);
    let _ = std::fs::remove_file(&file);
}

#[test]
fn of_a_long_run_only_what_is_shown_is_read() {
    if !is_there() {
        return;
    }
    let file = super::document::temporary("longer", "toml");
    std::fs::write(&file, super::LONG.replace("REPEAT", "2500")).unwrap();
    check_by(include_str!("long.js"), &[&file.to_string_lossy()]);
    let _ = std::fs::remove_file(&file);
}

#[test]
fn steps_back_undo_steps_forward_and_keyframes_are_where_steps_lead() {
    if !is_there() {
        return;
    }
    for arguments in [
        &["nmi-stall"][..],
        &["nmi-stall", "--variant", "merged"],
        &["kdump", "--arch", "i386/numaq"],
        &["smp-boot"],
        &["hypervisor"],
        &["lost-call"],
        &["smm-target"],
        &["jabbering-agent"],
        &["normal-dispatch", "--arch", "modern/x2apic-cluster", "--cpus", "40"],
    ] {
        check(arguments);
    }
}
