//! `apicsim explain`: run a scenario, and say why each wait took as long as it did.

use super::settings::settings;
use crate::cli::arguments::Run;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::failure::Failure;
use crate::judgement::source_lines;
use crate::report::waits::Shown;
use crate::report::{Paper, json as report_json, text as report_text};
use crate::run::ExplainedWait;
use crate::scenario::OwnVariant;
use crate::scenario::diagnostic::InputError;
use serde_json::json;

pub(super) fn explain(arguments: &Run, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    if arguments.output.waits.is_some() {
        return Err(
            InputError::new("`--waits` is for `apicsim run`: the notable waits are explained, and no others").into()
        );
    }
    if arguments.output.strict {
        let error = InputError::new("`--strict` is for `apicsim run`: here it is the waits that are explained");
        return Err(error.help("the same run, strictly: apicsim run SCENARIO --strict").into());
    }
    if arguments.output.trace.is_some() || arguments.output.host {
        let error =
            InputError::new("`--trace` and `--host` are for `apicsim run`: an explanation is of the simulated run");
        return Err(error.help("the same run, traced: apicsim run SCENARIO --trace FILE").into());
    }
    if arguments.output.html.is_some() {
        let error = InputError::new("`--html` is for `apicsim run`: there the page says why each CPU waits");
        return Err(error.help("the page of the same run: apicsim run SCENARIO --html FILE").into());
    }
    let scenario = arguments.load(own)?;
    let interruptible = Interruptible::begin()?;
    let progress = Progress::of(interruptible.handle(), false);
    let settings =
        settings(&arguments.execution, arguments.overrides.seed, arguments.budgets, Some(interruptible.handle()));
    let (report, explained) = crate::run::explain(&scenario, &settings)?;
    drop((progress, interruptible));
    if arguments.output.json {
        let mut document = report_json::run_document(&scenario, &report, None);
        document["schema"]["name"] = json!("apicsim.explain");
        document["explained"] = explained
            .iter()
            .map(|ExplainedWait { wait, why }| json!({ "cpu": wait.cpu, "start_us": crate::report::microseconds::microseconds(wait.start.as_ps()), "why": why }))
            .collect();
        output::print_json(&document)?;
    } else {
        let mut page = report_text::run(&scenario, &report, Shown::Notable, paper);
        let shown = report.hang.as_ref().is_some_and(|hang| hang.mechanism.is_some());
        if let (Some(mechanism), false) = (scenario.mechanism, shown) {
            page.gap();
            page.hanging(0, 2, &format!("mechanism {}", mechanism.with_name()));
        }
        for ExplainedWait { wait, why } in &explained {
            page.gap();
            page.hanging(0, 2, &format!("CPU{}'s wait at {} us, {}", wait.cpu, wait.start, wait.at));
            if let Some(line) = source_lines::waiting_line(wait.site) {
                page.source("", 4, line);
            }
            for line in why {
                page.hanging(2, 2, line);
            }
        }
        output::print(&page.into_text())?;
    }
    Ok(ExitStatus::from(&report))
}
