//! Each mechanism in the scenario that names it, and the rules that must break nothing.

use super::VARIANTS;
use crate::support::{apicsim, json, report};
use apicsim::Verdict::Completed;
use apicsim::scenario::ARCHES;

/// What the program prints.
fn text(arguments: &[&str]) -> String {
    String::from_utf8(apicsim(arguments).stdout).unwrap()
}

/// Each mechanism scenario hangs by the mechanism that it names, on a machine that has it; a bounded wait that gave up is
/// explained by the same one.
#[test]
fn scenarios_show_the_mechanism_that_they_name() {
    let table = [
        ("nmi-stall", "i386/default", "A"),
        ("refused-multicast", "i386/default", "B"),
        ("dead-target", "i386/default", "C"),
        ("starving-sender", "i386/bigsmp", "C"),
        ("nmi-between-writes", "modern/xapic-physflat", "D"),
        ("interrupted-send-lost", "modern/xapic-physflat", "D"),
        ("nmi-refused", "i386/bigsmp", "E"),
        ("reset-target", "i386/default", "F"),
        ("shutdown-target", "i386/numaq", "G"),
        ("stuck-wire", "i386/default", "I"),
        ("lost-step", "i386/numaq", "J"),
        ("jabbering-agent", "i386/default", "K"),
        ("nmi-stall", "x86_64/flat", "L"),
        ("locked-bus", "i386/summit", "M"),
        ("locked-bus", "x86_64/physflat", "M"),
        ("dead-link", "i386/numaq", "P"),
        ("dead-link", "i386/summit", "P"),
        ("jammed-bit", "x86_64/flat", "none"),
    ];
    for (scenario, arch, mechanism) in table {
        let hung = json(&["run", scenario, "--arch", arch, "--json"]);
        assert_eq!(hung["hang"]["mechanism"], mechanism, "{scenario} {arch}");
        let explained = text(&["explain", scenario, "--arch", arch, "--variant", "merged"]);
        let name = if mechanism == "none" { "none that hardware has".to_owned() } else { mechanism.to_owned() };
        let named = format!("mechanism {name}: ");
        let hangs = explained.contains(&format!("called   {name}: "));
        assert!(scenario == "starving-sender" || hangs || explained.contains(&named), "{scenario} {arch}: {explained}");
    }
    // An end to the cause: the wait of the crash is long, and names it.
    let relieved = text(&["explain", "back-pressure", "--arch", "x86_64/flat"]);
    assert!(relieved.contains("mechanism L: ") && relieved.contains("COMPLETED"), "{relieved}");
    let late = text(&["explain", "smm-target", "--variant", "merged"]);
    assert!(late.contains("mechanism H: "), "{late}");
}

/// Locks that come again and again delay a sender by what they take, and no more.
#[test]
fn a_bus_locked_now_and_then_starves_nobody() {
    let sets = ["fault.0.until_us=500", "fault.0.held_us=8", "fault.0.every_us=10"];
    for variant in VARIANTS {
        let run = report("locked-bus", "x86_64/physflat", variant, &sets);
        assert_eq!((run.verdict, run.timeouts, run.stopped), (Completed, 0, 3), "{variant}");
        assert!(run.waits.iter().all(|wait| wait.took.is_some_and(|took| took.as_ps() < 110_000_000)), "{variant}");
    }
}

/// Where nothing can hold the bit, the story says which mechanism it is the control of.
#[test]
fn negative_controls_hang_nowhere() {
    for (scenario, mechanism) in
        [("retried-redirection", "N"), ("innocent-target", "O"), ("deep-sleep", "Q"), ("hypervisor", "R")]
    {
        for arch in ARCHES {
            let run = json(&["run", scenario, "--arch", arch, "--json"]);
            assert_eq!(run["verdict"], "completed", "{scenario} {arch}");
        }
        assert!(text(&["explain", scenario]).contains(&format!("mechanism {mechanism}: ")), "{scenario}");
    }
}

/// The checker watches every run here: no choice in a disputed rule makes the machine lose, double or invent an IPI.
#[test]
fn no_value_of_a_knob_breaks_an_invariant() {
    for scenario in apicsim::scenario::builtin_names() {
        for arch in ["i386/default", "x86_64/physflat"] {
            for knob in sim::Knobs::ALL {
                for value in knob.values {
                    let mut request = apicsim::scenario::Request::new(scenario);
                    request.arch = Some(arch.to_owned());
                    request.variant = Some("merged".to_owned());
                    request.sets.push(format!("knobs.{}={value}", knob.key));
                    let scenario = apicsim::scenario::load(&request).unwrap();
                    let ran = apicsim::run(&scenario, &apicsim::Settings::seeded(0));
                    assert!(ran.is_ok(), "{} on {arch}, {}={value}: {:?}", scenario.name, knob.key, ran.err());
                }
            }
        }
    }
}
