//! Does a run come out as its scenario expects?

use super::run_report::{RunReport, Verdict};
use crate::scenario::{ExpectedProof, ExpectedVerdict, Scenario};
use sim::Proof;

/// None where the scenario expects nothing.
pub(super) fn expectation(scenario: &Scenario, report: &RunReport) -> Option<bool> {
    let expected = scenario.expectation.as_ref()?;
    let verdict = match expected.verdict {
        ExpectedVerdict::Completed => Verdict::Completed,
        ExpectedVerdict::Hung => Verdict::Hung,
        ExpectedVerdict::Any => return None,
    };
    let proof = |wanted: ExpectedProof| match wanted {
        ExpectedProof::Quiescent => report.proof == Some(Proof::Quiescent),
        ExpectedProof::Recurrence => report.proof == Some(Proof::Recurrence),
    };
    let hang_at =
        |wanted: &String| report.hang.as_ref().is_some_and(|hang| hang.at.split(' ').next() == Some(wanted.as_str()));
    Some(
        report.verdict == verdict
            && expected.proof.is_none_or(proof)
            && expected.timeouts.is_none_or(|wanted| wanted == report.timeouts)
            && expected.stopped.is_none_or(|wanted| wanted == report.stopped)
            && expected.hang_at.as_ref().is_none_or(hang_at)
            && expected.started.is_none_or(|wanted| wanted == report.started)
            && expected.capture.is_none_or(|wanted| wanted == report.capture.is_some()),
    )
}
