//! apicsim: deterministic, cycle-accurate simulation of x86 local APICs and of the kernel code that sends IPIs.
//!
//! This crate knows both sides: the hardware (`sim`) and the software (`kernel_model`). A scenario is described
//! ([`scenario`]), built into a machine ([`assemble`]), run ([`run()`]), judged ([`judgement`]), and told ([`report`]);
//! [`cli`] is the program. ARCHITECTURE.md draws the house, and which room may import from which.
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
//! # Ok::<(), apicsim::scenario::diagnostic::InputError>(())
//! ```

#[cfg(test)]
mod book;
pub mod cli;
mod failure;
mod judgement;
mod lessons;
mod machine;
pub mod matrix;
pub mod prelude;
mod price;
#[cfg(feature = "proptest")]
pub mod property;
mod recorder;
pub mod report;
mod run;
pub mod scenario;
pub mod script;
pub mod token;

/// The page's programs, as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct LibraryPage;

pub use failure::Failure;
pub use judgement::{
    CpuFate, CrashReport, Fate, FateReport, Filter as MessageFilter, Finding, GivenUpReport, HangReport, LoopReport,
    MessageFate, MessageReport, MessagesReport, PanicReport, ProgramNote, Rule, RunReport, Stage, StartUpOutcome,
    StartUpReport, StrictFinding, StrictReport, Unmet, Verdict, WaitReport, WaitSummary, WaitingReport,
};
pub use kernel_model;
pub use machine::adapter;
pub use machine::{AssemblyError, Choices, OwnParts, assemble};
pub use price::{Price, price, price_under_load, time_in_sender};
pub use report::{Host, run_document};
pub use run::{ExplainedWait, RunFailure, Settings, execute, explain, messages, observe, run, run_observed};
pub use scenario::OwnVariant;
pub use sim;
