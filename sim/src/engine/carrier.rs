//! The interconnect as the engine has it: while it is proven to repeat itself, it is said where it would be, and moved only when
//! somebody needs it there.

use super::attempts::AttemptRun;
use super::cycle::{Cycle, CycleSearch};
use super::revolution::Revolution;
use crate::bus::{Interconnect, WireChange};
use crate::time::{Duration, Time};

/// The interconnect, and the proof that it repeats itself.
#[derive(Debug)]
pub(super) struct Carrier {
    bus: Box<dyn Interconnect>,
    search: CycleSearch,
    /// Of what is found, for an interconnect that can be learned by heart.
    revolution: Option<Box<Revolution>>,
}

impl Carrier {
    pub(super) fn new(bus: Box<dyn Interconnect>) -> Self {
        Self { bus, search: CycleSearch::default(), revolution: None }
    }

    /// The interconnect, where it is now.
    #[inline]
    pub(super) fn bus(&mut self) -> &mut dyn Interconnect {
        if self.revolution.is_some() {
            self.bring_up();
        }
        &mut *self.bus
    }

    #[inline(never)]
    fn bring_up(&mut self) {
        if let (Some(cycle), Some(revolution)) = (self.search.found(), &mut self.revolution) {
            revolution.bring_up(&mut self.bus, cycle);
        }
    }

    /// Its next event; and the earliest instant at which it may sample a CPU or change what software sees.
    #[inline]
    pub(super) fn times(&self) -> (Time, Time) {
        match &self.revolution {
            Some(revolution) => revolution.times(),
            None => self.bus.times(),
        }
    }

    /// What is found.
    #[inline]
    pub(super) const fn cycle(&self) -> Option<&Cycle> {
        self.search.found()
    }

    /// Is it proven to do the same for ever?
    #[inline]
    pub(super) const fn repeats(&self) -> bool {
        self.search.is_under_way() && self.search.found().is_some()
    }

    /// Is there no next event of it, or is it proven to do the same for ever?
    pub(super) fn is_settled(&self) -> bool {
        self.cycle().is_some() || self.bus.is_idle()
    }

    /// Something that the proof would rest on has changed at `at`.
    #[inline]
    pub(super) fn disturb(&mut self, at: Time) {
        if self.search.is_under_way() {
            self.forget();
        }
        self.search.disturb(at);
    }

    #[inline(never)]
    fn forget(&mut self) {
        self.bring_up();
        self.revolution = None;
        self.search.forget();
    }

    /// The event at `now` has ended, and was an attempt without effect, or not. `runs` are the attempts of each message so far.
    #[inline]
    pub(super) fn went_on(&mut self, now: Time, attempted: bool, runs: &[AttemptRun]) {
        if attempted || self.search.is_under_way() {
            self.look(now, attempted, runs);
        }
    }

    #[inline(never)]
    fn look(&mut self, now: Time, attempted: bool, runs: &[AttemptRun]) {
        match (self.search.found(), &mut self.revolution) {
            (Some(cycle), Some(revolution)) => revolution.went_on(&*self.bus, cycle, runs),
            (Some(_), None) => {}
            (None, _) => {
                self.search.went_on(now, attempted, &*self.bus, runs);
                let found = self.search.found();
                self.revolution = found.and_then(|cycle| Revolution::begin(&*self.bus, cycle, runs)).map(Box::new);
            }
        }
    }

    /// Skips what is found up to `until`: whole periods as long as they end by then, and of the rest what is known by heart. `runs`
    /// grow alike. Gives whether there was anything to skip.
    pub(super) fn skip(&mut self, until: Time, runs: &mut [AttemptRun]) -> bool {
        let (next, _) = self.times();
        let Some(cycle) = self.search.found().filter(|_| next < until) else { return false };
        let periods = until.since(next).as_ps() / cycle.period.as_ps();
        if periods > 0 {
            grow(cycle, periods, runs);
        }
        match &mut self.revolution {
            Some(revolution) => revolution.go_to(until, periods, cycle, runs),
            None if periods == 0 => return false,
            None => self.bus.skip(periods, cycle.period, cycle.attempts.iter().sum()),
        }
        true
    }

    /// Moves what its wires have carried to `into`. One whose wires are looked at is not learned by heart.
    pub(super) fn take_wires(&mut self, into: &mut Vec<WireChange>) {
        if self.revolution.is_none() {
            self.bus.take_wires(into);
        }
    }
}

/// Whole periods are in `runs`. One that does not grow (its message was replaced, or is starved) does not get later either.
fn grow(cycle: &Cycle, periods: u64, runs: &mut [AttemptRun]) {
    for (run, grown) in runs.iter_mut().zip(&cycle.attempts).filter(|(_, grown)| **grown > 0) {
        run.count += grown * periods;
        run.last += Duration::from_ps(cycle.period.as_ps() * periods);
    }
}
