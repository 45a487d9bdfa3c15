//! What a program or a test that builds on apicsim usually needs, in one line.
//!
//! ```
//! use apicsim::prelude::*;
//!
//! let scenario = Scenario::from_toml(
//!     r#"
//!     format = 1
//!     name = "race"
//!     story = "Each CPU works for a while; the faster one says so."
//!     words = { first = 0 }
//!     goal = "reach:won"
//!     [machine]
//!     cpus = 2
//!     [[event]]
//!     at_us = 0
//!     cpu = 0
//!     steps = "delay uniform(1us,9us)\nif first == 0 {\n set first 1\n reach won\n}"
//!     [[event]]
//!     at_us = 0
//!     cpu = 1
//!     steps = "delay 5us\nset first 2"
//!     "#,
//! )?;
//! // A property over seeds; a failing one prints the token that replays it.
//! for seed in 0..20 {
//!     let (report, _) = run(&scenario, &Settings::seeded(seed))?;
//!     assert!(matches!(report.verdict, Verdict::Completed | Verdict::Hung), "apicsim replay '{}'", report.token);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::adapter::OnCpu;
pub use crate::scenario::diagnostic::InputError;
pub use crate::scenario::{self, OwnVariant, Request, Scenario, ScenarioBuilder, load, load_text};
pub use crate::{
    Choices, ExplainedWait, HangReport, RunFailure, RunReport, Settings, Verdict, WaitReport, execute, explain,
    observe, run, run_document, run_observed,
};
pub use kernel_model::{self, Kernel, OwnWait, Processor};
pub use sim::{
    self, Batch, ChoicePoint, Chooser, Duration, Event, Execution, Observer, Outcome, Seeded, Source, Time, What,
    Window,
};
