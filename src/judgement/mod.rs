//! Judge: what a run came to. The verdict, the reports of waits, crashes, panics and starts, and why a CPU waits.
//!
//! Nothing here prints: a judgement is data, and sentences.

pub(crate) mod crash;
mod crash_happened;
#[cfg(test)]
pub(crate) mod everywhere;
mod expectation;
pub(crate) mod explained;
pub(crate) mod explained_waits;
pub(crate) mod fates;
pub(crate) mod hypothetical;
pub(crate) mod jammed;
pub(crate) mod keeps;
pub(crate) mod mechanism;
pub(crate) mod messages;
pub(crate) mod panic;
pub(crate) mod program_notes;
mod run_report;
pub(crate) mod source_lines;
pub(crate) mod start_up;
pub(crate) mod state;
pub(crate) mod strict;
pub(crate) mod told_waits;
mod unmet;
mod verdict;
mod wait_log;
pub(crate) mod waits;
pub(crate) mod why;

pub use crash::{CpuFate, CrashReport, Fate, Stage};
pub(crate) use explained::Evidence;
pub use explained::{GivenUpReport, WaitingReport};
pub use fates::{FateReport, Filter, MessageFate, MessageReport, MessagesReport};
pub use panic::PanicReport;
pub use program_notes::ProgramNote;
pub use run_report::{HangReport, LoopReport, RunReport, Verdict};
pub use start_up::{StartUpOutcome, StartUpReport};
pub use strict::{Rule, StrictFinding, StrictReport};
pub use unmet::{Finding, Unmet};
pub(crate) use verdict::{crash_path, judge, needs_events};
pub(crate) use wait_log::WaitLog;
pub use waits::{WaitReport, WaitSummary};
pub(crate) use why::Why;
