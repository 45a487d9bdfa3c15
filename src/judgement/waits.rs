//! The waits of a run for an ICR: those that ended, and those that never do.

use super::source_lines;
use kernel_model::{Wait, WaitOutcome};
use sim::{Duration, Ending, Outcome, Time, WaitRecord};
use std::panic::Location;

/// One wait for the ICR.
#[derive(Debug, Clone)]
pub struct WaitReport {
    /// CPU.
    pub cpu: u16,
    /// `function (file:line)`.
    pub at: String,
    /// Its line.
    pub site: &'static Location<'static>,
    /// When it began.
    pub start: Time,
    /// Reads of the ICR; none where endless.
    pub reads: Option<u64>,
    /// Delays; none where endless.
    pub delays: Option<u64>,
    /// `idle`, `timeout` or `hung`.
    pub outcome: &'static str,
    /// How long it took; none where endless.
    pub took: Option<Duration>,
}

/// In the order of their start.
pub(crate) fn waits(outcome: &Outcome) -> Vec<WaitReport> {
    let is_icr = |code: u32| code == Wait::IcrIdle as u32;
    let ended = outcome.waits.iter().filter(|record| is_icr(record.wait.code)).map(ended_wait);
    let proven = matches!(outcome.ending, Ending::Proven(_));
    let open = outcome.cpus.iter().flat_map(|cpu| cpu.waits.iter().map(move |wait| (cpu, wait)));
    let open = open.filter(|(cpu, wait)| is_icr(wait.code) && proven && cpu.period.is_some()).map(|(cpu, wait)| {
        let at = source_lines::describe(wait.site);
        let (site, start) = (wait.site, wait.since);
        WaitReport { cpu: cpu.cpu, at, site, start, reads: None, delays: None, outcome: "hung", took: None }
    });
    let mut waits: Vec<WaitReport> = ended.chain(open).collect();
    waits.sort_by_key(|wait| (wait.start, wait.cpu));
    waits
}

fn ended_wait(record: &WaitRecord) -> WaitReport {
    WaitReport {
        cpu: record.cpu,
        at: source_lines::describe(record.wait.site),
        site: record.wait.site,
        start: record.wait.since,
        reads: Some(record.wait.reads),
        delays: Some(record.wait.delays),
        outcome: if record.outcome == WaitOutcome::TimedOut as u32 { "timeout" } else { "idle" },
        took: Some(record.end.since(record.wait.since)),
    }
}
