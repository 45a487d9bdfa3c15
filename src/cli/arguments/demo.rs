//! The options of `apicsim demo`.

use clap::{Args, ValueHint};
use std::path::PathBuf;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim demo                           the hang of 2007
  apicsim demo --list                    all lessons
  apicsim demo the-icr                   one of them
  apicsim demo my-lesson.toml            one of your own (docs/lessons.md)
  apicsim demo --html course             pages to step through in a browser
  apicsim demo the-icr --scenario > the-icr-1.toml

At a terminal Enter goes on, a number answers a question, b goes back, / searches, q ends; elsewhere the
lesson is printed whole.";

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The lesson, by name or path; without it, the hang of 2007.
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
    /// List the lessons.
    #[arg(long, conflicts_with_all = ["lesson", "html", "scenario"])]
    pub list: bool,
    /// Write a page for each lesson, or for the one that is named, and an index, into this folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "scenario")]
    pub html: Option<PathBuf>,
    /// Print the scenario of a run of the lesson (1 or 2), to copy and change.
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "1")]
    pub scenario: Option<u32>,
}
