//! Injected faults of the serial bus: they act on clock, wires and ids, and what follows follows.
//!
//! Not modelled: an agent that drives wires at random (a jabbering one sends EOI messages that nobody can read).

use super::bus_clock::BusClock;
use super::frame::Payload;
use crate::bus::Agent;
use crate::generation::Checksum;
use crate::time::Time;

/// A data wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// PICD0.
    Picd0,
    /// PICD1, on which agents arbitrate.
    Picd1,
}

/// What is wrong with the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerialFaultKind {
    /// Every so many-th message arrives damaged (1: every one).
    ChecksumNoise {
        /// The period, at least 1.
        every: u32,
    },
    /// A wire is stuck. Driven: the bus never looks idle, nothing starts. Not driven: what is sent on it is lost, start
    /// bits and answers too, so that nothing is ever accepted.
    StuckWire {
        /// Which.
        wire: Wire,
        /// Driven (logical 1) or not (logical 0)?
        driven: bool,
    },
    /// PICCLK stands still.
    LostClock,
    /// An agent takes this for its arbitration id, once.
    ArbitrationId {
        /// Whose.
        agent: Agent,
        /// The id, 0 to 15.
        id: u8,
    },
    /// An agent sends EOI messages without end, and with a bad checksum. They beat all other messages.
    Jabber {
        /// Who.
        agent: Agent,
    },
}

/// A fault of the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialFault {
    /// When it begins.
    pub from: Time,
    /// When it ends; `None`: never. Of no meaning to a corrupt arbitration id.
    pub until: Option<Time>,
    /// What it is.
    pub kind: SerialFaultKind,
}

impl SerialFault {
    fn holds(&self, at: Time) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// All faults of one bus.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    listed: Vec<SerialFault>,
    /// Messages that noise has seen so far.
    noisy: u64,
    /// Corrupt arbitration ids still to come.
    ids: Vec<(Time, Agent, u8)>,
}

impl Faults {
    pub(super) fn new(listed: Vec<SerialFault>) -> Self {
        let mut ids: Vec<_> = listed
            .iter()
            .filter_map(|fault| match fault.kind {
                SerialFaultKind::ArbitrationId { agent, id } => Some((fault.from, agent, id)),
                _ => None,
            })
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a)); // the first one last
        Self { listed, noisy: 0, ids }
    }

    fn holding(&self, at: Time) -> impl Iterator<Item = &SerialFaultKind> {
        self.listed.iter().filter(move |fault| fault.holds(at)).map(|fault| &fault.kind)
    }

    /// The next arbitration id that is corrupted by `now`.
    pub(super) fn corrupt_id(&mut self, now: Time) -> Option<(Agent, u8)> {
        let (_, agent, id) = self.ids.pop_if(|(at, ..)| *at <= now)?;
        Some((agent, id))
    }

    /// A message goes out at `at`: is it one that noise damages?
    pub(super) fn noise(&mut self, at: Time) -> bool {
        let every = self.holding(at).find_map(|kind| match kind {
            SerialFaultKind::ChecksumNoise { every } => Some(u64::from(*every).max(1)),
            _ => None,
        });
        let Some(every) = every else { return false };
        self.noisy += 1;
        self.noisy.is_multiple_of(every)
    }

    /// The wires that can be driven at `at`, and whether PICD1 is lost among them.
    pub(super) fn working_wires(&self, at: Time) -> u8 {
        self.holding(at).fold(3, |working, kind| match kind {
            SerialFaultKind::StuckWire { wire: Wire::Picd0, driven: false } => working & 2,
            SerialFaultKind::StuckWire { wire: Wire::Picd1, driven: false } => working & 1,
            _ => working,
        })
    }

    /// Would receivers find this payload damaged, sent over wires of which only `working` can be driven?
    pub(super) fn damages(payload: &Payload, working: u8, rule: Checksum) -> bool {
        payload.through(working).checksum(rule) != payload.checksum(rule) & working
    }

    /// The first instant at or after `at` at which the bus looks idle; `None`: never again.
    pub(super) fn idle_from(&self, mut at: Time) -> Option<Time> {
        while let Some(fault) = self
            .listed
            .iter()
            .find(|fault| fault.holds(at) && matches!(fault.kind, SerialFaultKind::StuckWire { driven: true, .. }))
        {
            at = fault.until?;
        }
        Some(at)
    }

    /// The agent that jabbers at `at`, if any.
    pub(super) fn jabbering(&self, at: Time) -> Option<Agent> {
        self.holding(at).find_map(|kind| match kind {
            SerialFaultKind::Jabber { agent } => Some(*agent),
            _ => None,
        })
    }

    /// The first instant at or after `at` at which somebody jabbers.
    pub(super) fn next_jabber(&self, at: Time) -> Option<Time> {
        let of_fault = |fault: &SerialFault| {
            let begins = fault.from.max(at);
            let jabbers = matches!(fault.kind, SerialFaultKind::Jabber { .. });
            (jabbers && fault.until.is_none_or(|until| begins < until)).then_some(begins)
        };
        self.listed.iter().filter_map(of_fault).min()
    }

    /// Since when the bus will never carry anything again, seen at `at`.
    pub(super) fn dead_since(&self, at: Time) -> Option<Time> {
        let for_ever = |fault: &&SerialFault| {
            let kind =
                matches!(fault.kind, SerialFaultKind::StuckWire { driven: true, .. } | SerialFaultKind::LostClock);
            kind && fault.until.is_none() && fault.from <= at
        };
        self.listed.iter().filter(for_ever).map(|fault| fault.from).min()
    }

    /// Windows without a clock.
    pub(super) fn clock_gaps(&self) -> Vec<(Time, Option<Time>)> {
        let gap =
            |fault: &SerialFault| matches!(fault.kind, SerialFaultKind::LostClock).then_some((fault.from, fault.until));
        self.listed.iter().filter_map(gap).collect()
    }

    /// What of the faults decides the future after `now`: nothing recurs before the last of them has begun or ended.
    pub(super) fn state(&self, now: Time, clock: &BusClock, words: &mut Vec<u64>) {
        let ends = self.listed.iter().flat_map(|fault| [Some(fault.from), fault.until]).flatten();
        if let Some(last) = ends.filter(|&end| end > now).max() {
            words.push(clock.distance(now, last));
        }
        let period = self.holding(now).find_map(|kind| match kind {
            SerialFaultKind::ChecksumNoise { every } => Some(u64::from(*every).max(1)),
            _ => None,
        });
        words.extend(period.map(|period| self.noisy % period));
    }
}
