//! `apicsim measure`: how long what takes, over many seeds and machines.
//!
//! A run is measured until its goal. What is open then, on a CPU that goes round in a loop, is measured on, to the end of the
//! machine: a wait that the goal did not need may hang all the same.
//!
//! Not measured: what is open at the goal on a CPU that sleeps, and what a run with no goal leaves open at its limit beyond
//! saying so (`unfinished`).

mod distribution;
mod meter;
mod runs;
mod spans;
mod what;

pub use distribution::{Distribution, Quantile};
pub use runs::{Axes, Cell, Figure, Measurement, measure};
pub use what::Measured;

#[cfg(test)]
mod tests;
