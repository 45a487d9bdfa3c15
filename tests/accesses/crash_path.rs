//! The crash path by its names: kernel.md §7.1 to §7.3.

use super::listing;
use crate::support::json;

/// A listing without the I/O APIC's accesses, whose number is given, and how it ended.
fn outline(arguments: &[&str]) -> (Vec<String>, usize, String) {
    let (entries, _) = listing(arguments);
    let whole = entries.len();
    // The I/O APIC is not in the local APIC's page: eight digits.
    let local: Vec<String> = entries.into_iter().filter(|entry| !entry[1..].starts_with("fec0")).collect();
    let end = json(&[&["accesses", "--json"], arguments].concat())["end"].as_str().unwrap().to_owned();
    let others = whole - local.len();
    (local, others, end)
}

fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// §7.2, i386 with five LVT entries (a P6): `clear_local_APIC`. Every entry reads masked, its reset value.
const CLEAR_I386: &str = "R030 W370=000100fe R320 W320=00010000 R350 W350=00010000 R360 W360=00010000 R340 W340=00010000 \
    W320=00010000 W350=00010000 W360=00010000 W370=00010000 W340=00010000 R030 W280=00000000 R280";

/// §7.2, x86_64: the same list without the second read of the version. Its xAPIC has six entries, the thermal one untouched.
const CLEAR_X86_64: &str = "R030 W370=000100fe R320 W320=00010000 R350 W350=00010000 R360 W360=00010000 R340 W340=00010000 \
    W320=00010000 W350=00010000 W360=00010000 W370=00010000 W340=00010000 W280=00000000 R280";

/// `disconnect_bsp_APIC`: SPIV with vector 0Fh, enabled; LINT0 takes the 8259 (mode 7), LINT1 NMIs (mode 4).
const VIRTUAL_WIRE: &str = "R0f0 W0f0=0000010f R350 W350=00005700 R360 W360=00005400";

/// 24 pins: two reads and two writes of the window, each after a select.
const PINS: usize = 24 * 8;

#[test]
fn the_whole_path_of_2007() {
    for (others, wait) in [("answer", 0), ("silent", 1000)] {
        let milliseconds = "D1000 ".repeat(wait);
        let i386 = format!(
            "IRQ- R020 R020 IRQ- R300 W310=0e000000 W300=00000c00 IRQ+ {milliseconds} {CLEAR_I386} R0f0 W0f0=000000ff \
             IRQ- {CLEAR_I386} IRQ+ {VIRTUAL_WIRE} R020 IRQ-"
        );
        let got = outline(&["--call", "crash_kexec", "--arch", "i386/default", "--others", others]);
        assert_eq!(got, (list(&i386), PINS, "hands-over".to_owned()), "{others}");

        let x86_64 = format!(
            "IRQ- IRQ- R300 W310=0e000000 W300=00000c00 IRQ+ {milliseconds} {CLEAR_X86_64} R0f0 W0f0=000000ff \
             {CLEAR_X86_64} R0f0 W0f0=000000ff {VIRTUAL_WIRE} IRQ-"
        );
        let got = outline(&["--call", "crash_kexec", "--arch", "x86_64/flat", "--others", others]);
        assert_eq!(got, (list(&x86_64), PINS, "hands-over".to_owned()), "{others}");
    }
    let shutdown = outline(&["--call", "machine_crash_shutdown"]);
    let whole = outline(&["--call", "crash_kexec"]);
    assert_eq!((&shutdown.0[..], shutdown.2.as_str()), (&whole.0[..whole.0.len() - 1], "returns"), "without the jump");
}

/// §7.1: with a stuck ICR the path of 2.6.20 never comes to its bounded wait; merged needs 1001 reads a message.
#[test]
fn a_stuck_icr_on_the_crash_path() {
    let path = |arch, variant| {
        ["--call", "crash_kexec", "--icr", "stuck", "--others", "silent", "--arch", arch, "--variant", variant]
    };
    for (arch, messages) in [("i386/default", 1), ("i386/numaq", 3), ("x86_64/flat", 1), ("x86_64/physflat", 3)] {
        let before = json(&[&["accesses", "--json"], &path(arch, "before")[..]].concat());
        assert_eq!((&before["end"], &before["waits_for"]), (&"hangs".into(), &"its ICR".into()), "{arch}");
        let (merged, _, end) = outline(&path(arch, "merged"));
        let count = |wanted: &str| merged.iter().filter(|entry| *entry == wanted).count();
        assert_eq!((count("R300"), count("D100"), count("D1000")), (1001 * messages, 1001 * messages, 1000), "{arch}");
        assert_eq!(end, "hands-over", "{arch}");
    }
}

/// §7.1: what the NMI does to the others: APIC disabled, then halted. A loser of the race returns at once.
#[test]
fn the_callback_and_the_dispatch_of_an_nmi() {
    let (i386, _, end) = outline(&["--call", "crash_nmi_callback", "--from", "1"]);
    assert_eq!(i386, list(&format!("IRQ- {CLEAR_I386} R0f0 W0f0=000000ff HLT")));
    assert_eq!(end, "halts");
    let (x86_64, _, _) = outline(&["--call", "crash_nmi_callback", "--from", "1", "--arch", "x86_64/flat"]);
    assert_eq!(x86_64, list(&format!("IRQ- {CLEAR_X86_64} R0f0 W0f0=000000ff HLT")));
    // CPU 0 alone asks the chipset; a healthy CPU's watchdog arms its counter again.
    assert_eq!(listing(&["--call", "do_nmi", "--from", "0"]).0, ["I061", "W340=00000400"]);
    assert_eq!(listing(&["--call", "do_nmi", "--from", "1"]).0, ["W340=00000400"]);
    let without = outline(&["--call", "crash_kexec", "--no-crash-image"]);
    assert_eq!(without, (vec![], 0, "returns".to_owned()));
}

/// §7.3: v6 disables no local APIC inside the shoot-down, the wrapper does; the shorthand where it may be used.
#[test]
fn the_shootdown_of_today() {
    let v6 = |call: &'static str, more: &[&str]| {
        outline(&[&["--arch", "modern/xapic-physflat", "--call", call, "--others", "silent"], more].concat())
    };
    let (shootdown, _, _) = v6("nmi_shootdown_cpus", &[]);
    // Its NMI handler is registered under a lock, interrupts off.
    assert_eq!(shootdown[..5], ["IRQ-", "IRQ-", "IRQ+", "R300", "W300=000c0400"]);
    assert_eq!((shootdown.len(), shootdown.iter().filter(|entry| *entry == "D1000").count()), (1005, 1000));
    let (wrapper, _, _) = v6("kdump_nmi_shootdown_cpus", &[]);
    assert_eq!((wrapper[..1005] == shootdown[..], wrapper.last().map(String::as_str)), (true, Some("W0f0=000000ff")));
    let (stuck, _, end) = v6("crash_kexec", &["--icr", "stuck"]);
    let reads = stuck.iter().filter(|entry| *entry == "R300").count();
    assert_eq!((reads, end.as_str()), (1000, "hands-over"), "1000 rounds before the one message");

    // Polls crash_ipi_issued in NMI context, and stops itself when the panicking CPU has sent its NMI; else for ever.
    let (stopped, _, end) = outline(&["--arch", "modern/xapic-physflat", "--call", "nmi_panic_self_stop"]);
    assert_eq!((stopped[0].as_str(), stopped.last().map(String::as_str), end.as_str()), ("IRQ-", Some("HLT"), "halts"));
    assert_eq!(v6("nmi_panic_self_stop", &[]).2, "hangs");
}
