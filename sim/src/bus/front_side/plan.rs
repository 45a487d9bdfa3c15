//! What happens next on the front-side buses. It is found once after each change, and kept: an engine asks more often than
//! anything changes.
//!
//! Not modelled: see the [module](super).

use super::FrontSideBus;
use super::faults::Completion;
use super::lane::{Grantee, Lane};
use crate::time::Time;

/// What happens next on one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The response: before grants of the same cycle, so that the chipset finds what it has to show.
    Response,
    /// A grant.
    Grant(Grantee),
}

/// A bus cycle and its instant; both the last one that there is, if it never comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) cycle: u64,
    pub(super) at: Time,
}

impl Edge {
    const NEVER: Self = Self { cycle: u64::MAX, at: Time::NEVER };
}

/// The next event of all buses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// When, what, and on which bus.
    pub(super) next: Edge,
    pub(super) step: Step,
    pub(super) lane: usize,
    /// The first edge at which an agent may be sampled, or software see a change.
    pub(super) bound: Edge,
}

impl Plan {
    /// Nothing is to happen.
    pub(super) const NOTHING: Self = Self { next: Edge::NEVER, step: Step::Response, lane: 0, bound: Edge::NEVER };
}

/// The next event of one bus.
#[derive(Debug, Clone, Copy)]
struct OfLane {
    /// `u64::MAX`: never.
    cycle: u64,
    step: Step,
    /// First cycle in which it, or what follows from it, samples an agent or is seen.
    seen: u64,
}

impl FrontSideBus {
    /// Finds out what happens next; to be called after every change.
    #[inline(always)]
    pub(super) fn plan(&mut self) {
        match &self.lanes[..] {
            [only] if only.is_idle() => self.plan = Plan::NOTHING,
            _ => self.plan_further(),
        }
    }

    #[inline(never)]
    fn plan_further(&mut self) {
        let is_free = matches!(&self.lanes[..], [only] if only.active.is_none());
        if !is_free || self.manager.is_some() || !self.grant_ahead() {
            self.plan_anew();
        }
    }

    /// Grants the only bus to what waits for it, before the edge at which that happens: nobody sees a grant, and until then
    /// nothing can change it but a request, which [takes it back](Self::take_back_grant) first. False: it is not so simple.
    #[inline(always)]
    fn grant_ahead(&mut self) -> bool {
        let lane = &self.lanes[0];
        let (cycle, grantee) = lane.grant(self.senders_from);
        if cycle == u64::MAX || lane.next(grantee).is_none_or(|load| self.needs_buffer(load)) {
            return false;
        }
        let response = self.response(cycle);
        if response == u64::MAX {
            return false; // the grant is the last thing that happens
        }
        self.lanes[0].give(grantee, cycle, response);
        let edge = self.edge(response);
        self.plan = Plan { next: edge, step: Step::Response, lane: 0, bound: edge };
        true
    }

    /// Before a request at `at`: a grant that was made ahead is none yet.
    #[inline(never)]
    pub(super) fn take_back_grant(&mut self, lane: usize, at: Time) {
        let clock = self.clock;
        if self.lanes[lane].active.is_some_and(|active| clock.instant(active.granted) > at) {
            self.lanes[lane].take_back();
        }
    }

    #[inline(never)] // seldom: its registers need not be saved each time
    fn plan_anew(&mut self) {
        let mut first = self.of_lane(&self.lanes[0]);
        let (mut lane, mut bound) = (0, first.seen);
        for index in 1..self.lanes.len() {
            let other = self.of_lane(&self.lanes[index]);
            bound = bound.min(other.seen);
            if (other.cycle, other.step) < (first.cycle, first.step) {
                (first, lane) = (other, index);
            }
        }
        self.plan = Plan { next: self.edge(first.cycle), step: first.step, lane, bound: self.edge(bound) };
    }

    #[inline]
    fn edge(&self, cycle: u64) -> Edge {
        let at = if cycle == u64::MAX { Time::NEVER } else { self.clock.instant(cycle) };
        Edge { cycle, at }
    }

    #[inline]
    fn of_lane(&self, lane: &Lane) -> OfLane {
        match &lane.active {
            Some(active) => OfLane { cycle: active.response, step: Step::Response, seen: active.response },
            None => self.next_grant(lane),
        }
    }

    /// The next grant of a free bus. Who needs a buffer of the chipset waits until one is free.
    #[inline]
    fn next_grant(&self, lane: &Lane) -> OfLane {
        let full = || lane.waiting.front().is_some_and(|next| self.needs_buffer(next));
        let held_back = self.held_back || self.buffers.are_full() && full();
        let (cycle, grantee) = lane.grant(if held_back { u64::MAX } else { self.senders_from });
        let seen = match cycle {
            u64::MAX => u64::MAX,
            _ if self.asks_manager(lane, grantee) => cycle,
            _ => self.response(cycle),
        };
        OfLane { cycle, step: Step::Grant(grantee), seen }
    }

    /// Does a grant depend on whether the manager has room?
    fn asks_manager(&self, lane: &Lane, grantee: Grantee) -> bool {
        let is_message = || lane.waiting.front().is_some_and(|next| next.asked().is_some());
        self.manager.is_some() && grantee == Grantee::Sender && is_message()
    }

    /// Cycle of the response to what is granted in cycle `granted`; `u64::MAX`: it never comes.
    #[inline]
    pub(super) fn response(&self, granted: u64) -> u64 {
        match self.completion(granted) {
            Completion::At(cycle) => cycle,
            Completion::Never { .. } => u64::MAX,
        }
    }

    /// When a transaction that is granted in cycle `granted` gets its response.
    #[inline]
    pub(super) fn completion(&self, granted: u64) -> Completion {
        self.faults.completion(self.clock, granted + self.cycles)
    }
}
