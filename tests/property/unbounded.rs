//! The unbounded wait completes in every fault-free machine with all targets present and enabled in which every CPU
//! comes back to IF=1 without waiting for another's ICR. (`crossed-senders` shows that the last condition is needed.)

use super::config;
use super::plan::{Happening, Plan, What, any_plan};
use proptest::prelude::*;

/// Makes a plan fault-free: every CPU comes back, and no CPU but the crashing one sends more than one message of its
/// own, so that nobody waits for an ICR with interrupts off while somebody waits for him.
fn healthy(mut plan: Plan, kick: u32, flush: (u32, u32), call: u32, times: [u64; 3]) -> Plan {
    let happening = |at_ns, cpu, what| Happening { at_ns, cpu, what };
    let one = 1 + flush.0 % 7;
    plan.happenings = vec![
        happening(times[0], 0, What::RcuKick(kick)),
        happening(times[1], one, What::Munmap(flush.1)),
        happening(times[2], one + 1 + call % 6, What::CallFunction),
    ];
    plan.stall = None;
    plan.dead.clear();
    plan
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn the_unbounded_wait_completes_in_healthy_machines(
        plan in any_plan(),
        kick in 0..8u32,
        flush in (0..8u32, 0..8u32),
        call in 0..8u32,
        times in [0..90_000u64, 0..90_000, 0..90_000],
    ) {
        let plan = healthy(plan, kick, flush, call, times);
        let report = plan.report("before");
        prop_assert!(report.crashed.is_some(), "the crash path was not entered: {}", plan.replay(&report));
        prop_assert_eq!(report.verdict, apicsim::Verdict::Completed, "{}", plan.replay(&report));
    }
}
