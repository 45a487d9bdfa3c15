//! The events of a page as columns: when, whose, where, in words, its words for the digest, its cause.

use super::book::Book;
use super::object::{Object, picoseconds};
use super::recording::{Entry, Recorded};
use super::texts::NOTHING;
use super::walk::Walked;
use crate::report::trace::Names;
use sim::{Event, Source, What};

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

/// All words but the instant, in hex, with blanks between.
fn words(event: &Event) -> String {
    let words = event.words();
    let others = words.iter().enumerate().filter(|(place, _)| *place != 1);
    others.map(|(_, word)| format!("{word:x}")).collect::<Vec<_>>().join(" ")
}

/// Writes the columns; the last row is the verdict.
pub(super) fn write(recorded: &Recorded, walked: &Walked, verdict: &str, book: &mut Book, page: &mut Object) {
    let entries = &recorded.entries;
    let source = |entry: &Entry| match entry.event.source {
        Source::Interconnect => -1,
        Source::Cpu(cpu) => i64::from(cpu),
    };
    let end = picoseconds(walked.end);
    let times = entries.iter().map(|entry| picoseconds(entry.event.time)).chain([end]);
    let told = entries.iter().map(|entry| entry.told.map_or(NOTHING, |place| place as i64));
    let runs: Vec<Option<(i64, i64)>> = entries.iter().map(run).collect();
    let open = entries.iter().map(|entry| i64::from(entry.told.is_none()));
    let texts: Vec<i64> = entries
        .iter()
        .map(|entry| names(book).say_once(&entry.event))
        .collect::<Vec<_>>()
        .iter()
        .map(|text| book.text(text))
        .collect();
    let words: Vec<i64> = entries.iter().map(|entry| book.maybe(entry.told.map(|_| words(&entry.event)))).collect();
    let sites: Vec<i64> = entries.iter().map(|entry| book.site(entry.event.site)).collect();
    let mut events = Object::default();
    events.growing("time", times);
    events.numbers("source", entries.iter().map(source).chain([VERDICT]));
    events.numbers("sort", entries.iter().map(|entry| sort(&entry.event.what)).chain([5]));
    events.numbers("site", sites.into_iter().chain([NOTHING]));
    events.numbers("text", texts.into_iter().chain([book.text(verdict)]));
    events.numbers("last", runs.iter().map(|run| run.map_or(NOTHING, |(last, _)| last)).chain([NOTHING]));
    events.numbers("count", runs.iter().map(|run| run.map_or(1, |(_, count)| count)).chain([1]));
    events.numbers("open", open.chain([0]));
    events.numbers("told", told.chain([NOTHING]));
    events.numbers("words", words.into_iter().chain([NOTHING]));
    let causes = walked.causes.iter();
    events.numbers("cause", causes.clone().map(|cause| cause.map_or(NOTHING, |(at, _)| at as i64)));
    events.numbers("link", causes.map(|cause| cause.map_or(0, |(_, link)| link as i64)));
    page.json("events", &events.finish());
}
