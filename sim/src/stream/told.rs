//! An event with its place in the one order: what observers are handed.
//!
//! The order is that in which things become known. An effective event has its own instant. A run of polls or attempts is
//! known only when something ends it: it is told then, just before what ended it, and carries the instant of its first
//! access in [`Event::time`]. At one instant the interconnect comes first, then the CPUs by number; what one source tells
//! keeps its order. So whoever wants the events by their beginnings sorts them, stably, by time and source.

use super::event::{Event, Source};
use crate::time::Time;

/// An event, and when it was told.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn events(program: fn(Cpu<'_>)) -> Vec<Told> {
/// #     let cpus = vec![(CpuSettings::default(), Program::from_fn(program))];
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     let mut recording = Recording::default();
/// #     Machine::new(settings).unwrap().observed(Execution::default(), &mut recording).unwrap();
/// #     recording.told
/// # }
/// let events = events(|cpu| {
///     (0..3).for_each(|_| _ = cpu.load(0)); // a run of reads
///     cpu.store(0, 1); // which this ends
/// });
/// let run = events.iter().find(|told| told.event.what.is_run()).expect("the reads");
/// assert!(run.at > run.event.time); // told when it is over
/// ```
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
