//! A run with more waits than anybody reads: the report says how many there were and the notable ones, and keeps no more.

use crate::support::{apicsim, json};

/// Rounds of three sends each.
pub(crate) fn many(rounds: u32) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("apicsim-many-{}-{rounds}.toml", std::process::id()));
    let text = format!(
        "format = 1\nname = \"many\"\nstory = \"Many sends.\"\ngoal = \"senders-return\"\nlimit_us = 100_000_000\n\
         [machine]\ncpus = 4\n[[event]]\nat_us = 5\ncpu = 0\nrole = \"send-sequence\"\nvector = \"reschedule\"\n\
         targets = [1, 2, 3]\nrepeat = {rounds}\n"
    );
    std::fs::write(&path, text).expect("a temporary file");
    path
}

#[test]
fn a_report_of_many_waits_is_short_and_counts_them_all() {
    let path = many(5_000);
    let name = path.to_str().expect("a name");
    let text = apicsim(&["run", name]);
    let out = String::from_utf8(text.stdout).expect("text");
    assert!(text.status.success() && out.lines().count() < 100, "{out}");
    assert!(out.contains("15000 x idle") && out.contains("longest"), "{out}");
    let document = json(&["run", name, "--json"]);
    let waits = document["waits"].as_array().expect("a list");
    assert_eq!(waits.len(), 10_000);
    assert_eq!((&document["waits_total"], &document["waits_left_out"]), (&15_000.into(), &5_000.into()));
    let starts: Vec<f64> = waits.iter().filter_map(|wait| wait["start_us"].as_f64()).collect();
    assert!(starts.len() == 10_000 && starts.is_sorted(), "the first ones, in order");
    let explained = apicsim(&["explain", name]);
    assert!(explained.status.success() && explained.stdout.iter().filter(|&&byte| byte == b'\n').count() < 100);
    std::fs::remove_file(path).expect("it is ours");
}

#[test]
fn a_report_of_few_waits_has_each() {
    let path = many(4);
    let name = path.to_str().expect("a name");
    let document = json(&["run", name, "--json"]);
    assert_eq!(document["waits"].as_array().map(Vec::len), Some(12));
    assert_eq!((&document["waits_total"], &document["waits_left_out"]), (&12.into(), &0.into()));
    let text = String::from_utf8(apicsim(&["run", name]).stdout).expect("text");
    assert_eq!(text.lines().filter(|line| line.contains("idle after")).count(), 12, "{text}");
    std::fs::remove_file(path).expect("it is ours");
}
