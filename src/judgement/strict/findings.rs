//! What is found: all of it counted, by rule and line, of which the first are kept.

use super::rule::Rule;
use sim::{Site, Time};

/// Rules and lines that are kept: the first.
const KEPT: usize = 100;

/// Accesses against a rule at one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rule: Rule,
    /// Of the first of them: its CPU, when, and what it was.
    pub(super) cpu: u16,
    pub(super) at: Time,
    pub(super) what: String,
    pub(super) site: Option<Site>,
    pub(super) count: u64,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    kept: Vec<Found>,
    total: u64,
}

impl Findings {
    pub(super) fn add(&mut self, found: Found) {
        self.total += found.count;
        let alike = |one: &&mut Found| one.rule == found.rule && one.site == found.site;
        if let Some(one) = self.kept.iter_mut().find(alike) {
            one.count += found.count;
        } else if self.kept.len() < KEPT {
            self.kept.push(found);
        }
    }

    /// Those of `other`, of which more were counted than kept.
    pub(super) fn absorb(&mut self, other: Self) {
        let kept: u64 = other.kept.iter().map(|found| found.count).sum();
        self.total += other.total - kept;
        other.kept.into_iter().for_each(|found| self.add(found));
    }

    /// For readers, in the order of their first instants.
    pub(super) fn report(self, place: impl Fn(Site) -> String) -> StrictReport {
        let told = |found: Found| StrictFinding {
            rule: found.rule,
            cpu: found.cpu,
            at: found.at,
            what: found.what,
            place: found.site.map_or_else(|| "by itself".to_owned(), &place),
            count: found.count,
        };
        let mut findings: Vec<StrictFinding> = self.kept.into_iter().map(told).collect();
        findings.sort_by_key(|finding| finding.at); // what is seen late only began earlier
        StrictReport { findings, total: self.total }
    }
}

/// Accesses against a rule, as a report has them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrictFinding {
    /// The rule.
    pub rule: Rule,
    /// Of the first of them: its CPU.
    pub cpu: u16,
    /// When.
    pub at: Time,
    /// What it was.
    pub what: String,
    /// The line: `function (file:line)`.
    pub place: String,
    /// How many there were.
    pub count: u64,
}

/// What a run has that is legal on its part only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrictReport {
    /// By rule and line: the first hundred.
    pub findings: Vec<StrictFinding>,
    /// How many accesses there were, those that are not kept included.
    pub total: u64,
}

impl StrictReport {
    /// Accesses at lines that are not kept.
    pub fn left_out(&self) -> u64 {
        self.total - self.findings.iter().map(|finding| finding.count).sum::<u64>()
    }
}

/// `CPU0 at 1.12 us: ... : line`.
impl std::fmt::Display for StrictFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, cpu, at, what, place, count, .. } = self;
        let times = if *count == 1 { String::new() } else { format!(", {count} times") };
        let (wrong_on, source) = (rule.wrong_on(), rule.source());
        write!(f, "CPU{cpu} at {at} us{times}: {what}; wrong on {wrong_on} ({source}): {place}")
    }
}
