//! Queries, asked of a moment.

use super::moment::Moment;
use crate::judgement::RunReport;
use crate::judgement::state::CpuState;
use crate::judgement::why::explain_cpu;
use crate::report::trace::Vocabulary;
use crate::scenario::diagnostic::InputError;
use crate::scenario::lesson::{Asks, CpuAsks, Query, Question, RunAsks};
use sim::apic::Mode;
use sim::{Event, Kind, What};

/// Does a query hold? `report`: of a run that is over.
///
/// # Errors
/// There is no such word.
fn holds(query: &Query, moment: &Moment<'_>, report: &RunReport) -> Result<bool, InputError> {
    let yes = match &query.asks {
        Asks::Cpu(cpu, asks) => of_cpu(asks, moment, &moment.state.cpus[usize::from(*cpu)]),
        Asks::Bus(phrase) => phrase.is_in(&moment.lanes.bus),
        Asks::Told(phrase) => moment.events.iter().any(|event| phrase.is_in(&moment.say(event))),
        Asks::Run(asks) => of_run(asks, report),
        Asks::Word(name, value) => {
            let words = moment.events.iter().filter_map(word_of);
            let mut of_name = words.filter(|word| moment.names.word(*word) == *name);
            let Some(word) = of_name.next() else {
                let error =
                    InputError::new(format!("nobody has touched a word `{name}`")).at(&query.place, "no such word");
                return Err(
                    error.help("`apicsim run SCENARIO --trace -` prints the names of words as they are changed")
                );
            };
            moment.state.words.value(word) == *value
        }
    };
    Ok(yes != query.not)
}

fn of_cpu(asks: &CpuAsks, moment: &Moment<'_>, cpu: &CpuState) -> bool {
    match asks {
        CpuAsks::InterruptsOn => cpu.interrupts_off_since.is_none(),
        CpuAsks::IcrBusy => {
            let busy = cpu.busy_since.is_some() || cpu.jammed_since.is_some();
            busy && cpu.apic.mode() != Mode::X2Apic // which has no such bit
        }
        CpuAsks::NmiLatched => cpu.latches.nmi.is_some(),
        CpuAsks::Requested(vector) => cpu.apic.requests().contains(*vector),
        CpuAsks::InService(vector) => cpu.apic.in_service().any(|other| other == *vector),
        CpuAsks::Level(vector) => bit(cpu, 0x180, *vector),
        CpuAsks::Full(class) => cpu.apic.class_slots(*class).is_some_and(|slots| slots.full),
        CpuAsks::Runs(phrase) => phrase.is_in(&moment.lanes.runs(cpu)),
        CpuAsks::Waits(phrase) => {
            let wait = cpu.software.waits.last().map(|wait| moment.names.wait(wait.code));
            match phrase {
                None => wait.is_none(),
                Some(phrase) => wait.is_some_and(|wait| phrase.is_in(wait)),
            }
        }
        CpuAsks::Register(offset, value) => cpu.register(*offset) == Some(*value),
        CpuAsks::Why(phrase) => {
            cpu.waits_for_something()
                && explain_cpu(&moment.state, cpu.number).chain.iter().any(|link| phrase.is_in(link))
        }
    }
}

/// A bit of one of the registers that have 256.
fn bit(cpu: &CpuState, offset: u16, vector: u8) -> bool {
    let register = cpu.register(offset + 16 * u16::from(vector / 32));
    register.is_some_and(|value| value >> (vector % 32) & 1 == 1)
}

fn of_run(asks: &RunAsks, report: &RunReport) -> bool {
    match asks {
        RunAsks::Verdict(name) => report.verdict.name() == *name,
        RunAsks::TimedOut(than, number) => than.holds(report.timeouts.into(), *number),
        RunAsks::Stopped(than, number) => than.holds(report.stopped.into(), *number),
        RunAsks::FromCrash(than, ps) => report.from_crash.is_some_and(|span| than.holds(span.as_ps(), *ps)),
        RunAsks::CaptureKernelReady => report.capture.is_some(),
    }
}

/// The shared word that an event touches.
fn word_of(event: &Event) -> Option<u16> {
    use Kind::{CompareExchange, Exchange, FetchAdd, FetchAnd, FetchOr, Load, Store};
    let (What::Run { access, .. } | What::Write { access, .. } | What::Modified { access, .. }) = event.what else {
        return None;
    };
    let is_word = matches!(access.kind, Load | Store | Exchange | FetchAdd | FetchOr | FetchAnd | CompareExchange);
    is_word.then_some(access.operand as u16)
}

/// The answer that is right at a moment.
///
/// # Errors
/// None of them is, or more than one.
pub(super) fn right(question: &Question, moment: &Moment<'_>, report: &RunReport) -> Result<usize, InputError> {
    let mut right = Vec::new();
    for (number, answer) in question.answers.iter().enumerate() {
        let mut all = true;
        for query in &answer.holds {
            all &= holds(query, moment, report)?;
        }
        right.extend(all.then_some(number));
    }
    match right[..] {
        [one] => Ok(one),
        [] => Err(InputError::new("no answer to this question is right in this run")
            .at(&question.place, "every answer has something that does not hold")
            .help(format!("it is decided at {} us", moment.time()))),
        [_, second, ..] => Err(InputError::new("more than one answer to this question is right in this run")
            .at(&question.answers[second].place, "this one is, too")
            .help(format!("it is decided at {} us", moment.time()))),
    }
}
