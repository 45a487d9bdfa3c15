//! One period of an interconnect that is proven to repeat itself, learned by heart, place by place.
//!
//! Whole periods are skipped by arithmetic. What is left of one would be gone through event by event each time that a CPU does
//! something which concerns nobody, as printing; instead it is worked out where the interconnect would be, and it is put there,
//! as it was at the same place of an earlier period and that much later, when somebody needs it. Places are learned as they are
//! first come by: nothing is spent on a period that is never gone through again.

use super::attempts::AttemptRun;
use super::cycle::Cycle;
use crate::bus::Interconnect;
use crate::time::{Duration, Time};

/// Events of the longest period that is learned: noise may make one of thousands, and each place is a whole interconnect.
const LONGEST: usize = 256;

/// A place within the period: after so many of its events.
#[derive(Debug)]
struct Place {
    bus: Box<dyn Interconnect>,
    /// Its next event, from the beginning of the period on.
    next: Duration,
    /// From its next event to its bound; none if it has no bound.
    bound: Option<Duration>,
    /// The period in which it was learned, counted from the one that the proof ended in.
    learned_in: u64,
    /// Of each run, in their order.
    runs: Vec<RunThere>,
}

/// A run of attempts at a place.
#[derive(Debug, Clone, Copy)]
struct RunThere {
    /// As if each period had added its attempts from the proof on.
    count: u64,
    /// From its last attempt to the next event.
    since_last: Duration,
}

/// Where the interconnect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    /// How many periods have ended since the proof.
    period: u64,
    /// Events since this one has begun.
    place: usize,
}

/// The period.
#[derive(Debug)]
pub(super) struct Revolution {
    /// In the order of the period; the first is where the proof has ended. Where the interconnect is, is one of them.
    places: Vec<Place>,
    /// How many there are when all are known.
    events: usize,
    /// The next event where the proof ended.
    begin: Time,
    period: Duration,
    now: Position,
    /// Where it has been left.
    left: Position,
}

impl Revolution {
    /// The proof has ended. None for an interconnect that cannot be learned by heart, or whose period is too long.
    pub(super) fn begin(bus: &dyn Interconnect, cycle: &Cycle, runs: &[AttemptRun]) -> Option<Self> {
        let start = Position { period: 0, place: 0 };
        let (events, period) = (cycle.events, cycle.period);
        if events > LONGEST {
            return None;
        }
        let mut revolution =
            Self { places: Vec::new(), events, begin: bus.next_event()?, period, now: start, left: start };
        revolution.learn(bus, cycle, runs);
        (!revolution.places.is_empty()).then_some(revolution)
    }

    /// The interconnect, which is where it should be, has gone on by one event.
    pub(super) fn went_on(&mut self, bus: &dyn Interconnect, cycle: &Cycle, runs: &[AttemptRun]) {
        self.now = self.after(self.now);
        self.left = self.now;
        if self.now.place == self.places.len() {
            self.learn(bus, cycle, runs);
        }
    }

    /// Its next event, and its bound.
    pub(super) fn times(&self) -> (Time, Time) {
        let next = self.next_event();
        (next, self.places[self.now.place].bound.map_or(Time::NEVER, |later| next + later))
    }

    fn next_event(&self) -> Time {
        self.next_at(self.now)
    }

    /// It is `periods` later, and from there after all events before `until`, as far as their places are known; `runs`, which are
    /// `periods` later already, grow alike.
    pub(super) fn go_to(&mut self, until: Time, periods: u64, cycle: &Cycle, runs: &mut [AttemptRun]) {
        self.now.period += periods;
        let here = self.now;
        while self.next_event() < until {
            let next = self.after(self.now);
            if next.place == self.places.len() {
                break;
            }
            self.now = next;
        }
        if self.now == here {
            return;
        }
        let next = self.next_event();
        let there = cycle.attempts.iter().zip(&self.places[self.now.place].runs);
        for (run, (grown, there)) in runs.iter_mut().zip(there).filter(|(_, (grown, _))| **grown > 0) {
            run.count = there.count + grown * self.now.period;
            run.last = Time::ZERO + next.since(Time::ZERO + there.since_last);
        }
    }

    /// Puts it where it is.
    pub(super) fn bring_up(&mut self, bus: &mut Box<dyn Interconnect>, cycle: &Cycle) {
        let Position { mut period, place } = self.left;
        if place != self.now.place {
            let place = &self.places[self.now.place];
            *bus = place.bus.fork().expect("what has been copied can be copied");
            period = place.learned_in;
        }
        if period < self.now.period {
            bus.skip(self.now.period - period, cycle.period, cycle.attempts.iter().sum());
        }
        self.left = self.now;
    }

    fn next_at(&self, position: Position) -> Time {
        self.begin + Duration::from_ps(self.period.as_ps() * position.period) + self.places[position.place].next
    }

    const fn after(&self, position: Position) -> Position {
        let Position { period, place } = position;
        if place + 1 == self.events {
            Position { period: period + 1, place: 0 }
        } else {
            Position { period, place: place + 1 }
        }
    }

    fn learn(&mut self, bus: &dyn Interconnect, cycle: &Cycle, runs: &[AttemptRun]) {
        let period = self.now.period;
        let (Some(next), Some(copy)) = (bus.next_event(), bus.fork()) else { return };
        let there = |(run, grown): (&AttemptRun, &u64)| RunThere {
            count: run.count - grown * period,
            since_last: next.since(run.last),
        };
        self.places.push(Place {
            bus: copy,
            next: next.since(self.begin + Duration::from_ps(self.period.as_ps() * period)),
            bound: (bus.bound() != Time::NEVER).then(|| bus.bound().since(next)),
            learned_in: period,
            runs: runs.iter().zip(&cycle.attempts).map(there).collect(),
        });
    }
}
