//! Kernels that are not Linux, and a stuck ICR.

use crate::support::report;
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::OTHER_ARCHES;
use apicsim::{Settings, run};
use sim::Execution;

/// `peers.md` §5e, as runs: which kernels survive. FreeBSD's bound is a second of reads; the crate `x86`'s way out is a
/// Pentium's only; no wait at all goes on at once.
#[test]
fn other_kernels_and_a_stuck_icr() {
    let hangs = ["theseus", "redox", "serenity", "asterinas", "x86-crate", "kvm-unit-tests"];
    for (arch, bus) in OTHER_ARCHES.iter().flat_map(|arch| [(arch, "serial"), (arch, "fsb")]) {
        let bus_set = format!("machine.bus={bus}");
        let report = other_report(arch, &[&bus_set]);
        let name = arch.trim_start_matches("other/");
        assert_eq!(report.verdict == Hung, hangs.contains(&name) || name == "freebsd", "{arch} {bus}");
        assert_eq!(report.panicked.is_some(), name == "freebsd", "{arch} {bus}");
        assert_eq!(report.expected, Some(true), "{arch} {bus}");
        if let Some(hang) = report.hang {
            let root = if bus == "serial" {
                "no APIC answers to the destination"
            } else {
                "the front-side bus is stalled (injected)"
            };
            assert_eq!(hang.cause, root, "{arch}");
        }
        let healthy = other_report(arch, &[&bus_set, "fault=[]"]);
        assert_eq!((healthy.verdict, healthy.expected), (Completed, Some(true)), "{arch} {bus}");
        for rule in ["drop", "queue", "stall"] {
            let set = format!("knobs.icr_write_while_busy={rule}");
            assert_eq!(other_report(arch, &[&bus_set, &set]).expected, Some(true), "{arch} {bus} {rule}");
        }
    }
    // A P6's round is 41 cycles of 2 ns: 12 in a µs; an xAPIC's 240 of 1/2.4 GHz: 10.
    for (bus, reads) in [("serial", 12_000_000), ("fsb", 10_000_000)] {
        let report = other_report("other/freebsd", &[&format!("machine.bus={bus}")]);
        assert_eq!(report.waits.iter().find(|wait| wait.outcome == "timeout").unwrap().reads, Some(reads));
    }
    for arch in OTHER_ARCHES {
        let scenario = crate::support::load("stuck-icr", arch, "own", &[]);
        let reference = Settings::seeded(0).with(|settings| settings.execution = Execution::Reference);
        assert_eq!(run(&scenario, &reference).unwrap().0.digest, other_report(arch, &[]).digest, "{arch}");
    }
    for arch in ["other/x86-crate", "other/asterinas"] {
        assert_eq!(other_report(arch, &["machine.generation=pentium"]).verdict, Completed, "{arch}");
    }
}

/// Serenity's logical ids are CPU numbers: on a healthy bus a message to CPU 3 reaches all whose number shares a bit with
/// it, and one to CPU 0 nobody, which a serial bus resends for ever.
#[test]
fn serenitys_logical_ids() {
    let to = |target: u16, bus: &str| {
        let targets = format!("event.0.targets=[{target}]");
        let sets = ["fault=[]", "event.0.cpu=4", "machine.cpus=5", &targets, &format!("machine.bus={bus}")];
        let scenario = crate::support::load("stuck-icr", "other/serenity", "own", &sets);
        let mut settings = Settings::seeded(0);
        settings.choices.to_the_end = true;
        let mut recording = sim::Recording::default();
        let (report, _) = apicsim::run_observed(&scenario, &settings, &mut recording).unwrap();
        let receivers = recording.told.iter().filter_map(|told| match told.event.what {
            sim::What::Delivered(agent, _) => Some(agent),
            _ => None,
        });
        (report, receivers.collect::<std::collections::BTreeSet<u16>>())
    };
    assert_eq!(to(3, "fsb").1, [1, 2, 3].into());
    assert_eq!(to(2, "fsb").1, [2, 3].into());
    assert_eq!(to(0, "fsb").1, [].into());
    let (report, receivers) = to(0, "serial");
    assert!(
        receivers.is_empty() && report.waits.iter().all(|wait| wait.outcome == "idle"),
        "it sends once and does not look"
    );
    let sets = ["fault=[]", "event.0.cpu=1", "event.0.targets=[0, 2]", "machine.bus=serial"];
    let hung = other_report("other/serenity", &sets);
    assert_eq!((hung.verdict, hung.hang.unwrap().cause.as_str()), (Hung, "no APIC answers to the destination"));
}

fn other_report(arch: &str, sets: &[&str]) -> apicsim::RunReport {
    report("stuck-icr", arch, "own", sets)
}
