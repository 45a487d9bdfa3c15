//! The messages of a page: who sent each, what became of it at each CPU, and the events of all that, between which the page
//! draws its arrows.

use super::book::Book;
use super::chunk::Chunk;
use super::levels::Levels;
use super::object::picoseconds;
use super::recording::Recorded;
use super::texts::NOTHING;
use crate::judgement::fates::{FateReport, MessageFate, MessageReport};
use crate::scenario::named::Named;
use sim::bus::{AttemptOutcome, Message};
use sim::{Source, Time, What};
use std::collections::BTreeMap;

/// Messages of a chunk.
const BLOCK: usize = 256;

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

/// A message as the page has it; of instants that there are none: -1, as of events.
#[derive(Debug)]
pub(super) struct Row {
    number: i64,
    from: i64,
    pub(super) bus: usize,
    what: i64,
    to: i64,
    pub(super) sent_ps: i64,
    sent: i64,
    dispatched: i64,
    pub(super) attempts: Vec<Attempt>,
    pub(super) fates: Vec<Fate>,
    /// The last instant at which anything is known of it.
    pub(super) ends: i64,
}

/// An attempt, or a run of them.
#[derive(Debug)]
pub(super) struct Attempt {
    event: i64,
    outcome: i64,
    pub(super) accepted: bool,
    /// On a serial bus: in which cycle it is decided, and its cycles, a place in the dictionary; 0 and -1.
    wire: (i64, i64),
}

/// What became of it at a CPU, with the lanes of its arrow.
#[derive(Debug)]
pub(super) struct Fate {
    cpu: i64,
    pub(super) fate: i64,
    because: i64,
    at_ps: i64,
    delivered: i64,
    taken: i64,
    pub(super) from_lane: usize,
    pub(super) to_lane: usize,
    /// Where its arrow ends.
    pub(super) until: i64,
}

/// What a row is made with.
pub(super) struct Maker<'a, B, W> {
    pub(super) recorded: &'a Recorded,
    pub(super) book: &'a mut Book,
    /// The end of the run.
    pub(super) end: i64,
    /// Which of the buses an agent is on.
    pub(super) bus_of: B,
    /// The cycles of an attempt that came out so; is its message delivered in the instant in which that is known?
    pub(super) wire: W,
}

impl<B: Fn(u16) -> usize, W: FnMut(&Message, (AttemptOutcome, bool), &mut Book) -> (i64, i64)> Maker<'_, B, W> {
    /// All messages.
    pub(super) fn rows(mut self) -> Vec<Row> {
        let (stories, takings) = (stories(self.recorded), takings(self.recorded));
        let messages = &self.recorded.messages.messages;
        messages.iter().map(|message| self.row(message, &stories, &takings)).collect()
    }

    fn row(
        &mut self,
        message: &MessageReport,
        stories: &BTreeMap<Name, Story>,
        takings: &BTreeMap<(u16, Time), usize>,
    ) -> Row {
        let place = |index: Option<usize>| index.map_or(NOTHING, |index| index as i64);
        let source = message.from.unwrap_or(self.book.cpus); // the I/O agent comes after the CPUs
        let story = message.number.and_then(|number| stories.get(&(source, number)));
        let sent_ps = picoseconds(message.sent);
        let bus = (self.bus_of)(source);
        let attempts = story.map(|story| story.attempts.as_slice()).unwrap_or_default();
        let last = attempts.last().map_or(sent_ps, |(event, _)| self.last_of(*event));
        let fates = message.fates.iter().map(|fate| self.fate(fate, story, takings, (message, bus, last)));
        let fates: Vec<Fate> = fates.collect();
        let open = attempts.iter().any(|(event, _)| self.recorded.entries[*event].told.is_none());
        let ends = fates.iter().map(|fate| fate.until).chain([last, if open { self.end } else { last }]).max();
        Row {
            number: message.number.map_or(NOTHING, i64::from),
            from: message.from.map_or(NOTHING, i64::from),
            bus,
            what: self.book.text(&message.what),
            to: self.book.text(&message.to),
            sent_ps,
            sent: place(story.and_then(|story| story.sent)),
            dispatched: place(story.and_then(|story| story.dispatched)),
            attempts: attempts.iter().filter_map(|attempt| self.attempt(story?, *attempt)).collect(),
            ends: ends.unwrap_or(last),
            fates,
        }
    }

    fn attempt(&mut self, story: &Story, (event, outcome): (usize, AttemptOutcome)) -> Option<Attempt> {
        let decided = self.last_of(event);
        let at_once = |(_, delivered): &(u16, usize)| self.last_of(*delivered) == decided;
        let at_once = story.delivered.iter().any(at_once);
        Some(Attempt {
            event: event as i64,
            outcome: self.book.text(&format!("{outcome:?}")),
            accepted: outcome == AttemptOutcome::Accepted,
            wire: (self.wire)(&story.message?, (outcome, at_once), self.book),
        })
    }

    fn fate(
        &mut self,
        fate: &FateReport,
        story: Option<&Story>,
        takings: &BTreeMap<(u16, Time), usize>,
        (message, bus, last): (&MessageReport, usize, i64),
    ) -> Fate {
        let delivered = |cpu: u16| story.and_then(|story| story.delivered.iter().find(|(at, _)| *at == cpu));
        let came = fate.cpu.and_then(delivered).map(|(_, index)| *index);
        let taken = fate.cpu.zip(fate.at).and_then(|key| takings.get(&key)).copied().or(came);
        let taken = taken.filter(|_| fate.fate == MessageFate::Taken);
        let end = taken.or(came);
        let bus_lane = usize::from(self.book.cpus) + bus;
        let place = |index: Option<usize>| index.map_or(NOTHING, |index| index as i64);
        Fate {
            cpu: fate.cpu.map_or(NOTHING, i64::from),
            fate: fate_number(fate.fate),
            because: self.book.text(&fate.because),
            at_ps: fate.at.map_or(NOTHING, picoseconds),
            delivered: place(came),
            taken: place(taken),
            from_lane: message.from.map_or(bus_lane, usize::from),
            to_lane: fate.cpu.filter(|_| end.is_some()).map_or(bus_lane, usize::from),
            until: end.map_or(last, |event| picoseconds(self.recorded.entries[event].event.time)),
        }
    }

    /// The last instant that is known of an event: of a run of attempts that of the last one.
    fn last_of(&self, event: usize) -> i64 {
        let entry = &self.recorded.entries[event];
        picoseconds(match entry.event.what {
            What::Attempts { last, .. } if entry.told.is_some() => last.max(entry.event.time),
            _ => entry.event.time,
        })
    }
}

/// The place of a fate among their names.
fn fate_number(fate: MessageFate) -> i64 {
    fates().iter().position(|name| *name == fate.name()).map_or(NOTHING, |place| place as i64)
}

/// The names of all fates.
pub(super) fn fates() -> Vec<&'static str> {
    MessageFate::names()
}

/// Writes all of them.
pub(super) fn write(rows: &[Row], levels: &mut Levels) {
    const COLUMNS: [&str; 21] = [
        "number",
        "from",
        "bus",
        "what",
        "to",
        "+sent_ps",
        "+sent",
        "+dispatched",
        "lasts",
        "attempts",
        "+event",
        "outcome",
        "decided",
        "wire",
        "fates",
        "cpu",
        "fate",
        "because",
        "+at_ps",
        "+delivered",
        "+taken",
    ];
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["from_lane", "to_lane", "until"]).collect();
    levels.add("messages", (rows.len(), BLOCK), &columns, rows.chunks(BLOCK).map(chunk));
}

fn chunk(some: &[Row]) -> Vec<u8> {
    let mut chunk = Chunk::default();
    let attempts: Vec<&Attempt> = some.iter().flat_map(|row| &row.attempts).collect();
    let fates: Vec<&Fate> = some.iter().flat_map(|row| &row.fates).collect();
    let since: Vec<i64> = some.iter().flat_map(|row| row.fates.iter().map(|_| row.sent_ps)).collect();
    chunk.column(some.iter().map(|row| row.number));
    chunk.column(some.iter().map(|row| row.from));
    chunk.column(some.iter().map(|row| row.bus as i64));
    chunk.column(some.iter().map(|row| row.what));
    chunk.column(some.iter().map(|row| row.to));
    chunk.growing(some.iter().map(|row| row.sent_ps));
    chunk.growing(some.iter().map(|row| row.sent));
    chunk.growing(some.iter().map(|row| row.dispatched));
    chunk.column(some.iter().map(|row| row.ends - row.sent_ps));
    chunk.column(some.iter().map(|row| row.attempts.len() as i64));
    chunk.growing(attempts.iter().map(|attempt| attempt.event));
    chunk.column(attempts.iter().map(|attempt| attempt.outcome));
    chunk.column(attempts.iter().map(|attempt| attempt.wire.0));
    chunk.column(attempts.iter().map(|attempt| attempt.wire.1));
    chunk.column(some.iter().map(|row| row.fates.len() as i64));
    chunk.column(fates.iter().map(|fate| fate.cpu));
    chunk.column(fates.iter().map(|fate| fate.fate));
    chunk.column(fates.iter().map(|fate| fate.because));
    chunk.growing(fates.iter().map(|fate| fate.at_ps));
    chunk.growing(fates.iter().map(|fate| fate.delivered));
    chunk.growing(fates.iter().map(|fate| fate.taken));
    chunk.column(fates.iter().map(|fate| fate.from_lane as i64));
    chunk.column(fates.iter().map(|fate| fate.to_lane as i64));
    chunk.column(fates.iter().zip(&since).map(|(fate, sent)| fate.until - sent));
    chunk.finish()
}
