//! Observers: who is handed the events of a run while it goes on. Without one nothing is kept but the digest.
//!
//! Events are handed over in [their one order](Told), in batches up to the *committed instant*: what nobody can come before
//! any more. Batches are cut anywhere, and differently in every execution; the events in them, and their order, are equal
//! in all. Between two batches a machine keeps what its CPUs have done ahead of the committed instant, and the runs that
//! are open: so the memory of an observed run does not grow with its length, unless the observer's does.

use crate::bus::WireChange;
use crate::stream::{Event, Interest, Source, Told};
use crate::time::Time;
use std::fmt;
use std::ops::BitOr;

/// The next events of a run: all of those that its observer [needs](Observer::interest).
///
/// See [`Observer`] for an example.
pub struct Batch<'a> {
    /// In their order, none of them at or after [`until`](Self::until).
    pub events: &'a [Told],
    /// The committed instant. In the last batch: [`Time::NEVER`], or the instant of the error that ended the run.
    pub until: Time,
    /// Is it the last one? Every run that ends, by itself or by an error of its software, has one; it may be empty.
    pub last: bool,
    /// What the wires of its buses have carried, if an observer needs it ([`Interest::WIRES`]): see
    /// [`Interconnect::take_wires`](crate::bus::Interconnect::take_wires). The last batch may have some that come after the end.
    pub wires: &'a [WireChange],
    pub(super) under_way: &'a dyn Fn() -> Vec<Event>,
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, until, last, wires, .. } = self;
        f.debug_struct("Batch")
            .field("events", events)
            .field("until", until)
            .field("last", last)
            .field("wires", wires)
            .finish_non_exhaustive()
    }
}

impl Batch<'_> {
    /// The runs that had begun at the end of this batch and were not told in it, by their beginnings. How many polls or
    /// attempts such a run has by now, and its last instant, depend on the execution; the others of its fields do not.
    /// After the last batch they are those that were open at the end of the run: no part of the stream.
    pub fn under_way(&self) -> Vec<Event> {
        let mut runs = (self.under_way)();
        runs.retain(|run| run.time < self.until);
        runs.sort_by_key(|run| (run.time, run.source));
        runs
    }

    /// The runs that had begun before `place`, by their beginnings, and that were not told before the event at `index`.
    pub fn under_way_before(&self, index: usize, place: (Time, Source)) -> Vec<Event> {
        let later = self.events[index..].iter().map(|told| told.event).filter(|event| event.what.is_run());
        let mut runs: Vec<Event> = later.chain((self.under_way)()).collect();
        runs.retain(|run| (run.time, run.source) < place);
        runs.sort_by_key(|run| (run.time, run.source));
        runs
    }
}

/// Whoever wants the events of a run. It is called on the thread that runs the machine; a panic of it ends the run, and is
/// the panic of [`Machine::observed`](crate::Machine::observed).
///
/// ```
/// use sim::bus::FrontSideBus;
/// use sim::*;
///
/// /// Counts messages, and keeps nothing else.
/// #[derive(Default)]
/// struct Sent(u32);
///
/// impl Observer for Sent {
///     fn take(&mut self, batch: &Batch<'_>) {
///         let sent = |told: &&Told| matches!(told.event.what, What::Sent(_));
///         self.0 += batch.events.iter().filter(sent).count() as u32;
///     }
/// }
///
/// let two = Program::from_fn(|cpu| {
///     for vector in [0x41, 0x42] {
///         cpu.write_register(0x300, 1 << 18 | vector); // ICR low: to itself
///     }
///     cpu.halt();
/// });
/// let machine = Machine::new(MachineSettings::new(Generation::XApic, Box::new(FrontSideBus::new())).with(|machine| {
///     machine.cpus = vec![(CpuSettings::default(), two)];
///     machine.limit = Time::from_us(100);
/// }))?;
/// let mut sent = Sent::default();
/// machine.observed(Execution::default(), &mut sent)?;
/// assert_eq!(sent.0, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer: Send {
    /// Which events it needs. It may be handed others, too, which somebody else needs. Asked once, before the run.
    fn interest(&self) -> Interest {
        Interest::EVERYTHING
    }

    /// Takes the next events.
    fn take(&mut self, batch: &Batch<'_>);
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn interest(&self) -> Interest {
        (**self).interest()
    }

    fn take(&mut self, batch: &Batch<'_>) {
        (**self).take(batch);
    }
}

/// Several observers, one after the other.
impl<O: Observer> Observer for [O] {
    fn interest(&self) -> Interest {
        self.iter().map(Observer::interest).fold(Interest::NOTHING, BitOr::bitor)
    }

    fn take(&mut self, batch: &Batch<'_>) {
        self.iter_mut().for_each(|observer| observer.take(batch));
    }
}

/// The same.
impl<O: Observer> Observer for Vec<O> {
    fn interest(&self) -> Interest {
        self.as_slice().interest()
    }

    fn take(&mut self, batch: &Batch<'_>) {
        self.as_mut_slice().take(batch);
    }
}

/// An observer that keeps everything: for runs that are short.
///
/// ```
/// use sim::bus::IdealBus;
/// use sim::*;
///
/// let machine = Machine::new(MachineSettings::new(Generation::XApic, Box::new(IdealBus::default())).with(|machine| {
///     machine.cpus = vec![(CpuSettings::default(), Program::from_fn(|cpu| cpu.store(0, 1)))];
///     machine.words = vec![0];
/// }))?;
/// let mut recording = Recording::default();
/// machine.observed(Execution::default(), &mut recording)?;
/// assert!(recording.told.iter().any(|told| matches!(told.event.what, What::Write { value: 1, .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recording {
    /// The events, in their order.
    pub told: Vec<Told>,
    /// Runs that were open at the end.
    pub open: Vec<Event>,
}

impl Observer for Recording {
    fn take(&mut self, batch: &Batch<'_>) {
        self.told.extend_from_slice(batch.events);
        if batch.last {
            self.open = batch.under_way();
        }
    }
}

impl Recording {
    /// The events by their beginnings: runs stand where they began.
    pub fn by_beginning(&self) -> Vec<Event> {
        let mut events: Vec<Event> = self.told.iter().map(|told| told.event).collect();
        events.sort_by_key(|event| (event.time, event.source)); // stable: each source's own order stays
        events
    }
}
