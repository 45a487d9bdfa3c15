//! An event with its place in the one order: what observers are handed.
//!
//! The order is that in which things become known. An effective event has its own instant. A run of polls or attempts is
//! known only when something ends it: it is told then, just before what ended it, and carries the instant of its first
//! access in [`Event::time`]. At one instant the interconnect comes first, then the CPUs by number; what one source tells
//! keeps its order. So whoever wants the events by their beginnings sorts them, stably, by time and source.

use super::event::{Event, Source};
use crate::time::Time;

/// An event, and when it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The event's own instant; of a run, the instant of what ended it.
    pub at: Time,
    /// The event.
    pub event: Event,
}

impl Told {
    /// Its place among what different sources tell.
    pub(crate) const fn key(&self) -> (Time, Source) {
        (self.at, self.event.source)
    }
}
