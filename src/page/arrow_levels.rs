//! The arrows of messages in levels of detail: on each level one stands for so many of the level below it, with the ways that
//! their arrows go, each once.
//!
//! Not modelled: how many of them go each way.

use super::chunk::Chunk;
use super::levels::Levels;
use super::message_rows::Row;
use std::collections::{BTreeMap, BTreeSet};

/// What stands for so many of the level below it.
const FAN: usize = 16;

/// Of a chunk, on every level.
const BLOCK: usize = 256;

/// A level of no more than these is the last one.
const FEW: usize = 64;

/// A way: lane of the sender, lane where it ends, fate.
type Way = (usize, usize, i64);

/// What stands for some messages that follow each other.
#[derive(Debug, Clone)]
struct Summary {
    /// When the first and the last were sent.
    first: i64,
    last: i64,
    /// The last instant at which anything is known of any of them.
    ends: i64,
    /// Where the last arrow of each way ends.
    ways: BTreeMap<Way, i64>,
    /// The buses with attempts, and whether those were accepted.
    attempts: BTreeSet<(usize, bool)>,
}

impl Summary {
    fn of_message(row: &Row) -> Self {
        let mut ways = BTreeMap::new();
        for fate in &row.fates {
            let until: &mut i64 = ways.entry((fate.from_lane, fate.to_lane, fate.fate)).or_insert(fate.until);
            *until = fate.until.max(*until);
        }
        let attempts = row.attempts.iter().map(|attempt| (row.bus, attempt.accepted)).collect();
        Self { first: row.sent_ps, last: row.sent_ps, ends: row.ends, ways, attempts }
    }

    fn of(some: &[Self]) -> Self {
        let mut all = some[0].clone();
        for one in &some[1..] {
            all.first = all.first.min(one.first);
            all.last = all.last.max(one.last);
            all.ends = all.ends.max(one.ends);
            all.attempts.extend(&one.attempts);
            for (way, until) in &one.ways {
                let latest = all.ways.entry(*way).or_insert(*until);
                *latest = (*latest).max(*until);
            }
        }
        all
    }
}

/// Writes the levels above the messages themselves.
pub(super) fn write(rows: &[Row], levels: &mut Levels) {
    let mut now: Vec<Summary> = rows.iter().map(Summary::of_message).collect();
    for level in 1.. {
        if now.len() <= FEW {
            break;
        }
        now = now.chunks(FAN).map(Summary::of).collect();
        let columns = ["+first", "last", "ends", "ways", "from", "to", "fate", "until", "attempts", "bus", "accepted"];
        levels.add(&format!("arrows.{level}"), (now.len(), BLOCK), &columns, now.chunks(BLOCK).map(chunk));
    }
}

fn chunk(some: &[Summary]) -> Vec<u8> {
    let ways: Vec<(&Way, i64)> =
        some.iter().flat_map(|one| one.ways.iter().map(|(way, until)| (way, until - one.first))).collect();
    let attempts: Vec<&(usize, bool)> = some.iter().flat_map(|one| &one.attempts).collect();
    let mut chunk = Chunk::default();
    chunk.growing(some.iter().map(|one| one.first));
    chunk.column(some.iter().map(|one| one.last - one.first));
    chunk.column(some.iter().map(|one| one.ends - one.first));
    chunk.column(some.iter().map(|one| one.ways.len() as i64));
    chunk.column(ways.iter().map(|((from, ..), _)| *from as i64));
    chunk.column(ways.iter().map(|((_, to, _), _)| *to as i64));
    chunk.column(ways.iter().map(|((.., fate), _)| *fate));
    chunk.column(ways.iter().map(|(_, until)| *until));
    chunk.column(some.iter().map(|one| one.attempts.len() as i64));
    chunk.column(attempts.iter().map(|(bus, _)| *bus as i64));
    chunk.column(attempts.iter().map(|(_, accepted)| i64::from(*accepted)));
    chunk.finish()
}
