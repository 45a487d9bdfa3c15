//! A moment of a run: the machine after some of its events, and what its bus says. Steps of a lesson are such moments.

use super::lanes::Lanes;
use super::played::Played;
use crate::judgement::state::State;
use crate::report::KernelNames;
use crate::report::trace::Names;
use crate::scenario::Scenario;
use crate::scenario::diagnostic::InputError;
use crate::scenario::lesson::{Anchor, By, LessonRun, Step};
use sim::{Event, Source, Time};

/// The machine at a moment.
#[derive(Debug)]
pub(super) struct Moment<'a> {
    pub(super) state: State,
    pub(super) lanes: Lanes,
    /// What has happened by then.
    pub(super) events: &'a [Event],
    pub(super) names: &'a KernelNames,
    pub(super) cpus: u16,
}

impl Moment<'_> {
    /// An event in the words of a trace.
    pub(super) fn say(&self, event: &Event) -> String {
        say(event, self.names, self.cpus)
    }

    /// The last event.
    pub(super) fn time(&self) -> Time {
        self.events.last().map_or(Time::ZERO, |event| event.time)
    }
}

fn say(event: &Event, names: &KernelNames, cpus: u16) -> String {
    Names { cpus, software: names }.say_once(event)
}

/// How many events each step has before it and with it; the last number is that of all.
///
/// # Errors
/// A step stands at an event that does not come.
pub(super) fn places(run: &LessonRun, played: &Played) -> Result<Vec<usize>, InputError> {
    let names = KernelNames::of(&run.scenario);
    let cpus = run.scenario.machine.cpus as u16;
    let mut taken = 0;
    let mut places = Vec::new();
    for step in &run.steps {
        taken = match &step.at {
            Anchor::End => played.events.len(),
            Anchor::Event { by, says, nth } => {
                let is_it =
                    |event: &&Event| by.is_none_or(|by| is_by(event, by)) && says.is_in(&say(event, &names, cpus));
                let rest = played.events[taken..].iter().enumerate();
                let mut found = rest.filter(|(_, event)| is_it(event));
                let place = found.nth(*nth as usize - 1).map(|(place, _)| taken + place + 1);
                place.ok_or_else(|| missing(step, *nth, places.is_empty()))?
            }
        };
        places.push(taken);
    }
    Ok(places)
}

fn is_by(event: &Event, by: By) -> bool {
    match by {
        By::Cpu(cpu) => event.source == Source::Cpu(cpu),
        By::Bus => event.source == Source::Interconnect,
    }
}

fn missing(step: &Step, nth: u32, first: bool) -> InputError {
    let after = if first { "" } else { " after the step before" };
    let which = if nth == 1 { "no such event".to_owned() } else { format!("no such event for the {nth}th time") };
    InputError::new(format!("the run has {which}{after}"))
        .at(&step.place, "this step stands nowhere")
        .help("`apicsim run SCENARIO --trace -` prints every event of a run in these words")
}

/// The moment after so many events.
pub(super) fn moment<'a>(scenario: &Scenario, names: &'a KernelNames, played: &'a Played, taken: usize) -> Moment<'a> {
    let mut state = State::before(scenario);
    let mut lanes = Lanes::new(scenario.machine.cpus);
    for event in &played.events[..taken] {
        state.take(event);
        lanes.take(event);
    }
    if taken == played.events.len() {
        state.finish(&played.outcome);
    }
    Moment { state, lanes, events: &played.events[..taken], names, cpus: scenario.machine.cpus as u16 }
}
