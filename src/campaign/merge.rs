//! `campaign merge`: the rows of several results as one, each once, in the order of their numbers.
//!
//! What comes out depends on the set of rows alone: so it does not matter how they were cut, in which order files are named, or
//! whether some of them were put together before. In memory is where each row stands, and not the rows.

use super::lines::{self, Line, next_line, without_version};
use super::result_file::lock;
use crate::failure::Failure;
use crate::scenario::diagnostic::InputError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What has been put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Merged {
    /// Rows that are there.
    pub(crate) rows: u64,
    /// Rows that the campaign has.
    pub(crate) of: u64,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    row: u64,
    file: usize,
    at: u64,
    length: u64,
}

/// All that is in the files.
#[derive(Debug, Default)]
struct Pile {
    header: Option<(String, PathBuf)>,
    spots: Vec<Spot>,
    /// The lines that explain hashes.
    explained: BTreeMap<String, String>,
}

/// Puts results together into `out`, which may be one of them: it is written anew, and takes its place when it is whole.
///
/// # Errors
/// They are of several campaigns, or say different things of one row; or the host's.
pub(crate) fn merge(paths: &[PathBuf], out: &Path) -> Result<Merged, Failure> {
    let mut pile = Pile::default();
    for (number, path) in paths.iter().enumerate() {
        pile.read(number, path)?;
    }
    let Some((header, _)) = &pile.header else {
        return Err(InputError::new("there is nothing to put together: no file has the header of a campaign")
            .help("a result begins with one: apicsim campaign FILE --out RESULT writes it")
            .into());
    };
    let runs = serde_json::from_str::<Value>(header).ok().and_then(|header| header["runs"].as_u64()).unwrap_or(0);
    pile.spots.sort_unstable();
    // Who writes it would go on writing what nobody finds any more.
    let held = File::open(out).ok().filter(|there| there.metadata().is_ok_and(|there| there.is_file()));
    held.as_ref().map_or(Ok(()), |there| lock(there, out))?;
    let special = std::fs::metadata(out).is_ok_and(|there| !there.is_file());
    let shown = out.display().to_string();
    let target = if special { out.to_owned() } else { PathBuf::from(format!("{shown}.{}.part", std::process::id())) };
    let write = |error| Failure::writing(&shown, error);
    let rows = File::create(&target).map_err(write).and_then(|file| {
        let mut file = BufWriter::with_capacity(1 << 16, file);
        let rows = pile.write(paths, &mut file)?;
        file.flush().map_err(write)?;
        Ok(rows)
    });
    let renamed = rows.and_then(|rows| match special {
        true => Ok(rows),
        false => std::fs::rename(&target, out).map_err(write).map(|()| rows),
    });
    if renamed.is_err() && !special {
        let _nothing_of_it_stays = std::fs::remove_file(&target);
    }
    Ok(Merged { rows: renamed?, of: runs })
}

impl Pile {
    /// Finds the lines of a file.
    fn read(&mut self, number: usize, path: &Path) -> Result<(), Failure> {
        let shown = path.display().to_string();
        let host = |error: io::Error| Failure::from(InputError::host(format!("cannot read `{shown}`: {error}")));
        let wrong = |line: u64, what: &str| -> Failure {
            let help = "each line is one that a campaign wrote; the last one may be cut off";
            InputError::new(format!("`{shown}`, line {line}: {what}")).help(help).into()
        };
        let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(host)?);
        let (mut line, mut at, mut count) = (String::new(), 0, 0);
        while next_line(&mut reader, &mut line).map_err(host)? {
            count += 1;
            let length = line.len() as u64;
            match Line::of(&line) {
                Some(Line::Header) => self.header(&line, path)?,
                _ if count == 1 => return Err(wrong(1, "no header of a campaign")),
                Some(Line::Row(row)) => self.spots.push(Spot { row, file: number, at, length }),
                Some(Line::Reached(id)) => match self.explained.get(id) {
                    Some(known) if *known != line => {
                        return Err(wrong(count, "it explains a hash otherwise than another line"));
                    }
                    Some(_) => {}
                    None => _ = self.explained.insert(id.to_owned(), line.clone()),
                },
                None => return Err(wrong(count, "no line of a campaign")),
            }
            at += length + 1;
        }
        Ok(())
    }

    fn header(&mut self, line: &str, path: &Path) -> Result<(), Failure> {
        let Some((header, first)) = &self.header else {
            self.header = Some((line.to_owned(), path.to_owned()));
            return Ok(());
        };
        match lines::differs(header, line) {
            // Of two versions of the program: the order of files must not decide.
            None if line < header.as_str() => {
                self.header = Some((line.to_owned(), path.to_owned()));
                Ok(())
            }
            None => Ok(()),
            Some(why) => {
                let message = format!("`{}` and `{}` are not of one campaign: {why}", first.display(), path.display());
                Err(InputError::new(message)
                    .help("only results of one grid, one version of results and one of the digest are put together")
                    .into())
            }
        }
    }

    /// Writes all of it; how many rows there are.
    fn write(&self, paths: &[PathBuf], out: &mut impl Write) -> Result<u64, Failure> {
        let write = |error| Failure::writing("the result", error);
        let mut readers = Vec::new();
        for path in paths {
            let file = File::open(path).map_err(|error| read_error(path, &error))?;
            readers.push(Reader { file: BufReader::with_capacity(1 << 16, file), at: 0 });
        }
        let (header, _) = self.header.as_ref().expect("it was asked for");
        writeln!(out, "{header}").map_err(write)?;
        let mut explained: BTreeSet<&str> = BTreeSet::new();
        let mut rows = 0;
        for spots in self.spots.chunk_by(|one, other| one.row == other.row) {
            let mut text = String::new();
            for spot in spots {
                let other = readers[spot.file].line(spot).map_err(|error| read_error(&paths[spot.file], &error))?;
                if text.is_empty() || other == text {
                    text = other;
                } else if without_version(&other) != without_version(&text) {
                    return Err(differ(spot.row, &paths[spot.file]));
                } else {
                    text = text.min(other); // of two versions of the program
                }
            }
            let id = reached(&text).and_then(|id| self.explained.get_key_value(id));
            if let Some((id, line)) = id.filter(|(id, _)| !explained.contains(id.as_str())) {
                explained.insert(id);
                writeln!(out, "{line}").map_err(write)?;
            }
            writeln!(out, "{text}").map_err(write)?;
            rows += 1;
        }
        Ok(rows)
    }
}

/// The hash of what a row reached.
pub(super) fn reached(row: &str) -> Option<&str> {
    row.rsplit_once("\"reached\":\"")?.1.split('"').next()
}

fn read_error(path: &Path, error: &io::Error) -> Failure {
    InputError::host(format!("cannot read `{}`: {error}", path.display())).into()
}

fn differ(row: u64, path: &Path) -> Failure {
    InputError::new(format!("two files say different things of row {row}; `{}` is one of them", path.display()))
        .help("a row is what its token replays: run that, and drop the file that is wrong")
        .into()
}

/// A file that is read from wherever the next row is.
struct Reader {
    file: BufReader<File>,
    at: u64,
}

impl Reader {
    fn line(&mut self, spot: &Spot) -> io::Result<String> {
        match i64::try_from(i128::from(spot.at) - i128::from(self.at)) {
            Ok(way) => self.file.seek_relative(way)?,
            Err(_) => _ = self.file.seek(SeekFrom::Start(spot.at))?,
        }
        let mut text = String::new();
        self.file.by_ref().take(spot.length).read_to_string(&mut text)?;
        self.at = spot.at + spot.length;
        Ok(text)
    }
}

/// Reads a result line by line: what it takes, and where the line stands.
///
/// # Errors
/// The host's; and those of `take`.
pub(super) fn for_each_line(path: &Path, mut take: impl FnMut(u64, &str) -> Result<(), String>) -> Result<(), Failure> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(|error| read_error(path, &error))?);
    let (mut line, mut number) = (String::new(), 0);
    while next_line(&mut reader, &mut line).map_err(|error| read_error(path, &error))? {
        number += 1;
        take(number, &line).map_err(|what| {
            let message = format!("`{}`, line {number}: {what}", path.display());
            Failure::from(
                InputError::new(message).help("it takes a result of `apicsim campaign`, or of `campaign merge`"),
            )
        })?;
    }
    debug_assert!(reader.fill_buf().is_ok_and(<[u8]>::is_empty));
    Ok(())
}
