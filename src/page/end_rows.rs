//! The EOI messages of a serial bus, cycle by cycle: their events have no message.
//!
//! Not modelled: who sent one, which its event does not say, and those that are sent again, of which there is no event.

use super::book::Book;
use super::chunk::Chunk;
use super::levels::Levels;
use super::recording::Recorded;
use serde_json::{Value, json};
use sim::bus::{WireCycle, end_of_interrupt_cycles};
use sim::{Checksum, What};

/// Cycles, as a place in the dictionary.
pub(super) fn cycles(cycles: &[WireCycle], book: &mut Book) -> i64 {
    let cycles: Vec<Value> = cycles.iter().map(|cycle| json!([cycle.what, cycle.symbol])).collect();
    book.value(&Value::from(cycles))
}

/// Writes them; `rule`: none where the bus is no serial one.
pub(super) fn write(recorded: &Recorded, rule: Option<Checksum>, book: &mut Book, levels: &mut Levels) {
    let ends = recorded.entries.iter().enumerate().filter_map(|(index, entry)| match (entry.event.what, rule) {
        (What::EndOfInterrupt(vector), Some(rule)) => Some((index as i64, vector, rule)),
        _ => None,
    });
    let rows: Vec<(i64, i64, i64)> = ends
        .map(|(index, vector, rule)| (index, i64::from(vector), cycles(&end_of_interrupt_cycles(vector, rule), book)))
        .collect();
    let mut chunk = Chunk::default();
    chunk.growing(rows.iter().map(|(event, ..)| *event));
    chunk.column(rows.iter().map(|(_, vector, _)| *vector));
    chunk.column(rows.iter().map(|(.., wire)| *wire));
    let size = (rows.len(), rows.len().max(1));
    levels.add("ends", size, &["+event", "vector", "wire"], std::iter::once(chunk.finish()));
}
