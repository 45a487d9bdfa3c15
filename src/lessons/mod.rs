//! Lessons: runs told step by step, with predictions that the runs themselves decide. In a terminal by `tell`, as pages by
//! `course`.
//!
//! A lesson is a file (`src/scenario/lesson/`); nothing here knows any of them.

mod asked;
mod course;
mod lanes;
mod moment;
mod played;
mod taught;
mod tell;

pub(crate) use course::{Course, course};
pub(crate) use taught::teach;
pub(crate) use tell::{Asked, Slide, grade, slides};
