//! What a scenario can do with its text: write it, keep it in a file, and be compared with what was read back.

use super::builder::ScenarioBuilder;
use super::table::Table;
use super::{fault, machine, steps};
use crate::scenario::diagnostic::{InputError, Place, Source};
use crate::scenario::load::{Request, load_text};
use crate::scenario::model::{Origin, Scenario};
use crate::scenario::own_waits::OwnWaits;
use crate::scenario::program::{Programs, StepPlace};
use crate::scenario::role::Role;
use sim::Time;
use std::path::Path;
use std::sync::Arc;

impl Scenario {
    /// The text of a file that reads back to this scenario, as it was decided for its machine: with what applies to that, and
    /// every `--set` in its place. A variant in Rust stands in it by its name; who reads it hands the code over again.
    ///
    /// ```
    /// use apicsim::scenario::{self, Request, Scenario};
    ///
    /// let mut request = Request::new("nmi-stall");
    /// request.variant = Some("merged".to_owned());
    /// request.sets = vec!["knobs.slots=per-vector".to_owned()];
    /// let scenario = scenario::load(&request)?;
    /// let read = Scenario::from_toml(&scenario.to_toml())?;
    /// assert!(read.says_the_same_as(&scenario));
    /// assert!(scenario.to_toml().contains("slots = \"per-vector\""));
    /// # Ok::<(), scenario::diagnostic::InputError>(())
    /// ```
    pub fn to_toml(&self) -> String {
        ScenarioBuilder::from(self).to_toml()
    }

    /// Writes [`to_toml`](Self::to_toml) to a file, and gives the scenario of that file: the token of its runs replays from there.
    ///
    /// ```
    /// use apicsim::prelude::*;
    ///
    /// let scenario = scenario::load(&Request::new("normal-dispatch"))?;
    /// let path = std::env::temp_dir().join(format!("apicsim-saved-{}.toml", std::process::id()));
    /// let saved = scenario.save(&path)?;
    /// let (report, _) = run(&saved, &Settings::seeded(7))?;
    /// let token: apicsim::token::Token = report.token.parse()?; // apicsim replay TOKEN
    /// assert_eq!(token.load()?, saved);
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be written; its path is not UTF-8.
    pub fn save(&self, path: &Path) -> Result<Self, InputError> {
        let name = path.to_str().ok_or_else(|| {
            InputError::new(format!("the path `{}` is not UTF-8", path.display())).help("a token holds it as text")
        })?;
        let text = self.to_toml();
        std::fs::write(path, &text).map_err(|error| InputError::host(format!("cannot write `{name}`: {error}")))?;
        let own = match &self.own {
            Some(OwnWaits::Code(code)) => vec![*code],
            _ => Vec::new(),
        };
        load_text(&text, &Request { own, ..Request::new(name) })
    }

    /// Do both say the same? Where that is written, and in which text, does not count: origin, hash, settings, positions in the
    /// file.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        without_places(self) == without_places(other)
    }

    /// A scenario of this name, to be put together.
    pub fn builder(name: &str) -> ScenarioBuilder {
        ScenarioBuilder::new(name)
    }
}

/// The same, written nowhere.
fn without_places(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    let nowhere = Place::new(&Source::new("", ""), 0..0);
    scenario.origin = Origin::File(String::new());
    scenario.hash.clear();
    scenario.sets.clear();
    scenario.events.iter_mut().for_each(|event| event.index = 0);
    scenario.faults.iter_mut().for_each(|fault| fault.index = 0);
    scenario.expectation.iter_mut().for_each(|expectation| expectation.index = 0);
    let mut programs = Programs::clone(&scenario.programs);
    for handler in &mut programs.handlers {
        handler.index = 0;
        handler.place.place = nowhere.clone();
    }
    for step in &mut programs.places {
        *step = StepPlace { place: nowhere.clone(), text: std::mem::take(&mut step.text) };
    }
    scenario.programs = Arc::new(programs);
    scenario
}

impl From<&Scenario> for ScenarioBuilder {
    fn from(scenario: &Scenario) -> Self {
        let mut builder = Self::new(&scenario.name).story(&scenario.story).limited(scenario.limit_ps);
        builder.top.set_text("goal", &scenario.goal_name());
        if let Some(mechanism) = scenario.mechanism {
            builder = builder.mechanism(mechanism);
        }
        if scenario.stall != crate::scenario::Stall::None {
            builder = builder.stall(scenario.stall);
        }
        builder.machine = machine::machine(&scenario.machine);
        builder.knobs = machine::knobs(&scenario.machine, &scenario.knobs);
        builder = builder.costs(&scenario.costs);
        match &scenario.own {
            Some(OwnWaits::Plan(plan)) => builder = builder.wait(&plan.name, &plan.plan, plan.base),
            Some(OwnWaits::Code(code)) => builder = builder.own(*code),
            None => {}
        }
        if scenario.klogd_cpu != 0 || scenario.klogd_reschedule {
            builder = builder.klogd(scenario.klogd_cpu);
        }
        if scenario.klogd_reschedule {
            builder = builder.klogd_reschedule();
        }
        let plain = steps::plain_words(&scenario.programs);
        for (place, (name, value)) in scenario.programs.words.iter().enumerate() {
            builder = if place < plain { builder.word(name, *value) } else { builder.lock(name) };
        }
        builder = happenings(builder, scenario);
        match &scenario.expectation {
            Some(expectation) => builder.expect(expectation),
            None => Self { expect: Table::default(), ..builder },
        }
    }
}

/// Events, handlers, loads and faults, in the order of the file that they are of: it decides the numbers of steps and names.
fn happenings(mut builder: ScenarioBuilder, scenario: &Scenario) -> ScenarioBuilder {
    let mut events: Vec<_> = scenario.events.iter().collect();
    events.sort_by_key(|event| event.index);
    for event in events {
        let at = Time::from_ps(event.at_ps);
        builder = match &event.role {
            Role::Steps(steps) => builder.steps(at, event.cpu, &steps::text(&scenario.programs, steps.clone())),
            role => builder.event(at, event.cpu, role),
        };
    }
    for handler in &scenario.programs.handlers {
        let text = steps::text(&scenario.programs, handler.steps.clone());
        builder = match handler.ends_interrupt {
            true => builder.handler(&handler.cpus, handler.on, &text),
            false => builder.handler_without_eoi(&handler.cpus, handler.on, &text),
        };
    }
    for load in &scenario.programs.loads {
        builder = builder.load(load, &steps::text(&scenario.programs, load.steps.clone()));
    }
    let mut faults: Vec<_> = scenario.faults.iter().collect();
    faults.sort_by_key(|fault| fault.index);
    for entry in faults.chunk_by(|one, next| one.index == next.index) {
        builder = match fault::comes_again(entry) {
            Some(times) => builder.fault_again(entry[0], times),
            None => entry.iter().fold(builder, |builder, fault| builder.fault(Time::from_ps(fault.at_ps), fault.kind)),
        };
    }
    let begins = scenario.events.iter().map(|event| event.at_ps).chain(scenario.faults.iter().map(|fault| fault.at_ps));
    if begins.max().is_some_and(|last| last > scenario.limit_ps) { builder.limit_cuts() } else { builder }
}
