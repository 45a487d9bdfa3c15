//! Why each of some waits that have ended took as long as it did: an observer of the run in which they are.
//!
//! It looks at the machine just before the end of a wait that gave up, and at the start of one that found idle, where the
//! ICR still was busy. Its memory does not grow with the length of the run.

use super::jammed;
use super::mechanism;
use super::state::State;
use super::waits::WaitReport;
use super::why::explain_icr;
use crate::scenario::{Mechanism, Scenario};
use kernel_model::{Arch, Other};
use sim::{Batch, Event, Observer, Source, Time, What};

/// A wait, and what is to be said of it.
#[derive(Debug)]
struct Asked {
    wait: WaitReport,
    /// The instant just before which the machine is looked at.
    at: Time,
    why: Vec<String>,
    /// When the bus was done with the message that it waited for.
    dispatched: Option<Time>,
}

/// The observer.
#[derive(Debug)]
pub(crate) struct ExplainedWaits {
    scenario: Scenario,
    state: State,
    asked: Vec<Asked>,
    /// Places in `asked` that are still to be looked at, the earliest last.
    places: Vec<usize>,
}

impl ExplainedWaits {
    /// Of a run of `scenario` that is to begin, and in which these waits will end.
    pub(crate) fn new(scenario: &Scenario, waits: &[&WaitReport]) -> Self {
        let asked: Vec<Asked> = waits.iter().map(|&wait| asked(wait)).collect();
        let mut places: Vec<usize> = (0..asked.len()).filter(|&place| asked[place].why.is_empty()).collect();
        places.sort_by_key(|&place| std::cmp::Reverse((asked[place].at, place)));
        Self { scenario: scenario.clone(), state: State::before(scenario), asked, places }
    }

    /// Is there any that cannot be explained without a look at the machine?
    pub(crate) fn must_look(&self) -> bool {
        !self.places.is_empty()
    }

    /// The explanations, in the order of the waits.
    pub(crate) fn into_lines(self) -> Vec<Vec<String>> {
        self.asked.into_iter().map(Asked::into_lines).collect()
    }

    /// Looks for those whose instant is at or before `now`.
    fn look(&mut self, now: Time, under_way: impl Fn(Time) -> Vec<Event>) {
        while let Some(place) = self.places.pop_if(|&mut place| self.asked[place].at <= now) {
            let state = self.state.with(&under_way(self.asked[place].at));
            let why = explain(&self.scenario, &state, &self.asked[place].wait);
            self.asked[place].why = why;
        }
    }
}

impl Observer for ExplainedWaits {
    fn take(&mut self, batch: &Batch<'_>) {
        let under_way = |index: usize| move |at: Time| batch.under_way_before(index, (at, Source::Interconnect));
        for (index, told) in batch.events.iter().enumerate() {
            self.look(told.at, under_way(index));
            self.state.take(&told.event);
            if let What::Dispatched(message, false) = told.event.what {
                let its = self.asked.iter_mut().filter(|asked| asked.wait.cpu == message.source);
                its.for_each(|asked| asked.note_dispatched(told.at));
            }
        }
        self.look(batch.until, under_way(batch.events.len()));
    }
}

fn asked(wait: &WaitReport) -> Asked {
    let just_after = Time::from_ps(wait.start.as_ps() + 1);
    Asked {
        at: if wait.outcome == "timeout" { end(wait) } else { just_after },
        why: at_its_only_read(wait).into_iter().collect(),
        wait: wait.clone(),
        dispatched: None,
    }
}

impl Asked {
    fn note_dispatched(&mut self, at: Time) {
        if at > self.wait.start && at <= end(&self.wait) {
            self.dispatched.get_or_insert(at);
        }
    }

    fn into_lines(mut self) -> Vec<String> {
        let looked_at = self.wait.outcome != "timeout" && at_its_only_read(&self.wait).is_none();
        if let Some(idle) = self.dispatched.filter(|_| looked_at) {
            let (busy, late) = (idle.since(self.wait.start), end(&self.wait).since(idle));
            self.why.push(format!(
                "the bus was done with it {busy} us later; the read that saw it came {late} us after that"
            ));
        }
        self.why
    }
}

/// A wait that gave up has a mechanism.
fn explain(scenario: &Scenario, state: &State, wait: &WaitReport) -> Vec<String> {
    let mut lines = explain_icr(state, wait.cpu).chain;
    if wait.outcome == "timeout" {
        let shown = mechanism::shown(state, wait.cpu);
        if shown == Some(Mechanism::JammedBit) {
            lines.extend(jammed::root(scenario, wait.cpu, end(wait)).map(|(line, _)| line));
        }
        lines.extend(shown.map(|mechanism| format!("mechanism {}", mechanism.with_name())));
        lines.push(what_follows(scenario).to_owned());
    }
    lines
}

/// Why a wait took as long as it did that read its ICR once, and found it idle.
fn at_its_only_read(wait: &WaitReport) -> Option<String> {
    if wait.reads != Some(1) || wait.outcome != "idle" {
        return None;
    }
    let delay_first = wait.delays.is_some_and(|delays| delays > 0);
    Some(match wait.took {
        Some(took) if delay_first => {
            format!("the ICR was idle at its only read; the {took} us are the delay that came before it")
        }
        _ => "the ICR was idle at the first read".to_owned(),
    })
}

fn end(wait: &WaitReport) -> Time {
    Time::from_ps(wait.start.as_ps() + wait.took.map_or(0, |span| span.as_ps()))
}

/// What the kernel does after a wait that gave up.
fn what_follows(scenario: &Scenario) -> &'static str {
    match Arch::from_name(scenario.machine.arch).and_then(Arch::other) {
        Some(Other::Freebsd) => "the wait gave up; the kernel panics",
        Some(Other::Asterinas | Other::X86Crate) => "an error in the ESR ended the wait; the kernel goes on",
        _ => "the wait gave up; the kernel writes the ICR as if it were idle",
    }
}
