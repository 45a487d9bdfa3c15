//! Crashes end to end: what became of every CPU, who crashes, what brings it, and how long it takes.

use crate::hand_over::{BOUNDED, BOUNDED_TODAY, TODAY, bound_ps, sends, took_ps};
use crate::support::{function, load, report};
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::{ARCHES, VARIANTS};

const SERIAL: [&str; 4] = ["i386/default", "i386/bigsmp", "i386/es7000-clustered", "i386/numaq"];

/// The event of `nmi-stall` and `kdump` that is the crash on this sub-architecture's natural machine.
fn crash_event(arch: &str) -> &'static str {
    match arch {
        _ if SERIAL.contains(&arch) => "event.5",
        _ if arch.starts_with("x86_64") => "event.6",
        _ => "event.7",
    }
}

/// Each CPU of a healthy machine is saved, and only then stopped; after the shoot-down the I/O APIC is disabled, the
/// crashing CPU saved, and the capture kernel gets control. A CPU that does not answer is told with what it does instead.
#[test]
fn a_crash_says_what_became_of_every_cpu() {
    use apicsim::Fate::{Crashing, NotStopped, Stopped};
    for arch in ARCHES {
        let crash = report("kdump", arch, "merged", &[]).crash.unwrap();
        let order: Vec<_> = crash.stages.iter().map(|stage| stage.at.unwrap()).collect();
        assert!(order.is_sorted(), "{arch} {order:?}");
        for fate in &crash.cpus {
            assert_eq!(fate.fate, if fate.cpu == 0 { Crashing } else { Stopped }, "{arch} CPU{}", fate.cpu);
            let (saved, by) = (fate.saved.unwrap(), fate.stopped.or(crash.at("control")).unwrap());
            assert!(saved < by && (fate.cpu != 0 || saved >= crash.at("io_apic_disabled").unwrap()), "{arch}");
        }
        let crash = report("kdump", arch, "merged", &["stall=slots"]).crash.unwrap();
        let locked_up = &crash.cpus[2];
        assert_eq!((locked_up.fate, locked_up.saved), (NotStopped, None), "{arch}");
        // Where the log daemon last ran elsewhere i386's CPU 2 comes through, loses the race and panics: docs of die_nmi.
        let waits_in = match arch {
            _ if SERIAL.contains(&arch) => "die_nmi",
            "i386/es7000" | "i386/summit" => "smp_call_function",
            _ => "oops_begin",
        };
        let instead = locked_up.instead.as_ref().unwrap();
        assert!(instead.contains("in its NMI handler") && instead.contains(waits_in), "{arch}: {instead}");
    }
}

/// 24 pins of the I/O APIC are masked, in every crash that hands over; a machine without one has none to mask.
#[test]
fn a_crash_masks_every_pin_of_the_io_apic() {
    let masks = |sets: &[&str]| {
        let scenario = load("kdump", "x86_64/flat", "merged", sets);
        let mut recording = sim::Recording::default();
        apicsim::observe(&scenario, &apicsim::Settings::seeded(0), &mut recording).unwrap();
        let mask = |told: &&sim::Told| {
            matches!(told.event.what, sim::What::Write { access, value: 0x1_0000 }
                if access.kind == sim::Kind::MemoryWrite && access.operand == 0xFEC0_0010)
        };
        recording.told.iter().filter(mask).count()
    };
    assert_eq!((masks(&[]), masks(&["machine.io_agent=false"])), (24, 0));
}

/// Who comes to the crash path, if anybody does. On a serial bus i386's CPU 2 never does. Elsewhere its own watchdog brings
/// the crash (`kernel-corrections.md` A1: x86_64 ends an oops after it, and where i386's log daemon last ran on another CPU the
/// wake ends) where the other CPU comes to none, or later: a panic of x86_64 still prints, outside die_lock, and on i386 the
/// other watchdog waits for CPU 2's report.
fn who_crashes(arch: &str, trigger: &str, cpu: u16) -> u16 {
    let i386 = arch.starts_with("i386");
    let watchdog = match trigger {
        _ if SERIAL.contains(&arch) => false,
        "watchdog-crash" => i386,
        "panic" if !i386 => true,
        _ => cpu != 0,
    };
    if watchdog { 2 } else { cpu }
}

/// Any CPU may crash, brought by anything: the scenarios say what comes of it. An oops of a CPU that waits for another's
/// answer never comes.
#[test]
fn the_crashing_cpu_and_the_trigger_are_dimensions() {
    for arch in ARCHES {
        let (event, stall) = (crash_event(arch), if SERIAL.contains(&arch) { "stall=slots" } else { "stall=fsb" });
        for variant in VARIANTS {
            for trigger in ["sysrq-crash", "oops-crash", "panic", "watchdog-crash"] {
                if trigger == "sysrq-crash" && event != "event.5" {
                    continue; // it takes no interrupts over a stalled bus, and its event is an oops with a time to print
                }
                for cpu in 0..4 {
                    let sets = [&format!("{event}.cpu={cpu}"), &format!("{event}.role={trigger}"), stall];
                    for (name, sets) in [("nmi-stall", &sets[..2]), ("kdump", &sets[..])] {
                        let report = report(name, arch, variant, sets);
                        assert_eq!(
                            report.expected,
                            Some(true),
                            "{name} {arch} {variant} {sets:?} {:?}",
                            report.verdict
                        );
                        let Some(crash) = report.crash.filter(|_| report.capture.is_some()) else { continue };
                        let who = who_crashes(arch, trigger, cpu);
                        let came = (crash.cpu, crash.trigger);
                        assert_eq!(came, (who, (who == cpu).then_some(trigger)), "{name} {arch} {variant} {sets:?}");
                    }
                }
            }
        }
    }
}

/// `kernel-corrections.md` A1: i386's other watchdog prints after CPU 2's report; at the end of its own it spins on
/// log_wait.lock, which CPU 2 holds, itself on its run-queue lock. The crash path is never entered, and no variant of the
/// send helps.
#[test]
fn a_watchdog_that_is_locked_up_keeps_the_others_from_crashing() {
    for arch in SERIAL {
        for variant in VARIANTS {
            let report = report("nmi-stall", arch, variant, &["event.5.role=watchdog-crash"]);
            assert_eq!((report.verdict, report.crash), (Hung, None), "{arch} {variant}");
            let hang = report.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (0, "die_nmi"), "{arch} {variant}");
            assert!(hang.why.join(" ").contains("log_wait.lock, which CPU2 in die_nmi took"), "{:?}", hang.why);
        }
    }
}

/// A1: i386 ends an oops, or a panic's message, before the crash path, and 2.6.22 wakes the log daemon for that whoever holds
/// the console: with the daemon's run queue locked up nobody comes to the crash. 2.6.20 only prints, which wakes nobody
/// while CPU 2 prints; SysRq-C does so in every release. No part of that is the wait's.
#[test]
fn an_oops_of_2_6_22_wakes_the_log_daemon_whoever_prints() {
    for arch in SERIAL {
        for variant in ["before", "merged"] {
            for release in ["2.6.20", "2.6.22"] {
                for (trigger, at) in [("sysrq-crash", ""), ("oops-crash", "die"), ("panic", "panic")] {
                    let sets = [&format!("event.5.role={trigger}"), &format!("machine.release={release}")];
                    let report = report("nmi-stall", arch, variant, &sets.map(String::as_str));
                    let what = format!("{arch} {variant} {release} {trigger}");
                    if release == "2.6.20" || trigger == "sysrq-crash" {
                        assert!(report.crash.is_some_and(|crash| crash.cpu == 0), "{what}");
                        continue;
                    }
                    assert_eq!((report.verdict, report.crash), (Hung, None), "{what}");
                    let hang = report.hang.unwrap();
                    assert_eq!((hang.cpu, function(&hang.at)), (0, at), "{what}");
                    assert!(hang.why[0].contains("run-queue lock of CPU2"), "{what}: {:?}", hang.why);
                }
            }
        }
    }
}

/// A CPU without a part in the story crashes under the wait of 2.6.20: nothing is wrong with its own ICR. On a stalled
/// front-side bus only a single message gets away; of a sequence the second waits for the first.
#[test]
fn a_bystander_hangs_only_where_its_own_messages_do() {
    for arch in ARCHES.into_iter().filter(|arch| !["i386/numaq", "i386/es7000-clustered"].contains(arch)) {
        let event = crash_event(arch);
        let sets = ["machine.cpus=5", &format!("{event}.cpu=4"), &format!("{event}.role=oops-crash")];
        let report = report("nmi-stall", arch, "before", &sets);
        let sequence_on_fsb = !SERIAL.contains(&arch) && arch != "x86_64/flat";
        assert_eq!(report.verdict, if sequence_on_fsb { Hung } else { Completed }, "{arch}");
        assert_eq!(report.timeouts, 0, "{arch}");
    }
}

/// The NMI that stops CPU 2 turns its APIC off: the kick that it refused becomes an accept error, and starves the NMIs
/// that come after it in a sequence. The one message of a mask is through by then.
#[test]
fn a_target_that_is_stopped_can_starve_the_rest_of_the_sequence() {
    let sets = ["machine.cpus=5", "event.4.cpu=1"];
    let sequence = report("nested-crash", "i386/bigsmp", "merged", &sets);
    assert_eq!((sequence.verdict, sequence.timeouts, sequence.stopped), (Completed, 0, 3));
    assert_eq!(sequence.capture, None);
    let ready = report("nested-crash", "i386/bigsmp", "merged", &[&sets[..], &["goal=capture-kernel"]].concat());
    let why = ready.hang.unwrap().why.join(" ");
    assert!(why.contains("from CPU0 starves it: an accept error"), "{why}");
    let mask = report("nested-crash", "i386/default", "merged", &sets);
    assert_eq!((mask.stopped, mask.capture.is_some()), (4, true));
}

/// On a stalled front-side bus the chipset has the first message in hand: the NMI, which took its place in the ICR, waits
/// behind it; under the rule `queue` it waits in the APIC. The chain names both.
#[test]
fn the_chain_names_a_message_behind_another() {
    let report = report("kdump", "x86_64/flat", "merged", &["stall=fsb", "goal=capture-kernel"]);
    let why = report.hang.unwrap().why.join("\n");
    assert!(why.contains("FIXED FD to logical 04"), "{why}");
    assert!(why.contains("behind it waits NMI to logical 0E, written at 100248.976667 us"), "{why}");
    let sets = ["knobs.icr_write_while_busy=queue", "goal=capture-kernel"];
    let queued = crate::support::report("nmi-stall", "i386/default", "merged", &sets).hang.unwrap().why.join("\n");
    assert!(queued.contains("FIXED FC to logical 04"), "{queued}");
    assert!(queued.contains("behind it waits NMI to logical 0E"), "in the APIC itself: {queued}");
}

/// A P6's ID register has four bits, the same ones in every quad, and i386 asks it who crashes: CPU 4 takes itself for
/// CPU 0, and the crash callback, which spares only the CPU that crashes, stops it. An xAPIC's has eight (`i386/summit`).
#[test]
fn on_another_quad_a_crash_stops_itself() {
    for (arch, stops) in [("i386/numaq", true), ("i386/es7000-clustered", true), ("i386/summit", false)] {
        let event = report("kdump", arch, "merged", &["machine.cpus=8"]);
        assert_eq!(event.stopped, 7, "{arch}");
        let crash = crash_event(arch);
        let sets = ["machine.cpus=8", &format!("{crash}.cpu=5"), &format!("{crash}.role=oops-crash")];
        let report = report("kdump", arch, "merged", &sets);
        let fates = report.crash.unwrap();
        assert_eq!(fates.at("control").is_none(), stops, "{arch}");
        let first = &fates.cpus[1];
        assert_eq!(first.stopped.is_none(), stops, "{arch}: CPU 5 takes itself for CPU 1");
    }
}

/// In every scenario with a crash, on every sub-architecture, under every bounded variant and any rule for writes while
/// busy but `stall`: a crash path that is entered hands over within (targets x 100.1 ms) + 1000 ms + its own costs, or
/// what its variant has in place of 100.1 ms. And it needs no less than the waits that timed out.
#[test]
fn a_bounded_crash_hands_over_within_its_bound() {
    let knobs: [&[&str]; 6] = [
        &[],
        &["knobs.icr_write_while_busy=drop"],
        &["knobs.icr_write_while_busy=queue"],
        &["knobs.slots=per-vector"],
        &["knobs.full_target=accept", "knobs.icr_write_while_busy=queue"],
        &["knobs.nmi_when_pending=retry", "knobs.icr_write_while_busy=drop"],
    ];
    let (mut handed_over, mut timed_out) = (0, 0);
    for name in apicsim::scenario::builtin_names() {
        for arch in ARCHES.into_iter().chain(TODAY) {
            for &variant in if TODAY.contains(&arch) { &BOUNDED_TODAY[..] } else { &BOUNDED[..] } {
                for sets in knobs {
                    let scenario = load(name, arch, variant, sets);
                    if scenario.crash().is_none() {
                        continue;
                    }
                    let report = apicsim::run(&scenario, &apicsim::Settings::seeded(0)).unwrap().0;
                    let Some(crash) = &report.crash else { continue };
                    let (took, bound) = (took_ps(crash), bound_ps(&scenario));
                    let what = format!("{name} {arch} {variant} {sets:?}: {took:?} ps, bound {bound} ps");
                    assert!(took.is_some_and(|took| took <= bound), "{what}");
                    handed_over += 1;
                    let waits = report
                        .waits
                        .iter()
                        .filter(|wait| wait.outcome == "timeout" && wait.start < crash.at("control").unwrap());
                    timed_out += u64::from(waits.count() as u64 >= sends(&scenario));
                }
            }
        }
    }
    assert!(
        handed_over > 5_000 && timed_out > 500,
        "{handed_over} hand-overs, {timed_out} of them after a time-out each"
    );
}

/// The second trigger: CPU0's watchdog runs the crash path nested on the ordinary wait, which no variant but solution A
/// bounds. The bounded send of the NMI gets out of it: CPU2 has interrupts off, but no handler that keeps an NMI out.
#[test]
fn the_watchdog_crashes_on_top_of_the_ordinary_wait() {
    for arch in SERIAL {
        let hung = report("nested-crash", arch, "before", &[]);
        assert_eq!(hung.verdict, Hung, "{arch}");
        let hang = hung.hang.unwrap();
        assert_eq!((hang.cpu, function(&hang.at)), (0, "apic_wait_icr_idle"), "{arch}");
        assert!(
            hang.why[0].contains("in its NMI handler") && hang.why[0].contains("apic_wait_icr_idle"),
            "{:?}",
            hang.why
        );
        assert!(
            hung.crash.is_some_and(|crash| crash.trigger == Some("watchdog-crash") && crash.at("nmi_sent").is_none())
        );
        for variant in ["solution-a", "b1", "rfc", "merged", "modern"] {
            let report = report("nested-crash", arch, variant, &[]);
            assert_eq!((report.timeouts, report.stopped), (1, 3), "{arch} {variant}");
            assert!(report.capture.is_some(), "{arch} {variant}");
        }
        // Controls: nothing is refused, or the kick is one: then CPU0 does not wait, and its watchdog finds it idle.
        let sets: [&[&str]; 2] = [&["knobs.slots=per-vector"], &["event.3.targets=[3]"]];
        for sets in sets {
            let report = report("nested-crash", arch, "before", sets);
            assert_eq!((report.timeouts, report.stopped, report.capture.is_some()), (0, 3, true), "{arch} {sets:?}");
        }
    }
}
