//! `apicsim accesses`: the listings of the contract. (Every path is checked in kernel_model's own tests; here: what the
//! command shows of them.)

mod corrections;
mod crash_path;
mod users;

use crate::support::json;
use serde_json::Value;

fn listing(arguments: &[&str]) -> (Vec<String>, bool) {
    let document = json(&[&["accesses", "--json"], arguments].concat());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entry = |entry: &Value| match entry["op"].as_str().unwrap() {
        "D" => format!("D{}", entry["us"]),
        op if entry.get("value").is_some() => format!("{op}{}={}", text(&entry["reg"]), text(&entry["value"])),
        op => format!("{op}{}", text(&entry["reg"])),
    };
    (document["accesses"].as_array().unwrap().iter().map(entry).collect(), document["hang"].as_bool().unwrap())
}

fn nmi<'a>(arch: &'a str, variant: &'a str, icr: &'a str) -> Vec<&'a str> {
    vec!["--arch", arch, "--variant", variant, "--call", "smp_send_nmi_allbutself", "--icr", icr]
}

/// kernel.md §4.3 and §5.3, the 4-CPU examples.
#[test]
fn idle_nmi_sends() {
    let mask = ["IRQ-", "R300", "W310=0e000000", "W300=00000c00", "IRQ+"];
    let i386 = [&["R020"][..], &mask].concat();
    assert_eq!(listing(&nmi("i386/default", "merged", "idle")).0, i386);
    assert_eq!(listing(&nmi("i386/default", "before", "idle")).0, i386);
    assert_eq!(listing(&nmi("x86_64/flat", "merged", "idle")).0, mask);
    let each = |ids: [&str; 3], icr: &str| -> Vec<String> {
        ids.iter().flat_map(|id| ["R300".to_owned(), format!("W310={id}000000"), format!("W300={icr}")]).collect()
    };
    for (arch, ids, icr) in [
        ("i386/bigsmp", ["01", "02", "03"], "00000400"),
        ("i386/es7000", ["01", "02", "03"], "00000400"),
        ("i386/summit", ["02", "04", "08"], "00000c00"),
        ("i386/numaq", ["02", "04", "08"], "00000c00"),
        ("i386/es7000-clustered", ["02", "04", "08"], "00000c00"),
    ] {
        let expected: Vec<String> = ["R020".to_owned(), "IRQ-".to_owned()]
            .into_iter()
            .chain(each(ids, icr))
            .chain(["IRQ+".to_owned()])
            .collect();
        assert_eq!(listing(&nmi(arch, "merged", "idle")).0, expected, "{arch}");
    }
    let delay_first = ["R020", "IRQ-", "D100", "R300", "W310=0e000000", "W300=00000c00", "IRQ+"];
    assert_eq!(listing(&nmi("i386/default", "rfc", "idle")).0, delay_first);
}

/// Kernels that are not Linux: a bound without delays, delays without a bound, neither.
#[test]
fn other_kernels_on_a_stuck_icr() {
    let of = |arch| {
        json(&["accesses", "--json", "--call", "send_IPI_mask", "--icr", "stuck", "--limit", "9", "--arch", arch])
    };
    for (arch, hang, panics) in [
        ("other/freebsd", false, true),
        ("other/serenity", true, false),
        ("other/redox", true, false),
        ("other/x2apic-crate", false, false),
    ] {
        let document = of(arch);
        assert_eq!((&document["hang"], &document["panics"]), (&Value::from(hang), &Value::from(panics)), "{arch}");
        let length = if hang || panics { 9 } else { 2 * 3 };
        assert_eq!(document["accesses"].as_array().unwrap().len(), length, "{arch}");
    }
}

/// kernel.md §3: 1001 reads and 1001 delays; the merged wait ends on a delay, the RFC's on a read.
#[test]
fn stuck_nmi_sends() {
    let (merged, hang) = listing(&nmi("i386/default", "merged", "stuck"));
    assert!(!hang);
    assert_eq!(merged.iter().filter(|entry| *entry == "R300").count(), 1001);
    assert_eq!(merged.iter().filter(|entry| *entry == "D100").count(), 1001);
    assert_eq!(merged[merged.len() - 4..], ["D100", "W310=0e000000", "W300=00000c00", "IRQ+"]);
    let (rfc, _) = listing(&nmi("i386/default", "rfc", "stuck"));
    assert_eq!(rfc.iter().filter(|entry| *entry == "D100").count(), 1001);
    assert_eq!(rfc[rfc.len() - 4..], ["R300", "W310=0e000000", "W300=00000c00", "IRQ+"]);
    let (sequence, _) = listing(&nmi("i386/bigsmp", "merged", "stuck"));
    assert_eq!(sequence.iter().filter(|entry| *entry == "R300").count(), 3003);
}

#[test]
fn the_unbounded_wait_is_cut_and_marked() {
    let arguments = [&nmi("i386/default", "before", "stuck")[..], &["--limit", "8"]].concat();
    let (entries, hang) = listing(&arguments);
    assert_eq!((entries.len(), hang), (8, true));
    assert_eq!(entries[2..6], ["R300", "P", "R300", "P"]);
    // A fixed IPI hangs in every variant: only NMI got the bounded wait.
    let fixed = ["--call", "send_IPI_mask", "--variant", "merged", "--icr", "stuck", "--vector", "0xfc"];
    assert!(listing(&fixed).1);
}

/// kernel.md §3 and §8, MP specification B-4: every variant from the command line.
#[test]
fn every_variant_has_its_wait() {
    let stuck = |variant: &str, more: &[&str]| listing(&[&nmi("i386/default", variant, "stuck")[..], more].concat());
    for (variant, reads, delays) in [("solution-a", 1001, 1001), ("b1", 1001, 1001), ("modern", 1000, 1000)] {
        let (entries, hang) = stuck(variant, &[]);
        let count = |wanted: &str| entries.iter().filter(|entry| *entry == wanted).count();
        assert_eq!((hang, count("R300"), count("D100")), (false, reads, delays), "{variant}");
    }
    assert_eq!(stuck("solution-a", &[]).0[2], "D100");
    assert_eq!(stuck("solution-a", &["--wait-shape", "read-first"]).0[2], "R300");
    let writes = |variant: &str| stuck(variant, &[]).0.iter().filter(|entry| *entry == "W300=00000c00").count();
    assert_eq!((writes("mps-abort"), writes("mps-retry")), (1, 2));
    // Senders that only kdump calls: anybody else's NMI still waits for ever.
    let other = ["--call", "send_IPI_mask", "--variant", "b1", "--icr", "stuck", "--vector", "nmi"];
    assert!(listing(&other).1);
    // A timer's interrupt does not come while interrupts are off; the counter goes on all the same.
    assert!(stuck("mps-abort", &["--mps-timeout", "external-interrupt"]).1);
    assert!(!stuck("mps-abort", &["--mps-timeout", "time-stamp-counter"]).1);
}

#[test]
fn clears_after_counts_delay_only() {
    let (entries, _) = listing(&nmi("i386/default", "merged", "clears-after:101"));
    assert_eq!(entries.iter().filter(|entry| *entry == "R300").count(), 3);
    assert!(listing(&nmi("i386/default", "before", "clears-after:101")).1, "without a delay that time never passes");
}

#[test]
fn the_erratum_build_exchanges() {
    let arguments = [&nmi("i386/default", "merged", "idle")[..], &["--erratum-11ap"]].concat();
    assert_eq!(listing(&arguments).0, ["R020", "IRQ-", "R300", "X310=0e000000", "X300=00000c00", "IRQ+"]);
}

/// kernel.md §6: the messages that start a CPU, idle and stuck, by their names.
#[test]
fn starts_of_cpus() {
    let start = |call: &str, more: &[&str]| listing(&[&["--call", call, "--to", "2"], more].concat());
    let count = |entries: &[String], wanted: &str| entries.iter().filter(|entry| *entry == wanted).count();
    for (arch, before) in [("i386/default", 2), ("x86_64/flat", 0)] {
        for (variant, icr, reads, startups) in [
            ("before", "idle", 4, 2),
            ("merged", "idle", 4, 2),
            ("before", "stuck", 3003, 1),
            ("merged", "stuck", 3003, 1),
        ] {
            let (entries, hang) = start(
                "wakeup_secondary_via_INIT",
                &["--arch", arch, "--variant", variant, "--icr", icr, "--vector", "0x9a"],
            );
            assert!(!hang);
            assert_eq!(entries[before..before + 2], ["W310=02000000", "W300=0000c500"], "{arch}");
            let counts = ["R300", "W300=00008500", "W300=0000069a"].map(|entry| count(&entries, entry));
            assert_eq!(counts, [reads, 1, startups], "{arch} {variant} {icr}");
        }
    }
    let nmi = ["W310=04000000", "W300=00000c00", "D100", "R300", "D200", "R030", "W280=00000000", "R280"];
    assert_eq!(start("wakeup_secondary_via_NMI", &["--arch", "i386/numaq"]).0, nmi);
    assert!(start("es7000_start_cpu", &["--arch", "i386/es7000-clustered", "--icr", "stuck"]).0.is_empty());
    let (v6, _) = start("wakeup_secondary_cpu_via_init", &["--arch", "i386/bigsmp", "--variant", "modern"]);
    assert_eq!((v6[..2].concat(), count(&v6, "IRQ-"), count(&v6, "D10")), ("R030R030".to_owned(), 4, 4));
    let (boot, _) = start("do_boot_cpu", &["--arch", "x86_64/flat", "--others", "silent"]);
    assert_eq!(boot[..2], ["W280=00000000", "R280"], "x86_64 clears the error status first");
    assert_eq!((count(&boot, "D100"), count(&boot, "W300=0000030f")), (50_000 + 4 + 3, 1), "nobody calls in: it asks");
    let (called_in, _) = start("do_boot_cpu", &["--arch", "x86_64/flat"]);
    assert_eq!(
        (count(&called_in, "D100"), called_in.last().map(String::as_str)),
        (4, Some("R280")),
        "it comes at once"
    );
    assert!(start("inquire_remote_apic", &["--variant", "before", "--icr", "stuck"]).1, "no bound before 2.6.22");
    assert!(!start("inquire_remote_apic", &["--variant", "merged", "--icr", "stuck"]).1);
    let old =
        crate::support::apicsim(&["accesses", "--call", "wakeup_secondary_via_INIT", "--arch", "modern/x2apic-phys"]);
    assert_eq!(old.status.code(), Some(2));
    let several = crate::support::apicsim(&["accesses", "--call", "do_boot_cpu", "--to", "1,2"]);
    assert_eq!(several.status.code(), Some(2));
}

/// kernel.md §7.4: today's NMI goes by the shorthand, or to each; in x2APIC mode it is an MSR write, and nothing waits.
#[test]
fn todays_nmi_sends() {
    let send = |arch, icr, more: &[&str]| {
        listing(&[&["--arch", arch, "--call", "smp_send_nmi_allbutself", "--icr", icr], more].concat())
    };
    assert_eq!(send("modern/xapic-physflat", "idle", &[]).0, ["R300", "W300=000c0400"]);
    let each = |id: &str| ["R300".to_owned(), format!("W310={id}000000"), "W300=00000400".to_owned()];
    let sequence = send("modern/xapic-physflat", "idle", &["--no-broadcast", "true"]).0;
    assert_eq!(sequence[1..10], ["01", "02", "03"].map(each).concat());
    for icr in ["idle", "stuck"] {
        assert_eq!(send("modern/x2apic-phys", icr, &[]).0, ["M830=00000000000c0400"]);
        let cluster = send("modern/x2apic-cluster", icr, &["--no-broadcast", "true"]).0;
        assert_eq!(cluster, ["IRQ-", "M830=0000000e00000c00", "IRQ+"]);
    }
    let (stuck, hang) = send("modern/xapic-flat", "stuck", &[]);
    assert!(!hang && stuck.len() == 2_001, "1000 rounds, then the write");
    assert!(send("modern/xapic-flat", "stuck", &["--variant", "merged"]).1, "2007 bounds no shorthand");
    let (read, _) = listing(&["--arch", "modern/x2apic-phys", "--call", "sync_Arb_IDs"]);
    assert_eq!(read, ["N803"]);
}
