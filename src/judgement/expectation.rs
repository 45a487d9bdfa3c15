//! Does a run come out as its scenario expects, and if not, in what does it differ?

use super::run_report::{RunReport, Verdict};
use super::unmet::{Finding, Unmet};
use crate::scenario::{ExpectedProof, ExpectedVerdict, Scenario};
use sim::Proof;

/// The keys that do not hold; none where the scenario expects nothing.
pub(super) fn expectation(scenario: &Scenario, report: &RunReport) -> Option<Vec<Unmet>> {
    let expected = scenario.expectation.as_ref()?;
    let name = |name: &str| Finding::Name(name.to_owned());
    let verdict = match expected.verdict {
        ExpectedVerdict::Completed => Verdict::Completed,
        ExpectedVerdict::Hung => Verdict::Hung,
        ExpectedVerdict::Any => return None,
    };
    let wanted_proof = expected.proof.map(|wanted| match wanted {
        ExpectedProof::Quiescent => name("quiescent"),
        ExpectedProof::Recurrence => name("recurrence"),
    });
    let proof = report.proof.map_or(Finding::None, |proof| match proof {
        Proof::Quiescent => name("quiescent"),
        Proof::Recurrence => name("recurrence"),
    });
    let hang_at = report.hang.as_ref().and_then(|hang| hang.at.split(' ').next()).map_or(Finding::None, name);
    let keys = [
        ("verdict", Some(name(verdict.name())), name(report.verdict.name())),
        ("proof", wanted_proof, proof),
        ("timeouts", expected.timeouts.map(Finding::Count), Finding::Count(report.timeouts)),
        ("stopped", expected.stopped.map(Finding::Count), Finding::Count(report.stopped)),
        ("hang_at", expected.hang_at.as_deref().map(name), hang_at),
        ("started", expected.started.map(Finding::Count), Finding::Count(report.started)),
        ("capture", expected.capture.map(Finding::Flag), Finding::Flag(report.capture.is_some())),
    ];
    let unmet = keys.into_iter().filter_map(|(key, expected, found)| {
        let expected = expected?;
        (expected != found).then_some(Unmet { key, expected, found })
    });
    Some(unmet.collect())
}
