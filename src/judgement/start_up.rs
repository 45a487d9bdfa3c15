//! What a run says of the start of CPUs: each `do_boot_cpu`, read off the milestones and the waits of the CPU that ran it,
//! and off what the CPU that it started did since.
//!
//! The kernel itself takes a CPU that it starts again for started as soon as it looks: it finds the word that the CPU set
//! when it called in the time before. What counts here is whether the CPU has called in since the attempt began.
//!
//! Not reported: what the error status held; the trace has that.

use super::explained::StartTold;
use super::waits::WaitReport;
use crate::scenario::{Act, Role, Scenario, counted};
use kernel_model::{Call, Point};
use sim::{Duration, Outcome, Time};
use std::fmt;
use std::ops::Range;

/// How the start of a CPU came out.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::StartUpOutcome;
/// let (report, _) = run(&load(&Request::new("smp-boot"))?, &Settings::seeded(0))?;
/// assert!(report.start_ups.iter().all(|start| start.outcome == StartUpOutcome::Booted));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartUpOutcome {
    /// It has called in.
    Booted,
    /// A message was not sent, or came back with an error.
    NotSent,
    /// It entered the trampoline and did not call in.
    Stuck,
    /// It did not enter the trampoline.
    NotResponding,
    /// The run ended before.
    Unfinished,
}

impl StartUpOutcome {
    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Booted => "booted",
            Self::NotSent => "not-sent",
            Self::Stuck => "stuck",
            Self::NotResponding => "not-responding",
            Self::Unfinished => "unfinished",
        }
    }
}

/// The start of one CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// let (report, _) = run(&load(&Request::new("smp-boot"))?, &Settings::seeded(0))?;
/// assert!(report.start_ups.iter().all(|start| start.cpu == 0 && start.called_in.is_some()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartUpReport {
    /// The CPU that starts it.
    pub cpu: u16,
    /// The CPU that is started.
    pub target: u16,
    /// When the first message was about to be written.
    pub start: Time,
    /// How long the messages took, with all that waits between them; none where they did not end.
    pub messages: Option<Duration>,
    /// Reads of the ICR by the waits between them.
    pub reads: u64,
    /// Waits that timed out.
    pub timeouts: u32,
    /// STARTUP messages written.
    pub startups: u32,
    /// The last wait timed out.
    pub never_delivered: bool,
    /// The error status had bits.
    pub delivery_error: bool,
    /// When the CPU called in.
    pub called_in: Option<Time>,
    /// Remote reads that were answered, and how many were asked; none where the kernel did not ask.
    pub answers: Option<(u32, u32)>,
    /// What came of it.
    pub outcome: StartUpOutcome,
    /// Of one that did not come up: what became of the messages that were to start it.
    pub why: Vec<String>,
}

/// The starts of a run, in order. `told` explains them.
pub(super) fn reports(
    scenario: &Scenario,
    outcome: &Outcome,
    waits: &[WaitReport],
    told: &[StartTold],
) -> Vec<StartUpReport> {
    let attempts = attempts(scenario, outcome);
    let mut reports: Vec<StartUpReport> = attempts.iter().map(|attempt| report(outcome, waits, attempt)).collect();
    for (report, attempt) in reports.iter_mut().zip(&attempts) {
        if matches!(report.outcome, StartUpOutcome::Stuck | StartUpOutcome::NotResponding) {
            let its = |told: &&StartTold| told.cpu == attempt.cpu && attempt.is_under_way(told.at);
            report.why = told.iter().find(its).map(|told| told.why.clone()).unwrap_or_default();
        }
    }
    reports.sort_by_key(|report| report.start);
    reports
}

/// Has any CPU not come up that was started?
pub(super) fn has_failed(scenario: &Scenario, outcome: &Outcome) -> bool {
    attempts(scenario, outcome).iter().any(|attempt| report(outcome, &[], attempt).outcome != StartUpOutcome::Booted)
}

/// The CPUs that have called in since they were started last; of those that nobody was seen to start, at all.
pub(super) fn started(outcome: &Outcome, reports: &[StartUpReport]) -> u32 {
    let called_in = |cpu: &u16| {
        let last = reports.iter().rfind(|report| report.target == *cpu);
        last.is_none_or(|report| report.called_in.is_some())
    };
    let mut cpus: Vec<u16> = outcome
        .milestones
        .iter()
        .filter(|milestone| milestone.code == Point::CalledIn as u32)
        .map(|milestone| milestone.cpu)
        .collect();
    cpus.sort_unstable();
    cpus.dedup();
    cpus.iter().filter(|cpu| called_in(cpu)).count() as u32
}

/// When a CPU was started last.
pub(super) fn last_begun(scenario: &Scenario, outcome: &Outcome, target: u16) -> Option<Time> {
    let of_it = attempts(scenario, outcome).into_iter().filter(|attempt| attempt.target == target);
    of_it.map(|attempt| attempt.start).max()
}

/// One `do_boot_cpu`.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    cpu: u16,
    target: u16,
    start: Time,
    /// When the CPU that starts others begins with the next.
    end: Option<Time>,
    /// When the target is started the next time.
    again: Option<Time>,
}

impl Attempt {
    fn is_under_way(&self, at: Time) -> bool {
        at >= self.start && self.end.is_none_or(|end| at < end)
    }
}

/// All of a run.
fn attempts(scenario: &Scenario, outcome: &Outcome) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    for number in 0..scenario.machine.cpus as u16 {
        let begins: Vec<Time> = instants(outcome, number, Point::WakeUpBegins).collect();
        for (n, (&start, target)) in begins.iter().zip(targets(scenario, number)).enumerate() {
            let end = begins.get(n + 1).copied();
            attempts.push(Attempt { cpu: number, target, start, end, again: None });
        }
    }
    for index in 0..attempts.len() {
        let Attempt { target, start, .. } = attempts[index];
        let later = attempts.iter().filter(|other| other.target == target && other.start > start);
        attempts[index].again = later.map(|other| other.start).min();
    }
    attempts
}

/// Whom a CPU starts, in order: by its roles, then by the steps of its programs, the last of which may stand in a loop.
fn targets(scenario: &Scenario, cpu: u16) -> impl Iterator<Item = u16> {
    let events = scenario.events.iter().filter(|event| event.cpu == u32::from(cpu));
    let (mut by_roles, mut by_steps) = (Vec::new(), Vec::new());
    for event in events {
        match &event.role {
            Role::BootCpus { targets, .. } => {
                let from = by_roles.len();
                by_roles.extend(targets.iter().map(|&target| target as u16));
                by_roles[from..].sort_unstable();
            }
            Role::Steps(steps) => by_steps.extend(started_by(scenario, steps)),
            _ => {}
        }
    }
    for handler in scenario.programs.handlers.iter().filter(|handler| handler.cpus.contains(&u32::from(cpu))) {
        by_steps.extend(started_by(scenario, &handler.steps));
    }
    let last = by_steps.last().copied();
    by_roles.into_iter().chain(by_steps).chain(std::iter::repeat(last).map_while(|last| last))
}

fn started_by(scenario: &Scenario, steps: &Range<u32>) -> Vec<u16> {
    let acts = &scenario.programs.steps[steps.start as usize..steps.end as usize];
    let starts = |act: &Act| match act {
        Act::Call { call: Call::do_boot_cpu, given, .. } => Some(given.target),
        _ => None,
    };
    acts.iter().filter_map(starts).collect()
}

fn instants(outcome: &Outcome, cpu: u16, point: Point) -> impl Iterator<Item = Time> {
    let of_cpu = outcome.milestones.iter().filter(move |milestone| milestone.cpu == cpu);
    of_cpu.filter(move |milestone| milestone.code == point as u32).map(|milestone| milestone.at)
}

fn report(outcome: &Outcome, waits: &[WaitReport], attempt: &Attempt) -> StartUpReport {
    let &Attempt { cpu, target, start, again, .. } = attempt;
    let within = |at: Time| attempt.is_under_way(at);
    let count = |point: Point| instants(outcome, cpu, point).filter(|at| within(*at)).count() as u32;
    let since = |point: Point| {
        instants(outcome, target, point).find(|at| *at >= start && again.is_none_or(|again| *at < again))
    };
    let called_in = since(Point::CalledIn);
    let returned = instants(outcome, cpu, Point::WakeUpReturned).find(|at| within(*at));
    let during =
        |wait: &&WaitReport| wait.cpu == cpu && wait.start >= start && returned.is_none_or(|at| wait.start < at);
    let never_delivered = count(Point::NeverDelivered) > 0;
    let delivery_error = count(Point::DeliveryError) > 0;
    let (answered, failed) = (count(Point::InquiryAnswered), count(Point::InquiryFailed));
    StartUpReport {
        cpu,
        target,
        start,
        messages: returned.map(|at| at.since(start)),
        reads: waits.iter().filter(during).filter_map(|wait| wait.reads).sum(),
        timeouts: waits.iter().filter(during).filter(|wait| wait.outcome == "timeout").count() as u32,
        startups: count(Point::StartupWritten),
        never_delivered,
        delivery_error,
        called_in,
        answers: (answered + failed > 0).then_some((answered, answered + failed)),
        outcome: match () {
            () if never_delivered || delivery_error => StartUpOutcome::NotSent,
            () if count(Point::Booted) > 0 && called_in.is_some() => StartUpOutcome::Booted,
            () if count(Point::Booted) > 0 && since(Point::TrampolineEntered).is_some() => StartUpOutcome::Stuck,
            () if count(Point::Booted) > 0 => StartUpOutcome::NotResponding,
            () if count(Point::Stuck) > 0 => StartUpOutcome::Stuck,
            () if count(Point::NotResponding) > 0 => StartUpOutcome::NotResponding,
            () => StartUpOutcome::Unfinished,
        },
        why: Vec::new(),
    }
}

impl fmt::Display for StartUpReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, target, start, reads, startups, .. } = self;
        write!(f, "CPU{cpu} starts CPU{target} at {start} us: {}", self.outcome.name())?;
        if let Some(messages) = self.messages {
            write!(
                f,
                "; {messages} us for its messages, {startups} STARTUP, {}, {}",
                counted(*reads, "read"),
                counted(self.timeouts, "time-out")
            )?;
        }
        match (self.never_delivered, self.delivery_error) {
            (true, true) => write!(f, "; never delivered, and an error")?,
            (true, false) => write!(f, "; never delivered")?,
            (false, true) => write!(f, "; delivery error")?,
            (false, false) => {}
        }
        if let Some(at) = self.called_in {
            write!(f, "; called in at {at} us")?;
        }
        self.answers.map_or(Ok(()), |(answered, asked)| write!(f, "; {answered} of {asked} remote reads answered"))
    }
}
