//! Every bounded variant returns from its NMI send within its computed bound, under any plan of the faults and any
//! rule for writes while busy but `stall`.

use super::config;
use super::plan::{Happening, Plan, What, any_plan, any_plan_of_today};
use crate::hand_over::{BOUNDED, BOUNDED_TODAY, bound_ps as hand_over_ps, took_ps};
use proptest::prelude::*;

/// Picoseconds of one register read: 40 cycles of 2 ns, or 200 of 1250/3 ps, rounded up.
fn read_ps(plan: &Plan) -> u64 {
    if plan.is_serial() { 80_000 } else { 83_334 }
}

/// The bound, in picoseconds: each send waits at most 1001 rounds of 100 µs and a read. What else lies between the
/// entry of the crash path and the return of the send: at most two register reads, two stores, one flag change, and
/// for each send two register writes; and the interrupts that the crashing CPU may still take before it turns them off,
/// at most one of each of the three IPI vectors, whose handlers take less than 2 µs each.
fn bound_ps(plan: &Plan) -> u64 {
    let wait = 1001 * (100_000_000 + read_ps(plan));
    let write = 42_000;
    let crash_path = 2 * read_ps(plan) + 2 * 10_000 + 2 * 10_000;
    let interrupts = 3 * 2_000_000;
    plan.sends() * (wait + 2 * write) + crash_path + interrupts
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn a_bounded_send_returns_within_its_bound(plan in any_plan(), merged in any::<bool>()) {
        let report = plan.report(if merged { "merged" } else { "rfc" });
        // Some plans keep the crash path from being entered at all: an NMI handler that locks up with die_lock held.
        if report.crashed.is_some() {
            let took = report.from_crash.map(|span| span.as_ps());
            prop_assert!(took.is_some(), "the send never returned: {}", plan.replay(&report));
            prop_assert!(took <= Some(bound_ps(&plan)), "{took:?} ps, bound {}: {}", bound_ps(&plan), plan.replay(&report));
        }
    }

    /// Whoever crashes, whatever brings it: a crash path that is entered hands over within its bound.
    #[test]
    fn a_bounded_crash_hands_over_within_its_bound(plan in any_plan(), variant in 0..BOUNDED.len()) {
        let scenario = plan.load(BOUNDED[variant]);
        let report = apicsim::run(&scenario, &apicsim::Settings::seeded(plan.seed)).unwrap().0;
        if let Some(crash) = &report.crash {
            let (took, bound) = (took_ps(crash), hand_over_ps(&scenario));
            prop_assert!(took.is_some_and(|took| took <= bound), "{took:?} ps, bound {bound}: {}", plan.replay(&report));
        }
    }

    /// The same today, where the NMI goes by shorthand, and who lost the race for the panic polls in its NMI handler.
    #[test]
    fn a_bounded_crash_of_today_hands_over_within_its_bound(plan in any_plan_of_today(), variant in 0..BOUNDED_TODAY.len()) {
        let scenario = plan.load(BOUNDED_TODAY[variant]);
        let report = apicsim::run(&scenario, &apicsim::Settings::seeded(plan.seed)).unwrap().0;
        if let Some(crash) = &report.crash {
            let (took, bound) = (took_ps(crash), hand_over_ps(&scenario));
            prop_assert!(took.is_some_and(|took| took <= bound), "{took:?} ps, bound {bound}: {}", plan.replay(&report));
        }
    }

    /// Nothing keeps a bounded sender: where `before` hangs in its wait, the same plan under `merged` completes.
    #[test]
    fn what_hangs_before_completes_merged(plan in any_plan()) {
        let before = plan.report("before");
        if before.crashed.is_some() && before.hang.as_ref().is_some_and(|hang| hang.at.starts_with("apic_wait_icr_idle")) {
            let merged = plan.report("merged");
            prop_assert_eq!(merged.verdict, apicsim::Verdict::Completed, "{}", plan.replay(&merged));
        }
    }
}

/// Found by this suite: CPU1's APIC dies while its kick waits for a stalled bus, and the message reaches the other node
/// after the stall, when its sender is done with it. The conservation checker expects nothing of a dead sender, this
/// neither: it has no complaint.
#[test]
fn a_message_may_outlive_its_sender() {
    let plan = Plan {
        arch: apicsim::scenario::ARCHES.iter().position(|arch| *arch == "i386/es7000").unwrap(),
        cpus: 6,
        happenings: vec![Happening { at_ns: 3_000, cpu: 1, what: What::RcuKick(4) }],
        crash_ns: 90_000,
        crash_cpu: 0,
        trigger: 0,
        stall: Some((0, Some(70_000))),
        dead: vec![(5_000, 0)],
        write_while_busy: 0,
        jitter: 0,
        seed: 0,
    };
    let report = plan.report("merged");
    assert_eq!(report.verdict, apicsim::Verdict::Completed, "{}", plan.replay(&report));
}
