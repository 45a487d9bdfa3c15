//! A measurement as a file, to compare later ones with: one JSON document a line, in the order in which they come about.
//!
//! The first line says what was measured; then what came of the runs, some at once; then a line a figure; and the last one says that it is
//! whole. It takes its name when it is.

use super::distribution::Kept;
use super::ran::{AXES, MachineName, Piece};
use super::runs::{Measurement, Measuring};
use crate::failure::Failure;
use crate::judgement::Verdict;
use crate::scenario::named::Named;
use serde_json::{Value, json};
use sim::Outcome;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What lines of results say, of campaigns and of measurements: the keys, the words, how causes and places are told. It goes up with any
/// change by which the same run gives another line, but for the digest, which has a version of its own, and for new keys of the first line.
pub(crate) const RESULT_VERSION: u32 = 2;

pub(super) const HEADER: &str = "apicsim.measurement/1";
pub(super) const RUNS: &str = "apicsim.measurement-runs/1";
pub(super) const FIGURE: &str = "apicsim.measurement-figure/1";
pub(super) const END: &str = "apicsim.measurement-end/1";

/// The letter of a verdict.
const fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Completed => 'c',
        Verdict::Hung => 'h',
        Verdict::Deadline | Verdict::Interrupted => 'd',
    }
}

/// The verdict of a letter.
pub(super) const fn of_letter(letter: u8) -> Option<Verdict> {
    match letter {
        b'c' => Some(Verdict::Completed),
        b'h' => Some(Verdict::Hung),
        b'd' => Some(Verdict::Deadline),
        _ => None,
    }
}

/// A file that is written.
#[derive(Debug)]
pub(crate) struct MeasurementFile {
    file: BufWriter<File>,
    path: PathBuf,
    /// What it is called until it is whole; a device has no other name.
    part: Option<PathBuf>,
    runs: u64,
}

impl MeasurementFile {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn create(path: &Path, measuring: &Measuring) -> Result<Self, Failure> {
        let special = std::fs::metadata(path).is_ok_and(|there| !there.is_file());
        let shown = path.display().to_string();
        let part = (!special).then(|| PathBuf::from(format!("{shown}.{}.part", std::process::id())));
        let file = File::create(part.as_deref().unwrap_or(path)).map_err(|error| Failure::writing(&shown, error))?;
        let file = BufWriter::with_capacity(1 << 16, file);
        let mut result = Self { file, path: path.to_owned(), part, runs: 0 };
        let seeds = measuring.seeds();
        result.line(&json!({
            "schema": HEADER,
            "result_version": RESULT_VERSION,
            "digest_version": Outcome::DIGEST_VERSION,
            "version": env!("CARGO_PKG_VERSION"),
            "scenario": measuring.scenario(),
            "seeds": [seeds.start.to_string(), seeds.end.to_string()],
            "machines": measuring.machines().iter().map(machine).collect::<Vec<_>>(),
        }))?;
        Ok(result)
    }

    /// What came of the next runs.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn take(&mut self, piece: &Piece) -> Result<(), Failure> {
        self.runs += piece.runs.len() as u64;
        self.line(&json!({
            "schema": RUNS,
            "machine": piece.machine,
            "seed": piece.first.to_string(),
            "verdicts": piece.runs.iter().map(|ran| letter(ran.verdict)).collect::<String>(),
            "digests": piece.runs.iter().map(|ran| format!("{:016x}", ran.digest)).collect::<String>(),
        }))
    }

    /// It is whole: what was measured.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn finish(mut self, measurement: &Measurement) -> Result<(), Failure> {
        for (number, cell) in measurement.cells.iter().enumerate() {
            for figure in &cell.figures {
                let Kept { buckets, least, most, never, unfinished } = figure.distribution.kept();
                self.line(&json!({
                    "schema": FIGURE,
                    "machine": number,
                    "what": figure.what.name(),
                    "site": figure.site,
                    "never": never,
                    "unfinished": unfinished,
                    "min_ps": least.min(most),
                    "max_ps": most,
                    "buckets_ps": buckets,
                }))?;
            }
        }
        self.line(&json!({ "schema": END, "runs": self.runs }))?;
        let written = self.file.flush().and_then(|()| match self.part.take() {
            Some(part) => std::fs::rename(part, &self.path),
            None => Ok(()),
        });
        written.map_err(|error| self.failed(error))
    }

    fn line(&mut self, value: &Value) -> Result<(), Failure> {
        writeln!(self.file, "{value}").map_err(|error| self.failed(error))
    }

    fn failed(&self, error: std::io::Error) -> Failure {
        Failure::writing(&self.path.display().to_string(), error)
    }
}

impl Drop for MeasurementFile {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            let _nothing_of_it_stays = std::fs::remove_file(part);
        }
    }
}

fn machine(name: &MachineName) -> Value {
    let mut machine = json!({});
    for (key, value) in AXES.iter().zip(&name.axes) {
        machine[*key] = value.as_str().into();
    }
    machine["token"] = json!(name.token);
    machine
}
