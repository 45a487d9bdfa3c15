//! What must be explained of a run, and its explanations, from one walk through its events: why it hangs or is not done,
//! what its bounded waits for others waited for, and why a CPU did not come up.
//!
//! Not explained: bounded waits for an ICR that nobody asks about (`apicsim explain` does), and more of a kind than
//! [`TOLD`].

use super::crash_happened::is_of_crash;
use super::state::{Sleep, State};
use super::wait_log::WaitLog;
use super::why::{self, Why};
use crate::scenario::Scenario;
use kernel_model::{Point, Wait, WaitOutcome};
use sim::{Batch, Duration, Event, Observer, Outcome, Source, Time, What};

/// Explanations of a kind, at most.
const TOLD: usize = 16;

/// A wait for others that ended by its bound; or that has no bound, and that the kernel has reported and goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenUpReport {
    /// The CPU that waited.
    pub cpu: u16,
    /// What it did: `waits for backtraces`.
    pub what: &'static str,
    /// `function (file:line)`.
    pub at: String,
    /// When it began.
    pub start: Time,
    /// How long it took.
    pub took: Duration,
    /// Has it been reported, and goes on?
    pub goes_on: bool,
    /// Who has not answered, and why, as it was when the wait ended.
    pub why: Vec<String>,
}

/// A CPU that waits at the end of a run that has come to its limit.
///
/// ```
/// # use apicsim::prelude::*;
/// let scenario = ScenarioBuilder::new("cut").cpus(1).word("w", 0).limit(Time::from_us(50));
/// let scenario = scenario.steps(Time::ZERO, 0, "await w == 1 for 90us").build()?;
/// let (report, _) = run(&scenario, &Settings::seeded(0))?;
/// assert_eq!(report.verdict, Verdict::Deadline);
/// assert!(report.waiting.iter().any(|waiting| waiting.cpu == 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitingReport {
    /// The CPU.
    pub cpu: u16,
    /// What it waits for, and why that has not come by then.
    pub why: Vec<String>,
    /// The root in a few words.
    pub cause: String,
}

/// A start of a CPU that has come to its end: who started it, when the kernel said how it came out, and what became of its
/// messages by then.
#[derive(Debug)]
pub(super) struct StartTold {
    pub(super) cpu: u16,
    pub(super) at: Time,
    pub(super) why: Vec<String>,
}

/// What the events of a run say beside its outcome: an observer, of which one lets the run be judged ([`judge`]).
///
/// Its memory does not grow with the length of the run.
///
/// [`judge`]: super::judge
#[derive(Debug)]
pub(crate) struct Evidence<'s> {
    scenario: &'s Scenario,
    /// The machine so far; once it is finished, at the end.
    pub(super) state: State,
    pub(super) given_up: Vec<GivenUpReport>,
    pub(super) starts: Vec<StartTold>,
    /// Has the scenario's crash happened?
    pub(super) crash_happened: bool,
}

/// Does a finished run have a wait for others that timed out, or was reported? Then its events are needed.
pub(super) fn has_given_up(waits: &WaitLog) -> bool {
    waits.groups().any(|group| group.code() != Wait::IcrIdle as u32 && in_vain(group.outcome()))
}

/// Has what was waited for not come?
fn in_vain(outcome: u32) -> bool {
    outcome == WaitOutcome::TimedOut as u32 || outcome == WaitOutcome::Reported as u32
}

/// What a CPU does that waits for this, where the kernel has reported it.
fn reported(code: u32) -> &'static str {
    if code == Wait::Acknowledgement as u32 { "waits for an acknowledgement, and reports it" } else { why::what(code) }
}

impl Observer for Evidence<'_> {
    fn take(&mut self, batch: &Batch<'_>) {
        for (index, told) in batch.events.iter().enumerate() {
            let event = &told.event;
            let place = (told.at, event.source);
            self.before(event, || batch.under_way_before(index, place));
            self.state.take(event);
            self.after(event, || batch.under_way_before(index + 1, place));
            self.crash_happened = self.crash_happened || is_of_crash(self.scenario, event);
        }
        if batch.last {
            batch.under_way().iter().for_each(|run| self.state.take(run));
        }
    }
}

impl<'s> Evidence<'s> {
    /// Of a run of `scenario` that is to begin.
    pub(crate) fn new(scenario: &'s Scenario) -> Self {
        let state = State::before(scenario);
        Self { scenario, state, given_up: Vec::new(), starts: Vec::new(), crash_happened: false }
    }

    /// The run that was observed has come to this.
    pub(crate) fn finish(&mut self, outcome: &Outcome) {
        self.state.finish(outcome);
    }

    /// A wait is explained as long as it is open.
    fn before(&mut self, event: &Event, under_way: impl Fn() -> Vec<Event>) {
        let (Source::Cpu(cpu), What::WaitEnded(code, outcome)) = (event.source, event.what) else { return };
        if !in_vain(outcome)
            || [Wait::IcrIdle as u32, Wait::Callin as u32].contains(&code)
            || self.given_up.len() >= TOLD
        {
            return;
        }
        let innermost = self.state.cpus[usize::from(cpu)].software.waits.last().copied();
        let Some(wait) = innermost.filter(|wait| wait.code == code) else { return };
        self.given_up.push(GivenUpReport {
            cpu,
            what: if outcome == WaitOutcome::Reported as u32 { reported(code) } else { why::what(code) },
            goes_on: outcome == WaitOutcome::Reported as u32,
            at: self.state.places.describe(wait.site),
            start: wait.since,
            took: event.time.since(wait.since),
            why: why::explain_cpu(&self.state.with(&under_way()), cpu).chain,
        });
    }

    /// The start of a CPU is explained as soon as the kernel says how it came out.
    fn after(&mut self, event: &Event, under_way: impl Fn() -> Vec<Event>) {
        let (Source::Cpu(cpu), What::Reached(code)) = (event.source, event.what) else { return };
        let over = [Point::Booted, Point::Stuck, Point::NotResponding].iter().any(|point| *point as u32 == code);
        if !over || self.starts.len() >= TOLD {
            return;
        }
        let Some(first) = why::first_message(&self.state, cpu) else { return };
        let has_come = |target: &u16| {
            let of_it =
                self.state.milestones.iter().filter(|reached| reached.cpu == *target && reached.at >= first.sent);
            of_it.into_iter().any(|reached| reached.code == Point::CalledIn as u32)
        };
        if first.meant.iter().all(has_come) {
            return;
        }
        let state = self.state.with(&under_way());
        let why = first.meant.iter().flat_map(|&target| why::explain_start(&state, target, first)).collect();
        self.starts.push(StartTold { cpu, at: event.time, why });
    }

    /// Since when a CPU executes nothing, and waits for an INIT or a start-up message.
    pub(super) fn asleep_since(&self, number: u16) -> Option<Time> {
        match self.state.cpus[usize::from(number)].sleep()? {
            Sleep::Shutdown { since, .. } => Some(since),
            Sleep::WaitForStartUp(reset) => Some(reset.since),
            Sleep::Halt(_) => None,
        }
    }

    /// The CPUs that wait for something, each with its chain.
    pub(super) fn waiting(&self) -> Vec<WaitingReport> {
        let waits = self.state.cpus.iter().filter(|cpu| cpu.waits_for_something()).take(TOLD);
        waits
            .map(|cpu| {
                let Why { chain, cause } = why::explain_cpu(&self.state, cpu.number);
                WaitingReport { cpu: cpu.number, why: chain, cause }
            })
            .collect()
    }
}
