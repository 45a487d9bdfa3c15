//! `apicsim run` and `apicsim replay`.

use super::{settings, workers};
use crate::cli::arguments::{Execution, Output, Replay, Run};
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::report::KernelNames;
use crate::report::json::{Host, run_document};
use crate::report::trace::Names;
use crate::report::{text as report_text, trace};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{self, Scenario};
use crate::token::Token;
use std::path::Path;

/// The file that is standard output.
const STANDARD_OUTPUT: &str = "-";

pub(super) fn run(arguments: &Run) -> Result<ExitStatus, Failure> {
    let scenario = scenario::load(&arguments.request())?;
    run_scenario(&scenario, arguments.overrides.seed, &arguments.execution, &arguments.output)
}

pub(super) fn replay(arguments: &Replay) -> Result<ExitStatus, Failure> {
    let token: Token = arguments.token.parse()?;
    run_scenario(&token.load()?, token.seed, &arguments.execution, &arguments.output)
}

fn run_scenario(scenario: &Scenario, seed: u64, execution: &Execution, wanted: &Output) -> Result<ExitStatus, Failure> {
    check_streams(wanted.json, wanted.trace.as_deref())?;
    let timer = HostTimer::start();
    let (report, outcome) = crate::run(scenario, &settings(execution, seed, wanted.trace.is_some()))?;
    let host = wanted.host.then(|| Host { threads: workers(execution), host_us: timer.elapsed_us() });
    if let Some(path) = &wanted.trace {
        let cpus = scenario.machine.cpus as u16;
        write_trace(path, &trace::text(&outcome.events, Names { cpus, software: &KernelNames { cpus } }))?;
    }
    if wanted.json {
        output::print_json(&run_document(scenario, &report, host))?;
    } else {
        output::print(&report_text::run(scenario, &report))?;
        if let Some(host) = host {
            output::print(&format!("  host     {host}\n"))?;
        }
    }
    Ok(if report.ok() { ExitStatus::Success } else { ExitStatus::Unexpected })
}

/// A JSON document has standard output for itself.
pub(super) fn check_streams(json: bool, trace: Option<&Path>) -> Result<(), InputError> {
    if json && trace == Some(Path::new(STANDARD_OUTPUT)) {
        return Err(InputError::new("--json and --trace - both want standard output")
            .help("give the trace a file: --trace run.txt"));
    }
    Ok(())
}

pub(super) fn write_trace(path: &Path, text: &str) -> Result<(), Failure> {
    if path == Path::new(STANDARD_OUTPUT) {
        return output::print(text);
    }
    std::fs::write(path, text).map_err(|error| Failure::writing(&path.display().to_string(), error))
}

/// Host time: printed only as host time, and only if it is asked for.
pub(super) struct HostTimer(std::time::Instant);

impl HostTimer {
    #[expect(clippy::disallowed_methods, reason = "host time is reported as such and decides nothing")]
    pub(super) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(super) fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
