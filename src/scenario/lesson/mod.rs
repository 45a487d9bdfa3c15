//! Lessons as files: runs of scenarios, told step by step, with questions. docs/lessons.md says how one is written.
//!
//! A step stands at an event, never at an instant; what is right is what the machine is then, so nobody writes an answer down.
//!
//! Not here: finding the events, and judging the answers (`src/lessons/`).

mod catalogue;
mod inline;
mod model;
mod phrase;
mod query;
mod query_reader;
mod read;
mod read_question;
mod read_run;

pub(crate) use catalogue::{LESSON, lesson_names};
pub(crate) use model::{Anchor, By, Judged, Lesson, LessonRun, Question, Step};
pub(crate) use query::{Asks, CpuAsks, Query, RunAsks};
pub(crate) use read::load_lesson;
