//! The integration tests: one binary, a module per behaviour.
#![allow(clippy::print_stdout, reason = "a failing test prints the token that replays it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod accesses;
mod bad_input;
mod book;
mod budget_options;
mod built;
mod campaign;
mod command_line;
mod controls;
mod crash;
mod csd_lock_wait;
mod determinism;
mod emulators;
mod expectations;
mod explanations;
mod field;
mod generated;
mod golden;
mod hand_over;
mod house;
mod imports;
mod interrupted;
mod irq_work;
mod lessons;
mod loads;
mod look;
mod many_waits;
mod matrix;
mod measure;
mod message_faults;
mod messages;
mod modern;
mod names;
mod own_wait;
mod page;
mod programs;
mod proofs;
mod property;
mod quotes;
mod release;
mod schemas;
mod script_faults;
mod scripts;
mod serial_bus;
mod serve;
mod start_causes;
mod start_up;
mod strict;
mod support;
mod tidy;
mod traces;
mod truth;
mod users;
mod why_scripts;
mod written;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();
