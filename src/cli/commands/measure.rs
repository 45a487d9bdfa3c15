//! `apicsim measure`.

use super::settings::settings;
use crate::cli::arguments::{Budgets, Loads, Measure as Arguments, MeasureFormat, Overrides};
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::failure::Failure;
use crate::measure::{Axes, measure as run_measure};
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
    // What cannot be written is found before the work is done.
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
    let measurement = run_measure(axes, arguments.seeds.clone(), jobs, &settings, &done, |arch, variant| {
        request(Some(arch), Some(variant))
    })?;
    drop((progress, interruptible));

    if let Some((path, mut file)) = svg {
        let text = report_measure::svg(&measurement);
        file.write_all(text.as_bytes()).map_err(|error| unwritable(path, error))?;
    }
    match arguments.format() {
        MeasureFormat::Json => output::print_json(&report_measure::document(&measurement))?,
        MeasureFormat::Csv => output::print(&report_measure::csv(&measurement))?,
        MeasureFormat::Text => {
            let mut page = Page::new(paper);
            report_measure::text(&measurement, &mut page);
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
