//! A kernel that gives its ICR up by a panic.

use kernel_model::Point;
use sim::{Outcome, Time};

/// A CPU that gave up: its kernel panicked because its ICR stayed busy.
///
/// ```
/// # use apicsim::prelude::*;
/// let mut request = Request::new("nmi-stall");
/// request.sets = vec!["wait={ name = \"strict\", rounds = 20, then = \"panic\" }".to_owned(), "machine.variant=strict".to_owned()];
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// assert!(report.panicked.is_some_and(|panic| panic.at > Time::from_us(100)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
