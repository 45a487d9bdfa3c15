//! The options of `apicsim campaign`.

use super::output::OUTPUT;
use crate::campaign::Partition;
use crate::scenario::diagnostic::InputError;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim campaign examples/campaign/waits.toml --out waits.ndjson
  apicsim campaign examples/campaign/waits.toml --for 90m      the same command again goes on
  apicsim campaign examples/campaign/waits.toml --partition slice:3/40
  apicsim campaign merge waits.*.ndjson --out waits.ndjson
  apicsim campaign report waits.ndjson";

/// `campaign`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Campaign {
    /// Put results together, or tell what they come to.
    #[command(subcommand)]
    pub of_results: Option<OfResults>,
    /// The grid, a TOML file.
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// The result; without it, the grid's name with .ndjson, here. One that is there is gone on with.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Only a share of the runs: slice:3/40 is the third of forty.
    #[arg(long, value_name = "slice:K/N")]
    pub partition: Option<Partition>,
    /// Begin no run after so long: 90m, 1h30m, 45s.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    pub lasts: Option<Duration>,
    /// Runs at a time; without it, as many as the host has cores. Never changes a result.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
}

/// What is done with results.
#[derive(Debug, Subcommand)]
pub(crate) enum OfResults {
    /// Put results of one campaign together: each row once, in order.
    Merge {
        /// Results, in any order.
        #[arg(value_name = "RESULT", required = true, value_hint = ValueHint::FilePath)]
        results: Vec<PathBuf>,
        /// Where to; it may be one of them.
        #[arg(long, value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        out: PathBuf,
    },
    /// Tell what a result comes to: rates, percentiles, causes, and what was ever reached.
    Report {
        /// The result.
        #[arg(value_name = "RESULT", value_hint = ValueHint::FilePath)]
        result: PathBuf,
        /// Compare with an older result: percentiles, and the first run that came out otherwise.
        #[arg(long, value_name = "RESULT", value_hint = ValueHint::FilePath)]
        against: Option<PathBuf>,
        /// Print one JSON document on standard output.
        #[arg(long, help_heading = OUTPUT)]
        json: bool,
        /// Draw cumulative distributions into this folder, a file for each scenario.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
        svg: Option<PathBuf>,
    },
}

impl Campaign {
    /// The grid's file.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn file(&self) -> Result<&PathBuf, InputError> {
        self.file.as_ref().ok_or_else(|| InputError::new("which campaign?").help("apicsim campaign FILE"))
    }

    /// Where the result goes.
    pub(crate) fn result(&self, file: &std::path::Path) -> PathBuf {
        let partition = self.partition.unwrap_or(Partition::WHOLE);
        self.out.clone().unwrap_or_else(|| {
            let stem = file.file_stem().map_or_else(|| "campaign".into(), |stem| stem.to_string_lossy());
            PathBuf::from(format!("{stem}{}.ndjson", partition.suffix()))
        })
    }
}

/// Hours, minutes and seconds, in this order.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time: hours, minutes, seconds, as 90m, 1h30m or 45s");
    let (mut rest, mut seconds, mut units) = (text, 0_u64, "hms");
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let unit = rest[end..].chars().next().filter(|unit| units.contains(*unit)).ok_or_else(wrong)?;
        units = units.split_once(unit).map_or("", |(_, behind)| behind);
        let length = match unit {
            'h' => 3600,
            'm' => 60,
            _ => 1,
        };
        let number: u64 = rest[..end].parse().map_err(|_| wrong())?;
        seconds = number.checked_mul(length).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = &rest[end + unit.len_utf8()..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read() {
        for (text, seconds) in [("90m", 5400), ("1h30m", 5400), ("45s", 45), ("2h", 7200), ("1h1s", 3601), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "90", "m", "1m1h", "1s1s", "-1m", "1.5h", "9999999999999999999h", "1d", "1m "] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
