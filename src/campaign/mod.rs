//! `apicsim campaign`: a grid of runs, on every core, in a file that grows and can be put together from pieces.
//!
//! A row of the file is a function of the grid and of its number, and rows stand in the order of their numbers: so how many cores,
//! partitions or interruptions there were changes nothing. Between machines nothing here runs: that is for engines.

mod against;
mod cells;
mod lines;
mod merge;
mod partition;
mod reached;
mod result_file;
mod row;
mod runs;
mod scope;
mod statistics;
mod summary;
mod tell;
mod tell_against;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_versions;

pub(crate) use against::against;
pub(crate) use cells::{Plan, plan};
pub(crate) use merge::merge;
pub(crate) use partition::Partition;
pub(crate) use result_file::ResultFile;
pub(crate) use runs::{Counts, run_all};
pub(crate) use summary::summarize;
pub(crate) use tell::{document, plots, text};
pub(crate) use tell_against::{document_against, text_against};
