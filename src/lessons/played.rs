//! A run of a lesson, played: its events in the order of their beginnings, as a page has them, and its page's document if one
//! is wanted.

use crate::failure::Failure;
use crate::judgement::{RunReport, Verdict};
use crate::page::{self, Document};
use crate::run::{Settings, run_observed};
use crate::scenario::Scenario;
use crate::scenario::diagnostic::{InputError, Place};
use sim::{Budget, Event, Handle, Observer, Outcome, Recording};

/// Events of a run that can be told step by step: as many as a page holds.
const EVENTS_MAX: u64 = 1_000_000;

/// A run.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) report: RunReport,
    pub(super) outcome: Outcome,
    /// By their beginnings; runs that are open at the end stand where they began, too.
    pub(super) events: Vec<Event>,
    pub(super) document: Option<Document>,
}

/// Plays `scenario`; none if `handle` ended it. `page`: the command that a page of it shows, if there is to be one.
///
/// # Errors
/// The machine cannot run it, or it goes on for longer than anybody would look at: `place` is where it stands.
pub(super) fn play(
    (scenario, seed): (&Scenario, u64),
    place: &Place,
    page: Option<&str>,
    handle: &Handle,
) -> Result<Option<Played>, Failure> {
    let budget = Budget::default().with(|budget| budget.events = Some(EVENTS_MAX));
    let settings = Settings { handle: Some(handle.clone()), budget, ..Settings::seeded(seed) };
    let mut recording = Recording::default();
    let mut of_page = page.map(|_| page::Recording::of(scenario));
    let mut observers: Vec<&mut dyn Observer> = vec![&mut recording];
    observers.extend(of_page.as_mut().map(|page| page as &mut dyn Observer));
    let (report, outcome) = run_observed(scenario, &settings, &mut observers)?;
    if handle.is_stopped() {
        return Ok(None);
    }
    if report.verdict == Verdict::Interrupted {
        let error = InputError::new("this run is too long for a lesson").at(place, "it is not decided");
        return Err(error.help(format!("a lesson's run has at most {EVENTS_MAX} events: give it a limit_us")).into());
    }
    let mut events: Vec<Event> = recording.told.iter().map(|told| told.event).chain(recording.open).collect();
    events.sort_by_key(|event| (event.time, event.source)); // stable, and as a page has them
    let document =
        of_page.zip(page).map(|(recording, command)| page::document(scenario, &report, &outcome, recording, command));
    Ok(Some(Played { report, outcome, events, document }))
}
