//! The waits of a run for an ICR: those that ended, and those that never do.

use super::source_lines;
use super::told_waits::EndedWait;
use super::wait_log::{WaitGroup, WaitLog};
use kernel_model::{Wait, WaitOutcome};
use sim::{Duration, Ending, Outcome, Site, Time};

/// One wait for the ICR.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// let late = report.waits.iter().find(|wait| wait.outcome == "timeout").expect("one wait timed out");
/// assert_eq!((late.cpu, late.delays), (0, Some(1001))); // `while (timeout++ < 1000)` goes round 1001 times
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WaitReport {
    /// CPU.
    pub cpu: u16,
    /// `function (file:line)`.
    pub at: String,
    /// Its line.
    pub site: Site,
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

/// The waits of one CPU at one line that ended alike: all of them, however many there were.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// let all: u64 = report.wait_summaries.iter().map(|summary| summary.count).sum();
/// assert!(all > 0 && all <= report.waits_total);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WaitSummary {
    /// CPU.
    pub cpu: u16,
    /// `function (file:line)`.
    pub at: String,
    /// `idle` or `timeout`.
    pub outcome: &'static str,
    /// How many.
    pub count: u64,
    /// How long they took together.
    pub took: Duration,
    /// The first of them.
    pub first: WaitReport,
    /// The last of them.
    pub last: WaitReport,
    /// The longest of them, three at most, the longest first.
    pub longest: Vec<WaitReport>,
}

/// Is it one for an ICR?
pub(crate) const fn is_icr(code: u32) -> bool {
    code == Wait::IcrIdle as u32
}

/// Of all waits for an ICR that have ended, by CPU.
pub(crate) fn summaries(log: &WaitLog) -> Vec<WaitSummary> {
    let mut named = Named::default();
    log.groups().filter(|group| is_icr(group.code())).map(|group| summary(group, &mut named)).collect()
}

fn summary(group: &WaitGroup, named: &mut Named) -> WaitSummary {
    let &WaitGroup { count, took, .. } = group;
    WaitSummary {
        cpu: group.first.cpu,
        at: named.at(group.site()),
        outcome: outcome_name(group.outcome()),
        count,
        took,
        first: named.report(group.first),
        last: named.report(group.last),
        longest: group.longest.iter().map(|&wait| named.report(wait)).collect(),
    }
}

const fn outcome_name(outcome: u32) -> &'static str {
    if outcome == WaitOutcome::TimedOut as u32 { "timeout" } else { "idle" }
}

/// Those that are kept whole (the first 10 000 that ended), and those that never end, in the order of their start.
pub(crate) fn waits(log: &WaitLog, outcome: &Outcome) -> Vec<WaitReport> {
    let mut named = Named::default();
    let ended = log.first().iter().filter(|wait| is_icr(wait.code));
    let mut waits: Vec<WaitReport> = ended.map(|&wait| named.report(wait)).collect();
    let proven = matches!(outcome.ending, Ending::Proven(_));
    let open = outcome.cpus.iter().flat_map(|cpu| cpu.waits.iter().map(move |wait| (cpu, wait)));
    let open = open.filter(|(cpu, wait)| is_icr(wait.code) && proven && cpu.period.is_some());
    waits.extend(open.map(|(cpu, wait)| {
        let (at, site, start) = (named.at(wait.site), wait.site, wait.since);
        WaitReport { cpu: cpu.cpu, at, site, start, reads: None, delays: None, outcome: "hung", took: None }
    }));
    waits.sort_by_key(|wait| (wait.start, wait.cpu));
    waits
}

/// The lines that wait, as reports say them. They are few, their waits are many: each is looked up once.
#[derive(Default)]
struct Named(Vec<(Site, String)>);

impl Named {
    fn at(&mut self, site: Site) -> String {
        if let Some((_, at)) = self.0.iter().find(|(named, _)| *named == site) {
            return at.clone();
        }
        let at = source_lines::describe(site);
        self.0.push((site, at.clone()));
        at
    }

    fn report(&mut self, wait: EndedWait) -> WaitReport {
        report(wait, self.at(wait.site))
    }
}

fn report(wait: EndedWait, at: String) -> WaitReport {
    let EndedWait { cpu, site, start, reads, delays, outcome, .. } = wait;
    let (reads, delays) = (Some(reads), Some(delays));
    WaitReport { cpu, at, site, start, reads, delays, outcome: outcome_name(outcome), took: Some(wait.took()) }
}

impl From<EndedWait> for WaitReport {
    fn from(wait: EndedWait) -> Self {
        report(wait, source_lines::describe(wait.site))
    }
}
