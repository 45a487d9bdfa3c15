//! `knobs.x2apic_send = "weak"`: a fence that is missing is a wake-up that is lost, and code with its fences is as it was.

use super::{handler, line_of, load, load_on, program, text};
use crate::determinism::{assert_equal, every_execution};
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::{Request, builtin_names, load as load_named};
use apicsim::{RunReport, Settings, run};
use kernel_model::{Call, Takes};
use sim::Proof;

const WEAK: &str = "knobs = { x2apic_send = \"weak\" }\n";

/// CPU 0 hands CPU 1 some work; `sends` is how it tells it.
fn wake(knobs: &str, arch: &str, sends: &str) -> String {
    let declarations = format!(
        "words = {{ work = 0, seen = 0 }}\ngoal = \"reach:woken\"\n{knobs}[machine]\ncpus = 2\narch = \"{arch}\""
    );
    text(
        &declarations,
        &(program(0, &format!("set work 1\n{sends}\nawait seen == 1\nreach woken"))
            + &handler(1, "0x50", "if work == 1 {\n  set seen 1\n}")),
    )
}

fn report(text: &str) -> RunReport {
    super::report(text)
}

#[test]
fn a_missing_fence_is_a_wake_up_that_is_lost() {
    let send = "wrmsr X2:ICRL 0x100000050";
    let (weak, x2apic) = (WEAK, "modern/x2apic-phys");
    let lost = wake(weak, x2apic, send);
    let hung = report(&lost);
    assert_eq!((hung.verdict, hung.proof), (Hung, Some(Proof::Recurrence)));
    let why = hung.hang.unwrap().why.join("\n");
    let store = format!(
        "it overtook CPU0's store to `work` of 1.0412 us, which CPU1 did not see yet: set work 1 (p.toml:{})",
        line_of(&lost, "set work 1")
    );
    assert!(why.contains(&store), "{store} is missing in\n{why}");
    let right = [
        wake("", x2apic, send),
        wake(weak, x2apic, &format!("mfence\n{send}")),
        wake(weak, x2apic, &format!("add seen 0\n{send}")),
        // The page is uncached, and the kernel's senders have their fence.
        wake(weak, "modern/xapic-physflat", "ipi 0x01 0x50"),
        wake(weak, x2apic, "call send_IPI_mask to=1 vector=0x50"),
        wake(weak, "modern/x2apic-cluster", "call send_IPI_mask to=1 vector=0x50"),
        wake(weak, x2apic, "call x2apic_send_IPI to=1 vector=0x50"),
        wake(weak, x2apic, "call send_IPI_allbutself vector=0x50"),
    ];
    for text in [lost].iter().chain(&right) {
        assert_equal(&load(text), &every_execution(), &[true, false]);
    }
    for text in &right {
        assert_eq!(report(text).verdict, Completed, "{text}");
    }
}

/// How long a store waits is a matter of the scenario: one that waits shorter than an IPI takes is not overtaken.
#[test]
fn a_store_that_waits_less_than_an_ipi_takes_is_seen() {
    let with = |ns: u32| {
        wake(
            &format!("{WEAK}costs = {{ store_buffer_ns = {ns} }}\n"),
            "modern/x2apic-phys",
            "wrmsr X2:ICRL 0x100000050",
        )
    };
    assert_eq!([100, 5_000].map(|ns| report(&with(ns)).verdict), [Completed, Hung]);
}

/// Every function of today's kernels with x2APIC comes to the same end, whether stores wait or not.
#[test]
fn the_kernels_code_has_its_fences() {
    let mut compared = 0;
    for arch in ["modern/x2apic-phys", "modern/x2apic-cluster"] {
        for &call in Call::ALL {
            let takes = |what| call.takes().contains(&what);
            let to = if takes(Takes::Mask) || takes(Takes::Target) { " to=1" } else { "" };
            let vector = if takes(Takes::Vector) { " vector=0x41" } else { "" };
            let step = format!("call {}{to}{vector}\nreach back", call.name());
            let verdict = |knobs: &str| {
                let declared = format!("goal = \"reach:back\"\nlimit_us = 12000000\n{knobs}[machine]\ncpus = 3");
                let scenario = load_on(&text(&declared, &program(0, &step)), arch, "modern").ok()?;
                Some(run(&scenario, &Settings::seeded(0)).unwrap().0.verdict)
            };
            let Some(strong) = verdict("") else { continue };
            assert_eq!(verdict(WEAK), Some(strong), "{} on {arch}", call.name());
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
}

/// So do the stories.
#[test]
fn the_stories_come_to_the_same_end() {
    let mut compared = 0;
    for name in builtin_names() {
        for arch in ["modern/x2apic-phys", "modern/x2apic-cluster"] {
            let verdict = |knob: Option<&str>| {
                let mut request = Request::new(name);
                request.arch = Some(arch.to_owned());
                request.sets.extend(knob.map(str::to_owned));
                let scenario = load_named(&request).ok()?;
                Some(run(&scenario, &Settings::seeded(0)).unwrap().0.verdict)
            };
            let Some(strong) = verdict(None) else { continue };
            assert_eq!(verdict(Some("knobs.x2apic_send=weak")), Some(strong), "{name} on {arch}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}
