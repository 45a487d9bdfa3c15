//! What is asked of the machine at an instant, by `state` and `why`: the same run once more, cut there, tells. So nothing
//! is kept that nobody asks for, and asking takes no simulated time.

use super::answer::Answer;
use super::machine::Board;
use super::model::{Action, Asked, Init, Script};
use super::notebook::{Notebook, Verdict};
use super::state::state;
use crate::judgement::Why;
use crate::judgement::state::State;
use crate::judgement::why::{explain_command, explain_cpu, explain_vector, with_vector};
use crate::scenario::diagnostic::InputError;
use sim::apic::Preset;
use sim::{Execution, Machine, Outcome, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The answers of the lines that ask, by line.
pub(super) fn answers(
    script: &Arc<Script>,
    board: &Board,
    execution: Execution,
    verdicts: &[Verdict],
) -> Result<BTreeMap<usize, Answer>, InputError> {
    let mut answers = BTreeMap::new();
    for (line, verdict) in verdicts.iter().enumerate() {
        let here = |error: String| InputError::new(error).at(&script.lines[line].place, "in this operation");
        let cut = |observed: bool| run_to(script, board, execution, verdict.at, observed).map_err(here);
        let answer = match script.lines[line].action {
            Action::State(Some(cpu)) => Answer::State(state(&cut(false)?.0, cpu)),
            Action::State(None) => {
                let (outcome, _) = cut(false)?;
                Answer::States((0..script.cpus).map(|cpu| state(&outcome, cpu)).collect())
            }
            Action::Why(cpu, asked) => Answer::Why(match asked {
                Asked::Cpu => explain_cpu(&cut(true)?.1, cpu),
                Asked::Command => explain_command(&cut(true)?.1, cpu),
                Asked::Vector(vector) => {
                    why_vector(script, board, execution, verdict.at, (cpu, vector)).map_err(here)?
                }
            }),
            _ => continue,
        };
        answers.insert(line, answer);
    }
    Ok(answers)
}

/// The run up to an instant, and the machine then, if it is `observed`; else the machine before its first event.
fn run_to(
    script: &Arc<Script>,
    board: &Board,
    execution: Execution,
    instant: Time,
    observed: bool,
) -> Result<(Outcome, State), String> {
    let (machine, mut state) = before(script, board, instant)?;
    let result = if observed { machine.observed(execution, &mut state) } else { machine.run(execution) };
    let outcome = result.map_err(|error| error.to_string())?;
    if observed {
        state.finish(&outcome);
    }
    Ok((outcome, state))
}

/// Where a vector is at an instant that was for a CPU.
fn why_vector(
    script: &Arc<Script>,
    board: &Board,
    execution: Execution,
    instant: Time,
    (cpu, vector): (u16, u8),
) -> Result<Why, String> {
    let (machine, state) = before(script, board, instant)?;
    let mut fates = with_vector(state, cpu, vector);
    let outcome = machine.observed(execution, &mut fates).map_err(|error| error.to_string())?;
    let (state, messages) = fates.finish(&outcome);
    Ok(explain_vector(&state, cpu, vector, &messages))
}

/// The machine that runs up to an instant, and what it is before its first event.
fn before(script: &Arc<Script>, board: &Board, instant: Time) -> Result<(Machine, State), String> {
    let notebook = Arc::new(Notebook::new(script.cpus));
    let settings = board.machine(script, &notebook, instant).map_err(|error| error.to_string())?;
    let state = State::of_machine(&settings, |_| as_set_up(script.init));
    Ok((Machine::new(settings).map_err(|error| error.to_string())?, state))
}

/// Whom a destination is meant for, whatever the CPU has made of its APIC since: the one that has that physical id.
fn as_set_up(init: Init) -> Preset {
    Preset::RESET.with(|preset| {
        preset.mode = init.mode();
        preset.svr = 0x1FF;
        preset.ldr = 0;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::state::tests::{compare_cpu, compare_messages};
    use crate::scenario::diagnostic::Source;
    use std::path::Path;

    /// At the end of every script of the tests the fold has come to what the engine's own CPUs are.
    #[test]
    fn the_fold_comes_to_what_the_machine_of_a_script_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
        let (mut scripts, mut wrong) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).expect("there are scripts") {
            let path = entry.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("text");
            if text.starts_with("#board") {
                continue; // another machine
            }
            let script = Arc::new(Script::parse(&Source::new("t.apic", text)).expect("a script"));
            let limit = Time::from_us(100_000);
            let (outcome, state) =
                run_to(&script, &Board::default(), Execution::default(), limit, true).expect("it runs");
            for (cpu, report) in state.cpus.iter().zip(&outcome.cpus) {
                compare_cpu(cpu, report, &mut |what, folded, is| {
                    if folded != is {
                        wrong.push(format!("{}, CPU{}, {what}:\n  {folded}\n  {is}", path.display(), report.cpu));
                    }
                });
            }
            compare_messages(&state, &outcome, &mut |what, folded, is| {
                if folded != is {
                    wrong.push(format!("{}, {what}:\n  {folded}\n  {is}", path.display()));
                }
            });
            scripts += 1;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(scripts > 10, "{scripts}");
    }
}
