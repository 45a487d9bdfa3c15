//! `kernel-corrections.md` D2: the wait for a function call with its debug option: a lost call that is sent again, a send that hangs,
//! a CPU that never answers, and the way out of that.

use crate::support::{apicsim, function, json, report};
use apicsim::RunReport;
use apicsim::Verdict::{Completed, Deadline, Hung};

const WITHOUT: &str = "knobs.csd_lock_wait_debug=false";
const DEAF: &str = "event.2.only=[\"fsb\"]";

fn lost(arch: &str, sets: &[&str]) -> RunReport {
    report("lost-call", arch, "modern", sets)
}

fn stuck(arch: &str, variant: &str, sets: &[&str]) -> RunReport {
    report("stuck-resend", arch, variant, sets)
}

fn seconds(time: sim::Time) -> u64 {
    time.as_ps() / 1_000_000_000_000
}

/// The messages of a vector that CPUs write, from the trace of a run of the program.
fn written(arguments: &[&str], what: &str) -> Vec<String> {
    let trace = String::from_utf8(apicsim(&[arguments, &["--trace", "-"]].concat()).stdout).unwrap();
    trace.lines().filter(|line| line.contains(what)).map(str::to_owned).collect()
}

/// 5 s and what it takes; without the option never, as `nmi-between-writes`.
#[test]
fn a_lost_call_is_sent_again() {
    let run = lost("modern/xapic-physflat", &[]);
    assert_eq!((run.verdict, run.expected, seconds(run.sim_time)), (Completed, Some(true), 5));
    let reported: Vec<_> =
        run.given_up.iter().map(|wait| (wait.cpu, wait.goes_on, wait.took.as_ps() / 1_000_000_000)).collect();
    assert_eq!(reported, [(1, true, 5_000), (2, true, 5_000)], "both, in ms, and neither gives up");
    assert!(run.given_up[0].why.join("\n").contains("to physical 03 and not to 00"), "{:?}", run.given_up[0].why);
    assert!(run.given_up[1].why.join("\n").contains("CPU0 has not answered"), "{:?}", run.given_up[1].why);

    let without = lost("modern/xapic-physflat", &[WITHOUT]);
    let hang = without.hang.unwrap();
    assert_eq!((without.verdict, hang.cpu, function(&hang.at)), (Hung, 1, "csd_lock_wait"));
    for arch in ["modern/xapic-flat", "modern/x2apic-phys", "modern/x2apic-cluster"] {
        let healthy = lost(arch, &[]);
        assert_eq!((healthy.verdict, seconds(healthy.sim_time), healthy.given_up.len()), (Completed, 0, 0), "{arch}");
    }
}

/// Four CPUs: after 5 s, 20 s later, 30 s later. A CPU with interrupts off answers none of it, and nothing is proven; each report
/// is explained by what holds then. The dump comes once.
#[test]
fn it_reports_again_and_never_gives_up() {
    let run = lost("modern/xapic-physflat", &[DEAF]);
    assert_eq!((run.verdict, run.given_up.iter().all(|wait| wait.goes_on)), (Deadline, true));
    assert!(run.hang.is_none());
    let of = |cpu| run.given_up.iter().filter(move |wait| wait.cpu == cpu);
    let at: Vec<u64> = of(1).map(|wait| seconds(wait.start + wait.took)).collect();
    assert_eq!(at, [5, 25, 55]);
    let first = &of(1).next().unwrap().why.join("\n");
    let second = &of(1).nth(1).unwrap().why.join("\n");
    assert!(first.contains("and not to 00"), "{first}");
    assert!(!second.contains("and not to 00") && second.contains("CPU0 has interrupts off"), "{second}");
}

/// What it sends is the single call's vector, to the CPU that does not answer; the dump is one NMI.
#[test]
fn what_it_sends() {
    let arguments = ["run", "lost-call", "--set", DEAF, "--limit-us", "5100000"];
    let again = written(&arguments, "FIXED FB to physical 00");
    assert!(again.len() >= 2, "CPU1 and CPU2: {again:?}");
    let calls = json(&["list", "calls", "--json"]);
    assert!(calls["calls"].as_array().unwrap().iter().any(|call| call["name"] == "csd_lock_wait_toolong"));
    let accesses = |arguments: &[&str]| {
        let all = [&["accesses", "--call", "csd_lock_wait_toolong", "--from", "1", "--to", "2"], arguments].concat();
        String::from_utf8(apicsim(&all).stdout).unwrap().replace('\n', " ")
    };
    assert_eq!(
        accesses(&[]),
        "IRQ- R 300 W 310 02000000 W 300 00000400 IRQ+ IRQ- R 300 W 310 02000000 W 300 000000fb IRQ+ "
    );
    let stuck = accesses(&["--icr", "stuck", "--limit", "20000"]);
    assert!(stuck.starts_with("IRQ- (R 300  D 100) x1000 W 310 02000000 W 300 00000400 IRQ+ "), "{stuck}");
    assert!(stuck.contains("for ever") && !stuck.contains("000000fb"), "{stuck}");
}

/// The call is in CPU 1's own ICR: the dump's NMI is bounded, its answer too, and the IPI after it is not. Without the option CPU 1
/// waits where it may be interrupted.
#[test]
fn the_second_send_hangs_on_a_stuck_icr() {
    for arch in ["modern/xapic-flat", "modern/xapic-physflat"] {
        for (variant, outcomes, since) in [
            ("before", &["idle", "hung"][..], 5),
            ("merged", &["idle", "timeout", "hung"], 15),
            ("modern", &["idle", "timeout", "hung"], 15),
        ] {
            let run = stuck(arch, variant, &[]);
            let waits: Vec<_> = run.waits.iter().map(|wait| wait.outcome).collect();
            assert_eq!((run.verdict, &waits[..]), (Hung, outcomes), "{arch} {variant}");
            let hang = run.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at), seconds(hang.since)), (1, "apic_wait_icr_idle", since));
            assert!(hang.why.join("\n").contains("no interrupt transaction"), "{arch} {variant}");
        }
        let hang = stuck(arch, "modern", &[WITHOUT]).hang.unwrap();
        assert_eq!((function(&hang.at), seconds(hang.since)), ("csd_lock_wait", 0), "{arch}");
        let healthy = stuck(arch, "modern", &["fault=[]"]);
        assert_eq!((healthy.verdict, healthy.given_up.len()), (Completed, 0), "{arch}");
    }
    let x2apic = stuck("modern/x2apic-phys", "modern", &["machine.bus=fsb"]);
    assert_eq!((x2apic.verdict, x2apic.waits.len()), (Deadline, 0), "no wait to hang in");
}

/// `panic_on_ipistall` makes the report a BUG, before the dump and before the IPI: the crash path stops the others, the deaf CPU among them, by an NMI.
#[test]
fn a_bug_is_the_way_out() {
    for (bound, second) in [("4000", 5), ("5000", 5), ("6000", 25)] {
        let knob = format!("knobs.panic_on_ipistall={bound}");
        let run = lost("modern/xapic-physflat", &[DEAF, &knob]);
        assert_eq!((run.verdict, run.stopped), (Hung, 3), "{bound}: it never answers, and is stopped");
        let crash = run.crash.unwrap();
        assert_eq!((crash.cpu, seconds(crash.at("entered").unwrap())), (1, second), "{bound}");
    }
    let off = lost("modern/xapic-physflat", &[WITHOUT, DEAF, "knobs.panic_on_ipistall=4000"]);
    assert_eq!((off.verdict, off.crash), (Hung, None), "the bound is the option's");
}

/// Both options are about today's kernels: those of 2007 do what they did.
#[test]
fn those_of_2007_know_neither() {
    for (scenario, arch) in [("deaf-target", "i386/default"), ("crossed-callers", "x86_64/flat")] {
        let plain = report(scenario, arch, "merged", &[]);
        let with = report(scenario, arch, "merged", &["knobs.csd_lock_wait_debug=true", "knobs.panic_on_ipistall=1"]);
        assert_eq!(plain.digest, with.digest, "{scenario}");
    }
}
