//! The spans of the lanes in levels of detail: on each level one stands for so many of the level below it, so that a page
//! that shows all of a run at once does not look at all of it.
//!
//! Not modelled: what the others of them look like. The one that is shown is what its lane does the longest in that time.

use super::chunk::Chunk;
use super::levels::Levels;
use super::spans::{Span, Spans};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Spans of a chunk, on every level.
const BLOCK: usize = 256;

/// For so many of the level below one stands.
const FAN: usize = 8;

/// What stands for some spans that follow each other.
#[derive(Debug, Clone)]
struct Summary {
    from: i64,
    until: i64,
    /// How long each look is shown.
    looks: BTreeMap<i64, i64>,
}

impl Summary {
    fn of_span(span: &Span) -> Self {
        Self { from: span.from, until: span.until, looks: BTreeMap::from([(span.look, span.until - span.from)]) }
    }

    fn of(some: &[Self]) -> Self {
        let mut looks = BTreeMap::new();
        for (look, time) in some.iter().flat_map(|one| &one.looks) {
            *looks.entry(*look).or_default() += time;
        }
        let until = some.iter().map(|one| one.until).max();
        Self { from: some[0].from, until: until.unwrap_or(some[0].from), looks }
    }

    /// The look that is shown the longest.
    fn look(&self) -> i64 {
        let longest = self.looks.iter().max_by_key(|(look, time)| (**time, -**look));
        longest.map_or(0, |(look, _)| *look)
    }
}

/// Writes all levels; gives the rows: lane, nesting, how many spans.
pub(super) fn write(spans: &mut Spans, levels: &mut Levels) -> Value {
    // Where a bus has many messages at once, they are told when they end.
    spans.rows.values_mut().for_each(|row| row.sort_by_key(|span| (span.from, span.until)));
    let rows = || spans.rows.values();
    let count = |length: usize| rows().map(|row| row.len().div_ceil(length)).sum::<usize>();
    let chunks = rows().flat_map(|row| row.chunks(BLOCK)).map(whole);
    levels.add("spans.0", (count(1), BLOCK), &["+from", "lasts", "look", "text", "+event"], chunks);
    let mut now: Vec<Vec<Summary>> = rows().map(|row| row.iter().map(Summary::of_span).collect()).collect();
    for level in 1.. {
        if now.iter().all(|row| row.len() <= BLOCK) {
            break;
        }
        now = now.iter().map(|row| row.chunks(FAN).map(Summary::of).collect()).collect();
        let chunks = now.iter().flat_map(|row| row.chunks(BLOCK)).map(coarse);
        let rows = now.iter().map(Vec::len).sum();
        levels.add(&format!("spans.{level}"), (rows, BLOCK), &["+from", "lasts", "look"], chunks);
    }
    spans.rows.iter().map(|((lane, level), row)| json!([lane, level, row.len()])).collect::<Vec<_>>().into()
}

fn whole(some: &[Span]) -> Vec<u8> {
    let mut chunk = Chunk::default();
    chunk.growing(some.iter().map(|span| span.from));
    chunk.column(some.iter().map(|span| span.until - span.from));
    chunk.column(some.iter().map(|span| span.look));
    chunk.column(some.iter().map(|span| span.text));
    chunk.growing(some.iter().map(|span| span.event));
    chunk.finish()
}

fn coarse(some: &[Summary]) -> Vec<u8> {
    let mut chunk = Chunk::default();
    chunk.growing(some.iter().map(|one| one.from));
    chunk.column(some.iter().map(|one| one.until - one.from));
    chunk.column(some.iter().map(Summary::look));
    chunk.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_shows_what_is_there_the_longest() {
        let span = |from, until, look| Summary::of_span(&Span { from, until, look, text: 0, event: 0 });
        let all = [span(0, 10, 3), span(10, 30, 1), span(30, 45, 3)];
        let summary = Summary::of(&all);
        assert_eq!((summary.from, summary.until, summary.look()), (0, 45, 3));
        assert_eq!(Summary::of(&all[..2]).look(), 1);
    }
}
