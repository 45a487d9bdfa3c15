//! The options of `apicsim measure`.

use super::execution::Execution;
use super::matrix::{self, parse_arch_or_family};
use super::output::OUTPUT;
use super::overrides::{MACHINE, Overrides};
use super::values::{help_list, help_names, parse_name};
use crate::cli::output::STANDARD_OUTPUT;
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::named;
use crate::scenario::{ALL_ARCHES, Scenario, VARIANTS, seed_range};
use clap::{Args, ValueHint};
use std::ops::Range;
use std::path::{Path, PathBuf};

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim measure normal-dispatch --set knobs.jitter_picclk=20 --seeds 0..1000
  apicsim measure nmi-stall --variant before,merged --seeds 0..200 --set knobs.jitter_picclk=20
  apicsim measure crossed-senders --arch 'modern/*' --format csv
  apicsim measure normal-dispatch --seeds 0..500 --set knobs.jitter_picclk=20 --svg cdf.svg
  apicsim measure nmi-stall --variant before --set knobs.jitter_picclk=20 --out before.ndjson
  apicsim measure nmi-stall --variant merged --set knobs.jitter_picclk=20 --against before.ndjson";

/// `measure`.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Machines.
    #[arg(long, value_name = "A,…", value_delimiter = ',', value_parser = parse_arch_or_family, help_heading = MACHINE, help = help_list("Sub-architectures, repeatable or with commas, or a family as `other/*`; without it, the scenario's", &ALL_ARCHES))]
    pub arch: Vec<String>,
    /// Variants.
    #[arg(long, value_name = "V,…", value_delimiter = ',', help_heading = MACHINE, help = help_list("Wait variants, repeatable or with commas, or `all`; without it, the scenario's", &VARIANTS))]
    pub variant: Vec<String>,
    /// Seeds, from the first to before the last: 0..1000.
    #[arg(long, value_name = "A..B", default_value = "0..100", value_parser = seed_range, help_heading = MACHINE)]
    pub seeds: Range<u64>,
    /// What else changes the runs.
    #[command(flatten)]
    pub overrides: Overrides,
    /// What does not change the results.
    #[command(flatten)]
    pub execution: Execution,
    /// Runs at a time; without it, as many as the host has cores. Never changes a result.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// How it is printed.
    #[arg(long, value_name = "F", value_parser = parse_name::<MeasureFormat>, help_heading = OUTPUT, help = help_names::<MeasureFormat>("How it is printed; without it, text"))]
    pub format: Option<MeasureFormat>,
    /// Print one JSON document on standard output: --format json.
    #[arg(long, help_heading = OUTPUT, conflicts_with = "format")]
    pub json: bool,
    /// Draw cumulative distributions, a curve a variant, into this SVG file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = OUTPUT)]
    pub svg: Option<PathBuf>,
    /// Keep the measurement in this file, for --against.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Compare with an older measurement that --out kept: percentiles, and the first run that came out otherwise.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = OUTPUT)]
    pub against: Option<PathBuf>,
}

named! {
    /// How a measurement is printed.
    #[derive(Default)]
    pub(crate) enum MeasureFormat ("format") {
        /// Tables for a terminal.
        #[default]
        Text = "text",
        /// One document.
        Json = "json",
        /// One record a figure (RFC 4180).
        Csv = "csv",
    }
}

impl Measure {
    /// How it is printed.
    pub(crate) fn format(&self) -> MeasureFormat {
        if self.json { MeasureFormat::Json } else { self.format.unwrap_or_default() }
    }

    /// The sub-architecture that the scenario is first looked at on: the first that is named, if all are by their own names.
    pub(crate) fn arch_of_all(&self) -> Option<String> {
        let (arches, optional) = (matrix::arches(&self.arch), matrix::optional(&self.arch));
        arches.first().filter(|_| optional.is_empty()).map(|&arch| arch.to_owned())
    }

    /// The sub-architectures, and those of them that nobody has named; without any, the scenario's.
    pub(crate) fn arches(&self, plain: &Scenario) -> (Vec<&'static str>, Vec<&'static str>) {
        if self.arch.is_empty() {
            return (vec![plain.machine.arch], Vec::new());
        }
        (matrix::arches(&self.arch), matrix::optional(&self.arch))
    }

    /// The variants; without any, the scenario's.
    ///
    /// # Errors
    /// One that is named is none.
    pub(crate) fn variants(&self, plain: &Scenario, own: &[&str]) -> Result<Vec<String>, InputError> {
        if self.variant.is_empty() {
            return Ok(vec![plain.machine.variant.to_string()]);
        }
        Ok(matrix::variants(&self.variant, own)?.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn check(&self) -> Result<(), InputError> {
        if self.overrides.seed != 0 {
            return Err(InputError::new("measure has a range of seeds, and no --seed").help(format!(
                "--seeds {}..{} has this one alone",
                self.overrides.seed,
                self.overrides.seed.saturating_add(1)
            )));
        }
        if self.svg.as_deref() == Some(Path::new(STANDARD_OUTPUT)) {
            return Err(InputError::new("--svg needs a file: standard output has the report").help("--svg cdf.svg"));
        }
        if self.out.as_deref() == Some(Path::new(STANDARD_OUTPUT)) {
            return Err(InputError::new("--out needs a file: standard output has the report").help("--out now.ndjson"));
        }
        if self.against.is_some() && self.format() == MeasureFormat::Csv {
            return Err(InputError::new("--against is told as text or JSON, and not as CSV").help("--format json"));
        }
        Ok(())
    }
}
