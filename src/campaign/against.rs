//! Two results compared: by how much percentiles differ, and the first run that came out otherwise.
//!
//! Of another version, or of another grid: machines are compared that are called the same, and runs that have one row number, machine
//! and seed.

use super::lines::{Line, next_line};
use super::summary::{MACHINE_KEYS, Summary, shown};
use crate::failure::Failure;
use crate::measure::{Change, changes};
use crate::scenario::diagnostic::InputError;
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The percentiles that are compared, in thousandths.
pub(super) const COMPARED: [u64; 3] = [500, 990, 999];

/// The first run that came out otherwise.
#[derive(Debug, Clone)]
pub(super) struct Otherwise {
    pub(super) row: u64,
    pub(super) now: Value,
    pub(super) then: Value,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Machines that both have, with what lies between them.
    pub(super) machines: Vec<(Vec<String>, Vec<Change>)>,
    /// Machines that one of them has.
    pub(super) lonely: usize,
    /// Can the digests of both be compared?
    pub(super) same_digests: bool,
    /// Runs that both have.
    pub(super) compared: u64,
    /// Runs that came out otherwise.
    pub(super) otherwise: u64,
    pub(super) first: Option<Otherwise>,
}

/// Compares the result `now` with the older one.
///
/// # Errors
/// One of them cannot be read.
pub(crate) fn against(now: (&Summary, &Path), then: (&Summary, &Path)) -> Result<Difference, Failure> {
    let same_digests = now.0.header["digest_version"] == then.0.header["digest_version"];
    let mut difference = Difference { same_digests, ..Difference::default() };
    for machine in &now.0.machines {
        match then.0.machines.iter().find(|other| other.names == machine.names) {
            Some(other) => {
                let changes = changes(&COMPARED, &machine.time, &other.time);
                difference.machines.push((machine.names.clone(), changes));
            }
            None => difference.lonely += 1,
        }
    }
    difference.lonely += then.0.machines.len() - difference.machines.len();
    let (mut ours, mut theirs) = (Rows::open(now.1)?, Rows::open(then.1)?);
    let (mut here, mut there) = (ours.next()?, theirs.next()?);
    while let (Some((row, now)), Some((other, then))) = (&here, &there) {
        if row == other {
            difference.run(*row, now, then);
        }
        let (row, other) = (*row, *other);
        if row <= other {
            here = ours.next()?;
        }
        if other <= row {
            there = theirs.next()?;
        }
    }
    Ok(difference)
}

impl Difference {
    fn run(&mut self, row: u64, now: &Value, then: &Value) {
        let same = |key: &str| shown(&now[key]) == shown(&then[key]);
        if !MACHINE_KEYS.iter().chain(&["seed"]).all(|key| same(key)) {
            return;
        }
        self.compared += 1;
        // Digests of two versions say nothing about each other.
        let compared = ["verdict", "cause", "sim_time_us", "digest"];
        if !compared.iter().take(if self.same_digests { 4 } else { 3 }).all(|key| same(key)) {
            self.otherwise += 1;
            self.first.get_or_insert_with(|| Otherwise { row, now: now.clone(), then: then.clone() });
        }
    }
}

/// The rows of a result, one by one.
struct Rows<'p> {
    reader: BufReader<File>,
    path: &'p Path,
    line: String,
}

impl<'p> Rows<'p> {
    fn open(path: &'p Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| failed(path, &error))?;
        Ok(Self { reader: BufReader::with_capacity(1 << 16, file), path, line: String::new() })
    }

    fn next(&mut self) -> Result<Option<(u64, Value)>, Failure> {
        while next_line(&mut self.reader, &mut self.line).map_err(|error| failed(self.path, &error))? {
            if let Some(Line::Row(number)) = Line::of(&self.line) {
                let value = serde_json::from_str(&self.line).map_err(|error| failed(self.path, &error))?;
                return Ok(Some((number, value)));
            }
        }
        Ok(None)
    }
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    InputError::host(format!("cannot read `{}`: {error}", path.display())).into()
}
