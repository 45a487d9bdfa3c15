//! What the wires of a bus carry again and again: unrolled one change after the other, so that nothing grows with how often.
//!
//! Not modelled: a repetition of more changes than [`DRAWN`] is drawn at its beginning and its end only.

use super::value::Value;
use sim::{Duration, Time};

/// Changes that are drawn at the beginning of what comes again, and as many at its end.
const DRAWN: u64 = 1 << 16;

/// What is seen on the wires of one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Driven(u8),
    Winner(Value),
    /// From now on it is not drawn, or drawn again.
    Hidden(bool),
}

/// Changes that come again.
#[derive(Debug, Clone)]
pub(super) struct Again {
    /// Each with its distance from the beginning of a round.
    round: Vec<(u64, Seen)>,
    begins: Time,
    period: u64,
    times: u64,
    /// The rounds from the first on and before the second are not drawn.
    hidden: Option<(u64, u64)>,
    is_hidden: bool,
    /// The next change: its round, its place.
    next: (u64, usize),
}

impl Again {
    /// From an instant on, with a period, so many times; without the changes of a round nothing is drawn.
    pub(super) fn new((begins, period, times): (Time, u64, u64), round: Option<Vec<(u64, Seen)>>) -> Self {
        let hidden = match &round {
            None => Some((0, times)),
            Some(round) => {
                let drawn = (DRAWN / (round.len() as u64).max(1)).max(2);
                (times > 2 * drawn).then(|| (drawn, times - drawn))
            }
        };
        Self { round: round.unwrap_or_default(), begins, period, times, hidden, is_hidden: false, next: (0, 0) }
    }

    fn begins(&self, round: u64) -> Time {
        self.begins + Duration::from_ps(self.period.saturating_mul(round))
    }

    /// The next change.
    pub(super) fn peek(&self) -> Option<(Time, Seen)> {
        let (round, place) = self.next;
        match self.hidden {
            Some((_, shown)) if self.is_hidden => Some((self.begins(shown), Seen::Hidden(false))),
            Some((first, _)) if first == round => Some((self.begins(first), Seen::Hidden(true))),
            _ if round >= self.times => None,
            _ => self.round.get(place).map(|&(after, seen)| (self.begins(round) + Duration::from_ps(after), seen)),
        }
    }

    /// Gives it, and goes on.
    pub(super) fn step(&mut self) -> Option<(Time, Seen)> {
        let next = self.peek()?;
        match (next.1, self.hidden) {
            (Seen::Hidden(true), _) => self.is_hidden = true,
            (Seen::Hidden(false), Some((_, shown))) => {
                (self.is_hidden, self.hidden, self.next) = (false, None, (shown, 0));
            }
            _ => {
                self.next.1 += 1;
                if self.next.1 == self.round.len() {
                    self.next = (self.next.0 + 1, 0);
                }
            }
        }
        Some(next)
    }

    /// Adds what it changes from `from` on and before `to`, drawn or not, if that is known.
    pub(super) fn between(&self, from: Time, to: Time, all: &mut Vec<(Time, Seen)>) -> Option<()> {
        if self.hidden.is_some_and(|(first, _)| first == 0) {
            return None;
        }
        let early = from.as_ps().saturating_sub(self.begins.as_ps()) / self.period.max(1);
        for number in early.max(self.next.0)..self.times {
            let begins = self.begins(number);
            if begins >= to {
                break;
            }
            let skipped = if number == self.next.0 { self.next.1 } else { 0 };
            let changes = self.round.iter().skip(skipped);
            all.extend(changes.map(|&(after, seen)| (begins + Duration::from_ps(after), seen)));
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut again: Again) -> Vec<(u64, Seen)> {
        std::iter::from_fn(|| again.step()).map(|(at, seen)| (at.as_ps(), seen)).collect()
    }

    #[test]
    fn every_round_has_the_same_changes_one_period_later() {
        let round = vec![(1, Seen::Driven(1)), (5, Seen::Driven(0))];
        let seen = all(Again::new((Time::from_ps(100), 10, 3), Some(round)));
        let driven: Vec<(u64, u8)> = vec![(101, 1), (105, 0), (111, 1), (115, 0), (121, 1), (125, 0)];
        assert_eq!(seen, driven.into_iter().map(|(at, symbol)| (at, Seen::Driven(symbol))).collect::<Vec<_>>());
        assert_eq!(all(Again::new((Time::ZERO, 10, 9), Some(Vec::new()))), []);
    }

    #[test]
    fn the_middle_of_what_comes_too_often_is_not_drawn() {
        let times = 10 * DRAWN;
        let seen = all(Again::new((Time::ZERO, 10, times), Some(vec![(0, Seen::Driven(1))])));
        assert_eq!(seen.len() as u64, 2 * DRAWN + 2);
        let hidden: Vec<_> = seen.iter().filter(|(_, seen)| matches!(seen, Seen::Hidden(_))).collect();
        assert_eq!(hidden, [&(10 * DRAWN, Seen::Hidden(true)), &(10 * (times - DRAWN), Seen::Hidden(false))]);
        assert_eq!(seen.last(), Some(&(10 * (times - 1), Seen::Driven(1))));
        assert!(seen.is_sorted_by_key(|(at, _)| *at));
        let unknown = all(Again::new((Time::from_ps(7), 10, 4), None));
        assert_eq!(unknown, [(7, Seen::Hidden(true)), (47, Seen::Hidden(false))]);
    }

    #[test]
    fn what_waits_is_known_without_being_unrolled() {
        let mut again =
            Again::new((Time::ZERO, 10, u64::MAX / 20), Some(vec![(2, Seen::Driven(1)), (4, Seen::Driven(2))]));
        again.step();
        let mut found = Vec::new();
        assert_eq!(again.between(Time::from_ps(0), Time::from_ps(14), &mut found), Some(()));
        assert_eq!(found.iter().map(|(at, _)| at.as_ps()).collect::<Vec<_>>(), [4, 12, 14]);
    }
}
