//! Reports tell the truth at a glance: what a reader takes from their first lines is what the run says in full.

use crate::support::{apicsim, json, report};
use apicsim::Verdict;
use serde_json::{Value, json as value};

fn text(arguments: &[&str]) -> String {
    let text = String::from_utf8(apicsim(arguments).stdout).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ") // wherever its lines are broken
}

/// The panic of `panic-stop` comes at 10 µs (its file says so), has no crash image, and hangs while it stops the others; but
/// not where `smp_send_stop` only tries the call lock, as in the release of `merged`.
#[test]
fn a_crash_that_happened_is_not_called_never() {
    let matrix = text(&["matrix", "panic-stop", "--arch", "i386/default"]);
    assert!(!matrix.contains("never crashes") && matrix.matches("hangs [a]").count() == 2, "{matrix}");
    let run = text(&["run", "panic-stop"]);
    assert!(run.contains("crash happened, and never entered the crash path: no crash image is loaded"), "{run}");
    for (arch, variant, happened) in [("i386/default", "before", true), ("i386/summit", "merged", true)] {
        assert_eq!(report("panic-stop", arch, variant, &[]).crash_happened, happened, "{arch} {variant}");
    }
    // CPU 2 walks its run queue with interrupts off from 5 µs on, and comes to no role of 60 µs.
    let never = ["matrix", "nmi-stall", "--arch", "i386/default", "--crash-cpu", "2", "--variant", "before"];
    assert!(text(&[&never[..], &["--trigger", "oops-crash"]].concat()).contains("never crashes"));
    assert!(
        !report("nmi-stall", "i386/default", "before", &["event.5.cpu=2", "event.5.role=oops-crash"]).crash_happened
    );
}

#[test]
fn what_is_not_as_expected_is_said() {
    let run = ["run", "nmi-stall", "--limit-us", "50"];
    let document = json(&[&run[..], &["--json"]].concat());
    let expected = value!([
        { "key": "verdict", "expected": "hung", "found": "deadline" },
        { "key": "proof", "expected": "recurrence", "found": null },
        { "key": "hang_at", "expected": "apic_wait_icr_idle", "found": null },
    ]);
    assert_eq!(document["expectation"], expected);
    let said = text(&run);
    assert!(said.contains("expected something else verdict: expected hung, found deadline proof:"), "{said}");
    assert_eq!(json(&["run", "nmi-stall", "--json"])["expectation"], value!([]), "all of it holds");
    assert_eq!(json(&["run", "nmi-stall", "--set", "expect=[]", "--json"])["expectation"], Value::Null);
    let numbers = json(&["run", "smp-boot", "--set", "expect.1.started=7", "--json"]);
    assert_eq!(numbers["expectation"], value!([{ "key": "started", "expected": 7, "found": 3 }]));
}

#[test]
fn a_matrix_marks_the_cell_that_is_not_as_expected() {
    let matrix = ["matrix", "nmi-stall", "--arch", "i386/default", "--limit-us", "50000"];
    let said = text(&matrix);
    assert!(
        said.contains("! not as the scenario expects: i386/default, rfc: verdict: expected completed, found"),
        "{said}"
    );
    assert!(said.contains("before hangs [a]†"), "the cell that is as expected has no such mark: {said}");
    let document = json(&[&matrix[..], &["--json"]].concat());
    let cells = document["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(cells.iter().map(|cell| cell["ok"].as_bool().unwrap()).collect::<Vec<_>>(), [true, false, false]);
    for cell in cells {
        assert_eq!(cell["expectation"].as_array().unwrap().is_empty(), cell["ok"] == true, "{cell}");
        assert_eq!((&cell["crash_cpu"], &cell["trigger"]), (&value!(0), &value!("sysrq-crash")), "{cell}");
    }
    let markdown = text(&[&matrix[..], &["--format", "markdown"]].concat());
    assert!(markdown.contains("not as the scenario expects"), "{markdown}");
}

/// On the stalled front-side bus the send comes back, and the capture kernel waits for ever: `capture_us` is null, and
/// the crashing CPU is among `loops`.
#[test]
fn completed_does_not_hide_a_capture_kernel_that_hangs() {
    for (arch, variant) in [("x86_64/flat", "merged"), ("i386/summit", "rfc")] {
        let run = ["run", "nmi-stall", "--arch", arch, "--variant", variant];
        let document = json(&[&run[..], &["--json"]].concat());
        assert_eq!((&document["verdict"], &document["capture_us"]), (&value!("completed"), &Value::Null), "{arch}");
        let crashed = &document["crash"]["cpu"];
        assert!(document["loops"].as_array().unwrap().iter().any(|spin| spin["cpu"] == *crashed), "{arch}");
        let said = text(&run);
        let verdict = said.split(" waits ").next().unwrap();
        assert!(
            verdict.contains("COMPLETED nmi-send-returns") && verdict.contains("then the capture kernel HANGS: CPU0"),
            "{said}"
        );
        let matrix = text(&["matrix", "nmi-stall", "--arch", arch, "--variant", variant]);
        assert!(matrix.contains("completed§") && matrix.contains("§ the goal is reached; then"), "{matrix}");
    }
    let through = text(&["run", "nmi-stall", "--variant", "merged"]);
    assert!(!through.contains("HANGS") && !through.contains("not through"), "{through}");
}

/// SDM vol. 3 §10.6.1: INIT level de-assert makes arbitration ids anew, and initialises nobody.
#[test]
fn a_level_de_assert_is_not_called_init() {
    let merged = ["nmi-stall", "--variant", "merged"];
    for arguments in [[&["explain"], &merged[..]].concat(), [&["run"], &merged[..], &["--trace", "-"]].concat()] {
        let said = text(&arguments);
        assert!(!said.contains("INIT to all"), "{arguments:?}");
        assert!(said.contains("INIT level de-assert to all"), "{arguments:?}");
    }
    assert!(!text(&["demo"]).contains("INIT to all"), "the demo has no step of it");
    let boot = text(&["run", "smp-boot", "--trace", "-"]);
    assert!(
        boot.contains("send INIT to physical 01") && boot.contains("send INIT level de-assert to physical 01"),
        "{boot}"
    );
}

#[test]
fn a_jammed_bit_is_a_root() {
    let report = report("jammed-bit", "i386/default", "before", &[]);
    let hang = report.hang.unwrap();
    assert!(
        hang.why.last().unwrap().starts_with("the delivery status bit of CPU0 is jammed since 35 us (injected fault)")
    );
    assert_eq!(hang.cause, "the delivery status bit is jammed (injected)");
    for variant in ["before", "merged"] {
        let said = text(&["explain", "jammed-bit", "--variant", variant]);
        assert!(said.contains("the delivery status bit of CPU0 is jammed since 35 µs"), "{variant}: {said}");
        assert!(!said.contains("called none:") && !said.contains("mechanism none:"), "{variant}: {said}");
    }
    assert_eq!(report.verdict, Verdict::Hung);
}
