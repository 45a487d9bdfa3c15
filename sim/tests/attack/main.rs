//! An attack on the two promises of the engine: equal results in every execution, and *hung* only when proven.
//!
//! Whatever a review broke is here as a test whose right answer comes from outside the code, beside other members of
//! the same kind. Random machines are in [`generator`], whose head says how to run many.

mod actions;
mod actor;
mod allocations;
mod budgets;
mod buses;
mod causes;
mod child;
mod code;
mod compare;
mod dead_bytes;
mod draw;
mod elision_threshold;
mod executions;
mod failures;
mod false_hung;
mod generator;
mod guards;
mod init_causes;
mod late_priority;
mod limits;
mod local_events;
mod loops;
mod machines;
mod many_cpus;
mod memory;
mod message_faults;
mod missed_hung;
mod observers;
mod panics;
mod repeating_bus;
mod run_on;
mod running;
mod stacks;
mod standstill;
mod weak_sends;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();
