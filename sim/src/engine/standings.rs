//! How every CPU stands between two windows: when it may act next, and whether it still can.

use super::fabric::Touched;
use super::schedule::Schedule;
use crate::processor::Core;
use crate::time::Time;

/// All of them.
#[derive(Debug)]
pub(super) struct Standings {
    pub(super) schedule: Schedule,
    /// How many CPUs are skipped.
    parked: usize,
    /// Which CPUs are settled, where it is counted (see [`may_be_settled`](Self::may_be_settled)).
    settled: Vec<bool>,
    /// How many are not settled, where it is counted.
    unsettled: usize,
    /// CPUs that are proven to repeat themselves are skipped.
    elision: bool,
}

impl Standings {
    /// Of `cpus` CPUs, which may all act at once.
    pub(super) fn new(cpus: usize, elision: bool) -> Self {
        Self { schedule: Schedule::new(cpus), parked: 0, settled: vec![false; cpus], unsettled: cpus, elision }
    }

    /// Can nothing come from any CPU unless something reaches it? If so, each must be asked whether it is settled: where
    /// CPUs are skipped, none is that will act by itself; where they are not, those are counted that are.
    #[inline]
    pub(super) fn may_be_settled(&self) -> bool {
        if self.elision { self.schedule.least() == Time::NEVER } else { self.unsettled == 0 }
    }

    /// Is any CPU skipped?
    pub(super) const fn is_any_parked(&self) -> bool {
        self.parked > 0
    }

    /// Something has reached a CPU, which may act at another time for it.
    #[inline]
    pub(super) fn reached(&mut self, core: &mut Core) {
        if core.stirred {
            self.note(core);
        }
    }

    /// A CPU has run.
    #[inline(always)]
    pub(super) fn note(&mut self, core: &mut Core) {
        let number = usize::from(core.agent);
        core.stirred = false;
        self.schedule.set(number, core.next_action());
        let parked = core.is_parked();
        if core.counts_as_parked != parked {
            core.counts_as_parked = parked;
            self.parked = if parked { self.parked + 1 } else { self.parked - 1 };
        }
        if !self.elision {
            self.count(number, core.is_settled());
        }
    }

    #[inline(never)]
    fn count(&mut self, number: usize, settled: bool) {
        let before = std::mem::replace(&mut self.settled[number], settled);
        self.unsettled = self.unsettled + usize::from(before) - usize::from(settled);
    }
}

impl Touched for Standings {
    #[inline(always)]
    fn touch(&mut self, core: &mut Core) {
        self.reached(core);
    }
}
