//! The waits of a run as lines of text: each of a few, and of many how many there were, the longest and those without end.

use crate::judgement::RunReport;
use crate::judgement::waits::{WaitReport, WaitSummary};
use crate::scenario::counted;

/// Which waits a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Those that [`lines`] names.
    Notable,
    /// None, because all so many have been printed already.
    Before(u64),
    /// None.
    Nothing,
}

impl Shown {
    pub(super) fn lines(self, report: &RunReport) -> Vec<String> {
        match self {
            Self::Notable => lines(report),
            Self::Before(0) | Self::Nothing => Vec::new(),
            Self::Before(count) => vec![format!("{}, each of them above", counted(count, "wait"))],
        }
    }
}

/// Summaries that are printed.
const SUMMARIES: usize = 20;

/// The lines of all waits of `report`: less than a hundred.
fn lines(report: &RunReport) -> Vec<String> {
    let notable = report.notable_waits();
    if notable.len() as u64 == report.waits_total {
        return notable.into_iter().map(wait_line).collect();
    }
    let mut lines = Vec::new();
    for summary in report.wait_summaries.iter().take(SUMMARIES) {
        lines.push(summary_line(summary));
        lines.extend(summary.longest.first().map(|wait| format!("  longest  {}", wait_line(wait))));
    }
    if let Some(left) = report.wait_summaries.len().checked_sub(SUMMARIES).filter(|&left| left > 0) {
        lines.push(format!("and {left} more such groups"));
    }
    let endless = report.waits.iter().filter(|wait| wait.took.is_none());
    lines.extend(endless.take(SUMMARIES).map(wait_line));
    lines
}

fn summary_line(summary: &WaitSummary) -> String {
    let WaitSummary { cpu, at, outcome, count, took, first, last, .. } = summary;
    let (first, last) = (first.start, last.start);
    format!("CPU{cpu}: {count} x {outcome}, {took} us in all, from {first} us to {last} us: {at}")
}

/// One wait.
pub(crate) fn wait_line(wait: &WaitReport) -> String {
    let WaitReport { cpu, at, start, outcome, .. } = wait;
    match (wait.reads, wait.delays, wait.took) {
        (Some(reads), Some(delays), Some(took)) => {
            let (reads, delays) = (counted(reads, "read"), counted(delays, "delay"));
            format!("CPU{cpu} at {start} us: {outcome} after {took} us, {reads}, {delays}: {at}")
        }
        _ => format!("CPU{cpu} at {start} us: {outcome}: {at}"),
    }
}
