//! The events of a page as levels of columns: when, whose, where, in words, its words for the digest, its cause; and of each
//! source in which blocks it has events.

use super::book::Book;
use super::causes::Link;
use super::chunk::Chunk;
use super::levels::{EVENTS as BLOCK, Levels};
use super::object::picoseconds;
use super::recording::{Entry, Recorded};
use super::texts::NOTHING;
use super::walk::Walked;
use crate::report::trace::Names;
use sim::{Source, What};
use std::collections::BTreeMap;

/// Whose the last row is: the verdict's, which is no event.
const VERDICT: i64 = -2;

/// What sort of event it is, for those who step: the names that columns of numbers stand for.
pub(super) const SORTS: [&str; 6] = ["access", "message", "interrupt", "wait", "software", "verdict"];

const fn sort(what: &What) -> i64 {
    match what {
        What::Run { .. } | What::Write { .. } | What::Modified { .. } | What::TimedRead { .. } | What::Fault(_) => 0,
        What::Sent(_)
        | What::Attempts { .. }
        | What::Delivered(..)
        | What::Dispatched(..)
        | What::Error(..)
        | What::EndOfInterrupt(_)
        | What::MessageFault(..)
        | What::RemoteRead(..)
        | What::IcrWrittenWhileBusy(_)
        | What::ApicDead(_) => 1,
        What::Entered(_)
        | What::Left(_)
        | What::InterruptFlag(_)
        | What::Halted
        | What::Woken
        | What::NmiLatched
        | What::Local(_)
        | What::Initialised
        | What::Started(_)
        | What::Shutdown => 2,
        What::WaitBegan(_) | What::WaitEnded(..) => 3,
        What::Reached(_) | What::Chosen(..) | What::ClockRead | What::Ended => 4,
    }
}

/// What a run of polls or attempts says of its length: its last instant, and how many. An open one has neither.
fn run(entry: &Entry) -> Option<(i64, i64)> {
    entry.told?;
    match entry.event.what {
        What::Run { last, count, .. } | What::Attempts { last, count, .. } => {
            Some((picoseconds(last), i64::try_from(count).unwrap_or(i64::MAX)))
        }
        _ => None,
    }
}

fn names(book: &Book) -> Names<'_> {
    Names { cpus: book.cpus, software: &book.names }
}

/// Instants of a chunk: a page reads all of them, since they make its axis.
const TIMES: usize = 1 << 16;

/// All words but the instant; of a run that is open, none.
fn words(entry: &Entry) -> Vec<u64> {
    let mut words = if entry.told.is_some() { entry.event.words() } else { Vec::new() };
    if words.len() > 1 {
        words.remove(1);
    }
    words
}

/// A row of `events`.
#[derive(Debug, Clone, Copy)]
struct Row {
    time: i64,
    source: i64,
    sort: i64,
    site: i64,
    text: i64,
    /// How long after its instant the last poll was, and how many there were.
    run: Option<(i64, i64)>,
    open: bool,
    /// How long before its instant a read-modify-write left whose answer it is.
    back: i64,
    told: i64,
    /// How many rows before this one its cause stands, 0: it has none.
    cause: i64,
    link: i64,
}

fn rows(recorded: &Recorded, walked: &Walked, verdict: &str, book: &mut Book) -> Vec<Row> {
    let cause = |index: usize| -> (i64, i64) {
        let cause: Option<(usize, Link)> = walked.causes[index];
        cause.map_or((0, 0), |(at, link)| ((index - at) as i64, link as i64))
    };
    let mut rows = Vec::with_capacity(recorded.entries.len() + 1);
    for (index, entry) in recorded.entries.iter().enumerate() {
        let text = names(book).say_once(&entry.event);
        let time = picoseconds(entry.event.time);
        let (cause, link) = cause(index);
        rows.push(Row {
            time,
            source: match entry.event.source {
                Source::Interconnect => -1,
                Source::Cpu(cpu) => i64::from(cpu),
            },
            sort: sort(&entry.event.what),
            site: book.site(entry.event.site),
            text: book.text(&text),
            run: run(entry).map(|(last, count)| (last - time, count)),
            open: entry.told.is_none(),
            back: walked.state.words.issued(&entry.event).map_or(0, |left| time - picoseconds(left)),
            told: entry.told.map_or(NOTHING, |place| place as i64),
            cause,
            link,
        });
    }
    let (cause, link) = cause(rows.len());
    rows.push(Row {
        time: picoseconds(walked.end),
        source: VERDICT,
        sort: 5,
        site: NOTHING,
        text: book.text(verdict),
        run: None,
        open: false,
        back: 0,
        told: NOTHING,
        cause,
        link,
    });
    rows
}

/// Writes the levels of events; the last row is the verdict. How many rows there are.
pub(super) fn write(
    recorded: &Recorded,
    walked: &Walked,
    verdict: &str,
    book: &mut Book,
    levels: &mut Levels,
) -> usize {
    let rows = rows(recorded, walked, verdict, book);
    let times = rows.chunks(TIMES).map(|some| {
        let mut chunk = Chunk::default();
        chunk.growing(some.iter().map(|row| row.time));
        chunk.finish()
    });
    levels.add("time", (rows.len(), TIMES), &["+time"], times);
    let columns = ["source", "sort", "site", "text", "lasts", "count", "open", "+told", "cause", "link", "back"];
    levels.add("events", (rows.len(), BLOCK), &columns, rows.chunks(BLOCK).map(events));
    let chunks = recorded.entries.chunks(BLOCK).map(|some| {
        let all: Vec<Vec<u64>> = some.iter().map(words).collect();
        let mut chunk = Chunk::default();
        chunk.column(all.iter().map(|words| words.len() as i64));
        chunk.words(&all.concat());
        chunk.finish()
    });
    levels.add("words", (recorded.entries.len(), BLOCK), &["count", "words"], chunks);
    write_sources(&rows, levels);
    rows.len()
}

fn events(some: &[Row]) -> Vec<u8> {
    let rows = || some.iter();
    let mut chunk = Chunk::default();
    chunk.column(rows().map(|row| row.source));
    chunk.column(rows().map(|row| row.sort));
    chunk.column(rows().map(|row| row.site));
    chunk.column(rows().map(|row| row.text));
    chunk.column(rows().map(|row| row.run.map_or(NOTHING, |(lasts, _)| lasts)));
    chunk.column(rows().map(|row| row.run.map_or(1, |(_, count)| count)));
    chunk.column(rows().map(|row| i64::from(row.open)));
    chunk.growing(rows().map(|row| row.told));
    chunk.column(rows().map(|row| row.cause));
    chunk.column(rows().map(|row| row.link));
    chunk.column(rows().map(|row| row.back));
    chunk.finish()
}

/// Of each source the blocks in which it has events, how many, and how often it comes to another line there.
fn write_sources(rows: &[Row], levels: &mut Levels) {
    let mut counts: BTreeMap<(i64, usize), (i64, i64)> = BTreeMap::new();
    let mut sites: BTreeMap<i64, i64> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let (events, lines) = counts.entry((row.source, index / BLOCK)).or_default();
        *events += 1;
        if row.site >= 0 && sites.insert(row.source, row.site) != Some(row.site) {
            *lines += 1;
        }
    }
    let mut chunk = Chunk::default();
    chunk.growing(counts.keys().map(|(source, _)| *source));
    chunk.growing(counts.keys().map(|(_, block)| *block as i64));
    chunk.column(counts.values().map(|(events, _)| *events));
    chunk.column(counts.values().map(|(_, lines)| *lines));
    let columns = ["+source", "+block", "events", "lines"];
    levels.add("sources", (counts.len(), counts.len()), &columns, std::iter::once(chunk.finish()));
}
