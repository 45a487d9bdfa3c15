//! Today's kernels: an NMI between the two writes of the ICR, with its controls.

use crate::support::{apicsim, function, json, report};
use apicsim::Verdict::{Completed, Hung};
use serde_json::Value;

/// The interrupted call goes where the handler's last NMI went, CPU3, and CPU1 waits for CPU0 for ever; so does CPU2,
/// which finds a call in CPU0's queue and sends nothing. It is no matter of the wait or of the bus.
#[test]
fn an_nmi_between_the_writes_sends_the_call_elsewhere() {
    for variant in apicsim::scenario::VARIANTS {
        for bus in ["fsb", "serial", "cluster", "fabric", "ideal"] {
            let set = format!("machine.bus={bus}");
            let report = report("nmi-between-writes", "modern/xapic-physflat", variant, &[&set]);
            assert_eq!((report.verdict, report.timeouts), (Hung, 0), "{variant} {bus}");
            let hang = report.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (1, "csd_lock_wait"), "{variant} {bus}");
            let why = hang.why.join("\n");
            for said in ["FIXED FB", "to physical 03 and not to 00", "__default_send_IPI_dest_field", "an NMI came"] {
                assert!(why.contains(said), "{variant} {bus}: `{said}` is missing in:\n{why}");
            }
            let spinning: Vec<_> = report.loops.iter().map(|one| (one.cpu, function(&one.at))).collect();
            assert_eq!(spinning, [(1, "csd_lock_wait"), (2, "csd_lock_wait")], "{variant} {bus}");
        }
    }
}

/// Who gets the message: on the wire it is a FIXED FB to physical 3, and CPU3 takes it.
#[test]
fn the_call_is_taken_by_the_last_target_of_the_handler() {
    let trace = String::from_utf8(apicsim(&["run", "nmi-between-writes", "--trace", "-"]).stdout).unwrap();
    let taken = |cpu: &str, vector: &str| {
        let of_cpu = trace.lines().filter(|line| line.contains(cpu));
        of_cpu.filter(|line| line.contains(&format!("the handler of {vector}"))).count()
    };
    assert!(taken("CPU3", "FB") > 0, "{trace}");
    assert_eq!(taken("CPU0", "FB"), 0, "{trace}");
}

/// The last target is dead: the message reaches nobody, after the 10 s for which the handler waits.
#[test]
fn where_the_last_target_is_dead_the_call_reaches_nobody() {
    for bus in ["fsb", "serial"] {
        let report =
            report("interrupted-send-lost", "modern/xapic-physflat", "modern", &[&format!("machine.bus={bus}")]);
        assert_eq!(report.verdict, Hung, "{bus}");
        let hang = report.hang.unwrap();
        assert!(hang.since.as_ps() >= 10_000_000_000_000, "{bus}: the handler gives up after 10 s");
        assert!(hang.why.join("\n").contains("the APIC of CPU3 is dead"), "{bus}");
        assert_eq!(hang.mechanism.map(|mechanism| mechanism.to_string()).as_deref(), Some("D"), "{bus}");
    }
}

/// Without the NMI; with one write of the whole ICR; with a mask that has the target in it; on kernels whose handlers do
/// not send: no harm.
#[test]
fn controls_of_the_nmi_between_the_writes() {
    let healthy = report("nmi-between-writes", "modern/xapic-physflat", "modern", &["fault.0.only=[]"]);
    assert_eq!(healthy.verdict, Completed);
    assert!(healthy.injected.is_empty());
    for arch in ["modern/x2apic-phys", "modern/x2apic-cluster", "modern/xapic-flat"] {
        let report = report("nmi-between-writes", arch, "modern", &[]);
        assert_eq!((report.verdict, report.injected.len()), (Completed, 1), "{arch}");
        assert!(report.sim_time.as_ps() > 1_000_000_000, "{arch}: the handler ran, and waited a millisecond");
    }
    for arch in apicsim::scenario::ARCHES {
        let report = report("nmi-between-writes", arch, "merged", &[]);
        assert_eq!((report.verdict, report.injected.len()), (Completed, 0), "{arch}");
    }
}

/// `explain` names the mechanism, also where the run completes.
#[test]
fn explain_names_the_mechanism() {
    let text = |arguments: &[&str]| String::from_utf8(apicsim(arguments).stdout).unwrap();
    let hung = text(&["explain", "nmi-between-writes"]);
    assert!(hung.contains("called   D: an NMI between the two writes of the ICR"), "{hung}");
    let completed = text(&["explain", "nmi-between-writes", "--arch", "modern/x2apic-phys"]);
    assert!(completed.contains("mechanism D: ") && completed.contains("COMPLETED"), "{completed}");
    let document: Value = json(&["run", "nmi-between-writes", "--json"]);
    assert_eq!(document["hang"]["mechanism"], "D");
}
