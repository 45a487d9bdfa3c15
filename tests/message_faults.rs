//! Lost, late, doubled, unnoticed and damaged messages in scenarios, and faults that come again: what a run says of them.

use crate::support::{apicsim, json};
use apicsim::scenario::LINUX_ARCHES;
use serde_json::Value;

/// At 2000 µs CPU 0 has all others run a function, and waits for them, with this fault.
fn file(name: &str, fault: &str) -> String {
    let path = std::env::temp_dir().join(format!("apicsim-fault-{}-{name}.toml", std::process::id()));
    let text = format!(
        "format = 1\nname = \"fault\"\nstory = \"A fault.\"\ngoal = \"callers-return\"\nlimit_us = 1_000_000\n[machine]\n\
         cpus = 4\n[[event]]\nat_us = 2000\ncpu = 0\nrole = \"call-function\"\nwait = true\n[[fault]]\n{fault}\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The fate at CPU 1, when, and why.
fn fate(file: &str, more: &[&str]) -> (String, f64, String) {
    let document = json(&[&["messages", file, "--json", "--to", "1"], more].concat());
    let fate = &document["messages"][0]["fates"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&fate["fate"]), fate["at_us"].as_f64().unwrap_or(f64::NAN), text(&fate["because"]))
}

const MESSAGE: &str = "kind = \"message\"\nvector = \"call-function\"\n";

#[test]
fn a_lost_message_is_found_on_every_machine() {
    for arch in LINUX_ARCHES.into_iter().filter(|arch| *arch != "modern/noop") {
        let run = json(&["run", "lost-ipi", "--arch", arch, "--json"]);
        assert_eq!((&run["verdict"], &run["ok"]), (&"hung".into(), &true.into()), "{arch}");
        let why = run["hang"]["why"].to_string();
        assert!(why.contains("a fault lost it on its way to CPU2"), "{arch}: {why}");
        assert!(run["injected"][0].as_str().unwrap().ends_with("it has hit 1 message"), "{}", run["injected"]);
        let lost = json(&["messages", "lost-ipi", "--arch", arch, "--fate", "lost", "--json"]);
        assert_eq!(lost["totals"], serde_json::json!({ "lost": 1 }), "{arch}");
        let well = json(&["run", "lost-ipi", "--arch", arch, "--set", "fault=[]", "--json"]);
        assert_eq!((&well["verdict"], &well["ok"]), (&"completed".into(), &true.into()), "{arch}");
    }
}

#[test]
fn what_is_not_noticed_waits_for_something_else() {
    for arch in LINUX_ARCHES.into_iter().filter(|arch| *arch != "modern/noop") {
        let woken = json(&["run", "unnoticed-ipi", "--arch", arch, "--json"]);
        assert_eq!((&woken["verdict"], &woken["ok"]), (&"completed".into(), &true.into()), "{arch}");
        // The second message leaves at 500 us: only then does the call return.
        assert!(woken["sim_time_us"].as_f64().unwrap() > 500.0, "{arch}");
        let alone = json(&[
            "run",
            "unnoticed-ipi",
            "--arch",
            arch,
            "--set",
            "event.1.at_us=19999999",
            "--limit-us",
            "1000",
            "--json",
        ]);
        let waiting = alone["waiting"].to_string();
        assert!(waiting.contains("the core of CPU2 has not been told of it"), "{arch}: {waiting}");
        assert!(!waiting.contains("is about to take"), "{arch}: {waiting}");
    }
}

/// The bus takes 1.2 µs and the fault 50; both instants are counted from the same write.
#[test]
fn a_delay_is_as_long_as_it_says() {
    for (arch, name) in [("i386/default", "late"), ("x86_64/flat", "later")] {
        let file = file(name, &format!("{MESSAGE}effect = \"delay\"\ndelay_us = 50\n"));
        let (late, at, _) = fate(&file, &["--arch", arch]);
        let (usual, in_time, _) = fate(&file, &["--arch", arch, "--set", "fault=[]"]);
        assert_eq!((&*late, &*usual), ("taken", "taken"), "{arch}");
        assert!((at - in_time - 50.0).abs() < 0.01, "{arch}: {in_time} {at}");
        std::fs::remove_file(file).unwrap();
    }
}

/// hardware.md §3.5: an attempt that is found damaged is followed by another; the third one here is whole.
#[test]
fn a_damaged_message_is_sent_again() {
    let file = file("damaged", &format!("{MESSAGE}effect = \"damage\"\ncount = 2\n"));
    let (fate_of_it, at, _) = fate(&file, &[]);
    let (_, in_time, _) = fate(&file, &["--set", "fault=[]"]);
    assert_eq!(fate_of_it, "taken");
    let trace = String::from_utf8(apicsim(&["run", &file, "--trace", "-"]).stdout).unwrap();
    assert_eq!(trace.lines().filter(|line| line.contains("ChecksumError x1")).count(), 2, "{trace}");
    assert!(at - in_time > 2.0 * 21.0 * 0.06 - 0.2, "two attempts of 21 cycles at least: {in_time} {at}");
    std::fs::remove_file(file).unwrap();
}

/// An NMI at the pin, twenty times: twenty entries of the handler.
#[test]
fn a_fault_of_a_cpu_can_come_again() {
    let file = file("again", "kind = \"nmi\"\nat_us = 100\ncpu = 2\nevery_us = 50\ncount = 20\n");
    let arguments =
        ["run", &file, "--arch", "modern/xapic-flat", "--set", "limit_us=3000", "--set", "goal=all-programs-end"];
    let trace = String::from_utf8(apicsim(&[&arguments[..], &["--trace", "-"]].concat()).stdout).unwrap();
    let entered = trace.lines().filter(|line| line.contains("CPU2") && line.contains("enters its NMI handler")).count();
    assert_eq!(entered, 20, "{trace}");
    assert!(trace.contains("nmi at 100 µs, and every 50 µs from then on"), "{trace}");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn impossible_faults_of_messages_are_refused() {
    for (name, fault, says) in [
        ("none", "kind = \"message\"\n", "effect"),
        ("name", &*format!("{MESSAGE}effect = \"loose\"\n"), "did you mean `lose`?"),
        ("delay", &format!("{MESSAGE}effect = \"delay\"\n"), "delay_us"),
        ("zero", &format!("{MESSAGE}effect = \"delay\"\ndelay_us = 0\n"), "a delay of nothing delays nothing"),
        ("has", &format!("{MESSAGE}effect = \"lose\"\ndelay_us = 3\n"), "has no delay"),
        ("cpu", &format!("{MESSAGE}effect = \"lose\"\nto = 7\n"), "CPU 7"),
        ("nth", &format!("{MESSAGE}effect = \"lose\"\nnth = 0\n"), "nth"),
        ("to", &format!("{MESSAGE}effect = \"damage\"\nto = 1\n"), "a damaged message is damaged for everybody"),
        ("mode", &format!("{MESSAGE}effect = \"lose\"\nmode = \"fixd\"\n"), "did you mean `fixed`?"),
        ("often", "kind = \"nmi\"\nat_us = 1\ncpu = 1\ncount = 3\n", "`count` says how often"),
        ("soon", "kind = \"nmi\"\nat_us = 1\ncpu = 1\nevery_us = 0\ncount = 3\n", "what happens again happens later"),
    ] {
        let file = file(name, fault);
        let output = apicsim(&["run", &file]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {error}");
        assert!(error.contains(says), "{name}: `{says}` is missing in:\n{error}");
        std::fs::remove_file(file).unwrap();
    }
    let file = file("fsb", &format!("{MESSAGE}effect = \"damage\"\n"));
    let output = apicsim(&["run", &file, "--arch", "x86_64/flat"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no serial bus"));
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_fault_that_hits_nothing_says_so() {
    let file = file("nothing", "kind = \"message\"\neffect = \"lose\"\nvector = 0x77\n");
    let run = json(&["run", &file, "--json"]);
    assert!(run["injected"][0].as_str().unwrap().ends_with("it has hit nothing"), "{}", run["injected"]);
    assert_eq!(run["verdict"], "completed");
    std::fs::remove_file(file).unwrap();
}
