//! The waves of a serial bus: its two data wires, and who has won the arbitration.
//!
//! Not modelled: PICCLK itself, which would be most of every file.

use super::again::{Again, Seen};
use super::value::{Value, Wave};
use sim::Time;
use sim::bus::WireEvent;
use std::collections::VecDeque;

/// Name, bits.
pub(super) const WAVES: [Wave; 2] = [("picd", 2), ("winner", 8)];

/// Changes that are remembered at most, as something that comes again.
const REMEMBERED: usize = 1 << 17;

/// What comes next, in the order of time.
#[derive(Debug, Clone)]
enum Part {
    Told(VecDeque<(Time, Seen)>),
    Again(Again),
}

/// One bus.
#[derive(Debug, Clone)]
pub(super) struct Wires {
    parts: VecDeque<Part>,
    /// Wires that get stuck, or free again: which read 1, which 0.
    stuck: VecDeque<(Time, u8, u8)>,
    /// The last changes.
    recent: VecDeque<(Time, Seen)>,
    /// What changed up to then is forgotten.
    forgotten: Option<Time>,
    driven: u8,
    high: u8,
    low: u8,
    winner: Value,
    hidden: bool,
}

impl Default for Wires {
    fn default() -> Self {
        Self {
            parts: VecDeque::new(),
            stuck: VecDeque::new(),
            recent: VecDeque::new(),
            forgotten: None,
            driven: 0,
            high: 0,
            low: 0,
            winner: Value::Nothing,
            hidden: false,
        }
    }
}

impl Wires {
    pub(super) fn values(&self) -> [Value; WAVES.len()] {
        if self.hidden {
            return [Value::Unknown; WAVES.len()];
        }
        [Value::Number(u32::from((self.driven | self.high) & !self.low)), self.winner]
    }

    /// The next change that was told.
    pub(super) fn take(&mut self, at: Time, what: WireEvent) {
        let seen = match what {
            WireEvent::Driven(symbol) => Seen::Driven(symbol),
            WireEvent::Won(agent) => Seen::Winner(Value::Number(agent.into())),
            WireEvent::WonTogether => Seen::Winner(Value::Unknown),
            WireEvent::Free => Seen::Winner(Value::Nothing),
            WireEvent::Stuck { high, low } => {
                let place = self.stuck.partition_point(|(before, ..)| *before <= at);
                return self.stuck.insert(place, (at, high, low));
            }
            WireEvent::Again { period, times } => return self.again(at, period.as_ps(), times),
        };
        match self.parts.back_mut() {
            Some(Part::Told(told)) => {
                let at = told.back().map_or(at, |(last, _)| at.max(*last));
                told.push_back((at, seen));
            }
            _ => self.parts.push_back(Part::Told(VecDeque::from([(at, seen)]))),
        }
    }

    /// What changed in the `period` before `at` comes again, so many times, and what was told of later comes after that.
    fn again(&mut self, at: Time, period: u64, times: u64) {
        let from = Time::from_ps(at.as_ps().saturating_sub(period));
        let again = Again::new((at, period, times), self.between(from, at));
        let mut later = VecDeque::new();
        if let Some(Part::Told(told)) = self.parts.back_mut() {
            later = told.split_off(told.partition_point(|(told, _)| *told < at));
        }
        let shift = sim::Duration::from_ps(period.saturating_mul(times));
        later.iter_mut().for_each(|(at, _)| *at += shift);
        self.parts.push_back(Part::Again(again));
        self.parts.push_back(Part::Told(later));
    }

    /// All changes from `from` on and before `to`, each with its distance from `from`, if they are remembered.
    fn between(&self, from: Time, to: Time) -> Option<Vec<(u64, Seen)>> {
        if self.forgotten.is_some_and(|forgotten| forgotten >= from) {
            return None;
        }
        let mut all: Vec<(Time, Seen)> = self.recent.iter().copied().collect();
        for part in &self.parts {
            match part {
                Part::Told(told) => all.extend(told),
                Part::Again(again) => again.between(from, to, &mut all)?,
            }
        }
        all.retain(|(at, _)| (from..to).contains(at));
        Some(all.into_iter().map(|(at, seen)| (at.since(from).as_ps(), seen)).collect())
    }

    /// When something changes next.
    pub(super) fn next(&self) -> Option<Time> {
        let told = self.parts.iter().find_map(|part| match part {
            Part::Told(told) => told.front().map(|(at, _)| *at),
            Part::Again(again) => again.peek().map(|(at, _)| at),
        });
        told.into_iter().chain(self.stuck.front().map(|(at, ..)| *at)).min()
    }

    /// Changes that wait.
    pub(super) fn held(&self) -> usize {
        let told = |part: &Part| if let Part::Told(told) = part { told.len() } else { 1 };
        self.parts.iter().map(told).sum()
    }

    /// Does what changes next.
    pub(super) fn step(&mut self) {
        let next = self.next();
        if let Some(&(at, high, low)) = self.stuck.front()
            && Some(at) == next
        {
            self.stuck.pop_front();
            (self.high, self.low) = (high, low);
            return;
        }
        while let Some(part) = self.parts.front_mut() {
            let seen = match part {
                Part::Told(told) => told.pop_front(),
                Part::Again(again) => again.step(),
            };
            match seen {
                Some((at, seen)) => return self.see(at, seen),
                None => _ = self.parts.pop_front(),
            }
        }
    }

    fn see(&mut self, at: Time, seen: Seen) {
        match seen {
            Seen::Driven(symbol) => self.driven = symbol,
            Seen::Winner(winner) => self.winner = winner,
            Seen::Hidden(hidden) => {
                self.hidden = hidden;
                self.recent.clear();
                self.forgotten = Some(Time::from_ps(at.as_ps().saturating_sub(1)));
                return;
            }
        }
        self.recent.push_back((at, seen));
        if self.recent.len() > REMEMBERED {
            self.forgotten = self.recent.pop_front().map(|(at, _)| at);
        }
    }
}
