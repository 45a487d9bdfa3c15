//! Properties over scenarios, with [proptest](https://docs.rs/proptest): strategies, and a check whose failure is a scenario file. Only with the
//! feature `proptest`.
//!
//! [`machines`], [`fault_plans`] and [`steps`] are what [`scenarios`] puts together; a strategy of one's own maps whatever it draws to a
//! [`ScenarioBuilder`](crate::scenario::ScenarioBuilder). [`check`] runs a property over them, shrinks what fails, and keeps it as a file
//! with the token that replays it.
//!
//! ```
//! use apicsim::prelude::*;
//! use apicsim::property::{check, config, fault_plans, machines};
//! use apicsim::scenario::{Goal, Role};
//! use proptest::prelude::*;
//!
//! // Whatever breaks while CPU 0 calls a function on the others: both executors agree on what comes of it.
//! let calls = (machines(), fault_plans()).prop_map(|(machine, plan)| {
//!     let call = ScenarioBuilder::new("one-call")
//!         .machine(&machine)
//!         .event(Time::from_us(10), 0, &Role::CallFunction { wait: true, irqs_off: false })
//!         .goal(Goal::CallersReturn)
//!         .limit(Time::from_us(300));
//!     plan.fitted(&machine).into_iter().fold(call, |call, (at, kind)| call.fault(at, kind))
//! });
//! check("one-call", config(20), &std::env::temp_dir(), calls, |scenario, settings| {
//!     let reference = settings.clone().with(|settings| settings.execution = Execution::Reference);
//!     let (windowed, reference) = (run(scenario, settings), run(scenario, &reference));
//!     match (windowed, reference) {
//!         (Ok((one, _)), Ok((other, _))) => prop_assert_eq!(one.digest, other.digest),
//!         (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
//!     }
//!     Ok(())
//! })?;
//! # Ok::<(), apicsim::property::PropertyFailure>(())
//! ```
//!
//! Not modelled: strategies for roles; scenarios that apply to several machines.

mod check;
mod config;
mod faults;
mod machines;
mod programs;
mod scenarios;

pub use check::{PropertyFailure, check};
pub use config::config;
pub use faults::{FaultPlan, fault_plans};
pub use machines::machines;
pub use programs::{LOCKS, VECTORS, WORDS, steps};
pub use scenarios::scenarios;
