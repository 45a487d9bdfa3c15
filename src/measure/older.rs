//! An older measurement, read from its file: its figures, and run by run what came of it.
//!
//! In memory are the figures, and where in the file the runs of each machine begin.

use super::distribution::{Distribution, Kept};
use super::ran::{AXES, MachineName, Ran};
use super::result_file::{END, FIGURE, HEADER, RESULT_VERSION, RUNS, of_letter};
use super::what::Measured;
use crate::failure::Failure;
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::by_name;
use serde_json::Value;
use sim::Outcome;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A figure of an older measurement.
#[derive(Debug)]
pub(super) struct OlderFigure {
    pub(super) machine: usize,
    pub(super) what: Measured,
    pub(super) site: String,
    pub(super) distribution: Distribution,
}

/// An older measurement.
#[derive(Debug)]
pub(crate) struct Older {
    path: PathBuf,
    pub(super) scenario: String,
    pub(super) version: String,
    pub(super) seeds: Range<u64>,
    /// Can its digests be compared with ours?
    pub(super) same_digests: bool,
    pub(super) machines: Vec<MachineName>,
    pub(super) figures: Vec<OlderFigure>,
    /// Where the runs of each machine begin, in bytes.
    begins: Vec<Option<u64>>,
    reader: BufReader<File>,
    /// The runs that were read last: of which machine, from which seed.
    last: Option<(usize, u64, Vec<Ran>)>,
}

impl Older {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be read, or is no whole measurement of a version that this program knows.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let mut lines = Lines { reader: BufReader::with_capacity(1 << 16, file), path, number: 0, at: 0 };
        let Some((_, first)) = lines.next()? else { return Err(lines.wrong("no measurement: nothing is in it")) };
        if first["schema"] != HEADER {
            return Err(lines.wrong("no measurement begins so"));
        }
        let theirs = &first["result_version"];
        if *theirs != RESULT_VERSION {
            let what = format!("it is of another version of results: {theirs} there, {RESULT_VERSION} here");
            return Err(lines.wrong(&what));
        }
        let (machines, seeds) =
            machines(&first).zip(seeds(&first)).ok_or_else(|| lines.wrong("no head of a measurement"))?;
        let mut begins = vec![None; machines.len()];
        let mut figures = Vec::new();
        let mut whole = false;
        while let Some((at, line)) = lines.next()? {
            let machine =
                number(&line["machine"]).map(|number| number as usize).filter(|machine| *machine < machines.len());
            match (line["schema"].as_str(), machine) {
                (Some(RUNS), Some(machine)) if runs(&line).is_some() => _ = begins[machine].get_or_insert(at),
                (Some(FIGURE), Some(machine)) => {
                    figures.push(figure(machine, &line).ok_or_else(|| lines.wrong("no figure of a measurement"))?);
                }
                (Some(END), _) => whole = true,
                _ => return Err(lines.wrong("no line of a measurement")),
            }
        }
        if !whole {
            return Err(lines.wrong("the measurement is cut off here"));
        }
        let text = |key: &str| first[key].as_str().unwrap_or("?").to_owned();
        Ok(Self {
            scenario: text("scenario"),
            version: text("version"),
            seeds,
            same_digests: first["digest_version"] == Outcome::DIGEST_VERSION,
            machines,
            figures,
            begins,
            reader: lines.reader,
            path: path.to_owned(),
            last: None,
        })
    }

    /// What came of a run; none: it is not there. Runs are asked for in the order of machines, of each in that of seeds, or it is read
    /// again.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub(super) fn ran(&mut self, machine: usize, seed: u64) -> Result<Option<Ran>, Failure> {
        if !self.seeds.contains(&seed) {
            return Ok(None);
        }
        if self.last.as_ref().is_none_or(|(of, first, _)| *of != machine || seed < *first) {
            let Some(at) = self.begins[machine] else { return Ok(None) };
            self.reader.seek(SeekFrom::Start(at)).map_err(|error| unreadable(&self.path, &error))?;
            self.last = None;
        }
        loop {
            if let Some((_, first, runs)) = &self.last
                && let Some(ran) = runs.get((seed - first) as usize)
            {
                return Ok(Some(*ran));
            }
            let mut line = String::new();
            self.reader.read_line(&mut line).map_err(|error| unreadable(&self.path, &error))?;
            let read = serde_json::from_str::<Value>(&line).ok().and_then(|line| runs(&line));
            match read {
                Some((of, first, runs)) if of == machine && first <= seed => self.last = Some((of, first, runs)),
                _ => return Ok(None),
            }
        }
    }
}

/// The lines of a file, each with the place of its first byte.
struct Lines<'p> {
    reader: BufReader<File>,
    path: &'p Path,
    number: u64,
    at: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<(u64, Value)>, Failure> {
        let mut line = String::new();
        let length = self.reader.read_line(&mut line).map_err(|error| unreadable(self.path, &error))?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        let value = serde_json::from_str(&line).ok().filter(|_| line.ends_with('\n'));
        let value = value.ok_or_else(|| self.wrong("no whole line of JSON"))?;
        self.at += length as u64;
        Ok(Some((self.at - length as u64, value)))
    }

    fn wrong(&self, what: &str) -> Failure {
        InputError::new(format!("`{}`, line {}: {what}", self.path.display(), self.number.max(1)))
            .help(
                "`apicsim measure SCENARIO --out FILE` writes what --against takes; each version reads its own results",
            )
            .into()
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot read `{}`: {error}", path.display());
    match error.kind() {
        io::ErrorKind::InvalidData => InputError::new(message).into(),
        _ => InputError::host(message).into(),
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok())
}

fn seeds(first: &Value) -> Option<Range<u64>> {
    Some(number(&first["seeds"][0])?..number(&first["seeds"][1])?)
}

fn machines(first: &Value) -> Option<Vec<MachineName>> {
    let machine = |value: &Value| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let [arch, variant, release, bus, load] = AXES.map(|axis| text(&value[axis]));
        let token = [text(&value["token"][0])?, text(&value["token"][1])?];
        Some(MachineName { axes: [arch?, variant?, release?, bus?, load?], token })
    };
    first["machines"].as_array()?.iter().map(machine).collect()
}

fn figure(machine: usize, line: &Value) -> Option<OlderFigure> {
    let bucket = |bucket: &Value| Some((bucket[0].as_u64()?, bucket[1].as_u64()?));
    let buckets = line["buckets_ps"].as_array()?.iter().map(bucket).collect::<Option<Vec<_>>>()?;
    let [least, most, never, unfinished] = ["min_ps", "max_ps", "never", "unfinished"].map(|key| line[key].as_u64());
    let kept = Kept { buckets, least: least?, most: most?, never: never?, unfinished: unfinished? };
    let (what, site) = (by_name(line["what"].as_str()?).ok()?, line["site"].as_str()?.to_owned());
    Some(OlderFigure { machine, what, site, distribution: Distribution::of_kept(&kept)? })
}

/// The machine, the first seed, and what came of its runs.
fn runs(line: &Value) -> Option<(usize, u64, Vec<Ran>)> {
    let (machine, first) = (line["machine"].as_u64()? as usize, number(&line["seed"])?);
    let (verdicts, digests) = (line["verdicts"].as_str()?, line["digests"].as_str()?);
    if line["schema"] != RUNS || digests.len() != 16 * verdicts.len() {
        return None;
    }
    let ran = |(at, letter): (usize, u8)| {
        let digest = u64::from_str_radix(digests.get(at * 16..at * 16 + 16)?, 16).ok()?;
        Some(Ran { digest, verdict: of_letter(letter)? })
    };
    Some((machine, first, verdicts.bytes().enumerate().map(ran).collect::<Option<Vec<_>>>()?))
}
