//! `apicsim run` and `apicsim replay`.

use super::host_timer::HostTimer;
use super::settings::{settings, workers};
use crate::cli::arguments::{Execution, Output, Replay, Run};
use crate::cli::exit_status::ExitStatus;
use crate::cli::output::{self, check_streams, write_trace};
use crate::failure::Failure;
use crate::report::json::{Host, run_document};
use crate::report::trace::Names;
use crate::report::{KernelNames, Paper};
use crate::report::{text as report_text, trace};
use crate::scenario::Scenario;
use crate::token::Token;

pub(super) fn run(arguments: &Run, paper: Paper) -> Result<ExitStatus, Failure> {
    let scenario = arguments.load()?;
    run_scenario(&scenario, arguments.overrides.seed, &arguments.execution, &arguments.output, paper)
}

pub(super) fn replay(arguments: &Replay, paper: Paper) -> Result<ExitStatus, Failure> {
    let token: Token = arguments.token.parse()?;
    let scenario = match &arguments.scenario {
        Some(path) => token.load_from(path)?,
        None => token.load()?,
    };
    run_scenario(&scenario, token.seed, &arguments.execution, &arguments.output, paper)
}

fn run_scenario(
    scenario: &Scenario,
    seed: u64,
    execution: &Execution,
    wanted: &Output,
    paper: Paper,
) -> Result<ExitStatus, Failure> {
    check_streams(wanted.json, wanted.trace.as_deref())?;
    let timer = HostTimer::start();
    let (report, outcome) = crate::run::run(scenario, &settings(execution, seed, wanted.trace.is_some()))?;
    let host = wanted.host.then(|| Host { threads: workers(execution), host_us: timer.elapsed_us() });
    if let Some(path) = &wanted.trace {
        let cpus = scenario.machine.cpus as u16;
        write_trace(path, &trace::text(&outcome.events, Names { cpus, software: &KernelNames { cpus } }))?;
    }
    if wanted.json {
        output::print_json(&run_document(scenario, &report, host))?;
    } else {
        let mut page = report_text::run(scenario, &report, paper);
        if let Some(host) = host {
            page.labelled("host", &host.to_string());
        }
        output::print(&page.into_text())?;
    }
    Ok(if report.ok() { ExitStatus::Success } else { ExitStatus::Unexpected })
}
