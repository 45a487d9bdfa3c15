//! "Where did my IPI go?" Every message of a run, and its fate at each CPU that it was for: a view on the event stream.
//!
//! A pair of a message and a CPU that it addresses has one fate; so has a message that reached no CPU. Commands that never
//! became a message (their write was dropped, or waits) are among them, without a number.
//!
//! Not modelled: fates of EOI messages; of a lowest-priority message the CPUs that were not chosen.

mod fate;
mod held_back;
mod report;
#[cfg(test)]
mod tests;

pub use report::{FateReport, Filter, MessageFate, MessageReport, MessagesReport};

use super::messages::{destination, what};
use super::state::{MessageState, Over, State, UnsentMessage};
use crate::scenario::Scenario;
use sim::bus::{DeliveryMode, Message};
use sim::{Batch, Event, Observer, Outcome};

/// Messages of which each is told; all are counted.
const TOLD: usize = 10_000;

/// Of which of them is each told, if there are more?
#[derive(Debug, Clone, Copy)]
enum Told {
    /// Of the first [`TOLD`].
    First,
    /// Of all: who asks has a bound of its own.
    Every,
    /// Of as many of the last, interrupts only: the vector of a start-up message is a page.
    Last(usize),
}

/// The view, as it grows with the events of a run: its memory does not.
#[derive(Debug)]
pub(crate) struct Fates {
    pub(crate) state: State,
    filter: Filter,
    told: Told,
    report: MessagesReport,
}

impl Observer for Fates {
    fn take(&mut self, batch: &Batch<'_>) {
        batch.events.iter().for_each(|told| self.follow(&told.event));
        if batch.last {
            batch.under_way().iter().for_each(|run| self.follow(run));
        }
    }
}

impl Fates {
    /// Before the first event.
    pub(crate) fn new(scenario: &Scenario, filter: Filter) -> Self {
        Self::of(State::before(scenario), filter, Told::First)
    }

    /// Before the first event: each message will be told, however many there are.
    pub(crate) fn every(scenario: &Scenario) -> Self {
        Self::of(State::before(scenario), Filter::default(), Told::Every)
    }

    /// The last messages of any machine, which is before its first event.
    pub(crate) fn last(state: State, filter: Filter, told: usize) -> Self {
        Self::of(state, filter, Told::Last(told))
    }

    fn of(mut state: State, filter: Filter, told: Told) -> Self {
        state.messages.keep_over();
        Self { state, filter, told, report: MessagesReport::default() }
    }

    /// The next event.
    pub(crate) fn follow(&mut self, event: &Event) {
        self.state.take(event);
        let Over { messages, unsent } = self.state.messages.take_over();
        messages.iter().for_each(|held| self.tell(&held.message, message(&self.state, held)));
        unsent.iter().for_each(|unsent| self.tell(&unsent.message, command(&self.state, unsent, false)));
    }

    /// The run is over: what is left has the fate that it has now.
    pub(crate) fn end(self, outcome: &Outcome) -> MessagesReport {
        self.finish(outcome).1
    }

    /// The same, with the machine at that instant.
    pub(crate) fn finish(mut self, outcome: &Outcome) -> (State, MessagesReport) {
        self.state.finish(outcome);
        let left = self.state.messages.all().map(|held| (held.message, message(&self.state, held)));
        let waiting = self.state.cpus.iter().filter_map(|cpu| cpu.waiting_command());
        let waiting = waiting.map(|unsent| (unsent.message, command(&self.state, &unsent, true)));
        let mut all: Vec<(Message, MessageReport)> = left.chain(waiting).collect();
        all.sort_by_key(|(_, report)| report.place());
        all.into_iter().for_each(|(message, report)| self.tell(&message, report));
        self.report.messages.sort_by_key(MessageReport::place);
        (self.state, self.report)
    }

    fn tell(&mut self, message: &Message, mut told: MessageReport) {
        if matches!((self.told, message.mode), (Told::Last(_), DeliveryMode::StartUp)) {
            return;
        }
        let Filter { from, to, vector, fate } = self.filter;
        told.fates.retain(|report| to.is_none_or(|to| report.cpu == Some(to)));
        told.fates.retain(|report| fate.is_none_or(|fate| report.fate == fate));
        let of_it = from.is_none_or(|from| told.from == Some(from));
        let with_it = vector.is_none_or(|vector| has_vector(message) && message.vector == vector);
        if told.fates.is_empty() || !of_it || !with_it {
            return;
        }
        self.report.total += 1;
        for report in &told.fates {
            *self.report.totals.entry(report.fate).or_default() += 1;
        }
        match self.told {
            Told::First if self.report.messages.len() >= TOLD => return,
            Told::Last(last) if self.report.messages.len() >= last => drop(self.report.messages.remove(0)),
            Told::First | Told::Every | Told::Last(_) => {}
        }
        self.report.messages.push(told);
    }
}

/// Does its vector mean anything (SDM vol. 3 §10.6.1)?
const fn has_vector(message: &Message) -> bool {
    use DeliveryMode::{ExtInt, Fixed, LowestPriority, StartUp};
    matches!(message.mode, Fixed | LowestPriority | StartUp | ExtInt)
}

fn message(state: &State, held: &MessageState) -> MessageReport {
    MessageReport {
        number: Some(held.message.number),
        from: cpu(state, held.message.source),
        sent: held.sent,
        at: held.site.map(|site| state.places.describe(site)),
        what: what(&held.message),
        to: destination(&held.message),
        fates: fate::of_message(state, held),
    }
}

fn command(state: &State, unsent: &UnsentMessage, waits: bool) -> MessageReport {
    MessageReport {
        number: None,
        from: cpu(state, unsent.message.source),
        sent: unsent.message.written_at,
        at: unsent.site.map(|site| state.places.describe(site)),
        what: what(&unsent.message),
        to: destination(&unsent.message),
        fates: fate::of_command(state, unsent, waits),
    }
}

/// The CPU that this agent is; the I/O agent is none.
fn cpu(state: &State, agent: u16) -> Option<u16> {
    (usize::from(agent) < state.cpus.len()).then_some(agent)
}
