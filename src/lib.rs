//! apicsim: deterministic, cycle-accurate simulation of x86 local APICs and of the kernel code that sends IPIs.
//!
//! This crate knows both sides: the hardware (`sim`) and the software (`kernel_model`). It loads scenarios, runs them,
//! judges the outcome, explains it, and prints it.
//!
//! ```
//! use apicsim::scenario::{self, Request};
//! use apicsim::{Settings, Verdict, run};
//!
//! let mut request = Request::new("nmi-stall");
//! request.variant = Some("merged".to_owned());
//! let scenario = scenario::load(&request)?;
//! let (report, _) = run(&scenario, &Settings::seeded(0)).expect("a built-in scenario runs");
//! assert_eq!(report.verdict, Verdict::Completed);
//! assert_eq!(report.timeouts, 1);
//! # Ok::<(), apicsim::diagnostic::InputError>(())
//! ```

mod adapter;
pub mod arguments;
mod assembly;
pub mod commands;
pub mod crash_page;
mod crash_report;
mod demo;
pub mod diagnostic;
pub mod digest;
pub mod exit_status;
mod failure;
mod interconnect;
pub mod json;
pub mod matrix;
pub mod mechanism;
pub mod nearest;
pub mod other_page;
mod output;
mod panic_report;
mod price;
pub mod price_page;
mod program;
mod recorder;
pub mod reference_pages;
mod report_json;
mod report_matrix;
mod report_text;
pub mod retry_page;
mod run;
pub mod scenario;
pub mod script;
mod source_lines;
mod start_up;
pub mod token;
mod trace;
mod verdict;
mod wait_report;
mod why;

pub use assembly::{AssemblyError, Choices, assemble};
pub use crash_report::{CpuFate, CrashReport, Fate, Stage};
pub use failure::Failure;
pub use panic_report::PanicReport;
pub use price::{Price, price, price_under_load, time_in_sender};
pub use report_json::{Host, run_document};
pub use run::{RunFailure, Settings, execute, run, token_under_way};
pub use start_up::{StartUpOutcome, StartUpReport};
pub use verdict::{HangReport, LoopReport, RunReport, Verdict, judge};
pub use wait_report::WaitReport;
pub use why::{Why, explain};
