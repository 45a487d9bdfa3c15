//! The names of the engine under test.

use crate::new_names::{Failure, Fault};
use sim::{MachineSettings, Outcome, RunError, Stacks, Time};

/// Do programs hold values whose `Drop` performs operations?
pub(crate) const GUARDS: bool = true;

/// Can each CPU be a thread?
pub(crate) const THREADS: bool = true;

/// Each CPU a thread.
pub(crate) fn use_threads(settings: &mut MachineSettings) {
    settings.stacks = Stacks::Threads;
}

/// The instant of the proof.
pub(crate) fn proven_at(outcome: &Outcome) -> Option<Time> {
    outcome.proven_at
}

/// Were allocations of software seen?
pub(crate) fn allocations_watched(outcome: &Outcome) -> bool {
    outcome.allocations_watched
}

/// What failed.
pub(crate) fn failure(error: &RunError) -> Failure {
    let (kind, cpu, at, site, text) = match error {
        RunError::Device { cpu, at, error, .. } => (Fault::Device, *cpu, *at, None, error.to_string()),
        RunError::Panic { cpu, at, site, message } => (Fault::Panic, *cpu, *at, *site, message.clone()),
        RunError::PanicCaught { cpu, at, site } => (Fault::PanicCaught, *cpu, *at, *site, String::new()),
        RunError::StackExhausted { cpu, at, site } => (Fault::StackExhausted, *cpu, *at, *site, String::new()),
        RunError::Nesting { cpu, at, site } => (Fault::Nesting, *cpu, *at, *site, String::new()),
        RunError::Standstill { cpu, at, site } => (Fault::Standstill, *cpu, *at, *site, String::new()),
        RunError::NoSuchWord { cpu, at, site, word, words } => {
            (Fault::NoSuchWord, *cpu, *at, *site, format!("{word} of {words}"))
        }
        other => return Failure { kind: Fault::Other, cpu: None, at: 0, line: None, text: format!("{other:?}") },
    };
    Failure { kind, cpu: Some(cpu), at: at.as_ps(), line: site.map(|site| site.line()), text }
}

/// What the binary allocates with.
pub(crate) type Allocator = sim::AllocationWatch;

/// A new one.
pub(crate) const fn allocator() -> Allocator {
    sim::AllocationWatch::new()
}
