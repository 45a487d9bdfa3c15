//! The verdict in a sentence: the first line of a report, and all that a reader may miss if it did not say so.

use super::paper::{Ink, Paper};
use crate::judgement::{RunReport, Verdict};
use crate::scenario::Scenario;
use sim::{Interruption, Proof};

pub(super) fn verdict(scenario: &Scenario, report: &RunReport, paper: Paper) -> String {
    let goal = scenario.goal_name();
    match report.verdict {
        Verdict::Completed => {
            let crash = report.from_crash.map(|span| format!(", {span} us after the crash")).unwrap_or_default();
            let word = paper.paint(Ink::Good, "COMPLETED");
            format!("{word}  {goal} at {} us{crash}{}", report.sim_time, after(report, paper))
        }
        Verdict::Hung => {
            let proof = match report.proof {
                Some(Proof::Quiescent) => "nobody polls, nothing is pending",
                Some(Proof::Recurrence) | None => "the whole machine repeats itself",
            };
            if let Some(panic) = report.panicked {
                let (cpu, at, word) = (panic.cpu, panic.at, paper.paint(Ink::Bad, "PANICKED"));
                return format!("{word}: CPU{cpu} gave up at {at} us; {goal} is never reached (proven: {proof})");
            }
            let word = paper.paint(Ink::Bad, "HUNG");
            format!("{word} for ever (proven: {proof}); last effective event at {} us", report.sim_time)
        }
        Verdict::Deadline => {
            let host = if sim::PROOFS { "" } else { " (this host has no shim for proofs of recurrence)" };
            let limit = sim::Time::from_ps(scenario.limit_ps);
            let word = paper.paint(Ink::Open, "DEADLINE");
            format!("{word}: {goal} not reached in {limit} us; nothing is proven{host}{}", since(scenario, report))
        }
        Verdict::Interrupted => {
            let word = paper.paint(Ink::Open, "INTERRUPTED") + report.interruption.map_or("", by);
            match report.interrupted_at {
                Some(at) => format!("{word} at {at} us: what follows is what had come by then; nothing is proven"),
                None => format!("{word} while it was explained: there is no verdict"),
            }
        }
    }
}

/// What a deadline means where nothing effective has happened for half the time: a bounded wait is under way, or the search for
/// a recurrence, which needs some tens of rounds of a loop; both only had too little time.
fn since(scenario: &Scenario, report: &RunReport) -> String {
    if !sim::PROOFS || report.sim_time.as_ps() > scenario.limit_ps / 2 {
        return String::new();
    }
    format!(" (nothing effective since {} us: a longer `limit_us` may decide it)", report.sim_time)
}

/// What a run was ended by, where nobody did it.
const fn by(why: Interruption) -> &'static str {
    match why {
        Interruption::Flag => "",
        Interruption::Operations => " by the budget of operations",
        Interruption::Events => " by the budget of events",
    }
}

/// What becomes of the crash path after the goal, where the capture kernel is never ready.
fn after(report: &RunReport, paper: Paper) -> String {
    let Some(crash) = report.crash.as_ref().filter(|_| report.capture.is_none()) else { return String::new() };
    let who = if report.hand_over().is_some() { "the capture kernel" } else { "the crash path" };
    match report.hangs_after_goal() {
        Some(spin) => {
            let word = paper.paint(Ink::Bad, "HANGS");
            format!("; then {who} {word}: CPU{} spins for ever since {} us in {}", crash.cpu, spin.since, spin.at)
        }
        None => format!("; {who} is not through by the end of the run"),
    }
}
