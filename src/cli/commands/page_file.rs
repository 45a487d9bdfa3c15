//! `--html`: the page of a run, written when the run is over; with `--compare` also of a second one.

use crate::failure::Failure;
use crate::judgement::RunReport;
use crate::page::{Document, Recording, document, html};
use crate::run::{Settings, run_observed};
use crate::scenario::Scenario;
use sim::{Batch, Observer, Outcome};
use std::path::{Path, PathBuf};

/// A page that is to be written.
#[derive(Debug)]
pub(super) struct PageFile {
    path: PathBuf,
    recording: Recording,
}

impl Observer for PageFile {
    fn take(&mut self, batch: &Batch<'_>) {
        self.recording.take(batch);
    }
}

impl PageFile {
    /// Of a run of `scenario` that is to begin.
    pub(super) fn new(path: &Path, scenario: &Scenario) -> Self {
        Self { path: path.to_owned(), recording: Recording::of(scenario) }
    }

    /// The run is over; `other`: the one to compare with, which runs now. What was written is said.
    ///
    /// # Errors
    /// The other run fails, or the file cannot be written.
    pub(super) fn finish(
        self,
        scenario: &Scenario,
        (report, outcome): (&RunReport, &Outcome),
        other: Option<(Scenario, u64)>,
        settings: &Settings,
    ) -> Result<String, Failure> {
        let run = document(scenario, report, outcome, self.recording, &command(report));
        let other = other.map(|(scenario, seed)| compared(&scenario, seed, settings)).transpose()?;
        let machine = &scenario.machine;
        let title = format!("{} on {}, {} - apicsim", scenario.name, machine.arch, machine.variant);
        let page = html(&title, &run, other.as_ref());
        let path = self.path.display().to_string();
        std::fs::write(&self.path, page).map_err(|error| Failure::writing(&path, error))?;
        let compared = other.map(|other| format!(", and {} of the run beside it", other.events())).unwrap_or_default();
        Ok(format!("{path} ({} events{compared})", run.events()))
    }
}

fn compared(scenario: &Scenario, seed: u64, settings: &Settings) -> Result<Document, Failure> {
    let mut settings = settings.clone();
    settings.choices.seed = seed;
    let mut recording = Recording::of(scenario);
    let (report, outcome) = run_observed(scenario, &settings, &mut recording)?;
    Ok(document(scenario, &report, &outcome, recording, &command(&report)))
}

/// What runs it again.
fn command(report: &RunReport) -> String {
    format!("apicsim replay {}", report.token)
}
