//! `apicsim campaign`.

use crate::campaign::{self, Counts, Partition, Plan, ResultFile, run_all};
use crate::cli::arguments::{Campaign as Arguments, OfResults};
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::failure::Failure;
use crate::report::Paper;
use crate::report::page::Page;
use crate::run::Settings;
use crate::scenario::diagnostic::InputError;
use crate::scenario::grid::Grid;
use crate::scenario::{OwnVariant, counted};
use sim::Handle;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{available_parallelism, spawn};
use std::time::Duration;

pub(super) fn campaign(arguments: &Arguments, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    match &arguments.of_results {
        None => run(arguments, own),
        Some(OfResults::Merge { results, out }) => merge(results, out),
        Some(OfResults::Report { result, against, json, svg }) => {
            report(result, against.as_deref(), *json, svg.as_deref(), paper)
        }
    }
}

fn run(arguments: &Arguments, own: &[OwnVariant]) -> Result<ExitStatus, Failure> {
    let file = arguments.file()?;
    let plan = campaign::plan(&Grid::open(file)?, own)?;
    if let Some((point, why)) = plan.left_out.first() {
        complain(&format!(
            "left out: {} that no machine can hold; the first: {point}: {why}",
            counted(plan.left_out.len() as u64, "point")
        ));
    }
    let partition = arguments.partition.unwrap_or(Partition::WHOLE);
    let path = arguments.result(file);
    let mut result = ResultFile::open(&path, &plan, partition)?;
    let interruptible = Interruptible::begin()?;
    let stop = Arc::new(AtomicBool::new(false));
    let timer = arguments.lasts.map(|lasts| Timer::start(lasts, Arc::clone(&stop), interruptible.handle()));
    let settings = Settings { handle: Some(interruptible.handle()), ..Settings::seeded(0) };
    let counts = Arc::new(Counts::default());
    let total = partition.rows_of(plan.runs);
    let progress = progress(Arc::clone(&counts), total - result.rows());
    let jobs = arguments.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), |jobs| jobs as usize);
    let all = run_all(&plan, partition, jobs, &settings, &stop, &counts, &mut result);
    drop((progress, timer));
    tell(all?, &result, &plan, partition, &path, stop.load(Ordering::Relaxed))
}

/// What is there now.
fn tell(
    all: bool,
    result: &ResultFile,
    plan: &Plan,
    partition: Partition,
    path: &Path,
    in_time: bool,
) -> Result<ExitStatus, Failure> {
    let shown = path.display();
    let of = if partition.is_whole() { String::new() } else { format!(" of {partition}") };
    let total = partition.rows_of(plan.runs);
    if all {
        complain(&format!("{}{of} in {shown}", counted(total, "row")));
        return Ok(ExitStatus::Success);
    }
    complain(&format!("{} of {total} rows{of} in {shown}; the same command goes on with it", result.rows()));
    Ok(if in_time { ExitStatus::Success } else { ExitStatus::Interrupted })
}

/// Raises a flag when its time is over, and ends the runs under way; not when it is dropped before.
#[derive(Debug)]
struct Timer {
    _hold: std::sync::mpsc::Sender<()>,
}

impl Timer {
    fn start(lasts: Duration, stop: Arc<AtomicBool>, handle: Handle) -> Self {
        let (hold, dropped) = channel::<()>();
        if lasts.is_zero() {
            stop.store(true, Ordering::Relaxed);
        }
        spawn(move || {
            if dropped.recv_timeout(lasts) == Err(RecvTimeoutError::Timeout) {
                stop.store(true, Ordering::Relaxed);
                handle.stop();
            }
        });
        Self { _hold: hold }
    }
}

/// Rows a second, how long it will still take, and how many runs did not complete. It is asked once a second.
fn progress(counts: Arc<Counts>, total: u64) -> Progress {
    let seconds = AtomicU64::new(0);
    Progress::told(false, move || {
        let seconds = seconds.fetch_add(1, Ordering::Relaxed) + 1;
        let made = counts.made.load(Ordering::Relaxed);
        let rate = made / seconds;
        let left = (total - made.min(total)).checked_div(rate).map_or_else(|| "?".to_owned(), span);
        let bad = counts.not_completed.load(Ordering::Relaxed);
        format!("{made} of {total} runs, {rate}/s, {left} left, {bad} not completed; Ctrl-C keeps what is there")
    })
}

fn span(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}h{minutes:02}m") } else { format!("{minutes}m{seconds:02}s") }
}

fn merge(results: &[PathBuf], out: &Path) -> Result<ExitStatus, Failure> {
    let merged = campaign::merge(results, out)?;
    let missing = merged.of.saturating_sub(merged.rows);
    let rows = counted(merged.rows, "row");
    let shown = out.display();
    match missing {
        0 => complain(&format!("{rows} in {shown}: all of the campaign")),
        _ => complain(&format!("{rows} in {shown}; {missing} of the campaign's {} are missing", merged.of)),
    }
    Ok(ExitStatus::Success)
}

fn report(
    result: &Path,
    older: Option<&Path>,
    json: bool,
    svg: Option<&Path>,
    paper: Paper,
) -> Result<ExitStatus, Failure> {
    let summary = campaign::summarize(result)?;
    let older = older.map(|path| campaign::summarize(path).map(|summary| (path, summary))).transpose()?;
    let difference = older.map(|(path, older)| campaign::against((&summary, result), (&older, path))).transpose()?;
    if let Some(folder) = svg {
        draw(folder, &campaign::plots(&summary))?;
    }
    if json {
        let mut document = campaign::document(&summary);
        if let Some(difference) = &difference {
            document["against"] = campaign::document_against(difference);
        }
        output::print_json(&document)?;
    } else {
        let mut page = Page::new(paper);
        campaign::text(&summary, &mut page);
        if let Some(difference) = &difference {
            campaign::text_against(difference, &mut page);
        }
        output::print(&page.into_text())?;
    }
    Ok(ExitStatus::Success)
}

fn draw(folder: &Path, plots: &[(String, String)]) -> Result<(), Failure> {
    let host = |path: &Path| {
        let shown = path.display().to_string();
        move |error| Failure::writing(&shown, error)
    };
    std::fs::create_dir_all(folder).map_err(host(folder))?;
    for (name, svg) in plots {
        let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let name: String = name.chars().map(plain).collect();
        let path = folder.join(format!("{}.svg", name.trim_start_matches('.')));
        std::fs::write(&path, svg).map_err(host(&path))?;
    }
    if plots.is_empty() {
        return Err(InputError::new("there is nothing to draw: no run has come to a verdict").into());
    }
    Ok(())
}
