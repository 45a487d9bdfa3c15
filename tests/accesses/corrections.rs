//! The rows B of `kernel-corrections.md`, as the command lists them; every path is checked in kernel_model's own tests.

use super::listing;
use crate::support::json;

fn of(arguments: &[&str]) -> String {
    listing(arguments).0.join(" ")
}

fn end(arguments: &[&str]) -> String {
    json(&[&["accesses", "--json"], arguments].concat())["end"].as_str().unwrap().to_owned()
}

const ISR_DOWN: &str = "R170 R160 R150 R140 R130 R120 R110 R100";
const ERRORS: &str = "W280=00000000 R280 W370=000000fe W280=00000000 R280";

/// B1: R020 after R030 on three sub-architectures; 2.6.22 on i386 ends with R320, W320; the boot CPU's pins.
#[test]
fn setup_of_2007() {
    let set_up = |more: &[&str]| of(&[&["--call", "setup_local_APIC"], more].concat());
    let flat = format!(
        "R030 R020 W0e0=ffffffff R0d0 W0d0=04000000 R080 W080=00000000 {ISR_DOWN} R0f0 W0f0=000001ff R350 W350=00010700 \
         W360=00010400 R030"
    );
    let i386 = format!("{flat} {ERRORS}");
    assert_eq!(set_up(&["--from", "2"]), i386);
    for newer in [["--release", "2.6.22"], ["--variant", "merged"]] {
        assert_eq!(set_up(&[&["--from", "2"], &newer[..]].concat()), format!("{i386} R320 W320=000100ef"));
    }
    assert_eq!(set_up(&["--from", "2", "--variant", "merged", "--release", "2.6.20"]), i386);
    // x86_64 keeps but one of the writes before the reads, in every release
    let x86_64 = format!("{flat} R280 W370=000000fe W280=00000000 R280");
    for arch in ["x86_64/flat", "x86_64/physflat"] {
        for release in ["2.6.20", "2.6.22"] {
            assert_eq!(set_up(&["--from", "2", "--arch", arch, "--release", release]), x86_64, "{arch} {release}");
        }
        // LINT0 reads masked here
        let boot = set_up(&["--arch", arch]);
        assert!(boot.contains("R350 W350=00010700 W360=00000400 R030"), "{boot}");
    }
    let bigsmp = set_up(&["--from", "2", "--arch", "i386/bigsmp"]);
    assert!(bigsmp.contains("R030 W0e0") && bigsmp.ends_with("W360=00010400"), "{bigsmp}");
}

/// B2 and B3: off before the call in 2.6.22, after it in 2.6.20; x86_64's stop restores what it was.
#[test]
fn the_stop_of_2007() {
    for (arch, icr) in [("i386/default", "000008fb"), ("x86_64/flat", "000008fc")] {
        let call = format!("IRQ- R300 W310=0e000000 W300={icr} IRQ+ P");
        for (release, start) in [("2.6.20", call.clone()), ("2.6.22", format!("IRQ- {call}"))] {
            let silent = ["--call", "smp_send_stop", "--others", "silent", "--arch", arch, "--release", release];
            assert!(of(&silent).starts_with(&start), "{arch} {release}: {}", of(&silent));
            assert_eq!(end(&silent), "hangs");
            let alone = of(&["--call", "smp_send_stop", "--cpus", "1", "--arch", arch, "--release", release]);
            assert!(alone.starts_with("IRQ- R030") && alone.ends_with("W0f0=000000ff IRQ+"), "{alone}");
        }
    }
    assert!(of(&["--call", "stop_this_cpu", "--arch", "x86_64/flat"]).ends_with("W0f0=000000ff IRQ+ HLT"));
    assert!(of(&["--call", "stop_this_cpu"]).ends_with("W0f0=000000ff HLT"));
}

/// B4 to B6: the 32-bit kernel asks twice; the error status before the messages; the set-up of today.
#[test]
fn set_up_and_start_of_today() {
    let modern = |call: &str, arch: &str| of(&["--call", call, "--arch", arch, "--from", "2", "--to", "3"]);
    let (flat, physflat) = ("modern/xapic-flat", "modern/xapic-physflat");
    assert_eq!((modern("get_maxlvt", flat), modern("get_maxlvt", physflat)), ("R030 R030".into(), "R030".into()));
    let crash = of(&["--call", "crash_kexec", "--arch", flat]);
    assert!(crash.starts_with("IRQ- IRQ- R020 R030 IRQ- IRQ+ R300 W300=000c0400 R030 R030 "), "{crash}");
    assert!(crash.ends_with("W360=00005400 R020 R030 IRQ-"), "before its registers are saved: {crash}");

    let pending = "R200 R210 R220 R230 R240 R250 R260 R270 R100 R110 R120 R130 R140 R150 R160 R170";
    let (off, on) = ("R0f0 W0f0=000000ff", "R080 W080=00000010");
    assert_eq!(
        modern("setup_local_APIC", physflat),
        format!("{off} {on} {pending} R0f0 W0f0=000001ff W340=00000400 R350 W350=00010700 W360=00010400 R030 {ERRORS}")
    );
    assert_eq!(
        modern("setup_local_APIC", flat),
        format!(
            "{off} R030 W0e0=ffffffff R0d0 W0d0=04000000 {on} {pending} R0f0 W0f0=000001ff W340=00000400 R350 \
             W350=00010700 R030 W360=00010400 R030 R030 R030 {ERRORS} R320 W320=000100ec"
        )
    );
    assert!(!modern("setup_local_APIC", "modern/x2apic-cluster").contains("N80d"), "no logical id is read");

    assert!(modern("do_boot_cpu", physflat).starts_with("W280=00000000 R280 R030 R030 W280=00000000 R280 IRQ- "));
    let silent = listing(&["--call", "do_boot_cpu", "--arch", physflat, "--others", "silent"]).0;
    assert_eq!(silent.iter().filter(|entry| *entry == "D100").count(), 100_000, "10 s");
}

/// B7: an open pin is masked and looked at again, cleared, and looked at once more.
#[test]
fn the_pins_of_today() {
    let select = |n: &str| format!("Wfec00000=000000{n}");
    let read = format!("{} Rfec00010 {} Rfec00010", select("10"), select("11"));
    let write = |n: &str, value: &str| format!("{} Wfec00010={value}", select(n));
    let masked = format!("{} {}", write("11", "00000000"), write("10", "00010000"));
    let cleared = format!("{} {}", write("10", "00010000"), write("11", "00000000"));
    let pins = of(&["--call", "clear_IO_APIC", "--arch", "modern/xapic-physflat"]);
    assert!(pins.starts_with(&format!("{read} {masked} {read} {cleared} {read} {}", select("12"))), "{}", &pins[..600]);
    assert_eq!(pins.split(' ').count(), 24 * 20, "24 pins");
    let older = of(&["--call", "clear_IO_APIC"]);
    assert!(older.starts_with(&format!("{read} {cleared} {}", select("12"))), "{}", &older[..300]);
}

/// B10 and the other rows: the watchdogs, the call-in, nobody to send to.
#[test]
fn watchdogs_call_in_and_nobody() {
    assert_eq!(of(&["--call", "nmi_watchdog_tick", "--erratum-11ap"]), "W340=00000400");
    assert_eq!(of(&["--call", "default_do_nmi", "--arch", "modern/xapic-physflat"]), "W340=00000400");
    let call_in = |arch, release| of(&["--call", "smp_callin", "--from", "2", "--arch", arch, "--release", release]);
    for release in ["2.6.20", "2.6.22"] {
        assert!(call_in("x86_64/flat", release).ends_with("R280 R320 W320=000100ef"), "at every start of a CPU");
    }
    assert!(call_in("i386/default", "2.6.20").ends_with("W280=00000000 R280 R0d0"));
    assert!(call_in("i386/default", "2.6.22").ends_with("R280 R320 W320=000100ef R0d0"), "in its set-up");
    assert_eq!(of(&["--call", "apic_send_IPI_allbutself", "--arch", "modern/xapic-physflat", "--cpus", "1"]), "");
}

/// A3: a panic without an image stops the others, by a wait that has no bound, and stays; from an NMI too.
#[test]
fn panics_of_today() {
    let physflat = ["--no-crash-image", "--arch", "modern/xapic-physflat"];
    for call in ["panic", "nmi_panic"] {
        let arguments = [&["--call", call], &physflat[..]].concat();
        assert!(of(&arguments).starts_with("IRQ- R300 W300=000c00f8 IRQ- R030"), "{call}");
        assert!(of(&arguments).ends_with("W0f0=000000ff IRQ+ IRQ+"), "{call}");
        assert_eq!(end(&arguments), "stays", "{call}");
        let stuck = [&arguments[..], &["--icr", "stuck"]].concat();
        assert!(of(&stuck).starts_with("IRQ- R300 P R300 P R300 P"), "{call}");
        assert_eq!(end(&stuck), "hangs", "{call}");
    }
}
