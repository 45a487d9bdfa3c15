//! Users of IPIs that wait for answers: their deadlocks, which no variant of the wait for the ICR helps, and the one request
//! that has a bound of its own.

use crate::support::{function, report};
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::{ARCHES, VARIANTS};

/// Hangs under every variant on every machine, at this CPU and function, with every ICR idle; the chain says all of `why`.
fn hangs(scenario: &str, sets: &[&str], at: (u16, &str), why: &[&str]) {
    for arch in ARCHES {
        for variant in VARIANTS {
            let report = report(scenario, arch, variant, sets);
            assert_eq!((report.verdict, report.timeouts), (Hung, 0), "{scenario} {arch} {variant}");
            assert!(report.waits.iter().all(|wait| wait.outcome == "idle"), "{scenario} {arch} {variant}");
            let hang = report.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), at, "{scenario} {arch} {variant}");
            let chain = hang.why.join("\n");
            assert!(why.iter().all(|said| chain.contains(said)), "{scenario} {arch} {variant}:\n{chain}");
        }
    }
}

/// Completes under every variant on every machine.
fn completes(scenario: &str, sets: &[&str]) {
    for arch in ARCHES {
        for variant in VARIANTS {
            assert_eq!(
                report(scenario, arch, variant, sets).verdict,
                Completed,
                "{scenario} {arch} {variant} {sets:?}"
            );
        }
    }
}

#[test]
fn a_target_with_interrupts_off_is_waited_for_without_end() {
    let why = ["CPU2 does not answer", "CPU2 has interrupts off since"];
    hangs("deaf-target", &[], (1, "flush_tlb_others"), &why);
    hangs("deaf-target", &["event.1.only=[]"], (3, "smp_call_function"), &why);
    completes("deaf-target", &["event.0.only=[]"]);
}

/// Control: one of the two with interrupts on is enough.
#[test]
fn two_callers_with_interrupts_off_wait_for_each_other() {
    let why = ["CPU1 does not answer", "CPU1 has interrupts off", "they wait for each other"];
    for (scenario, at) in [("crossed-callers", "smp_call_function"), ("crossed-flushes", "flush_tlb_others")] {
        hangs(scenario, &[], (0, at), &why);
        completes(scenario, &["event.1.irqs_off=false"]);
    }
    // i386 has one lock, x86_64 one for each sender: there both have sent.
    for arch in ARCHES {
        let chain = report("crossed-flushes", arch, "merged", &[]).hang.unwrap().why.join("\n");
        assert_eq!(chain.contains("tlbstate_lock"), arch.starts_with("i386"), "{arch}: {chain}");
    }
}

/// i386 of 2.6.20 takes the call lock. Whoever tries it gets further, unless a CPU never starts the function; but then
/// 2.6.20 lets interrupts in, and the call that waits there finds the panic's own: CPU 0 stops itself. 2.6.22 leaves them off.
/// With nobody in a call the lock is free, no interrupt waits, and all come through.
#[test]
fn a_panic_waits_for_the_call_lock() {
    for arch in ARCHES {
        for variant in VARIANTS {
            let i386 = arch.starts_with("i386");
            let older = report("panic-stop", arch, variant, &["machine.release=2.6.20"]);
            let newer = report("panic-stop", arch, variant, &["machine.release=2.6.22"]);
            assert_eq!(newer.verdict, Completed, "{arch} {variant}");
            let usual = report("panic-stop", arch, variant, &[]).verdict;
            let newer_by_itself = ["merged", "modern"].contains(&variant);
            assert_eq!(usual, if newer_by_itself { Completed } else { Hung }, "{arch} {variant}");
            let hang = older.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (0, if i386 { "smp_call_function" } else { "stop_this_cpu" }));
            if i386 {
                let chain = hang.why.join("\n");
                let said = ["call_lock, which CPU1", "CPU0 does not answer", "they wait for each other"];
                assert!(said.iter().all(|said| chain.contains(said)), "{arch} {variant}: {chain}");
            }
            let never = ["event.2.only=[\"serial\", \"fsb\"]", "knobs.smp_send_stop=try"];
            let never = report("panic-stop", arch, variant, &never);
            let hang = never.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (0, "smp_call_function"), "{arch} {variant}");
            assert!(hang.why.join(" ").contains("CPU2 does not answer"), "{arch} {variant}: {:?}", hang.why);
        }
    }
    // The knob is about the lock alone.
    for (variant, knob, at) in [("before", "try", "stop_this_cpu"), ("merged", "take", "smp_call_function")] {
        let knob = format!("knobs.smp_send_stop={knob}");
        let hang = report("panic-stop", "i386/default", variant, &[&knob]).hang.unwrap();
        assert_eq!((hang.cpu, function(&hang.at)), (0, at), "{variant}");
    }
    completes("panic-stop", &["event.1.only=[]"]);
}

/// It goes on after 10 000 times 1 ms, and a load each; with a tick everywhere, within a millisecond of the last. No IPI is
/// sent, so that no ICR is waited for.
#[test]
fn a_backtrace_request_has_a_bound_of_its_own() {
    for arch in ARCHES {
        let asked_us = 10;
        let time_us = |sets: &[&str]| {
            let report = report("backtrace", arch, "before", sets);
            assert_eq!((report.verdict, report.waits.len()), (Completed, 0), "{arch}");
            report.sim_time.as_ps() / 1_000_000 - asked_us
        };
        assert!((10_000_000..10_000_100).contains(&time_us(&[])), "{arch}");
        let with_ticks = time_us(&["event.5.only=[\"serial\", \"fsb\"]"]);
        assert!((4_000..5_010).contains(&with_ticks), "{arch}: {with_ticks}");
    }
}
