//! Lessons: what a run's event stream says, told step by step.

mod hang_of_2007;
mod lanes;

pub(crate) use hang_of_2007::hang_of_2007;
