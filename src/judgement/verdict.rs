//! The verdict: was the goal reached, is it proven unreachable, or neither; and what the run says beside it.

use super::crash::crash_report;
use super::expectation::expectation;
use super::explained::{self, Evidence};
use super::hypothetical::is_hypothetical;
use super::jammed;
use super::mechanism;
use super::panic::panicked;
use super::program_notes::open_ended;
use super::run_report::{HangReport, LoopReport, RunReport, Verdict};
use super::source_lines::Places;
use super::start_up;
use super::wait_log::WaitLog;
use super::waits::{WaitSummary, summaries, waits};
use super::why::{self, Why};
use crate::machine::goal_milestones;
use crate::scenario::{Bus, Fault, FaultKind, Mechanism, MessageEffectName, Scenario, Times, counted};
use crate::token::Token;
use kernel_model::Point;
use sim::{Activity, CpuReport, Duration, Ending, Interruption, Outcome, Slots, Time};

/// Is there anything about a finished run that must be explained, and for which its events are needed? Not of one that was
/// interrupted: whoever did that does not want to wait.
pub(crate) fn needs_events(scenario: &Scenario, outcome: &Outcome, waits: &WaitLog) -> bool {
    if outcome.interrupted_at.is_some() {
        return false;
    }
    let done = goal_instant(scenario, &goal_milestones(scenario), outcome).is_some();
    let entered = instant_of(outcome, Point::CrashEntered).is_some();
    let unseen = scenario.crash().is_some() && !entered;
    !done || unseen || explained::has_given_up(waits) || start_up::has_failed(scenario, outcome)
}

/// Judges the finished run of `token`, whose `log` has the waits that ended. `aftermath` is the same run without its stop rule, where that is needed to tell which CPUs
/// spin for ever; `evidence` is what the events of the same run say, where it [needs them](needs_events).
pub(crate) fn judge(
    scenario: &Scenario,
    token: &Token,
    outcome: &Outcome,
    log: &WaitLog,
    aftermath: Option<&Outcome>,
    evidence: Option<&Evidence<'_>>,
) -> RunReport {
    let goal = goal_milestones(scenario);
    let goal_at = goal_instant(scenario, &goal, outcome);
    let verdict = match (goal_at, outcome.ending) {
        (_, Ending::Interrupted(_)) => Verdict::Interrupted,
        (Some(_), _) => Verdict::Completed,
        (None, Ending::Proven(_)) => Verdict::Hung,
        (None, Ending::Stopped | Ending::Deadline) => Verdict::Deadline,
    };
    let proof = match (verdict, outcome.ending) {
        (Verdict::Hung, Ending::Proven(proof)) => Some(proof),
        _ => None,
    };
    let crashed = instant_of(outcome, Point::CrashEntered);
    let crashing = crashing_cpu(scenario, outcome);
    let (waits, wait_summaries) = (waits(log, outcome), summaries(log));
    let open = waits.iter().filter(|wait| wait.took.is_none()).count() as u64;
    let told = evidence.map_or(&[][..], |evidence| &evidence.starts);
    let start_ups = start_up::reports(scenario, outcome, &waits, told);
    let mut report = RunReport {
        token: token.to_string(),
        seed: token.seed,
        verdict,
        proof,
        interrupted_at: outcome.interrupted_at,
        interruption: interruption(outcome),
        sim_time: goal_at.unwrap_or(outcome.last_effective),
        crashed,
        crash_happened: crashed.is_none() && evidence.is_some_and(|evidence| evidence.crash_happened),
        from_crash: goal_at.zip(crashed).map(|(goal, crash)| goal.since(crash)),
        digest: outcome.digest,
        timeouts: timeouts(&wait_summaries, crashing.or(scenario.booting_cpu().map(|cpu| cpu as u16))),
        given_up: evidence.map(|evidence| evidence.given_up.clone()).unwrap_or_default(),
        waiting: evidence.filter(|_| verdict == Verdict::Deadline).map(Evidence::waiting).unwrap_or_default(),
        open_ended: if verdict == Verdict::Deadline { open_ended(scenario, outcome) } else { Vec::new() },
        said: Vec::new(),
        said_total: 0,
        strict: None,
        started: start_up::started(outcome, &start_ups),
        start_ups,
        waits_total: wait_summaries.iter().map(|summary| summary.count).sum::<u64>() + open,
        waits,
        wait_summaries,
        stopped: count_of(outcome, Point::Stopped),
        crash: crash_report(scenario, outcome),
        capture: instant_of(outcome, Point::CaptureKernelReady),
        panicked: panicked(outcome),
        injected: injected(scenario, outcome),
        hang: (verdict == Verdict::Hung).then(|| hang(scenario, &goal, crashing, outcome, evidence)),
        loops: loops(aftermath.unwrap_or(outcome), &Places::of(scenario)),
        notes: notes(scenario, outcome),
        expected: None,
        unmet: Vec::new(),
    };
    if verdict == Verdict::Interrupted {
        return report;
    }
    let unmet = expectation(scenario, &report);
    report.expected = unmet.as_ref().map(Vec::is_empty);
    report.unmet = unmet.unwrap_or_default();
    report
}

/// The crash of a run, if it had one, and whether the goal was reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CrashPath {
    pub(crate) crashed: bool,
    pub(crate) goal_reached: bool,
    /// From the crash to the goal.
    pub(crate) took: Option<Duration>,
}

pub(crate) fn crash_path(scenario: &Scenario, outcome: &Outcome) -> CrashPath {
    let goal_at = goal_instant(scenario, &goal_milestones(scenario), outcome);
    let crashed = instant_of(outcome, Point::CrashEntered);
    let took = goal_at.zip(crashed).map(|(goal, crash)| goal.since(crash));
    CrashPath { crashed: crashed.is_some(), goal_reached: goal_at.is_some(), took }
}

const fn interruption(outcome: &Outcome) -> Option<Interruption> {
    match outcome.ending {
        Ending::Interrupted(why) => Some(why),
        Ending::Stopped | Ending::Proven(_) | Ending::Deadline => None,
    }
}

fn goal_instant(scenario: &Scenario, goal: &[(Option<u16>, u32)], outcome: &Outcome) -> Option<Time> {
    let reached = |&part: &(Option<u16>, u32)| reached(scenario, part, outcome);
    goal.iter().map(reached).collect::<Option<Vec<Time>>>()?.into_iter().max()
}

/// When a part of the goal was reached. A CPU that is started again has to call in again.
fn reached(scenario: &Scenario, (cpu, code): (Option<u16>, u32), outcome: &Outcome) -> Option<Time> {
    let started = cpu.filter(|_| code == Point::CalledIn as u32);
    let from = started.and_then(|cpu| start_up::last_begun(scenario, outcome, cpu)).unwrap_or_default();
    let mut of_code = outcome.milestones.iter().filter(|milestone| milestone.code == code && milestone.at >= from);
    of_code.find(|milestone| cpu.is_none_or(|cpu| cpu == milestone.cpu)).map(|milestone| milestone.at)
}

fn instant_of(outcome: &Outcome, point: Point) -> Option<Time> {
    outcome.milestones.iter().find(|milestone| milestone.code == point as u32).map(|milestone| milestone.at)
}

fn count_of(outcome: &Outcome, point: Point) -> u32 {
    outcome.milestones.iter().filter(|milestone| milestone.code == point as u32).count() as u32
}

fn crashing_cpu(scenario: &Scenario, outcome: &Outcome) -> Option<u16> {
    let entered = outcome.milestones.iter().find(|milestone| milestone.code == Point::CrashEntered as u32);
    entered.map(|milestone| milestone.cpu).or_else(|| scenario.crashing_cpu().map(|cpu| cpu as u16))
}

fn timeouts(waits: &[WaitSummary], crashing: Option<u16>) -> u32 {
    let timed_out = waits.iter().filter(|wait| Some(wait.cpu) == crashing && wait.outcome == "timeout");
    timed_out.map(|wait| wait.count as u32).sum()
}

/// The faults, and of those of messages how many each has hit.
fn injected(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let mut hits = outcome.message_faults.iter();
    let injected = |fault: &Fault| {
        let (name, at) = (fault.kind.name(), Time::from_ps(fault.at_ps));
        let plan = match fault.kind {
            FaultKind::Message(plan) if plan.effect == MessageEffectName::Damage => {
                return format!("{name} ({}) from {at} us on", plan.effect);
            }
            FaultKind::Message(plan) => plan,
            FaultKind::Cpu { times: Times { every_ps, count: 2.. }, .. } => {
                return format!("{name} at {at} us, and every {} us from then on", Duration::from_ps(every_ps));
            }
            _ => {
                let again = scenario.faults.iter().filter(|other| other.index == fault.index).count() - 1;
                let times = counted(again as u64, "more time");
                return if again == 0 {
                    format!("{name} at {at} us")
                } else {
                    format!("{name} at {at} us, and {times}")
                };
            }
        };
        match hits.next() {
            None | Some(0) => format!("{name} ({}) from {at} us on: it has hit nothing", plan.effect),
            Some(hits) => {
                format!("{name} ({}) from {at} us on: it has hit {}", plan.effect, counted(*hits, "message"))
            }
        }
    };
    let mut seen = std::collections::BTreeSet::new();
    let first = |fault: &&Fault| seen.insert(fault.index);
    scenario.faults.iter().filter(first).map(injected).collect()
}

/// Where a CPU waits: the start of its innermost wait, or its last effective event.
fn since(cpu: &CpuReport) -> Time {
    cpu.stalled_since.or(cpu.waits.last().map(|wait| wait.since)).unwrap_or(cpu.last_effective)
}

/// A CPU repeats itself for as long as nothing reaches it: only where nothing is left that could, it does so for ever.
fn loops(outcome: &Outcome, places: &Places) -> Vec<LoopReport> {
    let spinning = |cpu: &CpuReport| {
        let (period, site) = (cpu.period?, cpu.site?);
        Some(LoopReport { cpu: cpu.cpu, since: since(cpu), period, at: places.describe(site) })
    };
    let proven = matches!(outcome.ending, Ending::Proven(_));
    outcome.cpus.iter().filter(|_| proven).filter_map(spinning).collect()
}

/// The goal's CPU: the one that has not reached its milestone, or the one that crashed.
fn hang(
    scenario: &Scenario,
    goal: &[(Option<u16>, u32)],
    crashing: Option<u16>,
    outcome: &Outcome,
    explained: Option<&Evidence<'_>>,
) -> HangReport {
    let missing = goal.iter().filter(|part| reached(scenario, **part, outcome).is_none()).find_map(|(cpu, _)| *cpu);
    let number = missing.or(crashing).unwrap_or(0);
    let cpu = &outcome.cpus[usize::from(number)];
    let unknown = || Why { chain: Vec::new(), cause: String::new() };
    let mut why = explained.map_or_else(unknown, |explained| why::explain_cpu(&explained.state, number));
    let mechanism = explained.and_then(|explained| mechanism::shown(&explained.state, number));
    if let (Some(Mechanism::JammedBit), Some((line, cause))) =
        (mechanism, jammed::root(scenario, number, outcome.last_effective))
    {
        why.chain.push(line);
        why.cause = cause.to_owned();
    }
    let control = instant_of(outcome, Point::CaptureKernelEntered).filter(|_| Some(number) == crashing);
    if let Some(at) = control {
        let synced = instant_of(outcome, Point::ArbitrationIdsSynced).is_some();
        let wait = if synced { "ioapic_retrigger_irq" } else { "sync_Arb_IDs" };
        why.chain.insert(0, format!("the capture kernel has control of CPU{number} since {at} us, and is in {wait}"));
        why.cause = format!("capture kernel, in {wait}: {}", why.cause);
    }
    let executes = !matches!(cpu.activity, Activity::Shutdown | Activity::WaitForStartUp);
    HangReport {
        cpu: number,
        since: explained.and_then(|explained| explained.asleep_since(number)).unwrap_or_else(|| since(cpu)),
        at: match cpu.activity {
            Activity::WaitForStartUp => "wait-for-SIPI".to_owned(),
            Activity::Shutdown => "shutdown".to_owned(),
            _ => cpu.site.map_or_else(String::new, |site| Places::of(scenario).describe(site)),
        },
        line: cpu.site.filter(|_| executes).and_then(Places::line),
        why: why.chain,
        mechanism,
        cause: why.cause,
    }
}

/// What the result rests on that a reader may doubt.
fn notes(scenario: &Scenario, outcome: &Outcome) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if scenario.is_injected() {
        notes.push("injected");
    }
    let refused = outcome.refused_once;
    if scenario.machine.has_bus(Bus::Serial) && scenario.knobs.hardware.slots == Slots::PerClass && refused {
        notes.push("disputed");
    }
    if is_hypothetical(scenario) {
        notes.push("hypothetical");
    }
    notes
}
