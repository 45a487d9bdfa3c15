//! The walk through a run: each event is taken by the state, and what has changed with it is written down, with its cause.

use super::book::Book;
use super::causes::{Causes, Link};
use super::cells::Cells;
use super::chains::Chains;
use super::changes::Changes;
use super::core_cells::{CHAINS, CORE};
use super::recording::{Entry, Recorded};
use super::spans::Spans;
use crate::judgement::state::State;
use crate::scenario::Scenario;
use sim::bus::Message;
use sim::{Event, Outcome, Source, Time, What};
use std::collections::BTreeMap;

/// What a walk has written down.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) cells: Cells,
    pub(super) changes: Changes,
    pub(super) spans: Spans,
    /// The cause of each event, and how it follows from it.
    pub(super) causes: Vec<Option<(usize, Link)>>,
    /// The instant at which the run ends.
    pub(super) end: Time,
    /// The machine at its end.
    pub(super) state: State,
}

/// Walks through a run.
pub(super) fn walk(scenario: &Scenario, outcome: &Outcome, recorded: &Recorded, book: &mut Book) -> Walked {
    let entries = &recorded.entries;
    let mut state = State::before(scenario);
    let cells = Cells::of(&state, entries.iter().map(|entry| &entry.event));
    let mut chains = Chains::of(entries, state.cpus.len());
    let mut changes = Changes::of(cells.read(&state, &chains.now, book));
    let mut spans = Spans::of(state.cpus.len());
    state.cpus.iter().for_each(|cpu| spans.follow(cpu, Time::ZERO, -1, book));
    let mut known = Causes::default();
    let mut causes = Vec::with_capacity(entries.len() + 1);
    for (index, Entry { event, .. }) in entries.iter().enumerate() {
        if index > 0 && Changes::is_due(index) {
            changes.keyframe(cells.read(&state, &chains.now, book));
        }
        causes.push(known.of(index, event, (&state, &cells, &changes.changed)));
        state.take(event);
        chains.follow(&state, false, book);
        for cpu in touched(event, &state, &changes, &chains, &cells) {
            let values = cells.read_cpu(&state.cpus[cpu], chains.now[cpu], book);
            changes.set(index, cells.first(cpu), &values);
            spans.follow(&state.cpus[cpu], event.time, index as i64, book);
        }
        changes.set(index, cells.shared(), &cells.read_shared(&state, book));
    }
    if !entries.is_empty() && Changes::is_due(entries.len()) {
        changes.keyframe(cells.read(&state, &chains.now, book));
    }
    let end = finish(outcome, recorded, &mut state);
    chains.follow(&state, true, book);
    changes.set(entries.len(), 0, &cells.read(&state, &chains.now, book));
    causes.push(entries.len().checked_sub(1).map(|last| (last, Link::Program)));
    changes.keyframe(cells.read(&state, &chains.now, book));
    messages(recorded, &state, &cells, end, &mut spans, book);
    spans.end(end, &mut book.texts);
    Walked { cells, changes, spans, causes, end, state }
}

/// The run is over; a page that does not hold all of it ends with its last event.
fn finish(outcome: &Outcome, recorded: &Recorded, state: &mut State) -> Time {
    if recorded.left_out == 0 {
        state.finish(outcome);
    }
    let told = recorded.entries.iter().map(|entry| match entry.event.what {
        What::Run { last, .. } | What::Attempts { last, .. } if entry.told.is_some() => last,
        _ => entry.event.time,
    });
    told.max().unwrap_or_default().max(state.now)
}

/// The CPUs that an event may have changed: its own, those of its message, and those that wait otherwise now.
fn touched(event: &Event, state: &State, changes: &Changes, chains: &Chains, cells: &Cells) -> Vec<usize> {
    let mut touched: Vec<usize> = match (event.source, event.what) {
        (Source::Cpu(cpu), _) => vec![cpu.into()],
        (_, What::ApicDead(agent) | What::Error(agent, _)) => vec![agent.into()],
        _ => Vec::new(),
    };
    if let Some((agent, message)) = addressed(&event.what) {
        touched.push(message.source.into());
        touched.extend(agent.map(usize::from));
    }
    let told = |cpu: usize| {
        let first = cells.first(cpu) + CORE.len() - CHAINS;
        &changes.values[first..first + CHAINS]
    };
    let waits = chains.now.iter().enumerate().filter(|(cpu, now)| told(*cpu) != now.as_slice());
    touched.extend(waits.map(|(cpu, _)| cpu));
    touched.sort_unstable();
    touched.dedup();
    touched.retain(|cpu| *cpu < state.cpus.len());
    touched
}

fn addressed(what: &What) -> Option<(Option<u16>, &Message)> {
    match what {
        What::Delivered(agent, message) | What::MessageFault(_, agent, message) => Some((Some(*agent), message)),
        What::Sent(message)
        | What::Attempts { message, .. }
        | What::Dispatched(message, _)
        | What::RemoteRead(message, _) => Some((None, message)),
        _ => None,
    }
}

/// From when to when each bus has which message.
fn messages(recorded: &Recorded, state: &State, cells: &Cells, end: Time, spans: &mut Spans, book: &mut Book) {
    use crate::judgement::messages::{destination, what};
    let mut open: BTreeMap<(u16, u32), (Time, usize)> = BTreeMap::new();
    let mut close = |message: &Message, (from, event): (Time, usize), until: Time| {
        let bus = state.bus_of(message.source);
        let place = cells.bus_place(bus);
        let text = format!("{} of {} to {}", what(message), book.agent(message.source), destination(message));
        spans.message(state.cpus.len() + place, (from, until), &text, event as i64, &mut book.texts);
    };
    let mut sent: BTreeMap<(u16, u32), Message> = BTreeMap::new();
    for (index, entry) in recorded.entries.iter().enumerate() {
        match entry.event.what {
            What::Sent(message) => {
                open.insert((message.source, message.number), (entry.event.time, index));
                sent.insert((message.source, message.number), message);
            }
            What::Dispatched(message, _) => {
                if let Some(begun) = open.remove(&(message.source, message.number)) {
                    close(&message, begun, entry.event.time);
                }
            }
            _ => {}
        }
    }
    for (name, begun) in open {
        let replaced = state.messages.named(name.0, name.1).and_then(|held| held.replaced);
        close(&sent[&name], begun, replaced.map_or(end, |(at, _)| at));
    }
}
