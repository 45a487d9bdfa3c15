//! "Where did my IPI go?" Every message of a run, and its fate at each CPU that it was for: a view on the event stream.
//!
//! A pair of a message and a CPU that it addresses has one fate; so has a message that reached no CPU. Commands that never
//! became a message (their write was dropped, or waits) are among them, without a number.
//!
//! Not modelled: fates of EOI messages; of a lowest-priority message the CPUs that were not chosen.

mod fate;
mod held_back;
#[cfg(test)]
mod tests;

use super::messages::{destination, what};
use super::source_lines::describe;
use super::state::{MessageState, Over, State, Unsent, history};
use crate::scenario::Scenario;
use crate::scenario::named::named;
use sim::{Event, Outcome, Time};
use std::collections::BTreeMap;

/// Messages of which each is told; all are counted.
const TOLD: usize = 10_000;

named! {
    /// What became of a message at a CPU.
    pub enum MessageFate ("fate") {
        /// The CPU took it.
        Taken = "taken",
        /// It waits at the CPU: in the IRR, or in a latch of the core.
        Pending = "pending",
        /// The same was requested there already: two became one.
        Merged = "merged",
        /// A target answers Retry: it is sent again.
        Retried = "retried",
        /// No target answers: it is sent again.
        AcceptError = "accept-error",
        /// A newer message of its sender took its place.
        Replaced = "replaced",
        /// The write that asked for it found the ICR busy, and was dropped.
        Dropped = "dropped",
        /// It waited at the CPU when an INIT, or the end of its APIC, wiped it.
        Cleared = "cleared",
        /// The CPU's APIC did not take it, or made nothing of it.
        Ignored = "ignored",
        /// A fault of the machine lost it.
        Lost = "lost",
        /// It is not there yet.
        UnderWay = "under-way",
    }
}

/// What became of a message at a CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FateReport {
    /// The CPU; `None` where the message reached none, or it is not decided which.
    pub cpu: Option<u16>,
    /// What became of it there.
    pub fate: MessageFate,
    /// When that came about, or since when it is so.
    pub at: Option<Time>,
    /// Why, in a few words.
    pub because: String,
}

/// A message of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageReport {
    /// Its number among its sender's; a command that has not become a message has none.
    pub number: Option<u32>,
    /// The CPU that sent it; `None`: the I/O agent.
    pub from: Option<u16>,
    /// When.
    pub sent: Time,
    /// `function (file:line)`; a device has none.
    pub at: Option<String>,
    /// `FIXED FD`, `NMI`.
    pub what: String,
    /// `physical 02`, `all but itself`.
    pub to: String,
    /// What became of it.
    pub fates: Vec<FateReport>,
}

/// Which messages, and which of their fates, are asked for. What is `None` is not asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Sent by this CPU.
    pub from: Option<u16>,
    /// At this CPU.
    pub to: Option<u16>,
    /// With this vector.
    pub vector: Option<u8>,
    /// With this end.
    pub fate: Option<MessageFate>,
}

/// The messages of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessagesReport {
    /// In the order in which they were sent; the first ten thousand.
    pub messages: Vec<MessageReport>,
    /// How many there are.
    pub total: u64,
    /// How many fates of each kind they have.
    pub totals: BTreeMap<MessageFate, u64>,
}

/// The view, as it grows with the events of a run: its memory does not.
#[derive(Debug)]
pub(crate) struct Fates {
    pub(crate) state: State,
    filter: Filter,
    report: MessagesReport,
}

/// The messages of a run whose events were kept.
pub(crate) fn of_run(scenario: &Scenario, outcome: &Outcome, filter: Filter) -> MessagesReport {
    let mut fates = Fates::new(scenario, filter);
    history(outcome).for_each(|event| fates.take(event));
    fates.end(outcome)
}

impl Fates {
    /// Before the first event.
    pub(crate) fn new(scenario: &Scenario, filter: Filter) -> Self {
        let mut state = State::before(scenario);
        state.messages.keep_over();
        Self { state, filter, report: MessagesReport::default() }
    }

    /// The next event.
    pub(crate) fn take(&mut self, event: &Event) {
        self.state.take(event);
        let Over { messages, unsent } = self.state.messages.take_over();
        messages.iter().for_each(|held| self.tell(message(&self.state, held)));
        unsent.iter().for_each(|unsent| self.tell(command(&self.state, unsent, false)));
    }

    /// The run is over: what is left has the fate that it has now.
    pub(crate) fn end(mut self, outcome: &Outcome) -> MessagesReport {
        self.state.finish(outcome);
        let left: Vec<MessageReport> = self.state.messages.all().map(|held| message(&self.state, held)).collect();
        let waiting = self.state.cpus.iter().filter_map(|cpu| cpu.waiting_command());
        let waiting: Vec<MessageReport> = waiting.map(|unsent| command(&self.state, &unsent, true)).collect();
        left.into_iter().chain(waiting).for_each(|report| self.tell(report));
        self.report.messages.sort_by_key(|message| (message.sent, message.from, message.number));
        self.report
    }

    fn tell(&mut self, mut message: MessageReport) {
        let Filter { to, fate, .. } = self.filter;
        message.fates.retain(|report| to.is_none_or(|to| report.cpu == Some(to)));
        message.fates.retain(|report| fate.is_none_or(|fate| report.fate == fate));
        let Filter { from, vector, .. } = self.filter;
        let of_it = from.is_none_or(|from| message.from == Some(from));
        let with_it = vector.is_none_or(|vector| message.what.ends_with(&format!(" {vector:02X}")));
        if message.fates.is_empty() || !of_it || !with_it {
            return;
        }
        self.report.total += 1;
        for report in &message.fates {
            *self.report.totals.entry(report.fate).or_default() += 1;
        }
        if self.report.messages.len() < TOLD {
            self.report.messages.push(message);
        }
    }
}

fn message(state: &State, held: &MessageState) -> MessageReport {
    MessageReport {
        number: Some(held.message.number),
        from: cpu(state, held.message.source),
        sent: held.sent,
        at: held.site.map(describe),
        what: what(&held.message),
        to: destination(&held.message),
        fates: fate::of_message(state, held),
    }
}

fn command(state: &State, unsent: &Unsent, waits: bool) -> MessageReport {
    MessageReport {
        number: None,
        from: cpu(state, unsent.message.source),
        sent: unsent.message.written_at,
        at: unsent.site.map(describe),
        what: what(&unsent.message),
        to: destination(&unsent.message),
        fates: fate::of_command(state, unsent, waits),
    }
}

/// The CPU that this agent is; the I/O agent is none.
fn cpu(state: &State, agent: u16) -> Option<u16> {
    (usize::from(agent) < state.cpus.len()).then_some(agent)
}
