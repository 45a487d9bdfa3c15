//! The way into the capture kernel, and through it.

use super::{FSB, SERIAL, VARIANTS};
use crate::support::{function, report};
use apicsim::Verdict::Hung;
use apicsim::scenario::ARCHES;

fn kdump_on_a_stalled_bus(arch: &str, variant: &str, hangs: bool) {
    let report = report("kdump", arch, variant, &["stall=fsb"]);
    assert_eq!(report.capture.is_none(), hangs, "{arch} {variant}");
    let crash = report.crash.unwrap();
    assert!(crash.at("control").is_some(), "the send was bounded: {arch} {variant}");
    assert_eq!(crash.at("ready").is_none(), hangs, "{arch} {variant}");
    assert!(report.hang.is_none_or(|hang| hang.cause.starts_with("capture kernel, in ioapic_retrigger_irq")));
}

/// Is the fix enough? The capture kernel is reached, unless the ICR stays busy past the hand-over.
#[test]
fn kdump() {
    for arch in ARCHES {
        for variant in VARIANTS {
            assert!(report("kdump", arch, variant, &[]).capture.is_some(), "healthy {arch} {variant}");
        }
        let slots = report("kdump", arch, "merged", &["stall=slots"]);
        assert!(slots.capture.is_some(), "{arch}: the NMI's write has taken the stuck message's place");
    }
    for arch in FSB {
        // The stalled bus keeps the ICR busy past the hand-over: the self-IPI of the capture kernel waits for ever, unless
        // the wait of every caller is bounded, or none stands before a message.
        for (variant, hangs) in [("b1", true), ("rfc", true), ("merged", true), ("modern", true)] {
            kdump_on_a_stalled_bus(arch, variant, hangs);
        }
        for variant in ["solution-a", "mps-abort", "mps-retry"] {
            kdump_on_a_stalled_bus(arch, variant, false);
        }
    }
    for arch in SERIAL {
        for rule in ["drop", "queue"] {
            let sets = ["stall=slots", &format!("knobs.icr_write_while_busy={rule}")];
            let report = report("kdump", arch, "merged", &sets);
            assert_eq!((report.verdict, report.capture), (Hung, None), "{arch} {rule}");
            let hang = report.hang.unwrap();
            assert_eq!(function(&hang.at), "apic_wait_icr_idle", "in sync_Arb_IDs: {arch} {rule}");
        }
    }
}
