//! The log daemon's lock: what a crash that prints finds held, and what that rests on.

use super::{SERIAL, VARIANTS};
use crate::support::{function, report};
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::ARCHES;

/// `kernel-corrections.md` A1, the order that the kernel can live through: CPU 2 has the console when CPU 0 crashes, and
/// locks up on its own run queue only when its report is out, 5 ms after its NMI.
#[test]
fn the_crash_comes_while_cpu_2_prints() {
    for arch in SERIAL {
        for variant in VARIANTS {
            let report = report("nmi-stall", arch, variant, &[]);
            let crash = report.crash.unwrap();
            let entered = crash.at("entered").unwrap().as_ps();
            assert!((60_000_000..64_000_000).contains(&entered), "{arch} {variant}: {entered}");
            let instead = crash.cpus[2].instead.as_ref().unwrap();
            assert!(
                instead.contains("waits since 5030.") && instead.contains("die_nmi"),
                "{arch} {variant}: {instead}"
            );
        }
        // The same crash 1 ms after the report: it never comes.
        let late = report("nmi-stall", arch, "merged", &["event.5.at_us=6000"]);
        assert_eq!((late.verdict, late.crash), (Hung, None), "{arch}");
        let hang = late.hang.unwrap();
        assert_eq!(
            (function(&hang.at), hang.mechanism),
            ("handle_sysrq", None),
            "{arch}: its ICR is busy, but no cause"
        );
    }
}

/// A1, the other order: log_wait.lock hangs the crash before any IPI, and no wait for the ICR has a part in it, before the
/// fix or after it. On x86_64 CPU 2 comes to the crash path itself.
#[test]
fn the_log_daemon_s_lock_hangs_the_crash() {
    for arch in ARCHES {
        for variant in apicsim::scenario::VARIANTS {
            let report = report("log-daemon", arch, variant, &[]);
            if arch.starts_with("x86_64") {
                assert_eq!(report.verdict, Completed, "{arch} {variant}");
                assert_eq!((report.crash.unwrap().cpu, report.stopped), (2, 3), "{arch} {variant}");
                continue;
            }
            assert_eq!((report.verdict, report.crash, report.timeouts), (Hung, None, 0), "{arch} {variant}");
            assert_eq!(report.waits.len(), 0, "{arch} {variant}: nobody has even looked at an ICR");
            let hang = report.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (0, "handle_sysrq"), "{arch} {variant}");
            let why = hang.why.join("\n");
            for said in [
                "on the log_wait.lock, which CPU2 in die_nmi took",
                "on the run-queue lock of CPU2, which the code that it interrupted (schedule) took",
            ] {
                assert!(why.contains(said), "{arch} {variant}: `{said}` is missing in:\n{why}");
            }
        }
    }
}

/// Its controls: the daemon last ran elsewhere; CPU 2 still prints; no watchdog, but the same run queue; other triggers.
#[test]
fn what_the_log_daemon_s_lock_rests_on() {
    let of = |arch: &str, set: &str| {
        let report = report("log-daemon", arch, "merged", &[set]);
        (report.verdict, report.crash.map(|crash| crash.cpu), report.stopped)
    };
    assert_eq!(of("i386/default", "klogd.0.cpu=0"), (Completed, Some(2), 3));
    assert_eq!(of("i386/default", "event.1.print_us=1000"), (Completed, Some(0), 2));
    for role in ["oops-crash", "panic", "watchdog-crash"] {
        assert_eq!(of("i386/default", &format!("event.2.role={role}")), (Hung, None, 0), "{role}");
    }
    for arch in ["i386/default", "x86_64/flat"] {
        assert_eq!(of(arch, "event.1.only=[]"), (Hung, None, 0), "{arch}: an ordinary print is enough");
    }
    let oops = report("log-daemon", "x86_64/flat", "merged", &["event.1.only=[]", "event.2.role=oops-crash"]);
    assert_eq!((oops.verdict, oops.crash.unwrap().cpu), (Completed, 0), "x86_64 does not end an oops before the crash");
}

/// `try_to_wake_up` (2.6.20, 2.6.22) sends the daemon's CPU a reschedule IPI, which is no NMI: where CPU 0's ICR is busy and nobody
/// has the console, it hangs there before it crashes, with every bound of the NMI's wait; not where every wait is bounded.
#[test]
fn the_log_daemon_s_ipi_hangs_a_crash_that_prints() {
    let prints = "event.3.only=[]";
    let daemon = "klogd=[{ cpu = 1, reschedule = true }]";
    for arch in SERIAL {
        for variant in VARIANTS {
            let report = report("nmi-stall", arch, variant, &[prints, daemon]);
            assert_eq!((report.verdict, report.crash, report.timeouts), (Hung, None, 0), "{arch} {variant}");
            let hang = report.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (0, "apic_wait_icr_idle"), "{arch} {variant}");
        }
        for (set, why) in
            [("klogd=[{ cpu = 1 }]", "moved or polled"), ("klogd=[{ cpu = 0, reschedule = true }]", "own")]
        {
            let report = report("nmi-stall", arch, "merged", &[prints, set]);
            assert_eq!((report.verdict, report.stopped), (Completed, 3), "{arch}: {why}");
        }
        let all = report("nmi-stall", arch, "solution-a", &[prints, daemon]);
        assert_eq!(all.verdict, Completed, "{arch}: every wait is bounded there");
        let idle_icr = report("nmi-stall", arch, "before", &[prints, daemon, "event.4.only=[]"]);
        assert_eq!((idle_icr.verdict, idle_icr.stopped), (Completed, 3), "{arch}");
    }
}
