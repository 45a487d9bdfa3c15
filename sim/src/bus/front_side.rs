//! The front-side bus: interrupt transactions one after another, each finished by the chipset and never by its target.
//!
//! Not modelled: other traffic, deferred and retried transactions, redirection of lowest-priority interrupts, several
//! buses under one chipset.

use super::{Agent, BusEffect, Interconnect, Message, Request, Targets, Undispatched};
use crate::time::{ClockDomain, Duration, Time};
use std::collections::VecDeque;

/// What a transaction carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Message(Message),
    EndOfInterrupt { source: Agent, vector: u8 },
}

/// A transaction that waits for its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiting {
    load: Load,
    /// First bus cycle in which it may be granted.
    from: u64,
}

/// A granted transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Active {
    load: Load,
    /// Bus cycle of the grant.
    granted: u64,
}

/// An injected fault: nothing completes from `from` until `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stall {
    from: Time,
    until: Option<Time>,
}

impl Stall {
    fn covers(&self, time: Time) -> bool {
        self.from <= time && self.until.is_none_or(|until| time < until)
    }
}

/// When a transaction gets its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completion {
    /// In this bus cycle.
    At(u64),
    /// Never: stalled for good since then.
    Never { since: Time },
}

/// The front-side bus of Pentium 4 and Xeon.
#[derive(Debug, Clone)]
pub struct FrontSideBus {
    clock: ClockDomain,
    /// Length of a transaction.
    cycles: u64,
    waiting: VecDeque<Waiting>,
    active: Option<Active>,
    /// First cycle in which the bus is free.
    free_from: u64,
    stalls: Vec<Stall>,
}

/// Default bus clock: 100 MHz, period 10 ns.
const BCLK: ClockDomain = ClockDomain::new(10_000, 1);

/// Default length of an interrupt transaction, from grant to response: 120 ns. A free parameter; unloaded buses are
/// taken to need 8 to 15 cycles.
const TRANSACTION: u64 = 12;

impl Default for FrontSideBus {
    fn default() -> Self {
        Self::new()
    }
}

impl FrontSideBus {
    /// An idle bus: 100 MHz, 12 cycles a transaction.
    pub const fn new() -> Self {
        Self {
            clock: BCLK,
            cycles: TRANSACTION,
            waiting: VecDeque::new(),
            active: None,
            free_from: 0,
            stalls: Vec::new(),
        }
    }

    /// The same bus with another clock, and transactions of `cycles` (at least 1). Choose before the first request.
    #[must_use]
    pub fn with_timing(self, clock: ClockDomain, cycles: u32) -> Self {
        Self { clock, cycles: u64::from(cycles.max(1)), ..self }
    }

    /// Injects a fault: in [`from`, `until`) no transaction completes, and one that should have gets its response in
    /// the first cycle at or after `until`; without `until`, never (chipset back-pressure: Intel 5000X MCH datasheet
    /// §5.8). Call it before the bus has advanced to `from`.
    pub fn stall(&mut self, from: Time, until: Option<Time>) {
        self.stalls.push(Stall { from, until });
    }

    /// The response of a transaction granted in cycle `granted`. Each turn of the loop leaves a stall for good.
    fn completion(&self, granted: u64) -> Completion {
        let mut cycle = granted + self.cycles;
        while let Some(stall) = self.stalls.iter().find(|stall| stall.covers(self.clock.instant(cycle))) {
            match stall.until {
                Some(until) => cycle = self.clock.first_at_or_after(until),
                None => return Completion::Never { since: stall.from },
            }
        }
        Completion::At(cycle)
    }

    /// Cycle of the next grant, if the bus is free.
    fn grant(&self) -> Option<u64> {
        if self.active.is_some() {
            return None;
        }
        self.waiting.front().map(|first| first.from.max(self.free_from))
    }

    fn grant_first(&mut self, granted: u64) {
        self.active = self.waiting.pop_front().map(|Waiting { load, .. }| Active { load, granted });
    }

    /// The one that waits for `source`, if any.
    fn waiting_message(&mut self, source: Agent) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|waiting| matches!(waiting.load, Load::Message(m) if m.source == source))
    }

    /// The response: every addressed agent takes the message, whatever its state (Intel 5000X MCH datasheet §5.8).
    fn complete(&mut self, load: Load, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        match load {
            Load::EndOfInterrupt { vector, .. } => effects.push(BusEffect::EndOfInterrupt { vector }),
            Load::Message(message) => {
                let addressed = (0..targets.agents()).filter(|&agent| targets.addressed(agent, &message));
                effects.extend(addressed.map(|agent| BusEffect::Deliver { agent, message }));
                let busy_still = self.waiting_message(message.source).is_some();
                effects.push(BusEffect::Dispatched { message, busy_still });
            }
        }
    }

    fn next_cycle(&self) -> Option<u64> {
        match &self.active {
            None => self.grant(),
            Some(active) => match self.completion(active.granted) {
                Completion::At(cycle) => Some(cycle),
                Completion::Never { .. } => None,
            },
        }
    }
}

impl Interconnect for FrontSideBus {
    /// From a request a picosecond before an edge to the response of its transaction.
    fn minimum_latency(&self) -> Duration {
        let whole = self.clock.instant(1).as_ps() * self.cycles == self.clock.instant(self.cycles).as_ps();
        self.clock.span(self.cycles) - Duration::from_ps(u64::from(!whole)) + Duration::from_ps(1)
    }

    /// A message that replaces a waiting one keeps its place in the queue: the agent has asked for the bus already.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        // a grant at or before `at` precedes this request
        if let Some(granted) = self.grant()
            && self.clock.instant(granted) <= at
        {
            self.grant_first(granted);
        }
        let from = self.clock.first_after(at) + u64::from(extra_cycles);
        match request {
            Request::Message(message) => match self.waiting_message(message.source) {
                Some(waiting) => waiting.load = Load::Message(message),
                None => self.waiting.push_back(Waiting { load: Load::Message(message), from }),
            },
            Request::EndOfInterrupt { source, vector } => {
                self.waiting.push_back(Waiting { load: Load::EndOfInterrupt { source, vector }, from });
            }
        }
    }

    fn next_event(&self) -> Option<Time> {
        self.next_cycle().map(|cycle| self.clock.instant(cycle))
    }

    fn bound(&self) -> Time {
        let granted = self.active.map(|active| active.granted).or_else(|| self.grant());
        match granted.map(|granted| self.completion(granted)) {
            Some(Completion::At(cycle)) => self.clock.instant(cycle),
            Some(Completion::Never { .. }) | None => Time::NEVER,
        }
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some(cycle) = self.next_cycle() else { return };
        match self.active.take() {
            None => self.grant_first(cycle),
            Some(active) => {
                self.free_from = cycle;
                self.complete(active.load, targets, effects);
            }
        }
    }

    /// Attempts are 1 once granted; nothing is ever tried again.
    fn undispatched(&self) -> Vec<Undispatched> {
        let stalled_since = self.active.and_then(|active| match self.completion(active.granted) {
            Completion::Never { since } => Some(since),
            Completion::At(_) => None,
        });
        let granted = self.active.iter().map(|active| (active.load, 1));
        let waiting = self.waiting.iter().map(|waiting| (waiting.load, 0));
        let mut messages: Vec<_> = granted
            .chain(waiting)
            .filter_map(|(load, attempts)| match load {
                Load::Message(message) => {
                    Some(Undispatched { message, attempts, last: None, attempt_period: None, stalled_since })
                }
                Load::EndOfInterrupt { .. } => None,
            })
            .collect();
        messages.sort_by_key(|undispatched| undispatched.message.source); // stable: the granted one stays first
        messages
    }

    fn state(&self, words: &mut Vec<u64>) {
        let next = self.next_cycle();
        let base = next.unwrap_or(self.free_from);
        let of = |load: &Load| match load {
            Load::Message(m) => [u64::from(m.source) << 1, u64::from(m.number)],
            Load::EndOfInterrupt { source, vector } => [u64::from(*source) << 1 | 1, u64::from(*vector)],
        };
        words.extend([u64::from(self.active.is_some()), u64::from(next.is_some())]);
        if let Some(active) = &self.active {
            words.extend(of(&active.load));
        }
        for waiting in &self.waiting {
            words.extend(of(&waiting.load));
            words.push(waiting.from.saturating_sub(base));
        }
    }

    /// Injected stalls stay where they are: do not skip across the ends of one.
    fn skip(&mut self, periods: u64, period: Duration, _attempts: u64) {
        let cycles = self.clock.cycles(period).saturating_mul(periods);
        self.free_from += cycles;
        self.waiting.iter_mut().for_each(|waiting| waiting.from += cycles);
        if let Some(active) = &mut self.active {
            active.granted += cycles;
        }
    }

    fn name(&self) -> &'static str {
        "fsb"
    }
}

#[cfg(test)]
#[path = "front_side_tests.rs"]
mod tests;
