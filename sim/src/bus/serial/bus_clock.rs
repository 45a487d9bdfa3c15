//! PICCLK: its edges, and the windows in which there are none (injected).
//!
//! Not modelled: an edge cut short at the begin or end of a window.

use crate::time::{ClockDomain, Duration, Time};

/// The clock of a bus.
#[derive(Debug, Clone)]
pub(super) struct BusClock {
    domain: ClockDomain,
    /// Windows without edges, in order: the instant of the first lost edge, and how long they last.
    gaps: Vec<(Time, Option<Duration>)>,
}

impl BusClock {
    pub(super) const fn new(domain: ClockDomain) -> Self {
        Self { domain, gaps: Vec::new() }
    }

    pub(super) fn with_gaps(&self, mut gaps: Vec<(Time, Option<Time>)>) -> Self {
        gaps.sort_unstable();
        let gaps = gaps.into_iter().map(|(from, until)| (from, until.map(|until| until.since(from)))).collect();
        Self { domain: self.domain, gaps }
    }

    pub(super) const fn domain(&self) -> ClockDomain {
        self.domain
    }

    /// The instant of edge `cycle`; never, if the clock is gone by then.
    pub(super) fn instant(&self, cycle: u64) -> Time {
        let mut at = self.domain.instant(cycle);
        for &(from, span) in &self.gaps {
            if at < from {
                break;
            }
            match span {
                Some(span) => at += span,
                None => return Time::NEVER,
            }
        }
        at
    }

    /// The first edge strictly after `at`.
    pub(super) fn first_after(&self, at: Time) -> u64 {
        self.domain.first_after(self.running(at))
    }

    /// The first edge at or after `at`.
    pub(super) fn first_at_or_after(&self, at: Time) -> u64 {
        self.domain.first_at_or_after(self.running(at))
    }

    /// `at` on a clock that never stopped.
    fn running(&self, at: Time) -> Time {
        let mut running = at;
        for &(from, span) in self.gaps.iter().rev() {
            let end = span.map_or(Time::NEVER, |span| from + span);
            if at >= end {
                running = Time::from_ps(running.since(Time::ZERO + span.unwrap_or(Duration::ZERO)).as_ps());
            } else if at >= from {
                running = running.min(from);
            }
        }
        running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_stand_still_in_a_gap() {
        let ns = |ns: u64| Time::from_ps(ns * 1_000);
        let clock = BusClock::new(ClockDomain::new(60_000, 1)).with_gaps(vec![(ns(100), Some(ns(200)))]);
        let instants: Vec<Time> = (0..5).map(|cycle| clock.instant(cycle)).collect();
        assert_eq!(instants, [0, 60, 220, 280, 340].map(ns));
        for cycle in 0..10 {
            assert_eq!(clock.first_at_or_after(clock.instant(cycle)), cycle);
            assert_eq!(clock.first_after(clock.instant(cycle)), cycle + 1);
        }
        assert_eq!(clock.first_after(ns(150)), 2, "in the gap: the first edge behind it");
        let lost = BusClock::new(ClockDomain::new(60_000, 1)).with_gaps(vec![(ns(100), None)]);
        assert_eq!((lost.instant(1), lost.instant(2)), (ns(60), Time::NEVER));
    }
}
