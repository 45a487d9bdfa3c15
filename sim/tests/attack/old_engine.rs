//! Stand-ins for the names that the old engine lacks.

use super::{Failure, Fault};
use sim::{MachineSettings, Outcome, RunError, Time};

/// Do programs hold values whose `Drop` performs operations? The old engine aborts on them.
pub(crate) const GUARDS: bool = false;

/// Can each CPU be a thread?
pub(crate) const THREADS: bool = false;

/// Each CPU a thread.
pub(crate) fn use_threads(_settings: &mut MachineSettings) {}

/// The instant of the proof.
pub(crate) fn proven_at(_outcome: &Outcome) -> Option<Time> {
    None
}

/// Were allocations of software seen?
pub(crate) fn allocations_watched(_outcome: &Outcome) -> bool {
    false
}

/// What failed.
pub(crate) fn failure(error: &RunError) -> Failure {
    match error {
        RunError::Device { cpu, at, error } => {
            Failure { kind: Fault::Device, cpu: Some(*cpu), at: at.as_ps(), line: None, text: error.to_string() }
        }
        _ => Failure { kind: Fault::Other, cpu: None, at: 0, line: None, text: format!("{error:?}") },
    }
}

/// What the binary allocates with.
pub(crate) type Allocator = std::alloc::System;

/// A new one.
pub(crate) const fn allocator() -> Allocator {
    std::alloc::System
}
