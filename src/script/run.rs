//! One run of a script, and what came of each line.

use super::answer::{Answer, Seen};
use super::conductor::ANSWER_US;
use super::instant;
use super::machine::Board;
use super::model::{Action, Counted, Line, Script, Work};
use super::notebook::{Done, Notebook, Verdict};
use super::software::CONDUCTOR_LOST;
use crate::judgement::StrictReport;
use crate::judgement::source_lines::describe;
use crate::judgement::strict::Strict;
use crate::machine::{Found, IcrReads};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{Fault, FaultKind, MessageEffectName, Operation, counted};
use sim::{Budget, Ending, Execution, Handle, Interruption, Machine, Observer, Outcome, Site, Time};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What came of a script.
#[derive(Debug)]
#[non_exhaustive]
pub struct Transcript {
    /// The script.
    pub script: Arc<Script>,
    /// What it ran on.
    pub board: Board,
    /// The lines that CPU 0 brought to their end, in order.
    pub replies: Vec<Reply>,
    /// How the run ended.
    pub end: End,
    /// Reads of ICR low by the guest.
    pub icr_reads: IcrReads,
    /// Digest of the event stream.
    pub digest: u64,
    /// What became of each fault that the script has.
    pub faults: Vec<String>,
    /// Accesses that are legal here and wrong elsewhere, if that was asked for.
    pub strict: Option<StrictReport>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// All lines are done.
    Complete,
    /// The machine has no x2APIC mode, which the script requires.
    Skipped,
    /// CPU 0 was initialised: nobody hands out operations any more.
    ConductorInitialised,
    /// CPU 0 did not get through the next line.
    ConductorStuck,
    /// The run was ended from outside, or had used up its budget.
    Interrupted(Interruption),
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The instant at which the line was done: at the CPU that did it, else at CPU 0.
    pub at: Time,
    /// The answer; none for a note.
    pub answer: Option<Answer>,
}

/// What may end a run before its script is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    /// Somebody from outside.
    pub(crate) handle: Option<Handle>,
    /// What it has done.
    pub(crate) budget: Budget,
}

/// Who looks at the events of a run.
#[derive(Default)]
pub(crate) struct Looks<'a> {
    /// Somebody from outside.
    pub(crate) observer: Option<&'a mut dyn Observer>,
    /// The rules of `--strict`.
    pub(crate) strict: bool,
}

/// Runs a script.
///
/// # Errors
/// If the machine cannot be built, or does not model what the script asks for.
pub fn run(script: &Arc<Script>, board: &Board, execution: Execution) -> Result<Transcript, InputError> {
    run_observed(script, board, execution, Ends::default(), Looks::default())
}

/// The same, of a run that `ends` may end; who looks at its events is told by `looks`.
pub(crate) fn run_observed(
    script: &Arc<Script>,
    board: &Board,
    execution: Execution,
    ends: Ends,
    looks: Looks<'_>,
) -> Result<Transcript, InputError> {
    let mut transcript = Transcript {
        script: Arc::clone(script),
        board: *board,
        replies: vec![],
        end: End::Skipped,
        icr_reads: IcrReads::default(),
        digest: 0,
        faults: vec![],
        strict: None,
    };
    board.check(script)?;
    if script.requires_x2apic && !board.generation.profile().x2apic {
        return Ok(transcript);
    }
    let notebook = Arc::new(Notebook::new(script.cpus));
    let mut settings = board.machine(script, &notebook, limit(script))?;
    (settings.handle, settings.budget) = (ends.handle, ends.budget);
    let mut strict = looks.strict.then(|| Strict::of_machine(&settings));
    let machine = Machine::new(settings).map_err(|error| InputError::new(error.to_string()))?;
    let mut observers: Vec<&mut dyn Observer> = looks.observer.into_iter().collect();
    observers.extend(strict.as_mut().map(|strict| strict as &mut dyn Observer));
    let result =
        if observers.is_empty() { machine.run(execution) } else { machine.observed(execution, &mut observers) };
    let outcome = result.map_err(|error| {
        let next = script.lines.get(notebook.verdicts().len());
        let error = InputError::new(error.to_string()).help("leave this operation out");
        next.map_or(error.clone(), |line| error.at(&line.place, "in this operation"))
    })?;
    let verdicts = notebook.verdicts();
    transcript.end = end(script, &verdicts, &outcome);
    let asked = instant::answers(script, board, execution, &verdicts)?;
    let evaluation = Evaluation::new(script, &notebook, asked);
    transcript.icr_reads = evaluation.icr_reads(verdicts.last().map_or(Time::ZERO, |last| last.at));
    transcript.replies = evaluation.replies(&verdicts);
    transcript.digest = outcome.digest;
    transcript.faults = hits(script, &board.faults(script)?, &outcome);
    let complete = transcript.end == End::Complete;
    transcript.strict = strict.map(|strict| strict.report_of_machine(complete, |site| place(script, site)));
    Ok(transcript)
}

/// How many messages each fault of messages has hit. (Damage on a serial bus is of its wires.)
fn hits(script: &Script, faults: &[Fault], outcome: &Outcome) -> Vec<String> {
    let of_messages = |fault: &&Fault| match fault.kind {
        FaultKind::Message(plan) => plan.effect != MessageEffectName::Damage,
        _ => false,
    };
    let counts = faults.iter().filter(of_messages).zip(&outcome.message_faults);
    let said = counts.map(|(fault, hits)| match hits {
        0 => format!("{}: it has hit nothing", script.faults[fault.index].text),
        hits => format!("{}: it has hit {}", script.faults[fault.index].text, counted(*hits, "message")),
    });
    said.collect()
}

/// The operation: `text (file:line)`; the guest's own line.
fn place(script: &Script, site: Site) -> String {
    let line = site.as_step().and_then(|number| script.lines.get(number as usize));
    line.map_or_else(
        || format!("the guest's own {}", describe(site)),
        |Line { text, place, .. }| format!("{text} ({}:{})", place.source().name(), place.line()),
    )
}

fn end(script: &Script, verdicts: &[Verdict], outcome: &Outcome) -> End {
    if verdicts.len() == script.lines.len() {
        End::Complete
    } else if outcome.milestones.iter().any(|milestone| milestone.code == CONDUCTOR_LOST) {
        End::ConductorInitialised
    } else if let Ending::Interrupted(why) = outcome.ending {
        End::Interrupted(why)
    } else {
        End::ConductorStuck
    }
}

/// More simulated time than the script can need, unless CPU 0 itself does not get on.
fn limit(script: &Script) -> Time {
    /// Start of the CPUs, and what a line needs beside the time it asks for.
    const START_US: u64 = 1_000_000;
    const LINE_US: u64 = 10_000;
    /// The slowest read of a register on the slowest machine.
    const READ_US: u64 = 2;
    let us: u64 = script
        .lines
        .iter()
        .map(|line| match line.action {
            Action::Cpu(0, Work::Operation(Operation::Tick { us })) | Action::Wait { us } => u64::from(us) * 2,
            Action::Cpu(0, Work::Operation(Operation::IcrPoll { times, .. } | Operation::Poll { times, .. })) => {
                u64::from(times) * READ_US
            }
            Action::Cpu(..) | Action::Ping(_) => u64::from(ANSWER_US) * 2,
            _ => 0,
        })
        .map(|us| us + LINE_US)
        .sum();
    Time::from_us(START_US + u64::from(ANSWER_US) * u64::from(script.cpus) + us)
}

/// The notes of all CPUs, taken line by line.
struct Evaluation<'s> {
    script: &'s Script,
    done: Vec<Vec<Done>>,
    seen: Vec<Vec<(Time, Seen)>>,
    boots: Vec<Vec<(Time, u8)>>,
    /// How much of each CPU's log has been shown.
    shown: Vec<usize>,
    /// What was asked of the machine, by line.
    asked: BTreeMap<usize, Answer>,
}

impl<'s> Evaluation<'s> {
    fn new(script: &'s Script, notebook: &Notebook, asked: BTreeMap<usize, Answer>) -> Self {
        let cpus = script.cpus;
        Self {
            script,
            done: (0..cpus).map(|cpu| std::mem::take(&mut notebook.page(cpu).done)).collect(),
            seen: (0..cpus).map(|cpu| std::mem::take(&mut notebook.page(cpu).seen)).collect(),
            boots: (0..cpus).map(|cpu| std::mem::take(&mut notebook.page(cpu).boots)).collect(),
            shown: vec![0; usize::from(cpus)],
            asked,
        }
    }

    /// The reads up to the end of the script: an operation that went on after its time-out may still read.
    fn icr_reads(&self, until: Time) -> IcrReads {
        let done = self.done.iter().flatten().filter(|done| done.at <= until);
        done.fold(IcrReads::default(), |sum, done| IcrReads {
            reads: sum.reads + done.reads.reads,
            busy: sum.busy + done.reads.busy,
        })
    }

    fn replies(mut self, verdicts: &[Verdict]) -> Vec<Reply> {
        verdicts.iter().enumerate().map(|(line, verdict)| self.reply(line, verdict)).collect()
    }

    fn reply(&mut self, line: usize, verdict: &Verdict) -> Reply {
        let at_conductor = |answer| Reply { at: verdict.at, answer: Some(answer) };
        match self.script.lines[line].action {
            Action::Note => Reply { at: verdict.at, answer: None },
            Action::Wait { .. } => at_conductor(Answer::OK),
            Action::Cpu(..) if verdict.timed_out => at_conductor(Answer::TimedOut),
            Action::Ping(_) if verdict.timed_out => at_conductor(Answer::Dead),
            Action::Ping(0) => at_conductor(Answer::Alive { in_nmi: false, in_smm: false }),
            Action::State(_) | Action::Why(..) => {
                at_conductor(self.asked.remove(&line).expect("each line that asks has its answer"))
            }
            Action::Cpu(cpu, _) | Action::Ping(cpu) => {
                let done = self.done[usize::from(cpu)].iter().find(|done| done.line == line);
                let done = done.expect("a CPU writes its answer down before it signs");
                Reply { at: done.at, answer: Some(done.answer.clone()) }
            }
            Action::IrqLog(Some(cpu)) => at_conductor(Answer::Log(self.log(cpu, verdict.at))),
            Action::IrqLog(None) => {
                at_conductor(Answer::Logs((0..self.script.cpus).map(|cpu| self.log(cpu, verdict.at)).collect()))
            }
            Action::Count { cpu, what, least, most } => {
                let count = self.log(cpu, verdict.at).iter().filter(|seen| counts(what, **seen)).count() as u64;
                let inside = (least..=most).contains(&count);
                at_conductor(if inside { Answer::Found(Found::InRange) } else { Answer::OtherCount(count) })
            }
            Action::Boots(cpu) => {
                let boots = &self.boots[usize::from(cpu)];
                let times = boots.partition_point(|(at, _)| *at <= verdict.at);
                let vector = boots[..times].last().map_or(0, |(_, vector)| *vector);
                at_conductor(Answer::Boots { times, vector })
            }
        }
    }

    /// What the handlers of `cpu` saw since the last time, up to `until`.
    fn log(&mut self, cpu: u16, until: Time) -> Vec<Seen> {
        let Range { start, end } = {
            let seen = &self.seen[usize::from(cpu)];
            self.shown[usize::from(cpu)]..seen.partition_point(|(at, _)| *at <= until)
        };
        self.shown[usize::from(cpu)] = end;
        self.seen[usize::from(cpu)][start..end].iter().map(|(_, seen)| *seen).collect()
    }
}

const fn counts(what: Counted, seen: Seen) -> bool {
    match (what, seen) {
        (Counted::Nmi, Seen::Nmi) => true,
        (Counted::Vector(wanted), Seen::Interrupt { vector, .. }) => wanted == vector,
        _ => false,
    }
}
