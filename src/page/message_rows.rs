//! The messages of a page: who sent each, what became of it at each CPU, and the events of all that, between which the page
//! draws its arrows.

use super::recording::Recorded;
use super::texts::NOTHING;
use crate::judgement::fates::{FateReport, MessageReport};
use crate::scenario::named::Named;
use serde_json::{Value, json};
use sim::bus::{AttemptOutcome, Message};
use sim::{Source, Time, What};
use std::collections::BTreeMap;

/// The events of one message.
#[derive(Debug, Default)]
struct Story {
    message: Option<Message>,
    sent: Option<usize>,
    attempts: Vec<(usize, AttemptOutcome)>,
    delivered: Vec<(u16, usize)>,
    dispatched: Option<usize>,
}

/// A message's name: its sender and number.
type Name = (u16, u32);

fn message_of(what: &What) -> Option<&Message> {
    match what {
        What::Sent(message)
        | What::Attempts { message, .. }
        | What::Delivered(_, message)
        | What::Dispatched(message, _) => Some(message),
        _ => None,
    }
}

fn stories(recorded: &Recorded) -> BTreeMap<Name, Story> {
    let mut stories: BTreeMap<Name, Story> = BTreeMap::new();
    for (index, entry) in recorded.entries.iter().enumerate() {
        let Some(message) = message_of(&entry.event.what) else { continue };
        let story = stories.entry((message.source, message.number)).or_default();
        story.message.get_or_insert(*message);
        match entry.event.what {
            What::Sent(_) => story.sent = Some(index),
            What::Attempts { outcome, .. } => story.attempts.push((index, outcome)),
            What::Delivered(agent, _) => story.delivered.push((agent, index)),
            _ => story.dispatched = Some(index),
        }
    }
    stories
}

/// The events at which CPUs take what has come to them.
fn takings(recorded: &Recorded) -> BTreeMap<(u16, Time), usize> {
    let takes = |what: &What| matches!(what, What::Entered(_) | What::Initialised | What::Started(_));
    let mut takings = BTreeMap::new();
    for (index, entry) in recorded.entries.iter().enumerate() {
        if let Source::Cpu(cpu) = entry.event.source
            && takes(&entry.event.what)
        {
            takings.entry((cpu, entry.event.time)).or_insert(index);
        }
    }
    takings
}

/// The rows. `agents`: CPUs, after which the I/O agent comes; `bus_of`: which of the buses an agent is on;
/// `wire`: the cycles of a message, a place in the dictionary.
pub(super) fn rows(
    recorded: &Recorded,
    agents: u16,
    bus_of: impl Fn(u16) -> usize,
    mut wire: impl FnMut(&Message) -> i64,
) -> Value {
    let (stories, takings) = (stories(recorded), takings(recorded));
    let rows = recorded.messages.messages.iter().map(|message| {
        let source = message.from.unwrap_or(agents);
        let story = message.number.and_then(|number| stories.get(&(source, number)));
        let mut row = row(message, story, &takings, bus_of(source));
        row["wire"] = story.and_then(|story| story.message).map_or(NOTHING, |message| wire(&message)).into();
        row
    });
    Value::from(rows.collect::<Vec<_>>())
}

fn row(message: &MessageReport, story: Option<&Story>, takings: &BTreeMap<(u16, Time), usize>, bus: usize) -> Value {
    let place = |index: Option<usize>| index.map_or(NOTHING, |index| index as i64);
    let delivered = |cpu: u16| {
        let of_it = story.and_then(|story| story.delivered.iter().find(|(at, _)| *at == cpu));
        of_it.map(|(_, index)| *index)
    };
    let fate = |fate: &FateReport| {
        let came = fate.cpu.and_then(delivered);
        let taken = fate.cpu.zip(fate.at).and_then(|key| takings.get(&key)).copied();
        json!({
            "cpu": fate.cpu,
            "fate": fate.fate.name(),
            "because": fate.because,
            "at_ps": fate.at.map(Time::as_ps),
            "delivered": place(came),
            "taken": place(taken.filter(|_| fate.fate.name() == "taken").or(came.filter(|_| fate.fate.name() == "taken"))),
        })
    };
    let attempts = story.map(|story| story.attempts.as_slice()).unwrap_or_default().iter();
    let attempts = attempts.map(|(event, outcome)| json!({ "event": event, "outcome": format!("{outcome:?}") }));
    json!({
        "number": message.number,
        "bus": bus,
        "from": message.from,
        "what": message.what,
        "to": message.to,
        "sent_ps": message.sent.as_ps(),
        "sent": place(story.and_then(|story| story.sent)),
        "attempts": attempts.collect::<Vec<_>>(),
        "dispatched": place(story.and_then(|story| story.dispatched)),
        "fates": message.fates.iter().map(fate).collect::<Vec<_>>(),
    })
}
