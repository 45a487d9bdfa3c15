//! The stories and their controls (`scenarios.md` of the design): the stated outcome, for the stated reason.

mod delays;
mod kdump;
mod log_daemon;
mod mechanisms;
mod other_kernels;

use crate::support::{function, report};
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::ARCHES;

const SERIAL: [&str; 4] = ["i386/default", "i386/bigsmp", "i386/es7000-clustered", "i386/numaq"];
const FSB: [&str; 5] = ["i386/es7000", "i386/summit", "x86_64/flat", "x86_64/cluster", "x86_64/physflat"];
const BITMASK: [&str; 2] = ["i386/default", "x86_64/flat"];
const VARIANTS: [&str; 3] = ["before", "rfc", "merged"];
const BOUNDED: [&str; 2] = ["rfc", "merged"];

/// The unbounded wait hangs on every sub-architecture, on the serial bus without any fault.
#[test]
fn nmi_stall_hangs_before() {
    for arch in ARCHES {
        let report = report("nmi-stall", arch, "before", &[]);
        assert_eq!(report.verdict, Hung, "{arch}");
        let hang = report.hang.unwrap();
        assert_eq!((hang.cpu, function(&hang.at)), (0, "apic_wait_icr_idle"), "{arch}");
        assert_eq!(report.injected.is_empty(), SERIAL.contains(&arch), "{arch}");
        let why = hang.why.join("\n");
        if SERIAL.contains(&arch) {
            for said in [
                "FIXED FC",
                "CPU2's class F is full",
                "FD in IRR from CPU1",
                "FB in IRR from CPU3",
                "NMI handler",
                "run-queue lock of CPU2",
                "schedule",
            ] {
                assert!(why.contains(said), "{arch}: `{said}` is missing in:\n{why}");
            }
        } else {
            assert!(why.contains("completes no interrupt transaction since 35 us"), "{arch}:\n{why}");
        }
    }
}

/// A hang that a fault causes is explained by that fault, under its own name.
#[test]
fn explanations_name_the_fault() {
    for (scenario, arch, line, root) in [
        ("stuck-wire", "i386/default", "a wire of the serial bus is stuck since 35 us", "a stuck wire (injected)"),
        ("jabbering-agent", "i386/default", "CPU3 sends EOI messages without end", "CPU3 jabbers (injected)"),
        ("dead-link", "i386/numaq", "the link to another cluster is dead since 35 us", "a dead link between clusters"),
        ("dead-link", "i386/summit", "the cluster manager has no room", "a dead link between clusters"),
        ("nmi-stall", "x86_64/flat", "completes no interrupt transaction since 35 us", "the front-side bus is stalled"),
    ] {
        let hang = report(scenario, arch, "before", &[]).hang.unwrap_or_else(|| panic!("{scenario} on {arch} hangs"));
        let why = hang.why.join("\n");
        assert!(why.contains(line), "{scenario} on {arch}:\n{why}");
        assert!(hang.cause.contains(root), "{scenario} on {arch}: {}", hang.cause);
    }
}

/// On the serial bus the timed-out wait's write replaces the stuck message: one time-out, and CPUs 1 and 3 stop. CPU2
/// keeps its NMI latched for ever.
#[test]
fn nmi_stall_bounded_on_the_serial_bus() {
    for arch in SERIAL {
        for variant in BOUNDED {
            let report = report("nmi-stall", arch, variant, &[]);
            assert_eq!((report.verdict, report.timeouts, report.stopped), (Completed, 1, 2), "{arch} {variant}");
            let shootdown = report.capture.unwrap().since(report.sim_time).as_ps();
            assert!((1_000_000_000_000..1_000_100_000_000).contains(&shootdown), "the full 1000 ms: {shootdown} ps");
        }
    }
}

/// On the stalled front-side bus each send times out, and nobody is stopped: nothing is ever delivered.
#[test]
fn nmi_stall_bounded_on_the_front_side_bus() {
    for arch in FSB {
        let sends = if BITMASK.contains(&arch) { 1 } else { 3 };
        for variant in BOUNDED {
            let report = report("nmi-stall", arch, variant, &[]);
            assert_eq!((report.verdict, report.timeouts, report.stopped), (Completed, sends, 0), "{arch} {variant}");
        }
    }
}

/// The manual's slot rule, or no refusal at all: every variant completes, for bitmask and sequence senders.
#[test]
fn without_the_class_rule_or_without_retry_nothing_hangs() {
    for arch in SERIAL {
        for variant in VARIANTS {
            for set in ["knobs.slots=per-vector", "knobs.full_target=accept"] {
                let report = report("nmi-stall", arch, variant, &[set]);
                assert_eq!((report.verdict, report.timeouts), (Completed, 0), "{arch} {variant} {set}");
            }
        }
    }
}

/// Without the injected stall every front-side-bus row completes: the target's state cannot hold the bit there.
#[test]
fn without_the_injection_nothing_hangs() {
    for arch in FSB {
        for variant in VARIANTS {
            let report = report("nmi-stall", arch, variant, &["fault=[]"]);
            assert_eq!((report.verdict, report.timeouts), (Completed, 0), "{arch} {variant}");
        }
    }
}

/// CPU2 merely with interrupts off, without an NMI handler that locks up: `before` still hangs; a bounded wait stops
/// all three, and needs no 1000 ms.
#[test]
fn interrupts_off_is_enough_for_the_hang() {
    // Else CPU 0's own message would wake the log daemon on CPU 2's run queue: nobody holds the console then.
    let no_watchdog = ["event.3.only=[]", "klogd.0.cpu=0"];
    for arch in SERIAL {
        let hung = report("nmi-stall", arch, "before", &no_watchdog);
        assert_eq!(hung.verdict, Hung, "{arch}");
        for variant in BOUNDED {
            let report = report("nmi-stall", arch, variant, &no_watchdog);
            assert_eq!((report.verdict, report.timeouts, report.stopped), (Completed, 1, 3), "{arch} {variant}");
            let shootdown = report.capture.unwrap().since(report.sim_time).as_ps();
            assert!(shootdown < 3_000_000_000, "no 1000 ms: {shootdown} ps");
        }
    }
}

/// The ICR belongs to its CPU: a crash on CPU1 finds an idle one, and every sender completes in every variant.
#[test]
fn a_crash_on_another_cpu_finds_an_idle_icr() {
    for arch in SERIAL {
        for variant in VARIANTS {
            let report = report("nmi-stall", arch, variant, &["event.5.cpu=1"]);
            assert_eq!((report.verdict, report.timeouts), (Completed, 0), "{arch} {variant}");
        }
    }
}

/// Writes while busy: under drop and queue the NMI is not sent though the wait is bounded; under stall the store
/// itself is the hang, which no bounded wait can prevent.
#[test]
fn icr_writes_while_busy() {
    for arch in SERIAL {
        for variant in BOUNDED {
            for rule in ["drop", "queue"] {
                let report = report("nmi-stall", arch, variant, &[&format!("knobs.icr_write_while_busy={rule}")]);
                assert_eq!((report.verdict, report.stopped), (Completed, 0), "{arch} {variant} {rule}");
                assert_eq!(report.capture, None, "the capture kernel's own wait is unbounded: {arch} {variant} {rule}");
            }
            let report = report("nmi-stall", arch, variant, &["knobs.icr_write_while_busy=stall"]);
            assert_eq!(report.verdict, Hung, "{arch} {variant}");
            let hang = report.hang.unwrap();
            assert_eq!(function(&hang.at), "__send_IPI_dest_field", "the store: {arch} {variant}");
            assert!(hang.why[0].contains("store to its ICR has not completed"), "{:?}", hang.why);
        }
    }
}

/// A bitmask sender never hangs on an ICR that was idle when it began, however dead its targets are; a sequence sender
/// hangs on the element after one that is not dispatched.
#[test]
fn only_sequences_hang_on_a_fresh_icr() {
    let only_the_dead_target = ["event.0.only=[]"];
    for arch in SERIAL {
        let report = report("dead-target", arch, "before", &only_the_dead_target);
        // CPU3 is the dead one, and the last: nobody waits after the last write.
        assert_eq!(report.verdict, Completed, "{arch}");
        let sets = ["event.0.only=[]", "fault.0.cpu=1"];
        let report = crate::support::report("dead-target", arch, "before", &sets);
        let expected = if BITMASK.contains(&arch) { Completed } else { Hung };
        assert_eq!(report.verdict, expected, "{arch}: CPU1, the first element, is dead");
    }
}

/// Two CPUs with interrupts off that wait for each other: a hang without any fault, which a bound on NMI does not help.
#[test]
fn crossed_senders() {
    for arch in SERIAL {
        for variant in VARIANTS {
            assert_eq!(report("crossed-senders", arch, variant, &[]).verdict, Hung, "{arch} {variant}");
            let per_vector = report("crossed-senders", arch, variant, &["knobs.slots=per-vector"]);
            assert_eq!(per_vector.verdict, Completed, "{arch} {variant}");
        }
    }
}

/// What bounds NMIs alone leaves the hang to vectors and to shorthands; solution A and the MP specification do not.
#[test]
fn only_a_bound_for_every_caller_helps_vectors_and_shorthands() {
    for scenario in ["crossed-senders", "crossed-broadcasts"] {
        for arch in SERIAL {
            for variant in ["before", "b1", "rfc", "merged", "modern"] {
                let report = report(scenario, arch, variant, &[]);
                assert_eq!(report.verdict, Hung, "{scenario} on {arch}, {variant}");
                let hang = report.hang.unwrap();
                assert_eq!(function(&hang.at), "apic_wait_icr_idle", "{scenario} on {arch}, {variant}");
                let shorthand = hang.why.iter().any(|line| line.contains("FIXED FC to all but itself"));
                assert_eq!(shorthand, scenario == "crossed-broadcasts" && arch == "i386/default", "{:?}", hang.why);
            }
            for variant in ["solution-a", "mps-abort", "mps-retry"] {
                assert_eq!(report(scenario, arch, variant, &[]).verdict, Completed, "{scenario} on {arch}, {variant}");
            }
        }
    }
}

/// Of the MP specification's three clocks the interrupt needs interrupts on, and the senders of Linux have them off.
#[test]
fn no_interrupt_ends_a_wait_with_interrupts_off() {
    for arch in SERIAL {
        for variant in ["mps-abort", "mps-retry"] {
            for (clock, verdict) in
                [("instruction-loop", Completed), ("time-stamp-counter", Completed), ("external-interrupt", Hung)]
            {
                let report = report("crossed-senders", arch, variant, &[&format!("knobs.mps_timeout={clock}")]);
                assert_eq!(report.verdict, verdict, "{arch} {variant} {clock}");
                if let Some(hang) = report.hang {
                    assert_eq!(function(&hang.at), "until_interrupt", "{arch} {variant}");
                }
            }
        }
    }
}

/// An earlier IPI to a dead APIC: accept errors for ever on the serial bus, nothing on the front-side bus.
#[test]
fn dead_target() {
    for arch in ARCHES {
        let serial = SERIAL.contains(&arch);
        let report = report("dead-target", arch, "before", &[]);
        assert_eq!(report.verdict, if serial { Hung } else { Completed }, "{arch}");
        if let Some(hang) = report.hang {
            assert_eq!(hang.cause, "no APIC answers to the destination", "{arch}");
        }
    }
}

/// On the ideal bus, as in hypervisors, delivery status never reads busy: nothing hangs.
#[test]
fn the_ideal_bus_never_shows_busy() {
    for arch in ARCHES {
        let report = report("nmi-stall", arch, "before", &["machine.bus=ideal"]);
        assert_eq!((report.verdict, report.timeouts), (Completed, 0), "{arch}");
    }
}
