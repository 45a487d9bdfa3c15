//! `apicsim measure`: how long what takes, over many seeds and machines.
//!
//! A run is measured until its goal. What is open then, on a CPU that goes round in a loop, is measured on, to the end of the
//! machine: a wait that the goal did not need may hang all the same.
//!
//! Not measured: what is open at the goal on a CPU that sleeps, and what a run with no goal leaves open at its limit beyond
//! saying so (`unfinished`).

mod against;
mod binomial;
mod difference;
mod distribution;
mod in_order;
mod meter;
mod older;
mod ran;
mod result_file;
mod runs;
mod spans;
mod what;

pub(crate) use against::{ComparedFigure, ComparedMachine, Comparing, Comparison, Told};
pub(crate) use difference::{Change, Gap, changes};
pub use distribution::{Distribution, Quantile};
pub(crate) use in_order::InOrder;
pub(crate) use older::Older;
pub(crate) use ran::{AXES, Piece};
pub(crate) use result_file::{MeasurementFile, RESULT_VERSION};
pub(crate) use runs::Measuring;
pub use runs::{Axes, Cell, Figure, Measurement, measure};
pub use what::Measured;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_against;
