//! `apicsim messages`: where each message of a run went.

use super::settings::settings;
use crate::cli::arguments::Messages;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::judgement::fates;
use crate::report::{Paper, messages as report_messages};
use crate::run::{execute, run};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{self, Scenario};

pub(super) fn messages(arguments: &Messages, paper: Paper) -> Result<ExitStatus, Failure> {
    let scenario = scenario::load(&arguments.request())?;
    present("from", arguments.from, &scenario)?;
    present("to", arguments.to, &scenario)?;
    let settings = settings(&arguments.execution, arguments.overrides.seed, false);
    let (report, _) = run(&scenario, &settings)?;
    let messages = fates::of_run(&scenario, &execute(&scenario, &settings.for_explanations())?, arguments.filter());
    if arguments.json {
        output::print_json(&report_messages::document(&scenario, &report, &messages))?;
    } else {
        output::print(&report_messages::text(&scenario, &report, &messages, paper).into_text())?;
    }
    Ok(if report.ok() { ExitStatus::Success } else { ExitStatus::Unexpected })
}

/// Is there such a CPU?
fn present(option: &str, cpu: Option<u16>, scenario: &Scenario) -> Result<(), InputError> {
    let cpus = scenario.machine.cpus;
    match cpu.filter(|cpu| u32::from(*cpu) >= cpus) {
        Some(cpu) => {
            let help = format!("the machine has CPU 0 to CPU {}", cpus - 1);
            Err(InputError::new(format!("`--{option} {cpu}`: there is no CPU {cpu}")).help(help))
        }
        None => Ok(()),
    }
}
