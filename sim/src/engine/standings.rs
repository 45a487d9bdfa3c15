//! How every CPU stands between two windows: when it may act next, and how many still can.

use super::schedule::Schedule;
use crate::processor::Core;
use crate::time::Time;

/// What is counted of a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    settled: bool,
    parked: bool,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Standings {
    pub(super) schedule: Schedule,
    standings: Vec<Standing>,
    /// When anything may leave each CPU, by its number.
    requests: Vec<Time>,
    unsettled: usize,
    parked: usize,
    /// CPUs that are proven to repeat themselves are skipped.
    elision: bool,
}

impl Standings {
    /// Of `cpus` CPUs, which may all act at once.
    pub(super) fn new(cpus: usize, elision: bool) -> Self {
        let standings = vec![Standing { settled: false, parked: false }; cpus];
        let requests = vec![Time::ZERO; cpus];
        Self { schedule: Schedule::new(cpus), standings, requests, unsettled: cpus, parked: 0, elision }
    }

    /// Is nothing more to come from any CPU unless something reaches it?
    pub(super) const fn are_settled(&self) -> bool {
        self.unsettled == 0
    }

    /// Is any CPU skipped?
    pub(super) const fn is_any_parked(&self) -> bool {
        self.parked > 0
    }

    /// The earliest instant at which anything may leave CPU `number`.
    #[inline]
    pub(super) fn next_request(&self, number: usize) -> Time {
        self.requests[number]
    }

    /// CPU `number` has run, or something has reached it.
    #[inline]
    pub(super) fn note(&mut self, number: usize, core: &mut Core) {
        core.stirred = false;
        let (action, request) = core.next_action_and_request();
        self.schedule.set(number, action);
        self.requests[number] = request;
        // One that will act by itself is not settled, unless it is proven to do nothing new, and is not skipped.
        let settled = (action == Time::NEVER || !self.elision) && core.is_settled();
        let standing = Standing { settled, parked: core.is_parked() };
        let before = &mut self.standings[number];
        if standing != *before {
            self.unsettled = self.unsettled + usize::from(before.settled) - usize::from(settled);
            self.parked = self.parked + usize::from(standing.parked) - usize::from(before.parked);
            *before = standing;
        }
    }
}
