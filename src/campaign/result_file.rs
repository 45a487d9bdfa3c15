//! The file that a campaign writes: it only grows, one that is there is gone on with, and nobody else writes it meanwhile.
//!
//! Killed at any time it has all rows that were handed to the host, and perhaps a part of one more, which is cut off when it is
//! gone on with. What the host still holds in memory when it loses its power is lost.

use super::lines::{self, Line, next_line};
use super::partition::Partition;
use super::row::Row;
use crate::failure::Failure;
use crate::scenario::diagnostic::InputError;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A result that is written.
#[derive(Debug)]
pub(crate) struct ResultFile {
    file: File,
    path: PathBuf,
    header: String,
    /// Of its partition, so many rows are there.
    rows: u64,
    /// Hashes that are explained.
    known: BTreeSet<String>,
}

impl ResultFile {
    /// Opens the file for the rows of `partition`, and finds out how many it has.
    ///
    /// # Errors
    /// It cannot be written, somebody else writes it, or it is another campaign's.
    pub(crate) fn open(path: &Path, plan: &super::Plan, partition: Partition) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let file = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = file.or_else(|error| match std::fs::metadata(path) {
            // A device or a pipe, which can perhaps not be read.
            Ok(there) if !there.is_file() && !there.is_dir() => OpenOptions::new().append(true).open(path),
            _ => Err(error),
        });
        let file = file.map_err(|error| Failure::writing(&shown, error))?;
        let regular = file.metadata().map_err(|error| Failure::writing(&shown, error))?.is_file();
        let header = lines::header(plan);
        let mut result = Self { file, path: path.to_owned(), header, rows: 0, known: BTreeSet::new() };
        if regular {
            lock(&result.file, path)?;
        }
        let length = if regular { result.resume(partition)? } else { 0 };
        if length == 0 {
            let header = format!("{}\n", result.header);
            result.write(header.as_bytes())?;
        }
        Ok(result)
    }

    /// Rows of its partition that are there.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads what is there, and cuts off what is only a part; how long it is then.
    fn resume(&mut self, partition: Partition) -> Result<u64, Failure> {
        let shown = self.path.display().to_string();
        let host = |error| Failure::Host { what: format!("cannot read {shown}"), error };
        let total = self.file.metadata().map_err(host)?.len();
        let mut reader = BufReader::with_capacity(1 << 16, &self.file);
        reader.seek(SeekFrom::Start(0)).map_err(host)?;
        let (mut line, mut at, mut good) = (String::new(), 0, 0);
        let mut open: Vec<String> = Vec::new(); // explained, and the row that needs it is not there yet
        while next_line(&mut reader, &mut line).map_err(host)? {
            at += line.len() as u64 + 1;
            if good == 0 {
                if let Some(why) = lines::differs(&self.header, &line) {
                    return Err(other_campaign(&shown, &why));
                }
                good = at;
                continue;
            }
            match Line::of(&line) {
                Some(Line::Row(number)) if number == partition.row(self.rows) => {
                    self.rows += 1;
                    self.known.extend(open.drain(..));
                    good = at;
                }
                Some(Line::Reached(id)) => open.push(id.to_owned()),
                Some(Line::Row(number)) => {
                    let right = partition.row(self.rows);
                    let help = format!(
                        "here row {right} of {partition} is next; `campaign merge` puts files together, and another --out begins anew"
                    );
                    return Err(InputError::new(format!("`{shown}` has other rows than this partition: row {number}"))
                        .help(help)
                        .into());
                }
                _ => return Err(other_campaign(&shown, "a line of it is none of a campaign's result")),
            }
        }
        let begins = good > 0 || self.header.starts_with(line.as_str());
        if !begins {
            return Err(other_campaign(&shown, "it has no header of a campaign"));
        }
        if good < total {
            self.file.set_len(good).map_err(|error| Failure::writing(&shown, error))?;
        }
        Ok(good)
    }

    /// Appends rows, which are the next ones of the partition.
    ///
    /// # Errors
    /// They cannot be written: then a part of them may be there.
    pub(super) fn append(&mut self, rows: &[Row]) -> Result<(), Failure> {
        let mut text = String::new();
        for row in rows {
            if !row.reached.names.is_empty() && self.known.insert(row.reached.id.clone()) {
                text += &row.reached.line();
                text.push('\n');
            }
            text += &row.text;
            text.push('\n');
        }
        self.write(text.as_bytes())?;
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|error| Failure::writing(&self.path.display().to_string(), error))
    }
}

/// Holds a file that is written or replaced, as long as it is open.
///
/// # Errors
/// Somebody else holds it.
#[cfg(unix)]
pub(super) fn lock(file: &File, path: &Path) -> Result<(), Failure> {
    use rustix::fs::{FlockOperation, flock};
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        let message = format!("another campaign writes `{}`", path.display());
        InputError::new(message).help("wait until it is done, or give this one another --out").into()
    })
}

#[cfg(not(unix))]
pub(super) fn lock(_: &File, _: &Path) -> Result<(), Failure> {
    Ok(())
}

fn other_campaign(shown: &str, why: &str) -> Failure {
    InputError::new(format!("`{shown}` is not a result of this campaign: {why}"))
        .help("nothing was written to it; give --out another file")
        .into()
}
