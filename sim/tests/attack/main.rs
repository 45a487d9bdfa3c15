//! An attack on the two promises of the engine: equal results in every execution, and *hung* only when proven.
//!
//! Whatever a review broke is here as a test whose right answer comes from outside the code, beside other members of
//! the same kind. Random machines are in [`generator`], whose head says how to run many.

mod actions;
mod actor;
mod buses;
mod compare;
mod draw;
mod elision_threshold;
mod executions;
mod generator;
mod loops;
mod machines;
mod new_names;
mod running;
