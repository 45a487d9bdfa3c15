//! What a run leaves behind, as a test asks for it.

use crate::seat::Entry;
use sim::bus::{Agent, AttemptOutcome, Message};
use sim::{Duration, Event, Outcome, Time, What};

/// A finished run: the log of each CPU, and the outcome.
pub(crate) struct Record {
    pub(crate) logs: Vec<Vec<(Time, Entry)>>,
    pub(crate) outcome: Outcome,
    /// By their beginnings.
    pub(crate) events: Vec<Event>,
}

impl Record {
    /// What CPU `cpu` did, without the times.
    pub(crate) fn entries(&self, cpu: usize) -> Vec<Entry> {
        self.logs[cpu].iter().map(|&(_, entry)| entry).collect()
    }

    /// Vectors whose handlers CPU `cpu` entered, in order.
    pub(crate) fn vectors(&self, cpu: usize) -> Vec<u8> {
        let vector = |entry| if let Entry::Interrupt(vector) = entry { Some(vector) } else { None };
        self.entries(cpu).into_iter().filter_map(vector).collect()
    }

    /// Those of every CPU.
    pub(crate) fn all_vectors(&self) -> Vec<Vec<u8>> {
        (0..self.logs.len()).map(|cpu| self.vectors(cpu)).collect()
    }

    /// How often CPU `cpu` did that.
    pub(crate) fn count(&self, cpu: usize, wanted: Entry) -> usize {
        self.entries(cpu).into_iter().filter(|&entry| entry == wanted).count()
    }

    /// When CPU `cpu` did that first.
    #[track_caller]
    pub(crate) fn time(&self, cpu: usize, wanted: Entry) -> Time {
        self.logs[cpu].iter().find(|(_, entry)| *entry == wanted).expect("it happened").0
    }

    /// What CPU `cpu` noted under `name`, with the times.
    pub(crate) fn notes(&self, cpu: usize, name: &str) -> Vec<(Time, u64)> {
        let note = |&(at, entry): &_| match entry {
            Entry::Note(noted, value) if noted == name => Some((at, value)),
            _ => None,
        };
        self.logs[cpu].iter().filter_map(note).collect()
    }

    pub(crate) fn values(&self, cpu: usize, name: &str) -> Vec<u64> {
        self.notes(cpu, name).into_iter().map(|(_, value)| value).collect()
    }

    /// Messages asked of the interconnect by CPUs.
    pub(crate) fn sent(&self) -> Vec<(Time, Message)> {
        let sent =
            |event: &sim::Event| if let What::Sent(message) = event.what { Some((event.time, message)) } else { None };
        self.events.iter().filter_map(sent).collect()
    }

    /// Messages that the interconnect was done with.
    pub(crate) fn dispatched(&self) -> Vec<(Time, Message)> {
        let done = |event: &sim::Event| match event.what {
            What::Dispatched(message, _) => Some((event.time, message)),
            _ => None,
        };
        self.events.iter().filter_map(done).collect()
    }

    /// Deliveries: when, to whom, what.
    pub(crate) fn deliveries(&self) -> Vec<(Time, Agent, Message)> {
        let taken = |event: &sim::Event| match event.what {
            What::Delivered(agent, message) => Some((event.time, agent, message)),
            _ => None,
        };
        self.events.iter().filter_map(taken).collect()
    }

    /// Agents to which an interrupt with `vector` was delivered, in ascending order.
    pub(crate) fn receivers(&self, vector: u8) -> Vec<Agent> {
        let mut agents: Vec<Agent> =
            self.deliveries().iter().filter(|(_, _, m)| m.vector == vector).map(|d| d.1).collect();
        agents.sort_unstable();
        agents
    }

    /// Attempts of messages with `vector`: outcome, how many, first and last.
    pub(crate) fn attempts(&self, vector: u8) -> Vec<(AttemptOutcome, u64, Time, Time)> {
        let attempts = |event: &sim::Event| match event.what {
            What::Attempts { message, outcome, last, count } if message.vector == vector => {
                Some((outcome, count, event.time, last))
            }
            _ => None,
        };
        self.events.iter().filter_map(attempts).collect()
    }

    /// ESR bits that agents recorded from the bus.
    pub(crate) fn bus_errors(&self) -> Vec<(Agent, u32)> {
        let error =
            |event: &sim::Event| if let What::Error(agent, bits) = event.what { Some((agent, bits)) } else { None };
        self.events.iter().filter_map(error).collect()
    }
}

/// `n` PICCLK cycles of 60 ns.
pub(crate) const fn picclk(n: u64) -> Duration {
    Duration::from_ns(60 * n)
}

/// `n` BCLK cycles of 10 ns.
pub(crate) const fn bclk(n: u64) -> Duration {
    Duration::from_ns(10 * n)
}

/// The first edge of a clock of `period` strictly after `at`.
pub(crate) const fn edge_after(at: Time, period: Duration) -> Time {
    Time::from_ps((at.as_ps() / period.as_ps() + 1) * period.as_ps())
}
