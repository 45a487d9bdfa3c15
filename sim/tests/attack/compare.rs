//! What two runs of one machine must agree in, as lines of text: so that a difference is readable as it is.

use crate::failures::Attempt;
use crate::machines::{Setup, machine};
use crate::running::recorded;
use sim::{CpuReport, Ending, Event, Execution, OpenWait, Proof};

/// Everything that must not depend on the execution. With `proofs` false, what only a proof can know is left out.
pub(crate) fn lines(attempt: &Attempt, proofs: bool) -> Vec<String> {
    let outcome = match attempt {
        Ok(outcome) => outcome,
        Err(failure) => return vec![format!("failed: {failure:?}")],
    };
    let mut lines = vec![
        format!("digest {:016x}", outcome.digest),
        format!("last effective event at {}", outcome.last_effective),
        format!("milestones {:?}", outcome.milestones),
        format!("choices {}, refused {}", outcome.choices, outcome.refused_once),
    ];
    if proofs {
        lines.push(format!("ending {:?}, proven at {:?}", outcome.ending, outcome.proven_at));
    }
    lines.extend(outcome.cpus.iter().map(|cpu| cpu_line(cpu, proofs)));
    lines
}

/// Is the verdict one that only a comparison of stacks can find?
pub(crate) fn recurs(attempt: &Attempt) -> bool {
    matches!(attempt, Ok(outcome) if outcome.ending == Ending::Proven(Proof::Recurrence))
}

fn cpu_line(cpu: &CpuReport, proofs: bool) -> String {
    let CpuReport { activity, finished, last_effective, nmi, task_priority, dead, .. } = cpu;
    let frames: Vec<String> = cpu.frames.iter().map(|frame| format!("{:?}@{}", frame.context, frame.since)).collect();
    let waits: Vec<String> = cpu.waits.iter().map(open_wait).collect();
    let mut line = format!(
        "CPU {}: last effective {last_effective}, finished {finished}, {activity:?}, frames {frames:?}, waits \
         {waits:?}, nmi {nmi:?}, priority {task_priority:X}, dead {dead}, requested {:X?}, in service {:X?}, stalled \
         {:?}, interrupts off {:?}",
        cpu.cpu, cpu.requested, cpu.in_service, cpu.stalled_since, cpu.interrupts_off_since,
    );
    if proofs {
        let site = cpu.site.map(|site| (site.location(), site.as_step()));
        line += &format!(", period {:?}, suspected {:?}, site {site:?}", cpu.period, cpu.suspected_period);
    }
    line
}

fn open_wait(wait: &OpenWait) -> String {
    format!("{} at {} since {}", wait.code, wait.site, wait.since)
}

/// The lines in which the second differs from the first.
pub(crate) fn differing(expected: &[String], found: &[String]) -> Vec<String> {
    let none = String::from("(nothing)");
    (0..expected.len().max(found.len()))
        .map(|place| (expected.get(place).unwrap_or(&none), found.get(place).unwrap_or(&none)))
        .filter(|(expected, found)| expected != found)
        .map(|(expected, found)| format!("  expected {expected}\n  found    {found}"))
        .collect()
}

/// The first event in which two runs of one machine differ.
pub(crate) fn first_event(expected: (Setup, Execution), found: (Setup, Execution)) -> String {
    let run = |(setup, execution)| recorded(machine(setup), execution).1;
    first_of(&run(expected), &run(found))
}

/// The first event in which two recordings differ, with its neighbours.
pub(crate) fn first_of(expected: &[Event], found: &[Event]) -> String {
    for index in 0..expected.len().max(found.len()) {
        if expected.get(index) != found.get(index) {
            let show = |events: &[Event]| -> String {
                let part = events.iter().skip(index.saturating_sub(3)).take(7);
                part.map(|event| format!("\n    {} {:?} {:?}", event.time, event.source, event.what)).collect()
            };
            return format!("event {index} differs; expected:{}\n  found:{}", show(expected), show(found));
        }
    }
    format!("the {} events are equal", expected.len())
}
