//! The headline, and `apicsim matrix`.

use super::host_timer::HostTimer;
use super::settings::{settings, workers};
use crate::cli::arguments::{Budgets, Execution, Format, Matrix as Arguments};
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::failure::Failure;
use crate::matrix::{Axes, Matrix, matrix as run_matrix};
use crate::report::json::{Host, matrix_document};
use crate::report::page::Page;
use crate::report::{Paper, matrix as report_matrix};
use crate::run::Settings;
use crate::scenario::{ARCHES, MAIN_VARIANTS, OwnVariant, OwnWaits, Request, own_waits};

const INTRODUCTION: &str = "\
    The hang of 2007 (scenario nmi-stall): a crashing CPU must send an NMI to the others before kdump gets its chance, \
    and first waits for its ICR to become idle. How long, in simulated µs, from the crash until that send returns, for \
    three ways to wait; and the price of one NMI and one FIXED IPI to an idle CPU, in µs, from the call to the handler.";

const NEXT: [(&str, &str); 5] = [
    ("apicsim explain nmi-stall", "why it hangs, link by link"),
    ("apicsim demo", "the story, step by step"),
    ("apicsim run nmi-stall --variant merged", "the fix at work"),
    ("apicsim matrix kdump --set stall=slots", "is the fix enough?"),
    ("apicsim list", "what else there is"),
];

/// The matrix of `nmi-stall` over everything.
pub(super) fn headline(json: bool, paper: Paper) -> Result<ExitStatus, Failure> {
    let request = |arch: String, variant: String| {
        let mut request = Request::new("nmi-stall");
        (request.arch, request.variant) = (Some(arch), Some(variant));
        request
    };
    let axes = Axes { arches: &ARCHES, optional: &[], variants: &MAIN_VARIANTS, crash_cpus: &[], triggers: &[] };
    let interruptible = Interruptible::begin()?;
    let settings = Settings { handle: Some(interruptible.handle()), ..Settings::seeded(0) };
    let matrix = run_matrix(axes, &settings, request)?;
    drop(interruptible);
    if json {
        output::print_json(&matrix_document(&matrix, None))?;
    } else {
        let mut page = Page::new(paper);
        page.paragraph(INTRODUCTION);
        page.gap();
        report_matrix::comparison(&matrix, &mut page);
        page.gap();
        for (n, (command, about)) in NEXT.iter().enumerate() {
            page.verbatim(&format!("{:<6} {command:<39} {about}", if n == 0 { "next:" } else { "" }));
        }
        output::print(&page.into_text())?;
    }
    Ok(status(&matrix))
}

pub(super) fn matrix(arguments: &Arguments, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    let timer = HostTimer::start();
    let execution: &Execution = &arguments.execution;
    let interruptible = Interruptible::begin()?;
    let progress = Progress::of(interruptible.handle(), false);
    let settings = settings(execution, arguments.overrides.seed, Budgets::default(), Some(interruptible.handle()));
    let overrides = &arguments.overrides;
    let request =
        |arch: String, variant: String| overrides.request(&arguments.scenario, (Some(arch), Some(variant)), own);
    let own_waits = own_waits(&overrides.request(&arguments.scenario, (None, None), own))?;
    let own_names: Vec<&str> = own_waits.iter().map(OwnWaits::name).collect();
    let axes = Axes {
        arches: &arguments.arches(),
        optional: &arguments.optional(),
        variants: &arguments.variants(&own_names)?,
        crash_cpus: &arguments.crash_cpus(),
        triggers: &arguments.triggers(),
    };
    let matrix = run_matrix(axes, &settings, request)?;
    drop((progress, interruptible));
    if matrix.interrupted {
        complain("interrupted: only what was finished is there");
    }
    if arguments.format() == Format::Csv {
        for (arch, why) in &matrix.left_out {
            complain(&format!("left out: {arch}: {why}"));
        }
    }
    let host = arguments.host.then(|| Host { threads: workers(execution), host_us: timer.elapsed_us() });
    let host_line = |before: &str| host.map(|host| format!("{before}{host}\n")).unwrap_or_default();
    match arguments.format() {
        Format::Json => output::print_json(&matrix_document(&matrix, host))?,
        Format::Csv => output::print(&report_matrix::csv(&matrix))?,
        Format::Text => {
            let mut page = Page::new(paper);
            report_matrix::text(&matrix, &mut page);
            output::print(&(page.into_text() + &host_line("host: ")))?;
        }
        Format::Markdown => output::print(&(report_matrix::markdown(&matrix, paper) + &host_line("\nHost: ")))?,
    }
    Ok(status(&matrix))
}

/// 0 only if every cell is as expected.
fn status(matrix: &Matrix) -> ExitStatus {
    if matrix.interrupted {
        return ExitStatus::Interrupted;
    }
    let ok = matrix.rows.iter().flat_map(|row| &row.cells).all(|cell| cell.report.ok());
    if ok { ExitStatus::Success } else { ExitStatus::Unexpected }
}
