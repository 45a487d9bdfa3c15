//! `apicsim messages`: where each message of a run went.

use crate::cli::arguments::Messages;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::failure::Failure;
use crate::judgement::fates::Fates;
use crate::report::{Paper, messages as report_messages};
use crate::run::{Settings, run_observed};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{self, OwnVariant, Scenario};

pub(super) fn messages(arguments: &Messages, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    let scenario = scenario::load(&arguments.request(own))?;
    present("from", arguments.from, &scenario)?;
    present("to", arguments.to, &scenario)?;
    let interruptible = Interruptible::begin()?;
    let progress = Progress::of(interruptible.handle(), false);
    // In one execution: how far attempts have come at the end must not decide what is said.
    let settings = Settings { handle: Some(interruptible.handle()), ..Settings::seeded(arguments.overrides.seed) };
    let mut fates = Fates::new(&scenario, arguments.filter());
    let (report, outcome) = run_observed(&scenario, &settings, &mut fates)?;
    drop((progress, interruptible));
    let messages = fates.end(&outcome);
    if arguments.json {
        output::print_json(&report_messages::document(&scenario, &report, &messages))?;
    } else {
        output::print(&report_messages::text(&scenario, &report, &messages, paper).into_text())?;
    }
    Ok(ExitStatus::from(&report))
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
