//! Why a scenario cannot be put on its machine.

use super::interconnect::Refused;
use super::program::ROLES_MAX;

/// A scenario cannot be put on its machine. Nothing has run.
///
/// ```
/// # use apicsim::prelude::*;
/// let many = (0..20).fold(ScenarioBuilder::new("busy").cpus(1), |all, at| all.steps(Time::from_us(at), 0, "pause"));
/// let failure = run(&many.build()?, &Settings::seeded(0)).expect_err("more programs than a CPU can have");
/// assert!(matches!(failure, RunFailure::Assembly(apicsim::AssemblyError::TooManyRoles(0))), "{failure}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssemblyError {
    /// More roles on one CPU than it has room for.
    #[error("CPU {0} has more than {ROLES_MAX} roles")]
    TooManyRoles(u32),
    /// The bus refuses these agents.
    #[error(transparent)]
    Bus(#[from] Refused),
    /// The machine contradicts itself.
    #[error("{0}")]
    Machine(#[from] sim::MachineError),
}
