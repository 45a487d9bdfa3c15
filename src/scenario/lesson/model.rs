//! A lesson as data.

use super::phrase::Phrase;
use super::query::Query;
use crate::scenario::diagnostic::Place;
use crate::scenario::model::Scenario;

/// A lesson.
#[derive(Debug, Clone)]
pub(crate) struct Lesson {
    pub(crate) name: String,
    /// One line.
    pub(crate) title: String,
    pub(crate) story: String,
    /// One, or two to compare.
    pub(crate) runs: Vec<LessonRun>,
    pub(crate) experiments: Vec<Experiment>,
}

/// A run that is told.
#[derive(Debug, Clone)]
pub(crate) struct LessonRun {
    /// Said before its first step.
    pub(crate) intro: String,
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    /// What shows the run outside of the lesson.
    pub(crate) command: String,
    /// The text of its scenario, to copy and change.
    pub(crate) text: String,
    /// At least one.
    pub(crate) steps: Vec<Step>,
}

/// A moment of a run, and what there is to say of it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) at: Anchor,
    pub(crate) says: String,
    /// A prediction to make before one goes on.
    pub(crate) question: Option<Question>,
}

/// Where a step stands.
#[derive(Debug, Clone)]
pub(crate) enum Anchor {
    /// After the nth event that says this, of those after the step before.
    Event { by: Option<By>, says: Phrase, nth: u32 },
    /// When the run is over.
    End,
}

/// Whose event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Cpu(u16),
    Bus,
}

/// Something to predict.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) place: Place,
    pub(crate) asks: String,
    pub(crate) judged: Judged,
    pub(crate) answers: Vec<Answer>,
}

/// The moment that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The next step of the run.
    Next,
    /// Its end.
    End,
}

/// One of the answers to choose from.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) place: Place,
    pub(crate) text: String,
    /// It is right if all of this is so.
    pub(crate) holds: Vec<Query>,
    /// Said to who chooses it.
    pub(crate) because: String,
}

/// Something to change, and to predict what comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Experiment {
    /// The machine with the change.
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) command: String,
    /// Judged at its end.
    pub(crate) question: Question,
}
