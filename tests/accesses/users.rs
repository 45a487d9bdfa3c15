//! Functions that wait for other CPUs, by their names: kernel.md §10 and §7.3.

use super::listing;
use crate::support::{apicsim, json};
use serde_json::Value;

fn of(arch: &str, call: &str, others: &str) -> (Vec<String>, Value) {
    let arguments = ["--arch", arch, "--call", call, "--others", others, "--limit", "12"];
    let end = json(&[&["accesses", "--json"], &arguments[..]].concat())["end"].clone();
    (listing(&arguments).0, end)
}

/// One send each, and then nothing but PAUSEs until all have answered: for ever, if one does not.
#[test]
fn acknowledgements_are_waited_for_without_a_bound() {
    for (arch, call, icr) in [
        ("i386/default", "smp_call_function", "000008fb"),
        ("i386/default", "flush_tlb_others", "000008fd"),
        ("i386/default", "smp_send_stop", "000008fb"),
        ("x86_64/flat", "smp_call_function", "000008fc"),
        ("x86_64/flat", "flush_tlb_others", "000008f0"),
        ("x86_64/flat", "smp_send_stop", "000008fc"),
    ] {
        let sent = ["IRQ-", "R300", "W310=0e000000", &format!("W300={icr}"), "IRQ+"].map(str::to_owned);
        let (answered, end) = of(arch, call, "answer");
        assert_eq!((&answered[..5], &end), (&sent[..], &"returns".into()), "{arch} {call}");
        let own_apic = answered.get(5).map(String::as_str);
        assert_eq!(own_apic, if call == "smp_send_stop" { Some("IRQ-") } else { None }, "{arch} {call}");
        let (silent, end) = of(arch, call, "silent");
        assert_eq!((&silent[..5], &end), (&sent[..], &"hangs".into()), "{arch} {call}");
        assert!(silent[5..].iter().all(|entry| entry == "P") && silent.len() == 12, "{arch} {call}: {silent:?}");
    }
    let document = json(&["accesses", "--json", "--call", "smp_call_function", "--others", "silent"]);
    assert_eq!((&document["hang"], &document["waits_for"]), (&true.into(), &"other CPUs".into()));
}

/// The reschedule IPI is not acknowledged; the backtraces of 2007 are asked for without an IPI and have a bound.
#[test]
fn what_nobody_waits_for_or_not_for_long() {
    for others in ["answer", "silent"] {
        let (entries, _) = of("i386/default", "smp_send_reschedule", others);
        assert_eq!(entries, ["IRQ-", "R300", "W310=02000000", "W300=000008fc", "IRQ+"]);
    }
    assert_eq!(of("x86_64/flat", "smp_send_reschedule", "silent").0[3], "W300=000008fd");
    let (asked, end) = of("x86_64/flat", "__trigger_all_cpu_backtrace", "silent");
    assert_eq!((asked, end), (vec!["D1000".to_owned(); 10_000], "returns".into()));
    assert!(of("x86_64/flat", "__trigger_all_cpu_backtrace", "answer").0.is_empty());
}

/// Handlers end their interrupt; only i386's flush does not, where nobody asked it to (that is checked in `kernel_model`).
#[test]
fn handlers_end_their_interrupt() {
    for call in ["smp_reschedule_interrupt", "smp_call_function_interrupt", "smp_invalidate_interrupt", "ack_APIC_irq"]
    {
        for arch in ["i386/default", "x86_64/flat"] {
            assert_eq!(of(arch, call, "answer").0, ["W0b0=00000000"], "{arch} {call}");
        }
    }
}

/// §7.3: the vector for at most 1 s, an NMI to each that is left, and 10 ms more; nobody is left where all answer.
#[test]
fn todays_stop_is_bounded() {
    let (silent, end) = of("modern/xapic-physflat", "native_stop_other_cpus", "silent");
    let count = |wanted: &str| silent.iter().filter(|entry| *entry == wanted).count();
    assert_eq!(silent[..2], ["R300", "W300=000c00f8"]);
    assert_eq!((count("D1"), count("W300=00000400"), end), (1_000_000 + 10_000, 3, "returns".into()));
    let (answered, _) = of("modern/xapic-physflat", "native_stop_other_cpus", "answer");
    assert!(answered.iter().all(|entry| !entry.starts_with('D') && entry != "W300=00000400"), "{answered:?}");
    let (panic, end) = of("modern/xapic-physflat", "panic", "answer");
    assert_eq!((panic[0].as_str(), end), ("IRQ-", "hands-over".into()));
    let stays = json(&["accesses", "--json", "--call", "panic", "--no-crash-image"]);
    assert_eq!(stays["end"], "stays");
}

/// §7.4: calls go by the shorthand to all others, by the mask to some; to one by a vector of its own.
#[test]
fn todays_calls() {
    let call = |to: &[&str]| {
        listing(&[&["--arch", "modern/xapic-physflat", "--call", "smp_call_function_many"], to].concat()).0
    };
    assert_eq!(call(&[]), ["R300", "W300=000c00fc"]);
    assert_eq!(call(&["--to", "2"]), ["IRQ-", "R300", "W310=02000000", "W300=000000fb", "IRQ+"]);
    assert_eq!(call(&["--to", "1,3"]).iter().filter(|entry| *entry == "W300=000000fc").count(), 2);
    // Without an APIC nothing is sent, and nobody can answer.
    assert_eq!(of("modern/noop", "smp_call_function", "answer").1, "hangs");
}

/// A function that a kernel does not have is refused, and the list says who has it.
#[test]
fn functions_of_other_kernels_are_refused() {
    for (arch, variant, call, has) in [
        ("modern/xapic-flat", "modern", "die_nmi", "2.6"),
        ("x86_64/flat", "before", "safe_smp_processor_id", "2.6 on i386"),
        ("i386/default", "before", "native_stop_other_cpus", "v6"),
        ("modern/x2apic-phys", "modern", "default_send_IPI_mask_logical", "v6 without x2APIC"),
        ("modern/xapic-flat", "modern", "x2apic_send_IPI", "v6 with x2APIC"),
        ("i386/default", "before", "safe_apic_wait_icr_idle", "a bounded wait"),
        ("other/xv6", "own", "crash_kexec", "not Linux"),
    ] {
        let output = apicsim(&["accesses", "--arch", arch, "--variant", variant, "--call", call]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{call}");
        assert!(error.contains(has), "{call}: {error}");
    }
    let list = apicsim(&["list", "calls"]);
    let list = String::from_utf8_lossy(&list.stdout);
    for (call, rest) in [("crash_kexec", "all"), ("die_nmi", "2.6"), ("x2apic_send_IPI_self", "--vector V")] {
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(call)).unwrap();
        assert!(line.contains(rest), "{line}");
    }
}
