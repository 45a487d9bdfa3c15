//! `apicsim measure`.

use super::settings::settings;
use crate::cli::arguments::{Budgets, Loads, Measure as Arguments, MeasureFormat, Overrides};
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::failure::Failure;
use crate::measure::{Axes, Comparing, MeasurementFile, Measuring, Older, Piece};
use crate::report::page::Page;
use crate::report::{Paper, measure as report_measure};
use crate::scenario::{self, OwnVariant, OwnWaits, own_waits};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

pub(super) fn measure(arguments: &Arguments, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    let loads = arguments.overrides.load.clone().map(|Loads(loads)| loads).unwrap_or_default();
    let overrides = Overrides { load: None, ..arguments.overrides.clone() }; // an axis
    let request = |arch, variant| overrides.request(&arguments.scenario, (arch, variant), own);
    let own_waits = own_waits(&request(None, None))?;
    let own_names: Vec<&str> = own_waits.iter().map(OwnWaits::name).collect();
    let plain = scenario::load(&request(arguments.arch_of_all(), None))?;
    let (arches, optional) = arguments.arches(&plain);
    let variants = arguments.variants(&plain, &own_names)?;
    let variants: Vec<&str> = variants.iter().map(String::as_str).collect();
    let axes = Axes { arches: &arches, optional: &optional, variants: &variants, loads: &loads };
    let measuring = Measuring::of(axes, arguments.seeds.clone(), |arch, variant| request(Some(arch), Some(variant)))?;
    // What cannot be read or written is found before the work is done.
    let older = arguments.against.as_deref().map(Older::open).transpose()?;
    let mut comparing = older.map(|older| Comparing::new(older, measuring.machines()));
    let mut out = arguments.out.as_deref().map(|path| MeasurementFile::create(path, &measuring)).transpose()?;
    let svg = arguments.svg.as_deref().map(|path| create(path).map(|file| (path, file))).transpose()?;

    let interruptible = Interruptible::begin()?;
    let settings = settings(&arguments.execution, 0, Budgets::default(), Some(interruptible.handle()));
    let done = Arc::new(AtomicU64::new(0));
    let shown = Arc::clone(&done);
    let seeds = arguments.seeds.end - arguments.seeds.start;
    let progress = Progress::told(false, move || {
        let done = shown.load(Ordering::Relaxed);
        format!("{done} runs done ({seeds} a machine); Ctrl-C ends the measurement, and reports what has come by then")
    });
    let jobs = arguments.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), |jobs| jobs as usize);
    let mut failure = None;
    let mut told = |piece: Piece| {
        let taken = comparing.as_mut().map_or(Ok(()), |comparing| comparing.take(&piece));
        failure = taken.and_then(|()| out.as_mut().map_or(Ok(()), |out| out.take(&piece))).err();
        failure.is_none()
    };
    let measured = measuring.measure(jobs, &settings, &done, &mut told);
    drop((progress, interruptible));
    if let Some(failure) = failure {
        return Err(failure);
    }
    let measurement = measured?;
    let comparison = comparing.map(|comparing| comparing.finish(&measurement));
    match out {
        Some(_) if measurement.interrupted => complain("interrupted, so --out has kept nothing"),
        Some(out) => out.finish(&measurement)?,
        None => {}
    }
    if let Some((path, mut file)) = svg {
        let text = report_measure::svg(&measurement);
        file.write_all(text.as_bytes()).map_err(|error| unwritable(path, error))?;
    }
    match arguments.format() {
        MeasureFormat::Json => {
            let mut document = report_measure::document(&measurement);
            if let Some(comparison) = &comparison {
                document["against"] = report_measure::document_against(comparison);
            }
            output::print_json(&document)?;
        }
        MeasureFormat::Csv => output::print(&report_measure::csv(&measurement))?,
        MeasureFormat::Text => {
            let mut page = Page::new(paper);
            report_measure::text(&measurement, &mut page);
            if let Some(comparison) = &comparison {
                report_measure::text_against(comparison, &mut page);
            }
            output::print(&page.into_text())?;
        }
    }
    if measurement.interrupted {
        complain("interrupted: only what had ended by then is there");
        return Ok(ExitStatus::Interrupted);
    }
    Ok(ExitStatus::Success)
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| unwritable(path, error))
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::writing(&path.display().to_string(), error)
}
