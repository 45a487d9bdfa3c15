//! The page's scripts that need no browser, under node: steps forward and back, keyframes, the axis, the layout, causes. Where
//! there is no node, that is said, and nothing is tried.

use super::document::{page, temporary};
use std::io::Write;
use std::process::Command;

/// The scripts without a document, in their order.
const SCRIPTS: [&str; 10] =
    ["format", "run", "cells", "steps", "scale", "layout", "chain", "lesson", "address", "keys"];

fn node() -> bool {
    Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs the checks of `check.js` on the document of a run.
fn check(arguments: &[&str]) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/web");
    let mut program = String::from("\"use strict\";\n");
    for script in SCRIPTS {
        program += &std::fs::read_to_string(format!("{folder}/{script}.js")).unwrap();
    }
    program += include_str!("check.js");
    let (script, data) = (temporary(&arguments.join(" "), "js"), temporary(&arguments.join(" "), "json"));
    std::fs::write(&script, program).unwrap();
    std::fs::write(&data, page(arguments).unwrap().element("run-0")).unwrap();
    let output = Command::new("node").arg(&script).arg(&data).output().unwrap();
    let _ = (std::fs::remove_file(&script), std::fs::remove_file(&data));
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {said}{error}");
    assert!(said.contains("checked"), "{arguments:?}: {said}{error}");
}

#[test]
fn steps_back_undo_steps_forward_and_keyframes_are_where_steps_lead() {
    if !node() {
        // not by a macro: a passing test's output would be swallowed
        let _ = std::io::stderr().write_all(b"\nNOT RUN: there is no node here, so no script of the page was tried\n");
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
