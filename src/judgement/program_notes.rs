//! What the programs of a run say of themselves: `say`, and locks that are given back by who does not have them. An observer,
//! whose memory does not grow with the length of the run. And what keeps a run open whose limit came first.

use super::source_lines::Places;
use crate::machine::player::{FREES_ANOTHERS, SAYS};
use crate::machine::program::PROGRAM_ENDED;
use crate::scenario::{Act, Operation, Role, Scenario, TimerMode};
use sim::{Batch, Event, Observer, Outcome, Site, Source, Time, What};
use std::ops::Range;

/// Notes that are kept: the first.
const KEPT: usize = 100;

/// Something that a program says.
///
/// ```
/// # use apicsim::prelude::*;
/// let scenario = ScenarioBuilder::new("talk").cpus(1).steps(Time::ZERO, 0, "say \"hello\"").build()?;
/// let (report, _) = run(&scenario, &Settings::seeded(0))?;
/// assert_eq!((report.said[0].cpu, &*report.said[0].text), (0, "hello"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramNote {
    /// On which CPU.
    pub cpu: u16,
    /// When.
    pub at: Time,
    /// What: the text, or what is wrong.
    pub text: String,
    /// The step, with its file and line.
    pub step: String,
}

/// The notes of a run.
#[derive(Debug)]
pub(crate) struct ProgramNotes {
    places: Places,
    pub(crate) first: Vec<ProgramNote>,
    pub(crate) total: u64,
}

impl ProgramNotes {
    /// Of a run of `scenario` that is to begin; none if its programs say nothing.
    pub(crate) fn of(scenario: &Scenario) -> Option<Self> {
        let notable = |act: &Act| matches!(act, Act::Say(_) | Act::Unlock(_));
        let says = scenario.programs.steps.iter().any(notable);
        says.then(|| Self { places: Places::of(scenario), first: Vec::new(), total: 0 })
    }

    fn note(&mut self, event: &Event) {
        let (Source::Cpu(cpu), What::Reached(code), Some(site)) = (event.source, event.what, event.site) else {
            return;
        };
        let Some(text) = self.text(code, site) else { return };
        self.total += 1;
        if self.first.len() < KEPT {
            self.first.push(ProgramNote { cpu, at: event.time, text, step: self.places.describe(site) });
        }
    }

    fn text(&self, code: u32, site: Site) -> Option<String> {
        let programs = self.places.programs();
        match (code, programs.steps.get(site.as_step()? as usize)?) {
            (SAYS, Act::Say(text)) => Some(programs.said[*text as usize].clone()),
            (FREES_ANOTHERS, Act::Unlock(_)) => Some("gives back a lock that is not its own".to_owned()),
            _ => None,
        }
    }
}

impl Observer for ProgramNotes {
    fn take(&mut self, batch: &Batch<'_>) {
        batch.events.iter().for_each(|told| self.note(&told.event));
    }
}

/// Of a run that is not decided: the steps of programs that go on for ever and act, on CPUs whose programs have not ended.
pub(super) fn open_ended(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let places = Places::of(scenario);
    let ended = |cpu: u32| outcome.milestones.iter().any(|one| u32::from(one.cpu) == cpu && one.code == PROGRAM_ENDED);
    let mut open = Vec::new();
    for event in scenario.events.iter().filter(|event| !ended(event.cpu)) {
        let Role::Steps(steps) = &event.role else { continue };
        let acts = &scenario.programs.steps;
        for number in steps.clone().filter(|&number| goes_on(acts, number)) {
            open.push(format!(
                "CPU{}'s {} goes on for ever, and is never proven to",
                event.cpu,
                places.describe(Site::step(number))
            ));
        }
    }
    open
}

/// Can a step go on for ever and be no loop that is proven? Such a loop only looks and waits.
fn goes_on(acts: &[Act], number: u32) -> bool {
    let act = acts[number as usize];
    let within: Range<usize> = number as usize + 1..(number + 1 + act.within()) as usize;
    match act {
        Act::Every { span: None, .. } => true,
        Act::Forever { .. } => acts[within].iter().any(|step| !only_waits(*step)),
        Act::Timer { mode: TimerMode::Periodic(_), .. } => true,
        _ => false,
    }
}

const fn only_waits(act: Act) -> bool {
    match act {
        Act::Delay(amount) => amount.is_fixed(),
        Act::Pause | Act::Halt | Act::If { .. } | Act::Repeat { .. } | Act::Forever { .. } => true,
        Act::Operation(Operation::Read { .. } | Operation::Poll { .. }) => true,
        _ => false,
    }
}
