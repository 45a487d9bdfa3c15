//! `apicsim run` and `apicsim replay`.

use super::host_timer::HostTimer;
use super::page_file::PageFile;
use super::settings::{as_asked, settings, workers};
use crate::cli::arguments::{Output, Replay, Run, Waits};
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output::{self, STANDARD_OUTPUT};
use crate::cli::progress::Progress;
use crate::cli::trace_file::TraceFile;
use crate::cli::wait_stream::{Form, WaitStream};
use crate::failure::Failure;
use crate::judgement::RunReport;
use crate::judgement::strict::Strict;
use crate::report::json::{Host, run_document, with_waits};
use crate::report::text as report_text;
use crate::report::trace::Names;
use crate::report::trace_format::form;
use crate::report::waits::Shown;
use crate::report::{KernelNames, Paper};
use crate::run::{OwnCode, Settings, restore};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{OwnVariant, Scenario};
use crate::token::Token;
use sim::Observer;
use std::path::Path;

pub(super) fn run(arguments: &Run, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    let scenario = arguments.load(own)?;
    let settings = settings(&arguments.execution, arguments.overrides.seed, arguments.budgets, None);
    let other = arguments.compared(own)?;
    run_scenario(&scenario, settings, workers(&arguments.execution), (&arguments.output, other), paper)
}

pub(super) fn replay(arguments: &Replay, own: &OwnCode, paper: Paper) -> Result<ExitStatus, Failure> {
    let token: Token = arguments.token.parse()?;
    let (scenario, its_own) = restore(&token, arguments.scenario.as_deref(), own)?;
    let other = arguments.compared(&token, own.variants())?;
    let settings = as_asked(&arguments.execution, its_own, arguments.budgets);
    run_scenario(&scenario, settings, workers(&arguments.execution), (&arguments.output, other), paper)
}

fn run_scenario(
    scenario: &Scenario,
    mut settings: Settings,
    threads: usize,
    (wanted, other): (&Output, Option<(Scenario, u64)>),
    paper: Paper,
) -> Result<ExitStatus, Failure> {
    check_streams(wanted)?;
    let timer = HostTimer::start();
    let interruptible = Interruptible::begin()?;
    let handle = interruptible.handle();
    let cpus = scenario.machine.cpus as u16;
    let software = KernelNames::of(scenario);
    let names = Names { cpus, software: &software };
    let mut trace = wanted
        .trace
        .as_ref()
        .map(|path| TraceFile::new(path, form((wanted.trace_format(), path), names, Some(scenario)), handle.clone()));
    let form = if wanted.json { Form::Json } else { Form::Text(paper) };
    let mut stream = (wanted.waits == Some(Waits::All)).then(|| WaitStream::new(form, handle.clone()));
    let streams = stream.is_some() || wanted.trace.as_deref() == Some(Path::new(STANDARD_OUTPUT));
    let progress = Progress::of(handle.clone(), streams);
    settings.handle = Some(handle);
    let mut observers: Vec<&mut dyn Observer> = Vec::new();
    observers.extend(trace.as_mut().map(|trace| trace as &mut dyn Observer));
    observers.extend(stream.as_mut().map(|stream| stream as &mut dyn Observer));
    let mut strict = wanted.strict.then(|| Strict::of(scenario));
    observers.extend(strict.as_mut().map(|strict| strict as &mut dyn Observer));
    let mut page = wanted.html.as_ref().map(|path| PageFile::new(path, scenario));
    observers.extend(page.as_mut().map(|page| page as &mut dyn Observer));
    let (mut report, outcome) = if observers.is_empty() {
        crate::run::run(scenario, &settings)?
    } else {
        crate::run::run_observed(scenario, &settings, &mut observers)?
    };
    report.strict = strict.map(Strict::report);
    let page = page.map(|page| page.finish(scenario, (&report, &outcome), other, &settings)).transpose()?;
    drop((progress, interruptible));
    let trace = trace.map(TraceFile::finish).transpose()?.flatten();
    if let Some(stream) = &mut stream {
        stream.finish(report.waits.iter().filter(|wait| wait.took.is_none()))?;
    }
    let host = wanted.host.then(|| Host { threads, host_us: timer.elapsed_us() });
    if wanted.json {
        print_document(scenario, &report, host, wanted.waits, stream.as_ref())?;
    } else {
        let shown = match (&stream, wanted.waits) {
            (Some(stream), _) => Shown::Before(stream.written()),
            (None, Some(Waits::Nothing)) => Shown::Nothing,
            (None, _) => Shown::Notable,
        };
        let mut text = report_text::run(scenario, &report, shown, paper);
        let host = host.map(|host| host.to_string());
        for (label, said) in [("trace", trace), ("page", page), ("host", host)] {
            said.iter().for_each(|said| text.labelled(label, said));
        }
        output::print(&text.into_text())?;
    }
    Ok(ExitStatus::from(&report))
}

fn print_document(
    scenario: &Scenario,
    report: &RunReport,
    host: Option<Host>,
    waits: Option<Waits>,
    stream: Option<&WaitStream>,
) -> Result<(), Failure> {
    let document = run_document(scenario, report, host);
    match (stream, waits) {
        (Some(stream), _) => {
            let mut document = document;
            document["waits_left_out"] = (report.waits_total - stream.written()).into();
            stream.finish_document(&document)
        }
        (None, Some(Waits::Nothing)) => output::print_json(&with_waits(document, report, &[])),
        (None, Some(Waits::Notable)) => output::print_json(&with_waits(document, report, &report.notable_waits())),
        (None, _) => output::print_json(&document),
    }
}

/// A JSON document has standard output for itself, and so has a trace.
fn check_streams(wanted: &Output) -> Result<(), InputError> {
    output::check_streams(wanted.json, wanted.trace.as_deref())?;
    if wanted.waits == Some(Waits::All) && wanted.trace.as_deref() == Some(Path::new(STANDARD_OUTPUT)) {
        return Err(InputError::new("--waits all and --trace - both want standard output")
            .help("give the trace a file: --trace run.txt"));
    }
    Ok(())
}
