//! A kernel that gives its ICR up by a panic.

use kernel_model::Point;
use sim::{Outcome, Time};

/// A CPU that gave up: its kernel panicked because its ICR stayed busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PanicReport {
    /// CPU.
    pub cpu: u16,
    /// When.
    pub at: Time,
}

/// The first panic.
pub(crate) fn panicked(outcome: &Outcome) -> Option<PanicReport> {
    let panic = outcome.milestones.iter().find(|milestone| milestone.code == Point::Panicked as u32)?;
    Some(PanicReport { cpu: panic.cpu, at: panic.at })
}
