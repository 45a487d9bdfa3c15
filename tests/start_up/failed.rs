//! CPUs that do not come up: absent, stuck, late, dead in firmware, or on a bus that has lost its clock.

use super::{VARIANTS, check_time};
use crate::support::{apicsim, function, json, report};
use apicsim::{StartUpOutcome, StartUpReport, Verdict};

/// Without PICCLK nothing is sent: three looks of 1001 reads each, 310.8 ms, one STARTUP (`kernel.md` §6.1).
#[test]
fn a_lost_clock_costs_three_bounds() {
    for arch in ["i386/default", "i386/bigsmp"] {
        for (variant, reads, delays) in
            [("before", 3003, 310_800), ("rfc", 3003, 310_800), ("merged", 3003, 310_800), ("modern", 3000, 310_500)]
        {
            let report = report("boot-lost-clock", arch, variant, &[]);
            let [start] = &report.start_ups[..] else { panic!("one start") };
            assert_eq!((start.reads, start.timeouts, start.startups), (reads, 3, 1), "{arch} {variant}: {start}");
            assert_eq!((start.never_delivered, start.delivery_error), (true, false), "{arch} {variant}");
            assert_eq!((start.outcome, report.started), (StartUpOutcome::NotSent, 0), "{arch} {variant}");
            check_time(&report, start, delays);
        }
    }
    let started = report("boot-lost-clock", "i386/default", "merged", &["fault=[]"]);
    assert_eq!((started.started, started.timeouts), (1, 0), "without the fault it comes up");
}

/// Nobody answers INIT: its look times out. INIT off concerns everybody, so that is accepted; the STARTUP is not sent
/// again, and leaves accept error 04 in the status register.
#[test]
fn an_absent_apic_costs_one_bound() {
    for (variant, reads, delays) in
        [("before", 1003, 110_800), ("rfc", 1003, 110_800), ("merged", 1004, 110_700), ("modern", 1003, 110_600)]
    {
        let report = report("boot-absent-cpu", "i386/default", variant, &[]);
        let [absent, present] = &report.start_ups[..] else { panic!("two starts") };
        assert_eq!((absent.reads, absent.timeouts, absent.startups), (reads, 1, 1), "{variant}: {absent}");
        assert_eq!((absent.never_delivered, absent.delivery_error), (false, true), "{variant}");
        check_time(&report, absent, delays);
        assert_eq!((present.target, present.outcome), (2, StartUpOutcome::Booted), "{variant}");
    }
    let output = apicsim(&["run", "boot-absent-cpu", "--variant", "merged", "--trace", "-"]);
    let trace = String::from_utf8(output.stdout).unwrap();
    let before = trace.split("reaches DeliveryError").next().unwrap();
    let read = before.rfind("read ESR").expect("it reads the error status");
    assert!(before[read..].lines().next().unwrap().contains("= 00000004"), "{}", &before[read..]);
}

/// If a failed STARTUP is sent again, as the status table has it, nobody answers that either: two looks time out, and
/// the file expects so under every wait with one bound.
#[test]
fn an_absent_apic_costs_two_bounds_if_the_startup_is_resent() {
    for variant in ["before", "solution-a", "b1", "rfc", "merged", "modern", "mps-abort"] {
        let report = report("boot-absent-cpu", "i386/default", variant, &["knobs.start_up_resend=as-status-table"]);
        let [absent, present] = &report.start_ups[..] else { panic!("two starts") };
        assert_eq!((absent.timeouts, absent.startups, absent.never_delivered), (2, 1, true), "{variant}: {absent}");
        assert_eq!(present.outcome, StartUpOutcome::Booted, "{variant}");
        assert_eq!(report.expected, Some(true), "{variant}");
    }
}

/// Where there is no answer to miss only the missing call tells: 50 000 looks, 5 s, and an inquiry that nobody answers.
#[test]
fn on_a_front_side_bus_an_absent_apic_costs_five_seconds() {
    for (arch, variant) in [("x86_64/flat", "before"), ("x86_64/physflat", "merged"), ("i386/summit", "merged")] {
        let report = report("boot-absent-cpu", arch, variant, &[]);
        let [absent, present] = &report.start_ups[..] else { panic!("two starts") };
        assert_eq!((absent.outcome, absent.answers), (StartUpOutcome::NotResponding, Some((0, 3))), "{arch} {variant}");
        assert_eq!((absent.never_delivered, absent.delivery_error), (false, false), "{arch} {variant}");
        let callin = present.start.since(absent.start).as_ps() - absent.messages.unwrap().as_ps();
        // 50 000 looks of some 7 ns, then three remote reads of 100 µs.
        assert!((5_000_300_000_000..5_001_000_000_000).contains(&callin), "{arch} {variant}: {callin} ps");
        assert_eq!(present.outcome, StartUpOutcome::Booted, "{arch} {variant}");
    }
}

/// A CPU that entered the trampoline and died there is stuck. Only the 82489DX and the Pentium's APIC know the remote read
/// (`hardware.md` §2.5); the Pentium's answers though its CPU is in shutdown. NUMA-Q does not ask.
#[test]
fn a_stuck_cpu_is_asked_for_its_registers() {
    let on = |generation: &str, arch: &str, sets: &[&str]| {
        let generation = format!("machine.generation={generation}");
        report("boot-stuck-cpu", arch, "merged", &[&[generation.as_str()], sets].concat()).start_ups[0].clone()
    };
    let stuck = |start: &StartUpReport| (start.outcome, start.startups, start.answers);
    assert_eq!(stuck(&on("pentium", "i386/default", &[])), (StartUpOutcome::Stuck, 2, Some((3, 3))));
    assert_eq!(stuck(&on("p6", "i386/default", &[])), (StartUpOutcome::Stuck, 2, Some((0, 3))));
    assert_eq!(stuck(&on("xapic", "i386/bigsmp", &[])), (StartUpOutcome::Stuck, 2, Some((0, 3))));
    let early = on("82489dx", "i386/default", &["fault.0.at_us=10150"]);
    // Not yet set up, so disabled since INIT, it takes nothing but the end of an INIT (`hardware.md` §1.2).
    assert_eq!(stuck(&early), (StartUpOutcome::Stuck, 0, Some((0, 3))));
    assert_eq!(stuck(&on("p6", "i386/numaq", &[])), (StartUpOutcome::Stuck, 0, None));
}

/// A bound says how long a kernel waits, not that the message is gone: a STARTUP that comes after its CPU was given up
/// starts it, nobody calls it out, and its panic stops the machine. One that comes within the bound does no harm.
#[test]
fn a_cpu_that_comes_late_panics_the_machine() {
    for arch in ["i386/es7000", "i386/summit", "x86_64/flat", "x86_64/cluster", "x86_64/physflat"] {
        for variant in ["before", "merged"] {
            let late = report("boot-late-cpu", arch, variant, &[]);
            let outcomes: Vec<_> = late.start_ups.iter().map(|start| (start.outcome, start.never_delivered)).collect();
            assert_eq!(
                outcomes,
                [(StartUpOutcome::NotSent, true), (StartUpOutcome::Booted, false)],
                "{arch} {variant}"
            );
            let crash = late.crash.as_ref().unwrap();
            assert_eq!((crash.cpu, crash.trigger, late.stopped), (1, None, 2), "{arch} {variant}");
            let entered_us = crash.at("entered").unwrap().as_ps() / 1_000_000;
            assert!((2_200_000..2_211_000).contains(&entered_us), "2 s after the stall: {arch} {variant} {entered_us}");
            assert!(late.capture.is_some(), "{arch} {variant}");
            let in_time = report("boot-late-cpu", arch, variant, &["fault.0.until_us=100000"]);
            assert_eq!((in_time.verdict, in_time.started), (Verdict::Completed, 2), "{arch} {variant}");
        }
    }
}

/// The ES7000's register is waited for without a bound: a CPU that is dead in its firmware keeps the next from being
/// started, under every variant, because no variant knows of it.
#[test]
fn a_cpu_dead_in_firmware_keeps_the_mailbox() {
    for variant in VARIANTS {
        let report = report("boot-stuck-cpu", "i386/es7000-clustered", variant, &["fault.0.at_us=0"]);
        let hang = report.hang.unwrap();
        assert_eq!((report.verdict, function(&hang.at)), (Verdict::Hung, "es7000_start_cpu"), "{variant}");
        assert_eq!(report.start_ups[0].outcome, StartUpOutcome::NotResponding, "{variant}");
    }
}

/// NUMA-Q's messages never clear the error status first: after an NMI that nobody took, the next CPU's start reads the
/// error of that one, and is given up though its NMI arrived.
#[test]
fn on_numaq_an_absent_cpu_spoils_the_next_start() {
    for variant in ["before", "merged"] {
        let report = report("boot-absent-cpu", "i386/numaq", variant, &[]);
        let [absent, present] = &report.start_ups[..] else { panic!("two starts") };
        assert_eq!((absent.never_delivered, absent.delivery_error), (true, true), "{variant}");
        assert_eq!((present.never_delivered, present.delivery_error), (false, true), "{variant}");
        assert_eq!(report.started, 0, "{variant}");
    }
    // CPU 2 runs, and is not called out: after 2 s it is a BUG, in what would be its idle task, and so a crash.
    let later = report("boot-absent-cpu", "i386/numaq", "merged", &["goal=cpus-started"]);
    let alone = later.crashed.unwrap().since(later.start_ups[1].start).as_ps();
    assert!((2_000_000_000_000..2_002_000_000_000).contains(&alone), "{alone} ps");
    assert_eq!(later.verdict, Verdict::Hung);
}

/// A CPU that nobody starts is not where the simulator waits, but in wait-for-SIPI; and its machine has prices all the same.
#[test]
fn a_cpu_that_never_starts_says_so() {
    let report = report("boot-absent-cpu", "x86_64/flat", "merged", &["goal=cpus-started"]);
    assert_eq!(report.verdict, Verdict::Hung);
    let hang = report.hang.unwrap();
    assert_eq!((hang.cpu, hang.at.as_str()), (1, "wait-for-SIPI"));
    assert!(hang.why[0].contains("waits for a start-up message"), "{:?}", hang.why);
    assert_eq!(hang.cause, "no start-up message reaches it");
    let matrix = json(&["matrix", "smp-boot", "--arch", "i386/default", "--json"]);
    assert!(matrix["rows"][0]["cells"][0]["nmi_us"].is_number(), "{matrix}");
}
