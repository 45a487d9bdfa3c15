//! Looking at a machine under way: handing events over, keeping budgets, asking the stop flag.
//!
//! Both executors come here: at every barrier that has something to hand over, and at the instants of the grid, of which
//! [`Hardware::bound`](super::hardware::Hardware) tells them like of any other end.

use super::handle::{BUDGET_GRID, Budget, FLAG_GRID, Handle, Interruption};
use super::hardware::Hardware;
use super::observer::{Batch, Observer};
use super::outcome::{Ending, Outcome};
use super::report::{last_effective, outcome};
use crate::bus::WireChange;
use crate::processor::{Activity, Core};
use crate::stream::{Event, Interest, Source, Told, What};
use crate::time::{Duration, Time};

/// Visits of CPUs after which what they have told is handed over.
const VISITS: u64 = 256;

/// A look that is only to hand over comes up to so many grids later, as long as there is little to hand over.
const PATIENCE: u64 = 8;

/// As many events are little.
const LITTLE: usize = 256;

/// Who looks at a machine.
pub(crate) struct Looks<'o> {
    observer: Option<&'o mut dyn Observer>,
    handle: Option<Handle>,
    budget: Budget,
    grid: Duration,
    /// How many grids are between two looks.
    stride: u64,
    /// What was told since the beginning.
    operations: u64,
    events: u64,
    visits: u64,
    told: Vec<Told>,
    wires: Vec<WireChange>,
    /// See [`want_events`](Self::want_events).
    wants: bool,
    /// A run that is stopped goes on, if it can.
    beyond: bool,
    /// What it had come to when it was stopped.
    stopped: Option<Outcome>,
}

impl<'o> Looks<'o> {
    pub(crate) fn new(
        observer: Option<&'o mut dyn Observer>,
        handle: Option<Handle>,
        budget: Budget,
        beyond: bool,
    ) -> Self {
        let grid = if budget.is_set() { BUDGET_GRID } else { FLAG_GRID };
        let (told, wires) = (Vec::new(), Vec::new());
        let wants = observer.is_some() || budget.is_set();
        let (stride, operations, events, visits, stopped) = (1, 0, 0, 0, None);
        Self { observer, handle, budget, grid, stride, operations, events, visits, told, wires, wants, beyond, stopped }
    }

    /// Which events CPUs and interconnect must keep: a budget counts all.
    pub(crate) fn wanted(&self) -> Interest {
        let observed = self.observer.as_ref().map_or(Interest::NOTHING, |observer| observer.interest());
        if self.budget.is_set() { Interest::EVERYTHING | observed } else { observed }
    }

    /// Is anything to be handed over, or counted?
    pub(crate) const fn want_events(&self) -> bool {
        self.wants
    }

    /// The first look: before anything happens.
    pub(crate) const fn first(&self) -> Time {
        if self.want_events() || self.handle.is_some() { Time::ZERO } else { Time::NEVER }
    }

    /// Everything before `until` is done. So many CPUs were visited since this was asked last.
    #[inline]
    pub(super) fn committed(&mut self, hardware: &mut Hardware, until: Time, visits: usize) {
        if self.want_events() {
            self.visits += visits as u64;
            if self.visits >= VISITS.max(hardware.cpus.len() as u64) {
                self.hand_over(hardware, until, false);
            }
        }
    }

    /// The executor has come to the bound: everything before it is done, nothing is left to do before `next`. Gives the
    /// ending, if the run is over; else there is a later bound.
    #[cold]
    pub(super) fn at_bound(&mut self, hardware: &mut Hardware, next: Time) -> Option<Ending> {
        let at = hardware.bound();
        if at >= hardware.end() {
            let ending = hardware.ending_at_end();
            if ending == Ending::Stopped && self.can_go_on(hardware) {
                self.go_on(hardware, ending);
                return None;
            }
            return Some(ending);
        }
        if self.want_events() {
            self.hand_over(hardware, at, false);
        }
        if let Some(handle) = &self.handle {
            handle.note(at);
        }
        if let Some(why) = self.interruption(hardware) {
            hardware.interrupt(at);
            return Some(Ending::Interrupted(why));
        }
        let grid = self.grid.as_ps() * self.next_stride();
        let later = (next.max(at).as_ps() / grid).saturating_add(1).saturating_mul(grid);
        hardware.look_at(Time::from_ps(later));
        None
    }

    /// Is a run to go on that is stopped here? Only as the same machine would that has no stop rule: so not with a budget,
    /// which may count what lies beyond a look, nor where a CPU's proof is none any more, which its report must not say.
    fn can_go_on(&self, hardware: &Hardware) -> bool {
        let end = hardware.milestones.end;
        let woken = |core: &Core| core.wake_instant().is_some_and(|at| at < end);
        self.beyond
            && !self.budget.is_set()
            && !self.wanted().wants_wires()
            && hardware.failure.is_none()
            && hardware.cpus.iter().any(|core| core.activity() == Activity::Running)
            && !hardware.cpus.iter().any(|core| woken(core))
    }

    /// What the run has come to is kept, whoever observes it has seen all of it, and it goes on.
    fn go_on(&mut self, hardware: &mut Hardware, ending: Ending) {
        if self.want_events() {
            self.hand_over(hardware, Time::NEVER, true);
        }
        (self.observer, self.wants) = (None, false);
        hardware.observe(Interest::NOTHING);
        let last = last_effective(&hardware.cpus, &hardware.fabric);
        let checked = hardware.fabric.check_so_far(&mut hardware.cpus, last);
        let checked = checked.unwrap_or_else(|violation| panic!("an IPI is not conserved: {violation}"));
        self.stopped = Some(Outcome { checked, ..outcome(hardware, ending) });
        hardware.go_on(if self.handle.is_some() { hardware.look } else { Time::NEVER });
    }

    /// What the run had come to when it was stopped, if it went on.
    pub(super) fn take_stopped(&mut self) -> Option<Outcome> {
        self.stopped.take()
    }

    fn next_stride(&mut self) -> u64 {
        let may_be_late = self.handle.is_none() && !self.budget.is_set() && self.told.len() < LITTLE;
        self.stride = if may_be_late { (2 * self.stride).min(PATIENCE) } else { 1 };
        self.stride
    }

    fn interruption(&self, hardware: &Hardware) -> Option<Interruption> {
        let Budget { operations, events } = self.budget;
        if self.handle.as_ref().is_some_and(Handle::is_stopped) {
            return Some(Interruption::Flag);
        }
        if events.is_some_and(|most| self.events >= most) {
            return Some(Interruption::Events);
        }
        let done = || self.operations + hardware.cpus.iter().map(|cpu| cpu.operations_in_open_runs()).sum::<u64>();
        operations.is_some_and(|most| done() >= most).then_some(Interruption::Operations)
    }

    /// Hands over what was told before `until`.
    pub(crate) fn hand_over(&mut self, hardware: &mut Hardware, until: Time, last: bool) {
        self.visits = 0;
        self.told.clear();
        self.wires.clear();
        hardware.fabric.carrier.take_wires(&mut self.wires);
        hardware.fabric.stream.hand_over(until, &mut self.told);
        for cpu in &mut hardware.cpus {
            cpu.stream.hand_over(until, &mut self.told);
        }
        self.told.sort_by_key(Told::key); // stable: each source's own order stays
        self.events += self.told.len() as u64;
        if self.budget.operations.is_some() {
            self.operations += self.told.iter().map(|told| operations(&told.event)).sum::<u64>();
        }
        if let Some(observer) = &mut self.observer
            && (last || !self.told.is_empty() || !self.wires.is_empty())
        {
            let under_way = || under_way(hardware);
            observer.take(&Batch { events: &self.told, until, last, wires: &self.wires, under_way: &under_way });
        }
    }
}

/// Runs that are not handed over: told later than what is, or still open.
fn under_way(hardware: &Hardware) -> Vec<Event> {
    let streams = hardware.cpus.iter().map(|cpu| &cpu.stream).chain([&hardware.fabric.stream]);
    let kept = streams.flat_map(|stream| stream.kept().map(|told| told.event)).filter(|event| event.what.is_run());
    let open = hardware.cpus.iter().flat_map(|cpu| cpu.open_runs());
    kept.chain(open).chain(hardware.fabric.open_runs()).collect()
}

/// The operations of software that an event tells of.
const fn operations(event: &Event) -> u64 {
    match (event.source, event.what) {
        (Source::Interconnect, _) => 0,
        (_, What::Run { count, .. }) => count,
        (
            _,
            What::Write { .. }
            | What::Modified { .. }
            | What::TimedRead { .. }
            | What::Fault(_)
            | What::Halted
            | What::InterruptFlag(_)
            | What::WaitBegan(_)
            | What::WaitEnded(..)
            | What::Reached(_)
            | What::Chosen(..)
            | What::ClockRead
            | What::Ended,
        ) => 1,
        _ => 0,
    }
}
