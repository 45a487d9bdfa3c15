//! `kernel-corrections.md` D1: an NMI handler that hangs in the wait after its own send, before the crash NMI whose wait is
//! bounded; and what it takes for it not to.

use crate::support::{apicsim, function, json, report};
use apicsim::Verdict::{Completed, Hung};
use apicsim::scenario::{ARCHES, VARIANTS};

const XAPIC: [&str; 2] = ["modern/xapic-flat", "modern/xapic-physflat"];
const X2APIC: [&str; 2] = ["modern/x2apic-phys", "modern/x2apic-cluster"];
const WITHOUT: &str = "event.3.irq_work=false";

/// In v6.6, of which every wait before an NMI has a bound: the wait after the self IPI is the one that does not end, and it began after the
/// write. The crash path has not begun, no CPU is stopped, no bounded wait has even started.
#[test]
fn the_nmi_handler_hangs_after_its_own_send() {
    for arch in XAPIC {
        for release in ["v6.6", "v5.4"] {
            let run = report("irq-work", arch, "modern", &[&format!("machine.release={release}")]);
            assert_eq!((run.verdict, run.stopped, run.timeouts, run.crash), (Hung, 0, 0, None), "{arch} {release}");
            let hang = run.hang.unwrap();
            assert_eq!((hang.cpu, function(&hang.at)), (0, "apic_wait_icr_idle"), "{arch} {release}");
            let why = hang.why.join("\n");
            for said in ["CPU0 is in its NMI handler since 60 us", "FIXED F6 to itself", "no interrupt transaction"] {
                assert!(why.contains(said), "{arch}: `{said}` is missing in:\n{why}");
            }
            let own: Vec<_> = run.waits.iter().filter(|wait| wait.cpu == 0).map(|wait| wait.outcome).collect();
            assert_eq!(own, ["idle", "hung"], "{arch}: before its message, and after it");
        }
    }
}

/// Without perf's work the same NMI comes to the watchdog, the panic and the crash NMI: its ICR is idle, or, where CPU 0 has left
/// a message in it, the wait is over after 1000 rounds. With the work that message hangs the wait *before*.
#[test]
fn without_the_work_the_crash_nmi_is_sent() {
    let left = ["event.4.at_us=40", "event.4.only=[\"fsb\"]", "event.0.at_us=45"];
    for arch in XAPIC {
        let idle = report("irq-work", arch, "modern", &[WITHOUT]);
        assert_eq!((idle.verdict, idle.timeouts), (Completed, 0), "{arch}");
        let busy = report("irq-work", arch, "modern", &[&left[..], &[WITHOUT]].concat());
        assert_eq!((busy.verdict, busy.timeouts), (Completed, 1), "{arch}");
        let before = report("irq-work", arch, "modern", &left);
        assert_eq!((before.verdict, before.crash), (Hung, None), "{arch}");
        assert!(before.hang.unwrap().why.join("\n").contains("FIXED FD"), "{arch}: it has sent nothing in its NMI");
    }
}

/// On a serial bus without any fault: two interrupts of class F wait in CPU 0, and its own message is the third.
#[test]
fn on_a_serial_bus_its_own_full_class_refuses_it() {
    for arch in XAPIC {
        let serial = |sets: &[&str]| report("irq-work", arch, "modern", &[&["machine.bus=serial"], sets].concat());
        let run = serial(&[]);
        assert_eq!((run.verdict, run.stopped, run.injected.is_empty()), (Hung, 0, true), "{arch}");
        let why = run.hang.unwrap().why.join("\n");
        assert!(why.contains("FIXED F6 to itself") && why.contains("CPU0's class F is full"), "{arch}:\n{why}");
        for sets in [&["event.2.only=[]"][..], &["knobs.slots=per-vector"], &[WITHOUT]] {
            let run = serial(sets);
            assert_eq!((run.verdict, run.stopped), (Completed, 3), "{arch} {sets:?}");
        }
    }
}

/// Where nothing stalls the handler goes on to the crash. x2APIC mode needs no luck. Of the waits of 2007 only the bound for
/// every caller helps, and that costs two of them.
#[test]
fn what_helps() {
    for arch in XAPIC.into_iter().chain(X2APIC) {
        let healthy = report("irq-work", arch, "modern", &["fault=[]"]);
        assert_eq!((healthy.verdict, healthy.stopped), (Completed, 3), "{arch}");
    }
    for arch in X2APIC {
        let stalled = report("irq-work", arch, "modern", &["machine.bus=fsb"]);
        assert_eq!((stalled.verdict, stalled.injected.len(), stalled.waits.len()), (Completed, 1, 0), "{arch}");
    }
    for variant in VARIANTS {
        let hangs = ["before", "b1", "rfc", "merged", "modern"].contains(&variant);
        let verdict = report("irq-work", XAPIC[1], variant, &[]).verdict;
        assert_eq!(verdict, if hangs { Hung } else { Completed }, "{variant}");
    }
}

/// printk's work is lazy: it changes nothing as long as the tick goes on. Without a tick the watchdog's report is enough, and
/// the panic that it leads to defers no more.
#[test]
fn printing_hangs_the_handler_where_the_tick_is_stopped() {
    for arch in XAPIC {
        let with_tick = report("irq-work", arch, "modern", &[WITHOUT]);
        assert_eq!((with_tick.verdict, with_tick.waits.len() > 2), (Completed, true), "{arch}");
        let stopped = report("irq-work", arch, "modern", &[WITHOUT, "knobs.tick_stopped=true"]);
        assert_eq!((stopped.verdict, stopped.crash), (Hung, None), "{arch}");
        assert!(stopped.hang.unwrap().why.join("\n").contains("FIXED F6 to itself"), "{arch}");
        let healthy = report("irq-work", arch, "modern", &[WITHOUT, "knobs.tick_stopped=true", "fault=[]"]);
        assert_eq!((healthy.verdict, healthy.stopped), (Completed, 3), "{arch}");
    }
}

/// The work needs a kernel of today, and nothing else takes the parameter.
#[test]
fn only_today_s_kernels_have_it() {
    for arch in ARCHES {
        let output = apicsim(&["run", "irq-work", "--arch", arch, "--set", "event.5.irq_work=true"]);
        assert_eq!(output.status.code(), Some(2), "{arch}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("irq_work") && text.contains("only on modern/*"), "{text}");
    }
    let output = apicsim(&["run", "irq-work", "--set", "event.0.irq_work=true"]);
    assert_eq!(output.status.code(), Some(2), "`spin-irqs-off` takes none");
}

/// The functions by name, and their accesses: a read before the write and one after it.
#[test]
fn its_accesses_by_name() {
    let calls = json(&["list", "calls", "--json"]);
    let known = |name: &str| calls["calls"].as_array().unwrap().iter().any(|call| call["name"] == name);
    assert!(known("arch_irq_work_raise") && known("sysvec_irq_work"));
    let accesses = |arguments: &[&str]| {
        let all =
            [&["accesses", "--arch", "modern/xapic-physflat", "--call", "arch_irq_work_raise"], arguments].concat();
        String::from_utf8(apicsim(&all).stdout).unwrap()
    };
    assert_eq!(accesses(&[]), "R 300\nW 300 000400f6\nR 300\n");
    assert!(accesses(&["--icr", "stuck"]).contains("without any delay, an ICR that can never change"));
}
