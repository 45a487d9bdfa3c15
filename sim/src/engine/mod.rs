//! The engine: machines, executors, and the proof that a run will never go on.
//!
//! Two executors give one event stream. [`windowed`] runs each CPU up to the earliest instant at which anything outside
//! it could sample or reach it, on any number of workers; [`reference`] runs one thread, always the globally next
//! effect. They share the state machines of the hardware and nothing else.

mod addressees;
mod attempts;
mod carrier;
mod collection;
mod commits;
mod consequences;
mod crew;
mod cycle;
mod device_hub;
mod execution;
mod fabric;
mod handle;
mod hardware;
mod looks;
mod machine;
mod message_delivery;
mod message_faults;
mod milestones;
mod observer;
mod outcome;
mod play;
mod pollers;
mod reference;
mod report;
mod requests;
mod revolution;
#[cfg(test)]
mod revolution_tests;
mod schedule;
mod slot;
mod standings;
mod view;
mod watch;
mod windowed;

pub use device_hub::LineChange;
pub use execution::{Execution, Window};
pub use handle::{BUDGET_GRID, Budget, FLAG_GRID, Handle, Interruption};
pub use hardware::DeviceInterrupt;
pub use machine::{Machine, MachineError, MachineSettings};
pub use milestones::{Milestone, StopRule};
pub use observer::{Batch, Observer, Recording};
pub use outcome::{CpuReport, Effort, Ending, Outcome, Proof, UndispatchedReport};
