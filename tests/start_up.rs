//! CPUs that are started: what `kernel.md` §6 says of the messages, read from runs, and how a CPU comes up or does not.

mod failed;

use crate::support::{apicsim, json, load, report};
use apicsim::scenario::{ARCHES, Bus};
use apicsim::{RunReport, Settings, StartUpOutcome, StartUpReport, Verdict, run};

const VARIANTS: [&str; 8] = ["before", "solution-a", "b1", "rfc", "merged", "modern", "mps-abort", "mps-retry"];
/// Those that have the loops of 2.6.20 at each place, or the same shape.
const DELAY_FIRST: [&str; 4] = ["before", "solution-a", "b1", "rfc"];
/// Those that start CPUs by INIT and STARTUP.
const BY_INIT: [&str; 7] =
    ["i386/default", "i386/bigsmp", "i386/es7000", "i386/summit", "x86_64/flat", "x86_64/cluster", "x86_64/physflat"];

/// Time of the delays of one start, without the accesses between them, in µs.
fn delays_us(report: &RunReport, start: &StartUpReport) -> u64 {
    let end = start.start + start.messages.unwrap();
    let within = |wait: &&apicsim::WaitReport| wait.cpu == start.cpu && wait.start >= start.start && wait.start < end;
    let polls: u64 = report.waits.iter().filter(within).filter_map(|wait| wait.delays).sum();
    let starts = u64::from(start.startups);
    10_000 + 100 * polls + starts * (300 + 200)
}

/// All accesses together take well under a tenth of a poll, where no poll times out.
fn check_time(report: &RunReport, start: &StartUpReport, delays: u64) {
    assert_eq!(delays_us(report, start), delays);
    let us = start.messages.unwrap().as_ps() / 1_000_000;
    let accesses = 2 + start.reads / 3;
    assert!((delays..delays + accesses).contains(&us), "{us} µs for {delays} µs of delays: {start}");
}

fn on(bus: &str, variant: &str) -> RunReport {
    report("smp-boot", "i386/default", variant, &[&format!("machine.bus={bus}")])
}

/// `kernel.md` §6.1: the old loops cost 100 µs at each of four looks, on any bus.
#[test]
fn an_idle_bus_costs_the_old_loops_11_4_ms() {
    for bus in ["ideal", "serial", "fsb", "cluster", "fabric"] {
        for variant in DELAY_FIRST {
            let report = on(bus, variant);
            assert_eq!(
                (report.verdict, report.started, report.timeouts),
                (Verdict::Completed, 3, 0),
                "{bus} {variant}"
            );
            for start in &report.start_ups {
                assert_eq!((start.reads, start.startups), (4, 2), "{bus} {variant}: {start}");
                check_time(&report, start, 11_400);
            }
        }
    }
}

/// A loop that reads first sees each INIT message on the wire once, where there is a wire. A front-side bus carries no
/// INIT level de-assert (`hardware.md` §2.1: not supported from the Pentium 4 on), so there it sees one of the two.
#[test]
fn the_merged_loop_sees_its_own_message_on_the_wire() {
    for (bus, seen) in [("ideal", 0), ("serial", 2), ("fsb", 1), ("fabric", 1)] {
        for variant in ["merged", "modern"] {
            let report = on(bus, variant);
            assert_eq!((report.verdict, report.started), (Verdict::Completed, 3), "{bus} {variant}");
            for start in &report.start_ups {
                assert_eq!((start.reads, start.startups), (4 + seen, 2), "{bus} {variant}: {start}");
                check_time(&report, start, 11_000 + 100 * seen);
            }
        }
    }
}

/// Every sub-architecture starts its CPUs, on its natural machine, in every variant.
#[test]
fn every_cpu_comes_up() {
    for arch in ARCHES {
        for variant in VARIANTS {
            let report = report("smp-boot", arch, variant, &[]);
            assert_eq!((report.verdict, report.started), (Verdict::Completed, 3), "{arch} {variant}");
            assert!(report.start_ups.iter().all(|start| start.outcome == StartUpOutcome::Booted), "{arch} {variant}");
            let startups = if BY_INIT.contains(&arch) { 2 } else { 0 };
            assert!(report.start_ups.iter().all(|start| start.startups == startups), "{arch} {variant}");
            assert_eq!(report.waits.is_empty(), arch == "i386/es7000-clustered", "{arch} {variant}");
        }
    }
}

/// It is the bus that carries the start: INIT, INIT off, the first STARTUP, and the mark of the trampoline after it; the
/// second STARTUP finds a CPU that runs, and changes nothing.
#[test]
fn a_cpu_comes_up_by_its_messages() {
    let output = apicsim(&[
        "run",
        "smp-boot",
        "--variant",
        "merged",
        "--cpus",
        "2",
        "--trace",
        "-",
        "--set",
        "machine.offline=[1]",
        "--set",
        "event.0.targets=[1]",
    ]);
    let trace = String::from_utf8(output.stdout).unwrap();
    let order = [
        "CPU0  write ICR = 0000C500",
        "INIT from CPU0 delivered to CPU1",
        "CPU0  write ICR = 00008500",
        "INIT level de-assert from CPU0 dispatched",
        "CPU0  write ICR = 00000606",
        "STARTUP from CPU0 delivered to CPU1",
        "CPU1  started at vector 06",
        "CPU1  write trampoline_data = A5A5A5A5",
        "CPU0  write ICR = 00000606",
        "STARTUP from CPU0 dispatched",
        "CPU0  modify cpu_callout_map on CPU1: 0 -> 1",
        "CPU1  write SVR = 000001FF",
        "CPU1  modify cpu_callin_map on CPU1: 0 -> 1",
        "CPU0  reaches Booted",
    ];
    let mut rest = trace.as_str();
    for line in order {
        let at = rest.find(line).unwrap_or_else(|| panic!("`{line}` does not follow in:\n{trace}"));
        rest = &rest[at + line.len()..];
    }
    assert_eq!(trace.matches("CPU1  started").count(), 1);
}

/// v6 (`kernel.md` §6.6): no 10 ms where the CPU needs none, and 10 µs instead of 300 and 200.
#[test]
fn v6_starts_a_p6_in_a_fraction_of_a_millisecond() {
    let sets = |generation: &str| [format!("machine.generation={generation}"), "event.0.messages=\"v6\"".to_owned()];
    for (generation, bus, delays) in
        [("p6", "ideal", 40), ("p6", "serial", 240), ("xapic", "ideal", 11_000), ("xapic", "fsb", 11_100)]
    {
        let [one, two] = sets(generation);
        let report = report("smp-boot", "i386/bigsmp", "modern", &[&one, &format!("machine.bus={bus}"), &two]);
        assert_eq!((report.verdict, report.started), (Verdict::Completed, 3), "{generation} {bus}");
        for start in &report.start_ups {
            let us = start.messages.unwrap().as_ps() / 1_000_000;
            assert!((delays..delays + 3).contains(&us), "{generation} {bus}: {start}");
            assert_eq!(start.startups, 2);
        }
    }
}

/// Today's kernels, by v6's messages on their natural machines: nothing is waited for in x2APIC mode.
#[test]
fn todays_kernels_start_their_cpus() {
    let archs = [
        ("modern/xapic-flat", 5),
        ("modern/xapic-physflat", 5),
        ("modern/x2apic-phys", 0),
        ("modern/x2apic-cluster", 0),
    ];
    for (arch, reads) in archs {
        let report = report("smp-boot", arch, "modern", &[]);
        assert_eq!((report.verdict, report.started), (Verdict::Completed, 3), "{arch}");
        for start in &report.start_ups {
            assert_eq!((start.outcome, start.startups, start.reads), (StartUpOutcome::Booted, 2, reads), "{arch}");
            let us = start.messages.unwrap().as_ps() / 1_000_000;
            let delays = if reads == 0 { 40 } else { 11_100 };
            assert!((delays..delays + 3).contains(&us), "{arch}: {start}");
        }
    }
    let stuck = report("boot-stuck-cpu", "modern/x2apic-phys", "modern", &[]);
    assert_eq!(
        (stuck.start_ups[0].outcome, stuck.start_ups[0].answers),
        (StartUpOutcome::Stuck, None),
        "v6 asks nobody"
    );
}

/// Before there was a STARTUP, INIT and its end start a CPU, which has to wait until the boot CPU says that it has ended.
#[test]
fn a_82489dx_starts_when_init_ends() {
    let report = report("smp-boot", "i386/default", "before", &["machine.generation=82489dx"]);
    assert_eq!((report.verdict, report.started), (Verdict::Completed, 3));
    for start in &report.start_ups {
        assert_eq!((start.reads, start.startups), (2, 0));
        check_time(&report, start, 10_200);
    }
}

/// A write that is ignored or waits while the ICR is busy leaves all further starts behind the first; one that does not
/// complete is a hang that no bounded wait prevents.
#[test]
fn what_a_busy_icr_does_with_a_write_decides() {
    for variant in ["before", "merged"] {
        for rule in ["drop", "queue"] {
            let report =
                report("boot-absent-cpu", "i386/default", variant, &[&format!("knobs.icr_write_while_busy={rule}")]);
            assert_eq!((report.started, report.timeouts), (0, 6), "{variant} {rule}");
            assert!(report.start_ups.iter().all(|start| start.never_delivered), "{variant} {rule}");
        }
        let report = report("boot-absent-cpu", "i386/default", variant, &["knobs.icr_write_while_busy=stall"]);
        assert_eq!(report.verdict, Verdict::Hung, "{variant}");
    }
}

/// Both executors, elision on and off, any number of workers: one event stream.
#[test]
fn starts_are_deterministic() {
    for (name, arch) in [
        ("smp-boot", "i386/default"),
        ("smp-boot", "i386/numaq"),
        ("smp-boot", "i386/es7000-clustered"),
        ("boot-stuck-cpu", "x86_64/flat"),
        ("boot-lost-clock", "i386/default"),
    ] {
        let digest = |arguments: &[&str]| {
            json(&[&["run", name, "--arch", arch, "--variant", "merged", "--json"], arguments].concat())["digest"]
                .clone()
        };
        let one = digest(&[]);
        for arguments in [&["--threads", "2"][..], &["--executor", "reference"], &["--elision", "off"]] {
            assert_eq!(digest(arguments), one, "{name} {arch} {arguments:?}");
        }
    }
}

/// What the report says, in text and JSON.
#[test]
fn the_report_tells_of_each_start() {
    let document = json(&["run", "smp-boot", "--variant", "merged", "--json"]);
    assert_eq!(document["started"], 3);
    let start = &document["start_ups"][1];
    assert_eq!((&start["cpu"], &start["target"], &start["startups"]), (&0.into(), &2.into(), &2.into()));
    assert_eq!((start["outcome"].as_str(), start["answers"].is_null()), (Some("booted"), true));
    let output = apicsim(&["run", "boot-lost-clock"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("not-sent") && text.contains("3003 reads, 3 time-outs; never delivered"), "{text}");
}

/// A CPU that runs from the start cannot be started, and the boot CPU cannot wait.
#[test]
fn who_can_be_started() {
    let refused = |set: &str| {
        let output = apicsim(&["run", "smp-boot", "--set", set]);
        assert_eq!(output.status.code(), Some(2), "{set}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("machine.offline=[1, 2]").contains("CPU 3 runs from the start"));
    assert!(refused("machine.offline=[0, 1, 2, 3]").contains("CPU 0 starts the others"));
    assert!(refused("machine.offline=[1, 2, 3, 4]").contains("there is no CPU 4"));
    assert!(refused("event.0.cpu=1").contains("itself"));
    assert!(refused("event.0.messages=\"v5\"").contains("v6"));
    let v6 = apicsim(&["run", "smp-boot", "--arch", "i386/numaq", "--set", "event.0.messages=v6"]);
    assert_eq!(v6.status.code(), Some(2));
    assert!(String::from_utf8(v6.stderr).unwrap().contains("v6 does not start CPUs of i386/numaq"));
    assert!(refused("event=[{at_us=5,cpu=1,role=\"watchdog-nmi\"}]").contains("is not armed"));
    let scenario = load("smp-boot", "i386/default", "before", &[]);
    assert_eq!((scenario.machine.bus, scenario.machine.offline.len()), (Bus::Serial, 3));
    assert!(run(&scenario, &Settings::seeded(0)).is_ok());
}

const UP_AND_CRASH: &str = r#"
format = 1
name = "up-and-crash"
story = "CPUs 1 and 2 are started, CPU 3 is not. CPU 1 calls a function on all others, then CPU 0 crashes."
goal = "nmi-send-returns"

[machine]
cpus = 4
offline = [1, 2, 3]

[[event]]
at_us = 5
cpu = 0
role = "boot-cpus"
targets = [1, 2]

[[event]]
at_us = 40_000
cpu = 1
role = "call-function"
wait = true

[[event]]
at_us = 40_100
cpu = 0
role = "oops-crash"
"#;

/// A CPU that was started takes IPIs and NMIs like any other; one that was not gets none, and nobody waits for it.
#[test]
fn started_cpus_are_online() {
    let path = std::env::temp_dir().join(format!("apicsim-test-{}-up-and-crash.toml", std::process::id()));
    std::fs::write(&path, UP_AND_CRASH).unwrap();
    for arch in ARCHES {
        for variant in ["before", "merged"] {
            let report = report(path.to_str().unwrap(), arch, variant, &[]);
            assert_eq!(
                (report.verdict, report.started, report.stopped),
                (Verdict::Completed, 2, 2),
                "{arch} {variant}"
            );
            let crash_path = report.capture.unwrap().since(report.crashed.unwrap()).as_ps();
            assert!(crash_path < 3_000_000_000, "{arch} {variant}: nobody waits 1000 ms: {crash_path} ps");
        }
    }
    std::fs::remove_file(path).unwrap();
}
