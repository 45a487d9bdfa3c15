//! Who gets the bus, and when (SDM vol. 3 §10.7).
//!
//! Not modelled: agents that miss the edge at which the others begin.

use super::agent_set::AgentSet;
use super::carried::{Load, OnBus};
use super::frame::Format;
use super::line::drop_out;
use super::{Sender, SerialBus};
use crate::bus::{Agent, Shorthand};
use crate::generation::ShorthandPriority;
use crate::time::Time;

/// Arbitration cycles: one that tells EOI messages from others, four of arbitration id.
const CYCLES: u64 = 5;
/// What the knob `shorthand_priority = "fifteen"` drives in place of an id.
const FIFTEEN: u8 = 0xF;

impl SerialBus {
    /// The edge of the next arbitration, if the bus is free and somebody wants it.
    pub(super) fn arbitration(&self) -> Option<u64> {
        if self.on_bus.is_some() {
            return None;
        }
        let wanted = self.senders.iter().filter_map(Sender::from).min();
        let wanted = wanted.and_then(|from| self.idle_edge(from.max(self.free_from)));
        wanted.into_iter().chain(self.jabber_edge()).min()
    }

    /// The first edge from `edge` on at which the bus looks idle.
    fn idle_edge(&self, mut edge: u64) -> Option<u64> {
        loop {
            let at = self.clock.instant(edge);
            let idle = self.faults.idle_from(at)?;
            if idle == at {
                return Some(edge);
            }
            edge = self.clock.first_at_or_after(idle);
        }
    }

    /// The first edge at which a jabbering agent begins a message.
    fn jabber_edge(&self) -> Option<u64> {
        let of_fault = |(from, until): (Time, Option<Time>)| {
            let edge = self.idle_edge(self.clock.first_at_or_after(from).max(self.free_from))?;
            until.is_none_or(|until| self.clock.instant(edge) < until).then_some(edge)
        };
        self.faults.jabbers().filter_map(of_fault).min()
    }

    fn senders_where(&self, wants: impl Fn(&Sender) -> bool) -> AgentSet {
        (0..).zip(&self.senders).filter(|(_, sender)| wants(sender)).map(|(agent, _)| agent).collect()
    }

    /// Arbitration at `edge` among all that joined by then. EOI messages beat all others.
    pub(super) fn arbitrate(&mut self, edge: u64) {
        let at = self.clock.instant(edge);
        self.corrupt_ids(at);
        let jabbering = self.faults.jabbering(at);
        let waiting = self.senders_where(|sender| sender.wants_end_of_interrupt(edge));
        let end_of_interrupts = waiting.with(jabbering.into_iter().collect());
        let messages = self.senders_where(|sender| sender.wants_message(edge)).without(end_of_interrupts);
        let key = |agent| {
            let is_end = end_of_interrupts.contains(agent);
            let id = if is_end { self.ids.of(agent) } else { self.priority(agent) };
            u32::from(is_end) << 4 | u32::from(id)
        };
        let contenders = end_of_interrupts.with(messages);
        let left = drop_out(contenders, CYCLES, key, |cycle| self.line(edge + 1 + cycle));
        let keys = left.iter().fold(0, |keys, agent| keys | key(agent));
        let ends: Vec<Agent> = left.without(messages).iter().collect();
        self.on_bus = match (jabbering.filter(|agent| ends.contains(agent)), ends.is_empty()) {
            (Some(agent), _) => Some(OnBus::new(edge, Load::Jabber(agent))),
            (None, false) => Some(OnBus::new(edge, self.take_end_of_interrupts(&ends))),
            (None, true) => self.take_messages(left).map(|load| OnBus::new(edge, load)),
        };
        if self.on_bus.is_none() {
            // All have lost to a stuck wire, and wait for the end of the message that they think has won.
            self.free_from = edge + Format::Short.cycles();
        }
        if self.probe.is_some() {
            let format = if end_of_interrupts.is_empty() { Format::Short } else { Format::EndOfInterrupt };
            let winners = self.on_bus.as_ref().map_or_else(AgentSet::default, |on_bus| on_bus.load.senders());
            self.show_arbitration(edge, winners, keys, format.start());
        }
    }

    fn take_end_of_interrupts(&mut self, winners: &[Agent]) -> Load {
        let take = |&agent: &Agent| {
            let (_, vector) = self.senders[usize::from(agent)].end_of_interrupts.pop_front()?;
            Some((agent, vector))
        };
        Load::EndOfInterrupts(winners.iter().filter_map(take).collect())
    }

    fn take_messages(&mut self, left: AgentSet) -> Option<Load> {
        let first = match self.knobs.shorthand_priority {
            ShorthandPriority::Own => left,
            // No document says how one of several broadcasts wins: here the arbitration id decides.
            ShorthandPriority::Fifteen => {
                let rank = |agent: &Agent| (self.is_broadcast(*agent), self.ids.of(*agent));
                let best = left.iter().map(|agent| rank(&agent)).max();
                left.iter().filter(|agent| Some(rank(agent)) == best).collect()
            }
        };
        let mut pendings = std::mem::take(&mut self.spare);
        pendings.extend(first.iter().filter_map(|agent| self.senders[usize::from(agent)].pending.take()));
        if pendings.is_empty() {
            self.spare = pendings;
            return None;
        }
        Some(Load::Messages(pendings))
    }

    fn is_broadcast(&self, agent: Agent) -> bool {
        self.senders[usize::from(agent)].pending.is_some_and(|pending| {
            matches!(pending.message.shorthand, Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf)
        })
    }

    /// What `agent` drives in the arbitration cycles for its message (knob `shorthand_priority`).
    fn priority(&self, agent: Agent) -> u8 {
        match self.knobs.shorthand_priority {
            ShorthandPriority::Fifteen if self.is_broadcast(agent) => FIFTEEN,
            _ => self.ids.of(agent),
        }
    }
}
