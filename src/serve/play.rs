//! The run that a form asks for, within its budgets, as a page.

use super::asked::{Asked, FieldName};
use super::form::{form, message};
use super::reply::{Reply, Status};
use super::request::encode;
use crate::judgement::Verdict;
use crate::page::{Document, Recording, document, html_with_form};
use crate::run::{Settings, run_observed};
use crate::scenario::Scenario;
use crate::scenario::diagnostic::InputError;
use sim::{Budget, Handle};

/// Events of a page that a browser gets at once.
const EVENTS_MAX: u64 = 200_000;

/// Operations of software.
const OPERATIONS_MAX: u64 = 4_000_000_000;

/// Where a form that was sent leads: a text has no address.
pub(super) fn address(asked: &Asked) -> Option<String> {
    asked.value(FieldName::Text).is_empty().then(|| format!("/run?{}", asked.address(encode)))
}

/// Runs what is asked for; `handle` may end it.
pub(super) fn play(asked: &Asked, handle: &Handle) -> Reply {
    let refused = |error: &InputError| Reply::page(Status::BadRequest, message(&error.render(false), asked));
    let (scenario, seed, other) = match asked.load() {
        Ok(loaded) => loaded,
        Err(error) => return refused(&error),
    };
    let run = match document_of(&scenario, seed, handle) {
        Ok(run) => run,
        Err(error) => return refused(&error),
    };
    let other = match other.map(|other| document_of(&other, seed, handle)).transpose() {
        Ok(other) => other,
        Err(error) => return refused(&error),
    };
    let title = format!("{} on {}, {} - apicsim", scenario.name, scenario.machine.arch, scenario.machine.variant);
    Reply::page(Status::Good, html_with_form(&title, &run, other.as_ref(), &form(asked, false)))
}

/// Runs a scenario within its budgets.
fn document_of(scenario: &Scenario, seed: u64, handle: &Handle) -> Result<Document, InputError> {
    let budget = Budget::default().with(|budget| {
        budget.operations = Some(OPERATIONS_MAX);
        budget.events = Some(EVENTS_MAX);
    });
    let settings = Settings { handle: Some(handle.clone()), budget, ..Settings::seeded(seed) };
    let mut recording = Recording::of(scenario);
    let (report, outcome) =
        run_observed(scenario, &settings, &mut recording).map_err(|failure| InputError::new(failure.to_string()))?;
    if report.verdict == Verdict::Interrupted {
        let why = if handle.is_stopped() {
            "this run took more of the host's time than one request may have".to_owned()
        } else {
            format!("this run has more than {EVENTS_MAX} events, or more than {OPERATIONS_MAX} operations")
        };
        return Err(InputError::new(why).help("give it a limit_us, or run it by: apicsim run SCENARIO --html FILE"));
    }
    let command = format!("apicsim replay {}", report.token);
    Ok(document(scenario, &report, &outcome, recording, &command))
}
