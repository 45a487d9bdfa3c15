//! apicsim: deterministic, cycle-accurate simulation of x86 local APICs and of the kernel code that sends IPIs.
//!
//! This crate knows both sides: the hardware ([`sim`]) and the software ([`kernel_model`]). [`prelude`] has in one line what
//! most programs need.
//!
//! # A scenario, run
//!
//! A [`scenario`] is a machine, what happens on it, what breaks, and a goal. Here is the hang of 2007, under the wait that
//! was merged against it:
//!
//! ```
//! use apicsim::prelude::*;
//!
//! let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
//! let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
//! assert_eq!((report.verdict, report.timeouts), (Verdict::Completed, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One of your own
//!
//! [`Scenario::from_toml`](scenario::Scenario::from_toml) reads a file that is only a text, [`ScenarioBuilder`](scenario::ScenarioBuilder) puts
//! one together from typed parts; either way the program of a CPU is steps. What does not come to its goal is either proven never to
//! do so, with the reason, or is not decided at the limit:
//!
//! ```
//! use apicsim::prelude::*;
//!
//! // Two CPUs take two locks in opposite orders.
//! let scenario = ScenarioBuilder::new("crossed-locks")
//!     .cpus(2)
//!     .lock("one")
//!     .lock("other")
//!     .steps(Time::from_us(1), 0, "lock one\ndelay 5us\nlock other\nreach both")
//!     .steps(Time::from_us(2), 1, "lock other\ndelay 5us\nlock one")
//!     .reach("both")
//!     .build()?;
//! let (report, _) = run(&scenario, &Settings::seeded(0))?;
//! let hang = report.hang.expect("nobody has both");
//! assert!(hang.at.starts_with("lock other ("), "{}", hang.at);
//! assert!(hang.why.iter().any(|line| line.contains("lock one")), "{:?}", hang.why);
//! println!("apicsim replay '{}'", report.token);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! | you want | look at |
//! |---|---|
//! | why each wait took as long as it did | [`explain`] |
//! | what became of each message at each CPU | [`messages`] |
//! | all sub-architectures and waits side by side | [`matrix`] |
//! | the events themselves | [`run_observed`], [`observe`] |
//! | a wait, bus, software or chooser of your own | [`OwnVariant`], [`OwnParts`], [`Settings`] |
//! | the run that a token is of | [`restore`], with what you have of your own: [`OwnCode`] |
//! | kernel functions on a machine of your own | [`adapter`] |
//! | properties, and failures as scenario files | `property`, with the feature `proptest` |
//! | local APICs by hand, a line each | [`script`] |
//! | the program itself, with what you have of your own in it | [`cli::main_with`] |
//!
//! `docs/library.md` goes through all of it; ARCHITECTURE.md draws the house, and which room may import from which. Types that
//! will grow are `#[non_exhaustive]`; structs of options are made from what they have by default, and
//! changed: `Settings::seeded(0).with(|settings| settings.execution = execution)`. What is not is listed in `tests/exhaustive.txt`, with the reason.
//!
//! Not modelled: instructions, caches, and what each module says in its first lines.

#[cfg(test)]
mod book;
mod campaign;
pub mod cli;
mod failure;
mod judgement;
mod lessons;
mod machine;
pub mod matrix;
pub mod measure;
mod page;
pub mod prelude;
mod price;
#[cfg(feature = "proptest")]
pub mod property;
mod recorder;
pub mod report;
mod run;
pub mod scenario;
pub mod script;
mod serve;
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
pub use run::{
    ExplainedWait, OwnCode, OwnPart, RunFailure, Settings, execute, explain, messages, observe, restore, run,
    run_observed,
};
pub use scenario::OwnVariant;
pub use sim;
