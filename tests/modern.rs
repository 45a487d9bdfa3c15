//! Today's kernels: an NMI between the two writes of the ICR, with its controls; the crash path; the stop before a reboot;
//! all of it on both executors.

use crate::support::{apicsim, function, json, load, report, words};
use apicsim::Verdict::{Completed, Hung};
use serde_json::{Value, json};

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

/// The last target is dead: the message reaches nobody, after the 10 s for which the handler waits. On the front-side
/// bus its loss shows in the acknowledgement, on the serial bus in the ICR.
#[test]
fn where_the_last_target_is_dead_the_call_reaches_nobody() {
    for (bus, at, said) in [
        ("fsb", "csd_lock_wait", "the APIC of CPU3 is dead"),
        ("serial", "apic_wait_icr_idle", "no APIC answers to that destination: an accept error, resent every 1.26 us"),
    ] {
        let set = format!("machine.bus={bus}");
        let report = report("interrupted-send-lost", "modern/xapic-physflat", "modern", &[&set]);
        assert_eq!(report.verdict, Hung, "{bus}");
        let hang = report.hang.unwrap();
        assert_eq!((hang.cpu, function(&hang.at)), (1, at), "{bus}");
        assert!(hang.since.as_ps() >= 10_000_000_000_000, "{bus}: the handler gives up after 10 s");
        let why = hang.why.join("\n");
        assert!(why.contains("to physical 03 and not to 00") && why.contains(said), "{bus}:\n{why}");
        assert_eq!(why.matches("the APIC of CPU3 is dead").count(), 1, "{bus}:\n{why}");
        assert_eq!(hang.mechanism.map(|mechanism| mechanism.to_string()).as_deref(), Some("D"), "{bus}");
        assert!(hang.cause.contains("between the two writes"), "{bus}: {}", hang.cause);
    }
    for variant in apicsim::scenario::VARIANTS {
        for rule in ["replace", "drop", "queue", "stall"] {
            let sets = ["machine.bus=serial", &format!("knobs.icr_write_while_busy={rule}")];
            let report = report("interrupted-send-lost", "modern/xapic-physflat", variant, &sets);
            assert_eq!(report.expected, Some(true), "{variant} {rule}: {:?}", report.verdict);
        }
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

const XAPIC: [&str; 2] = ["modern/xapic-flat", "modern/xapic-physflat"];
const X2APIC: [&str; 2] = ["modern/x2apic-phys", "modern/x2apic-cluster"];

/// The stalled front-side bus: one wait of 1000 rounds before the shorthand times out; no NMI arrives, and CPU2, which
/// spins in its NMI handler, stops itself as soon as it reads that the NMI was sent.
#[test]
fn a_cpu_that_spins_in_its_nmi_handler_stops_without_the_nmi() {
    for arch in XAPIC {
        let run = report("nmi-stall", arch, "modern", &[]);
        assert_eq!((run.verdict, run.timeouts, run.stopped), (Completed, 1, 1), "{arch}");
        let wait = run.waits.iter().find(|wait| wait.outcome == "timeout").unwrap();
        assert_eq!((wait.reads, wait.delays), (Some(1000), Some(1000)), "{arch}");
        assert!(!run.loops.iter().any(|one| one.cpu == 2), "{arch}");

        let hung = report("nmi-stall", arch, "before", &[]);
        assert_eq!((hung.verdict, hung.stopped), (Hung, 0), "{arch}");
        assert!(hung.loops.iter().any(|one| one.cpu == 2 && function(&one.at) == "run_crash_ipi_callback"), "{arch}");
        assert!(hung.notes.contains(&"hypothetical") && !run.notes.contains(&"hypothetical"), "{arch}");
    }
}

/// Without the shorthand each of the three NMIs has a wait of its own, and what 2007 merged bounds them.
#[test]
fn without_the_shorthand_each_nmi_is_waited_for() {
    for arch in XAPIC {
        for (variant, rounds) in [("modern", 1000), ("merged", 1001)] {
            let run = report("nmi-stall", arch, variant, &["knobs.no_broadcast=true"]);
            assert_eq!((run.verdict, run.timeouts, run.stopped), (Completed, 3, 1), "{arch} {variant}");
            let timed_out = run.waits.iter().filter(|wait| wait.outcome == "timeout");
            assert!(timed_out.map(|wait| wait.reads).all(|reads| reads == Some(rounds)), "{arch} {variant}");
        }
        assert_eq!(report("nmi-stall", arch, "merged", &[]).verdict, Hung, "{arch}: its shorthand is not bounded");
    }
}

/// In x2APIC mode nothing waits for an ICR, under no variant; all others stop, CPU2 by itself.
#[test]
fn x2apic_senders_wait_for_nothing() {
    for arch in X2APIC {
        for variant in apicsim::scenario::VARIANTS {
            for stall in ["stall=none", "stall=slots", "stall=fsb"] {
                let run = report("kdump", arch, variant, &[stall]);
                assert_eq!((run.verdict, run.waits.len(), run.stopped), (Completed, 0, 3), "{arch} {variant} {stall}");
                assert!(run.capture.is_some());
            }
        }
    }
}

/// The capture kernel is reached, from health and from the slots; on a bus that is stalled it gets control, and then waits
/// for ever before it sends itself an interrupt.
#[test]
fn kdump_of_today() {
    for arch in XAPIC {
        for (stall, timeouts, stopped) in [("none", 0, 3), ("slots", 0, 3), ("fsb", 1, 1)] {
            let run = report("kdump", arch, "modern", &[&format!("stall={stall}")]);
            let verdict = if stall == "fsb" { Hung } else { Completed };
            assert_eq!((run.verdict, run.timeouts, run.stopped), (verdict, timeouts, stopped), "{arch} {stall}");
            assert!(run.crash.unwrap().at("control").is_some(), "{arch} {stall}");
        }
    }
}

/// A scenario file, for as long as the test runs.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("apicsim-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const STOP: &str = r#"
format = 1
name = "stop"
story = "CPU 0 stops the others; CPU 2 has its interrupts off, and the APIC of CPU 3 may be dead."
goal = "all-programs-end"
limit_us = 5_000_000

[machine]
arch = "modern/xapic-physflat"
cpus = 4

[[event]]
at_us = 10
cpu = 0
role = "stop-other-cpus"

[[event]]
at_us = 5
cpu = 2
role = "send-sequence"
vector = "reschedule"
targets = [1]
send_after_us = 2_000_000

[[fault]]
at_us = 1
kind = "apic-dead"
cpu = 3
only = []
"#;

/// Whole µs, and the CPU, of a line of a trace.
fn instant_and_cpu(line: &str) -> (u64, &str) {
    let mut words = line.split_whitespace();
    let instant = words.next().unwrap().split('.').next().unwrap().parse().unwrap();
    (instant, words.next().unwrap())
}

/// The reboot vector stops those that take interrupts; 1 s later an NMI stops the one that does not; a dead one costs
/// 10 ms more, and is left.
#[test]
fn the_others_are_stopped_by_vector_then_by_nmi() {
    let file = File::new("stop", STOP);
    let path = file.path();
    let run = |arguments: &[&str]| json(&[&["run", path, "--json"], arguments].concat());
    let events = |arguments: &[&str]| {
        let output = apicsim(&[&["run", path, "--trace", "-"], arguments].concat());
        String::from_utf8(output.stdout).unwrap()
    };
    for arch in XAPIC.into_iter().chain(X2APIC) {
        // CPU 2 never ends its program: it is stopped inside it. So is the goal, on purpose, not reached.
        let stopped = run(&["--arch", arch]);
        assert_eq!(stopped["verdict"], "hung", "{arch}");
        assert_eq!(stopped["stopped"], 3, "{arch}");
        let trace = events(&["--arch", arch]);
        let stops: Vec<(u64, &str)> =
            trace.lines().filter(|line| line.contains("reaches Stopped")).map(instant_and_cpu).collect();
        let within = |stop: (u64, &str), after: u64| (after..after + 20).contains(&stop.0);
        assert!(stops[..2].iter().all(|&stop| within(stop, 10)), "{arch}: at once\n{trace}");
        // the loop of a million udelay(1) takes what its loads take, too
        assert!(stops[2].1 == "CPU2" && stops[2].0 > 1_000_010, "{arch}: by NMI, after 1 s\n{trace}");
        let dead = run(&["--arch", arch, "--set", "fault.0.only=[\"fsb\",\"fabric\"]"]);
        assert_eq!(dead["stopped"], 2, "{arch}: CPU 3 is left");
    }
    let refused = apicsim(&["run", path, "--arch", "x86_64/physflat"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(words(&String::from_utf8_lossy(&refused.stderr)).contains("native_stop_other_cpus"), "{refused:?}");
}

const SYSRQ: &str = r#"
format = 1
name = "sysrq"
story = "A TLB flush over two clusters, then SysRq-C."
goal = "capture-kernel"

[machine]
cpus = 20

[[event]]
at_us = 5
cpu = 3
role = "munmap"
targets = [1, 17, 18]
only = ["fsb", "fabric"]

[[event]]
at_us = 60
cpu = 0
role = "sysrq-crash"
print_us = 10
"#;

/// SysRq panics: all others stop, over clusters of sixteen and by ids alike; alone there is nobody to send to, and
/// without an APIC nothing to shut down.
#[test]
fn sysrq_of_today() {
    let file = File::new("sysrq", SYSRQ);
    let run = |arguments: &[&str]| json(&[&["run", file.path(), "--json"], arguments].concat());
    for (arch, sends) in [("modern/xapic-physflat", 5), ("modern/x2apic-phys", 0), ("modern/x2apic-cluster", 0)] {
        let run = run(&["--arch", arch]);
        assert_eq!((&run["verdict"], &run["stopped"]), (&json!("completed"), &json!(19)), "{arch}");
        assert_eq!(run["waits"].as_array().map(Vec::len), Some(sends), "{arch}: calls, shorthand, capture kernel");
    }
    for (arch, own) in [("modern/xapic-flat", 1), ("modern/noop", 0)] {
        let run = run(&["--arch", arch, "--cpus", "1", "--set", "event.0.only=[]"]);
        assert_eq!((&run["verdict"], &run["stopped"]), (&json!("completed"), &json!(0)), "{arch}");
        assert_eq!(run["waits"].as_array().map(Vec::len), Some(own), "{arch}: the capture kernel's own");
    }
}

/// The driver without an APIC has no other CPU, and sends nothing.
#[test]
fn the_driver_without_an_apic_is_alone() {
    let refused = apicsim(&["run", "nmi-stall", "--arch", "modern/noop"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(words(&String::from_utf8_lossy(&refused.stderr)).contains("without a local APIC"), "{refused:?}");
    for call in ["send_IPI_mask", "send_IPI_allbutself", "send_IPI_all", "send_IPI_self", "disable_local_APIC"] {
        let accesses = json(&["accesses", "--arch", "modern/noop", "--call", call, "--json"]);
        assert_eq!(accesses["accesses"].as_array().map(Vec::len), Some(0), "{call}");
    }
}

/// One result on both executors, with any number of workers and any window, elided or not.
#[test]
fn todays_machines_are_equal_on_every_execution() {
    use crate::determinism::{assert_equal, every_execution};
    for arch in XAPIC.into_iter().chain(X2APIC) {
        for name in ["normal-dispatch", "nmi-stall", "kdump", "nmi-between-writes"] {
            assert_equal(&load(name, arch, "modern", &[]), &every_execution(), &[true]);
        }
        assert_equal(&load("nmi-between-writes", arch, "modern", &[]), &every_execution()[..4], &[true, false]);
    }
}
