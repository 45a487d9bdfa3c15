//! A scenario on several sub-architectures, under several variants, with several crashes.

use crate::failure::Failure;
use crate::judgement::{RunReport, Verdict};
use crate::price::{Price, price};
use crate::run::{Settings, run};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::Named;
use crate::scenario::{self, Event, OWN_VARIANT, Request, RoleName, Scenario, counted, is_other};

/// What the runs of a matrix differ in.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::matrix::{Axes, matrix};
/// let axes = Axes { arches: &["i386/default"], optional: &[], variants: &["before", "merged"], crash_cpus: &[], triggers: &[] };
/// let on = |arch, variant| Request::new("nmi-stall").with(|request| {
///     request.arch = Some(arch);
///     request.variant = Some(variant);
/// });
/// let table = matrix(axes, &Settings::seeded(0), on)?;
/// assert_eq!(table.rows[0].cells.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Axes<'a> {
    /// Sub-architectures: rows.
    pub arches: &'a [&'static str],
    /// Those of them that are left out if they cannot hold the scenario, and another one can: nobody has named them.
    pub optional: &'a [&'static str],
    /// Wait variants: cells of a row.
    pub variants: &'a [&'a str],
    /// CPUs that crash: rows for each. None: the CPU of the scenario.
    pub crash_cpus: &'a [u32],
    /// Roles that crash: rows for each. None: that of the scenario.
    pub triggers: &'a [RoleName],
}

/// One run of the matrix.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::matrix::{Axes, matrix};
///
/// let axes = Axes { arches: &["x86_64/flat"], optional: &[], variants: &["before"], crash_cpus: &[], triggers: &[] };
/// let on = |arch, variant| Request::new("nmi-stall").with(|request| {
///     request.arch = Some(arch);
///     request.variant = Some(variant);
/// });
/// let table = matrix(axes, &Settings::seeded(0), on)?;
/// assert_eq!(table.rows[0].cells[0].report.verdict, Verdict::Hung);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Cell {
    /// Variant.
    pub variant: String,
    /// Release.
    pub release: &'static str,
    /// Both, in a table's words.
    pub variant_and_release: String,
    /// The run.
    pub report: RunReport,
    /// What an IPI costs under this variant.
    pub price: Price,
    /// CPUs of its machine.
    pub cpus: u32,
    /// The CPU whose crash the story has, if it has one.
    pub crash_cpu: Option<u32>,
    /// What that comes from.
    pub trigger: Option<RoleName>,
    /// The settings of the run.
    pub sets: Vec<String>,
}

/// One sub-architecture, and one crash where the matrix has several.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::matrix::{Axes, matrix};
///
/// let axes = Axes { arches: &["x86_64/flat"], optional: &[], variants: &["before"], crash_cpus: &[], triggers: &[] };
/// let on = |arch, variant| Request::new("nmi-stall").with(|request| {
///     request.arch = Some(arch);
///     request.variant = Some(variant);
/// });
/// let table = matrix(axes, &Settings::seeded(0), on)?;
/// assert!(table.rows[0].injected && table.rows[0].bus == "fsb"); // a front-side bus refuses nothing by itself
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Row {
    /// Sub-architecture.
    pub arch: &'static str,
    /// APIC generation.
    pub generation: &'static str,
    /// Bus.
    pub bus: &'static str,
    /// The CPU that crashes, where the matrix chooses it.
    pub crash_cpu: Option<u32>,
    /// What it crashes from, where the matrix chooses it.
    pub trigger: Option<RoleName>,
    /// Does its story have a crash? It may still never come.
    pub crashes: bool,
    /// Do its runs rest on an injected fault?
    pub injected: bool,
    /// One cell a variant.
    pub cells: Vec<Cell>,
}

/// All of it.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::matrix::{Axes, matrix};
///
/// let axes = Axes { arches: &["x86_64/flat"], optional: &[], variants: &["before"], crash_cpus: &[], triggers: &[] };
/// let on = |arch, variant| Request::new("nmi-stall").with(|request| {
///     request.arch = Some(arch);
///     request.variant = Some(variant);
/// });
/// let table = matrix(axes, &Settings::seeded(0), on)?;
/// assert_eq!((table.scenario.as_str(), table.rows.len()), ("nmi-stall", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Matrix {
    /// The scenario's name.
    pub scenario: String,
    /// The rows: by sub-architecture in the order of the headline, then by crashing CPU, then by trigger.
    pub rows: Vec<Row>,
    /// Sub-architectures of a family that cannot hold the scenario, each with the reason.
    pub left_out: Vec<(&'static str, String)>,
    /// It was ended from outside: only what was finished by then is there.
    pub interrupted: bool,
}

/// Runs `scenario` at every point of the axes; `request` makes the request for a sub-architecture and a variant.
///
/// # Errors
/// If the scenario cannot be loaded for, or run on, one of the machines, or a crash is asked of one that has none.
pub fn matrix(
    axes: Axes<'_>,
    settings: &Settings,
    request: impl Fn(String, String) -> Request,
) -> Result<Matrix, Failure> {
    let mut matrix = Matrix { scenario: String::new(), rows: Vec::new(), left_out: Vec::new(), interrupted: false };
    let mut first_refusal = None;
    for &arch in axes.arches {
        if matrix.interrupted {
            break;
        }
        match rows(arch, axes, settings, &request, &mut matrix) {
            Ok(()) => {}
            Err(Failure::Input(error)) if axes.optional.contains(&arch) && !error.is_of_host() => {
                matrix.left_out.push((arch, reason(&error)));
                first_refusal.get_or_insert(error);
            }
            Err(failure) => return Err(failure),
        }
    }
    match first_refusal {
        Some(error) if matrix.rows.is_empty() => Err(Failure::Input(error)),
        _ => Ok(matrix),
    }
}

/// What is wrong, and the last that is said of what would be right, which is the most particular.
fn reason(error: &InputError) -> String {
    error.help_lines().last().map_or_else(|| error.message().to_owned(), |help| format!("{}; {help}", error.message()))
}

/// Adds the rows of one sub-architecture: all of them, or, of a matrix that is interrupted, those that are finished.
fn rows(
    arch: &'static str,
    axes: Axes<'_>,
    settings: &Settings,
    request: &impl Fn(String, String) -> Request,
    matrix: &mut Matrix,
) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for crash_cpu in chosen(axes.crash_cpus) {
        for trigger in chosen(axes.triggers) {
            let mut row = None;
            for &variant in variants_of(arch, axes.variants) {
                let mut request = request(arch.to_owned(), variant.to_owned());
                if is_other(arch) {
                    request.release = None; // releases are Linux's
                }
                let scenario = with_crash(&request, crash_cpu, trigger)?;
                matrix.scenario.clone_from(&scenario.name);
                let cell = cell(&scenario, settings)?;
                if cell.report.verdict == Verdict::Interrupted {
                    matrix.interrupted = true;
                    matrix.rows.append(&mut rows);
                    return Ok(());
                }
                row.get_or_insert_with(|| row_of(&scenario, crash_cpu, trigger)).cells.push(cell);
            }
            rows.extend(row);
        }
    }
    matrix.rows.append(&mut rows);
    Ok(())
}

fn cell(scenario: &Scenario, settings: &Settings) -> Result<Cell, Failure> {
    let (report, _) = run(scenario, settings)?;
    let crash = scenario.crash();
    Ok(Cell {
        variant: scenario.machine.variant.to_string(),
        release: scenario.machine.release,
        variant_and_release: scenario.machine.variant_and_release(),
        report,
        price: price(scenario)?,
        cpus: scenario.machine.cpus,
        crash_cpu: crash.map(|event| event.cpu),
        trigger: crash.map(|event| event.role.role_name()),
        sets: scenario.sets.clone(),
    })
}

/// A kernel that is not Linux has one wait, and so one cell, whatever variants are compared.
fn variants_of<'a>(arch: &str, variants: &'a [&'a str]) -> &'a [&'a str] {
    if is_other(arch) { &[OWN_VARIANT] } else { variants }
}

/// The points of an axis; of an empty one, the scenario's own.
fn chosen<T: Copy>(axis: &[T]) -> Vec<Option<T>> {
    if axis.is_empty() { vec![None] } else { axis.iter().copied().map(Some).collect() }
}

fn row_of(scenario: &Scenario, crash_cpu: Option<u32>, trigger: Option<RoleName>) -> Row {
    let machine = &scenario.machine;
    Row {
        arch: machine.arch,
        generation: machine.generation.name(),
        bus: machine.bus.name(),
        crash_cpu,
        trigger,
        crashes: scenario.crashing_cpu().is_some(),
        injected: scenario.is_injected(),
        cells: Vec::new(),
    }
}

/// The scenario with the crash of that machine on another CPU, or from something else. What is changed is a setting of
/// the event that crashes, as if it had been typed: so it is in the token of the run.
fn with_crash(request: &Request, cpu: Option<u32>, trigger: Option<RoleName>) -> Result<Scenario, Failure> {
    let plain = scenario::load(request)?;
    if cpu.is_none() && trigger.is_none() {
        return Ok(plain);
    }
    let Some(Event { index, .. }) = plain.events.iter().find(|event| event.role.is_crash()) else {
        let machine = &plain.machine;
        return Err(InputError::new(format!("`{}` has no crash to change on {}", plain.name, machine.arch))
            .help("--crash-cpu and --trigger need a scenario with an [[event]] that crashes, such as nmi-stall")
            .into());
    };
    let mut request = request.clone();
    if let Some(cpu) = cpu {
        let cpus = plain.machine.cpus;
        if cpu >= cpus {
            return Err(InputError::new(format!(
                "there is no CPU {cpu} (--crash-cpu) in a machine of {}",
                counted(cpus, "CPU")
            ))
            .help(format!("CPUs are 0 to {}; --cpus changes their number", cpus - 1))
            .into());
        }
        request.sets.push(format!("event.{index}.cpu={cpu}"));
    }
    if let Some(trigger) = trigger {
        request.sets.push(format!("event.{index}.role={trigger}"));
    }
    Ok(scenario::load(&request)?)
}
