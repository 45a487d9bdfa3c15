//! A lesson with its runs played: where its steps are, and which answers are right.

use super::asked::right;
use super::moment::{moment, places};
use super::played::{Played, play};
use crate::failure::Failure;
use crate::report::KernelNames;
use crate::scenario::lesson::{Judged, Lesson, LessonRun};
use sim::Handle;

/// A lesson that can be told.
#[derive(Debug)]
pub(crate) struct Taught {
    pub(crate) lesson: Lesson,
    pub(super) runs: Vec<TaughtRun>,
    /// Of each experiment which answer is right.
    pub(super) experiments: Vec<usize>,
}

/// A run of it.
#[derive(Debug)]
pub(super) struct TaughtRun {
    pub(super) played: Played,
    pub(super) names: KernelNames,
    /// Of each step how many events there are with it.
    pub(super) places: Vec<usize>,
    /// Of each step which answer to its question is right.
    pub(super) right: Vec<Option<usize>>,
}

/// Plays the runs of a lesson and finds out what is right; none if `handle` ended it: half a lesson teaches nothing.
///
/// # Errors
/// A run cannot be run, a step stands nowhere, or a question has not exactly one right answer.
pub(crate) fn teach(lesson: Lesson, pages: bool, handle: &Handle) -> Result<Option<Taught>, Failure> {
    let mut runs = Vec::new();
    for run in &lesson.runs {
        let Some(taught) = teach_run(run, pages, handle)? else { return Ok(None) };
        runs.push(taught);
    }
    let mut experiments = Vec::new();
    for experiment in &lesson.experiments {
        let machine = (&experiment.scenario, experiment.seed);
        let Some(played) = play(machine, &experiment.question.place, None, handle)? else { return Ok(None) };
        let names = KernelNames::of(&experiment.scenario);
        let end = moment(&experiment.scenario, &names, &played, played.events.len());
        experiments.push(right(&experiment.question, &end, &played.report)?);
    }
    Ok(Some(Taught { lesson, runs, experiments }))
}

fn teach_run(run: &LessonRun, pages: bool, handle: &Handle) -> Result<Option<TaughtRun>, Failure> {
    let names = KernelNames::of(&run.scenario);
    let Some(first) = run.steps.first() else { return Ok(None) };
    let page = pages.then_some(&*run.command);
    let Some(played) = play((&run.scenario, run.seed), &first.place, page, handle)? else { return Ok(None) };
    let places = places(run, &played)?;
    let mut answers = Vec::new();
    for (number, step) in run.steps.iter().enumerate() {
        let Some(question) = &step.question else {
            answers.push(None);
            continue;
        };
        let all = played.events.len();
        let taken = match question.judged {
            Judged::Next => places.get(number + 1).copied().unwrap_or(all),
            Judged::End => all,
        };
        answers.push(Some(right(question, &moment(&run.scenario, &names, &played, taken), &played.report)?));
    }
    Ok(Some(TaughtRun { played, names, places, right: answers }))
}
