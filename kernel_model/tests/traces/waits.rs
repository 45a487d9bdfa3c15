//! Section 3: the wait functions, read by read.

use crate::recorder::{Icr, Recorder};
use kernel_model::{Arch, Kernel, Variant, apic_wait_icr_idle, safe_apic_wait_icr_idle, safe_apic_wait_icr_idle_rfc};

fn recorder(icr: Icr) -> Recorder {
    Recorder::new(&Kernel::new(Arch::I386Default, Variant::Merged, 4), 0, icr)
}

#[test]
fn the_unbounded_wait_reads_once_when_idle_and_for_ever_when_busy() {
    assert_eq!(recorder(Icr::Idle).run(apic_wait_icr_idle), "R300");
    let stuck = recorder(Icr::Stuck).limit(6).run_to_end(apic_wait_icr_idle);
    assert_eq!(stuck, ("R300 P R300 P R300 P".into(), false));
}

/// Section 3, table and spot values of the merged loop: (clears after, reads, delays, status).
#[test]
fn the_merged_wait_reads_first() {
    let cases = [
        (0, 1, 0, 0),
        (1, 2, 1, 0),
        (20, 2, 1, 0),
        (100, 2, 1, 0),
        (101, 3, 2, 0),
        (99_901, 1001, 1000, 0),
        (100_000, 1001, 1000, 0),
        (100_001, 1001, 1001, 0x1000),
        (u32::MAX, 1001, 1001, 0x1000),
    ];
    for (clears, reads, delays, status) in cases {
        let cpu = recorder(Icr::ClearsAfter(clears));
        let trace = cpu.run(|cpu| assert_eq!(safe_apic_wait_icr_idle(cpu), status, "{clears}"));
        assert_eq!((cpu.count("R300"), cpu.count("D100")), (reads, delays), "{clears}");
        assert!(trace.starts_with("R300"), "{clears}");
        assert_eq!(trace.ends_with("D100"), status != 0, "{clears}: a time-out ends with a delay");
    }
}

/// Section 3, the same for the mailed loop: every read has its delay before it.
#[test]
fn the_mailed_wait_delays_first() {
    let cases = [
        (0, 1, 0),
        (100, 1, 0),
        (101, 2, 0),
        (100_001, 1001, 0),
        (100_100, 1001, 0),
        (100_101, 1001, 0x1000),
        (u32::MAX, 1001, 0x1000),
    ];
    for (clears, reads, status) in cases {
        let cpu = recorder(Icr::ClearsAfter(clears));
        let trace = cpu.run(|cpu| assert_eq!(safe_apic_wait_icr_idle_rfc(cpu), status, "{clears}"));
        assert_eq!((cpu.count("R300"), cpu.count("D100")), (reads, reads), "{clears}");
        assert!(trace.starts_with("D100 R300") && trace.ends_with("D100 R300"), "{clears}");
    }
}

#[test]
fn each_wait_says_when_it_begins_and_how_it_ends() {
    type Code = fn(&Recorder);
    let cases: [(Code, Icr, &str, &str); 5] = [
        (apic_wait_icr_idle, Icr::Idle, "<IcrIdle R300", "Done>"),
        (|cpu| _ = safe_apic_wait_icr_idle(cpu), Icr::Idle, "<IcrIdle R300", "Done>"),
        (|cpu| _ = safe_apic_wait_icr_idle(cpu), Icr::Stuck, "<IcrIdle R300 D100", "TimedOut>"),
        (|cpu| _ = safe_apic_wait_icr_idle_rfc(cpu), Icr::Idle, "<IcrIdle D100 R300", "Done>"),
        (|cpu| _ = safe_apic_wait_icr_idle_rfc(cpu), Icr::Stuck, "<IcrIdle D100 R300", "TimedOut>"),
    ];
    for (code, icr, begin, end) in cases {
        let trace = recorder(icr).everything().run(code);
        assert!(trace.starts_with(begin) && trace.ends_with(end), "{trace:.80}");
    }
}
