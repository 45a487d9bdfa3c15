//! Programs as data: what the `steps` of events and `[[handler]]`s say, one step a line.
//!
//! ```toml
//! locks = ["l"]
//! goal = "reach:back"
//! [[event]]
//! at_us = 10
//! cpu = 0
//! steps = '''
//! lock l
//! delay 5us
//! call smp_call_function
//! unlock l
//! reach back
//! '''
//! ```
//!
//! Reading only: `machine::player` executes them. Not modelled: variables that only one CPU has, arithmetic beyond adding,
//! and procedures; a program that needs more is software in Rust (`sim::Software`).

mod amount;
mod blocks;
mod call;
mod forms;
mod lines;
mod pin;
mod program;
mod reading;
mod step;
mod timer;
mod vocabulary;

pub(super) use amount::{amount as amount_of, span as span_of};
pub(crate) use forms::{StepForm, step_forms};
pub(super) use reading::Reader;

#[cfg(test)]
mod tests;
