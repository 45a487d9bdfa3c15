//! Lessons: what a run's event stream says, told step by step.

mod lanes;
mod lesson;

pub(crate) use lesson::hang_of_2007;
