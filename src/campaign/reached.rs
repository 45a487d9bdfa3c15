//! What a run ever reached: fates of messages, refusals on the bus, lines of software, the mechanism of a hang.
//!
//! A set of names, not how often. Rows name it by a hash, because many runs reach the same. Not told: which CPU reached it.

use crate::judgement::fates::Fates;
use crate::judgement::{Filter, RunReport, source_lines};
use crate::scenario::Scenario;
use crate::scenario::named::Named;
use sim::bus::AttemptOutcome;
use sim::{Batch, Interest, Observer, Outcome, Site, What};
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::Hasher;

/// Observes a run.
#[derive(Debug)]
pub(super) struct Reached {
    fates: Fates,
    sites: Vec<Site>,
    refusals: [bool; 3],
    /// Effective events.
    pub(super) events: u64,
}

/// What is reached, and what it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReachedSet {
    pub(super) id: String,
    pub(super) names: Vec<String>,
}

/// The names of lines, which are looked up in their files once for many runs.
#[derive(Debug, Default)]
pub(super) struct LineNames(BTreeMap<usize, String>);

impl LineNames {
    fn of(&mut self, scenario: &Scenario, site: Site) -> String {
        let step = site.as_step().and_then(|step| scenario.programs.place(step));
        match (step, site.location()) {
            (Some(step), _) => format!("site: {step}"),
            (None, Some(line)) => {
                // A line of Rust has one address as long as the program runs.
                let name = self.0.entry(std::ptr::from_ref(line).addr());
                name.or_insert_with(|| format!("site: {}", source_lines::describe(site))).clone()
            }
            (None, None) => format!("site: {}", source_lines::describe(site)),
        }
    }
}

pub(super) const REFUSALS: [&str; 3] = ["refusal: retry", "refusal: accept error", "refusal: checksum error"];

impl Observer for Reached {
    fn interest(&self) -> Interest {
        self.fates.interest()
    }

    fn take(&mut self, batch: &Batch<'_>) {
        for told in batch.events {
            let event = &told.event;
            self.events += u64::from(!event.what.is_run());
            if let Some(site) = event.site
                && self.sites.last() != Some(&site)
                && !self.sites.contains(&site)
            {
                self.sites.push(site);
            }
            if let What::Attempts { outcome, .. } = event.what {
                self.refused(outcome);
            }
        }
        self.fates.take(batch);
    }
}

impl Reached {
    /// Before the first event of a run of `scenario`.
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self { fates: Fates::new(scenario, Filter::default()), sites: Vec::new(), refusals: [false; 3], events: 0 }
    }

    fn refused(&mut self, outcome: AttemptOutcome) {
        match outcome {
            AttemptOutcome::Accepted => {}
            AttemptOutcome::Retry => self.refusals[0] = true,
            AttemptOutcome::AcceptError => self.refusals[1] = true,
            AttemptOutcome::ChecksumError => self.refusals[2] = true,
        }
    }

    /// The run is over.
    pub(super) fn finish(self, run: (&Scenario, &Outcome, &RunReport), lines: &mut LineNames) -> ReachedSet {
        let (scenario, outcome, report) = run;
        let mut names: Vec<String> = self.sites.iter().map(|&site| lines.of(scenario, site)).collect();
        names.extend(REFUSALS.iter().zip(self.refusals).filter(|(_, seen)| *seen).map(|(name, _)| (*name).to_owned()));
        names.extend(
            self.fates
                .end(outcome)
                .totals
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(fate, _)| format!("fate: {}", fate.name())),
        );
        names.extend(
            report.hang.as_ref().and_then(|hang| hang.mechanism).map(|mechanism| format!("mechanism: {mechanism}")),
        );
        names.sort_unstable();
        names.dedup();
        let mut hasher = SipHasher13::new();
        names.iter().for_each(|name| hasher.write(format!("{name}\n").as_bytes()));
        ReachedSet { id: format!("{:016x}", hasher.finish()), names }
    }
}
