//! Attempts of one message with one outcome, as the interconnect counts them until something else happens.

use crate::bus::{AttemptOutcome, Message};
use crate::stream::What;
use crate::time::Time;

/// A run of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptRun {
    pub(super) message: Message,
    pub(super) outcome: AttemptOutcome,
    pub(super) first: Time,
    pub(super) last: Time,
    pub(super) count: u64,
}

impl AttemptRun {
    /// What the stream says of it.
    pub(super) const fn what(&self) -> What {
        let Self { message, outcome, last, count, .. } = *self;
        What::Attempts { message, outcome, last, count }
    }
}
