//! Why a scenario cannot be put on its machine.

use super::interconnect::Refused;
use super::program::ROLES_MAX;

/// A scenario cannot be put on its machine. Nothing has run.
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
