//! The unbounded wait completes in every fault-free machine with all targets present and enabled in which every CPU
//! comes back to IF=1 without waiting for another's ICR. (`crossed-senders` shows that the last condition is needed.)

use super::config;
use super::plan::{Happening, Plan, What, any_plan};
use proptest::prelude::*;

/// From the last other send to the crash: its messages are dispatched by then. A CPU that the crash NMI has stopped has
/// disabled its APIC, and an IPI that is still under way to it is an accept error, resent for ever: then not all targets
/// are enabled (see `an_ipi_to_a_cpu_just_stopped_can_hang_the_crash`).
const QUIET_NS: u64 = 40_000;

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
    plan.crash_ns = times[1].max(times[2]) + QUIET_NS;
    plan.crash_cpu = 0;
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

/// Found by this suite when the crash could come at any time: the crash's own stopping of CPUs is enough. CPU2 is in the
/// middle of a sequence of FB when the crash NMI stops CPU1; its FB to CPU1 becomes an accept error, which keeps its
/// arbitration id and starves the NMI of CPU0. No fault is injected.
#[test]
fn an_ipi_to_a_cpu_just_stopped_can_hang_the_crash() {
    use apicsim::scenario::ARCHES;
    let happening = |at_ns, cpu, what| Happening { at_ns, cpu, what };
    let plan = Plan {
        arch: ARCHES.iter().position(|arch| *arch == "i386/bigsmp").unwrap(),
        cpus: 5,
        happenings: vec![
            happening(0, 0, What::RcuKick(1)),
            happening(0, 0, What::Munmap(1)),
            happening(48_697, 2, What::CallFunction),
        ],
        crash_ns: 47_500,
        crash_cpu: 0,
        trigger: 0,
        stall: None,
        dead: vec![],
        write_while_busy: 0,
        jitter: 2,
        seed: 391_624_329_628_991_644,
    };
    let before = plan.report("before");
    assert_eq!(before.verdict, apicsim::Verdict::Hung, "{}", plan.replay(&before));
    let why = before.hang.as_ref().unwrap().why.join("\n");
    assert!(why.contains("starves"), "{why}");
    let merged = plan.report("merged");
    assert_eq!(merged.verdict, apicsim::Verdict::Completed, "{}", plan.replay(&merged));
}
