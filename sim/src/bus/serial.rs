//! The serial APIC bus of the P6: one message at a time, arbitration by rotating ids, refused messages sent again.
//!
//! Not modelled: bits on the wires and checksums, lowest-priority and remote-read messages, buses joined by cluster
//! managers, an APIC id that software changes (the INIT level de-assert reloads the ids given at construction).
//!
//! A message whose first cycle is at edge *a* has its targets sampled at *a* + 19 cycles, is taken at *a* + 20, and
//! ends at *a* + 21, where the next one may begin. [`BusEffect::Attempt`] is reported at the sample.

use super::serial_message::{EOI_SAMPLE, Load, Pending, Phase, Wire};
use super::serial_status::{self, Takers};
use super::{
    Agent, ArbitrationIds, AttemptOutcome, BusEffect, BusError, Interconnect, Message, Request, Targets, Undispatched,
};
use crate::generation::{BusyClear, Knobs};
use crate::time::{ClockDomain, Duration, Time};
use std::collections::VecDeque;

/// What one agent wants to send.
#[derive(Debug, Clone, Default)]
struct Sender {
    /// The newest message; what it replaced may still be on the wire.
    pending: Option<Pending>,
    /// EOI messages: first cycle of arbitration, vector.
    end_of_interrupts: VecDeque<(u64, u8)>,
}

impl Sender {
    fn wants_end_of_interrupt(&self, edge: u64) -> bool {
        self.end_of_interrupts.front().is_some_and(|&(from, _)| from <= edge)
    }
    fn wants_message(&self, edge: u64) -> bool {
        self.pending.is_some_and(|pending| pending.from <= edge)
    }
    /// First cycle in which it may arbitrate.
    fn from(&self) -> Option<u64> {
        let message = self.pending.map(|pending| pending.from);
        let end_of_interrupt = self.end_of_interrupts.front().map(|&(from, _)| from);
        message.into_iter().chain(end_of_interrupt).min()
    }
}

/// The serial bus.
#[derive(Debug, Clone)]
pub struct SerialBus {
    clock: ClockDomain,
    knobs: Knobs,
    ids: ArbitrationIds,
    senders: Vec<Sender>,
    wire: Option<Wire>,
    /// First cycle in which the wire is free.
    free_from: u64,
    /// Senders of the latest attempts, newest last: what [`skip`](Interconnect::skip) shares attempts out by.
    recent: VecDeque<Agent>,
}

/// Attempts remembered. Senders that retry for ever, however many, repeat after at most 63 attempts (tried for up to 15
/// agents); the rest is room for a caller that skips by a multiple of that.
const RECENT_MAX: usize = 1024;

/// Default PICCLK period, exactly 60 ns: "16.67 MHz" (typical board; LKML-2001).
const PICCLK: ClockDomain = ClockDomain::new(60_000, 1);

impl SerialBus {
    /// A bus whose agents have these APIC ids, by agent. PICCLK has a period of 60 ns.
    ///
    /// # Errors
    /// If the ids cannot share a serial bus.
    pub fn new(apic_ids: &[u8]) -> Result<Self, BusError> {
        Ok(Self {
            clock: PICCLK,
            knobs: Knobs::default(),
            ids: ArbitrationIds::new(apic_ids)?,
            senders: vec![Sender::default(); apic_ids.len()],
            wire: None,
            free_from: 0,
            recent: VecDeque::new(),
        })
    }

    /// The same bus with another PICCLK. Choose before the first request.
    #[must_use]
    pub fn with_clock(self, clock: ClockDomain) -> Self {
        Self { clock, ..self }
    }

    /// The same bus with these knobs: `busy_clear`.
    #[must_use]
    pub fn with_knobs(self, knobs: Knobs) -> Self {
        Self { knobs, ..self }
    }

    /// The arbitration ids as they are now.
    pub const fn arbitration_ids(&self) -> &ArbitrationIds {
        &self.ids
    }

    fn agents(&self) -> Agent {
        self.senders.len() as Agent
    }

    /// The edge of the next arbitration, if the wire is free and somebody wants it.
    fn arbitration(&self) -> Option<u64> {
        if self.wire.is_some() {
            return None;
        }
        Some(self.senders.iter().filter_map(Sender::from).min()?.max(self.free_from))
    }

    /// Cycle of the next event.
    fn next_cycle(&self) -> Option<u64> {
        self.wire.as_ref().map(|wire| wire.at(wire.phase)).or_else(|| self.arbitration())
    }

    /// Arbitration at `edge` among all that joined by then. EOI messages beat all others (SDM vol. 3 §10.7).
    fn arbitrate(&mut self, edge: u64) {
        let senders = || (0..).zip(&self.senders);
        let end_of_interrupt = senders().filter(|(_, s)| s.wants_end_of_interrupt(edge)).map(|(agent, _)| agent);
        let message = senders().filter(|(_, s)| s.wants_message(edge)).map(|(agent, _)| agent);
        let winner = self.ids.winner(end_of_interrupt).or_else(|| self.ids.winner(message));
        let Some(source) = winner else { return };
        let sender = &mut self.senders[usize::from(source)];
        let end_of_interrupt =
            if sender.wants_end_of_interrupt(edge) { sender.end_of_interrupts.pop_front() } else { None };
        let load = match end_of_interrupt {
            Some((_, vector)) => Some(Load::EndOfInterrupt { vector }),
            None => sender.pending.take().map(Load::Message),
        };
        self.wire = load.map(|load| Wire {
            source,
            start: edge,
            load,
            phase: Phase::Sample,
            takers: Takers::default(),
            outcome: None,
        });
    }

    /// First status cycle: the outcome is known, and the arbitration ids follow it.
    fn sample(&mut self, mut wire: Wire, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Load::Message(mut pending) = wire.load else {
            self.ids.rotate(wire.source);
            self.wire = Some(Wire { phase: Phase::Status, ..wire });
            return;
        };
        let message = pending.message;
        let (outcome, takers) = serial_status::sample(targets, self.agents(), &message);
        pending.attempted(wire.start, outcome);
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(wire.source);
        effects.push(BusEffect::Attempt { message, outcome });
        match outcome {
            AttemptOutcome::Accepted if message.is_init_deassert() => self.ids.resynchronise(),
            AttemptOutcome::Accepted | AttemptOutcome::Retry => self.ids.rotate(wire.source),
            AttemptOutcome::AcceptError | AttemptOutcome::ChecksumError => {}
        }
        if outcome == AttemptOutcome::Retry {
            self.resend(&wire, pending);
        } else {
            wire = Wire { load: Load::Message(pending), phase: Phase::Status, takers, outcome: Some(outcome), ..wire };
            self.wire = Some(wire);
        }
    }

    /// The attempt failed: the sender arbitrates again at once, with its newer message if it has one. Only start-up
    /// messages would not be sent again (SDM vol. 3 §10.7); they are not modelled.
    fn resend(&mut self, wire: &Wire, failed: Pending) {
        self.free_from = wire.at(Phase::End);
        self.senders[usize::from(wire.source)].pending.get_or_insert(failed);
    }

    /// Second status cycle: the message is taken, or its failure recorded.
    fn status(&mut self, wire: Wire, effects: &mut Vec<BusEffect>) {
        match (wire.load, wire.outcome) {
            (Load::EndOfInterrupt { vector }, _) => {
                effects.push(BusEffect::EndOfInterrupt { vector });
                self.free_from = wire.at(Phase::End);
            }
            (Load::Message(pending), Some(AttemptOutcome::Accepted)) => {
                let message = pending.message;
                effects.extend(wire.takers.iter().map(|agent| BusEffect::Deliver { agent, message }));
                match self.knobs.busy_clear {
                    BusyClear::EndOfMessage => self.wire = Some(Wire { phase: Phase::End, ..wire }),
                    BusyClear::StatusCycle => self.dispatched(&wire, message, effects),
                }
            }
            (Load::Message(pending), _) => {
                serial_status::accept_error(wire.source, self.agents(), effects);
                self.resend(&wire, pending);
            }
        }
    }

    /// The bus is done with an accepted message.
    fn dispatched(&mut self, wire: &Wire, message: Message, effects: &mut Vec<BusEffect>) {
        let busy_still = self.senders[usize::from(wire.source)].pending.is_some();
        effects.push(BusEffect::Dispatched { message, busy_still });
        self.free_from = wire.at(Phase::End);
    }

    /// Do all cycles last equally many picoseconds? Only then can the state recur.
    fn has_whole_period(&self) -> bool {
        let cycles = u64::from(u32::MAX);
        self.clock.instant(1).as_ps().checked_mul(cycles) == Some(self.clock.instant(cycles).as_ps())
    }
}

impl Interconnect for SerialBus {
    /// From a request a picosecond before an edge to the sample of an EOI message there.
    fn minimum_latency(&self) -> Duration {
        let rounded_up = self.clock.span(EOI_SAMPLE);
        let rounding = Duration::from_ps(u64::from(!self.has_whole_period()));
        rounded_up - rounding + Duration::from_ps(1)
    }

    /// # Panics
    /// If the sender is not on the bus.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        // An arbitration at or before `at` has all its contenders: requests come in the order of their times. It must
        // not see this one, nor lose a message that this one replaces.
        if let Some(edge) = self.arbitration()
            && self.clock.instant(edge) <= at
        {
            self.arbitrate(edge);
        }
        let from = self.clock.first_after(at) + u64::from(extra_cycles);
        match request {
            Request::Message(message) => {
                self.senders[usize::from(message.source)].pending = Some(Pending::new(message, from));
            }
            Request::EndOfInterrupt { source, vector } => {
                self.senders[usize::from(source)].end_of_interrupts.push_back((from, vector));
            }
        }
    }

    fn next_event(&self) -> Option<Time> {
        self.next_cycle().map(|cycle| self.clock.instant(cycle))
    }

    fn bound(&self) -> Time {
        if self.wire.is_some() {
            return self.next_event().unwrap_or(Time::NEVER);
        }
        let Some(edge) = self.arbitration() else { return Time::NEVER };
        let sample =
            if self.senders.iter().any(|sender| sender.wants_end_of_interrupt(edge)) { EOI_SAMPLE } else { 19 };
        self.clock.instant(edge + sample)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some(wire) = self.wire.take() else {
            if let Some(edge) = self.arbitration() {
                self.arbitrate(edge);
            }
            return;
        };
        match (wire.phase, wire.load) {
            (Phase::Sample, _) => self.sample(wire, targets, effects),
            (Phase::Status, _) => self.status(wire, effects),
            (Phase::End, Load::Message(pending)) => self.dispatched(&wire, pending.message, effects),
            (Phase::End, Load::EndOfInterrupt { .. }) => self.free_from = wire.at(Phase::End),
        }
    }

    /// A sender may have two: the one on the wire and the one that replaced it.
    fn undispatched(&self) -> Vec<Undispatched> {
        let mut messages = Vec::new();
        for (agent, sender) in (0..).zip(&self.senders) {
            if let Some(Wire { source, load: Load::Message(pending), .. }) = &self.wire
                && *source == agent
            {
                messages.push(pending.report(self.clock));
            }
            messages.extend(sender.pending.map(|pending| pending.report(self.clock)));
        }
        messages
    }

    fn state(&self, words: &mut Vec<u64>) {
        let base = self.next_cycle().unwrap_or(self.free_from);
        words.extend([self.ids.word(), u64::from(self.wire.is_some())]);
        if let Some(wire) = &self.wire {
            wire.state(base, words);
        }
        if !self.has_whole_period() {
            words.push(base); // rounded cycles differ: never recurs
        }
        for sender in &self.senders {
            words.push((sender.end_of_interrupts.len() as u64) << 1 | u64::from(sender.pending.is_some()));
            if let Some(pending) = &sender.pending {
                words.extend([u64::from(pending.message.number), pending.from.saturating_sub(base)]);
            }
            for &(from, vector) in &sender.end_of_interrupts {
                words.extend([u64::from(vector), from.saturating_sub(base)]);
            }
        }
    }

    /// `period` is the distance of two equal [`state`](Self::state)s, `attempts` counts all attempts within it, at most
    /// 1024: each sender gets its own share.
    fn skip(&mut self, periods: u64, period: Duration, attempts: u64) {
        let cycles = self.clock.cycles(period).saturating_mul(periods);
        let mut by_sender = vec![0_u64; self.senders.len()];
        for &source in self.recent.iter().rev().take(attempts as usize) {
            by_sender[usize::from(source)] += periods;
        }
        self.free_from += cycles;
        for (sender, &attempts) in self.senders.iter_mut().zip(&by_sender) {
            if let Some(pending) = &mut sender.pending {
                pending.skip(cycles, attempts);
            }
            sender.end_of_interrupts.iter_mut().for_each(|(from, _)| *from += cycles);
        }
        if let Some(wire) = &mut self.wire {
            wire.start += cycles;
            if let Load::Message(pending) = &mut wire.load {
                pending.skip(cycles, by_sender[usize::from(wire.source)]);
            }
        }
    }

    fn name(&self) -> &'static str {
        "serial"
    }
}

#[cfg(test)]
#[path = "serial_tests.rs"]
mod tests;
