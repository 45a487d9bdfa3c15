//! Simulated shared memory: words that several CPUs share, with stated latencies and one order.
//!
//! A store at *t* is seen by its own CPU at *t* and by the others at *t* + V; a read-modify-write at *t* is applied to the
//! master in key order and its value is back at *t* + R. Of what a CPU sees of a word, the greatest key counts, so all
//! end alike.
//!
//! Not modelled: cache lines, bandwidth, store buffers, reordering.

mod copies;
mod history;
mod master;
mod own_writes;

pub(crate) use copies::Copies;
pub(crate) use history::History;
pub(crate) use master::Master;
pub use master::Writer;
pub(crate) use own_writes::OwnWrites;

use crate::bus::Agent;
use crate::time::{Duration, Time};

/// Place of a request in the one order of everything that leaves a CPU: time, then source, then its own sequence.
///
/// ```
/// use sim::{Key, Time};
///
/// let of = |us, source, sequence| Key { time: Time::from_us(us), source, sequence };
/// assert!(of(1, 3, 9) < of(2, 0, 0) && of(2, 0, 1) < of(2, 1, 0)); // time, then source, then sequence
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Key {
    /// The instant of the request.
    pub time: Time,
    /// Who made it.
    pub source: Agent,
    /// The source's own count.
    pub sequence: u64,
}

/// A value of a word, and the key of the write that it came from; `None`: its initial value, older than any write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Written {
    pub(crate) value: u32,
    pub(crate) key: Option<Key>,
}

/// What the CPUs see of the shared words: two ways to keep that, one an executor, so that a mistake in one shows.
#[derive(Debug)]
pub(crate) enum Words {
    /// One history a word (the windowed executor).
    History(History),
    /// A copy a CPU (the reference executor).
    Copies(Copies),
}

impl Default for Words {
    /// No words.
    fn default() -> Self {
        Self::History(History::new(&[], Duration::ZERO))
    }
}

impl Words {
    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::History(history) => history.len(),
            Self::Copies(copies) => copies.len(),
        }
    }

    /// What `cpu` sees of `word` at `at` of what others wrote, and of what it wrote itself a while ago. `None`: there is no
    /// such word.
    #[inline(always)]
    pub(crate) fn load(&self, cpu: Agent, word: u16, at: Time) -> Option<&Written> {
        match self {
            Self::History(history) => history.load(word, at),
            Self::Copies(copies) => copies.load(cpu, word),
        }
    }

    /// The first instant after `at` at which what is seen of `word` may be another value. Copies are changed between two
    /// operations only, and then say so.
    #[inline]
    pub(crate) fn next_change(&self, word: u16, at: Time) -> Time {
        match self {
            Self::History(history) => history.next_change(word, at),
            Self::Copies(_) => Time::NEVER,
        }
    }

    /// The first instant after `at` at which a CPU that has `seen` that of `word` sees another value, for good or not.
    pub(crate) fn first_other(&self, word: u16, seen: Written, at: Time) -> Time {
        match self {
            Self::History(history) => history.first_other(word, seen, at),
            Self::Copies(_) => Time::NEVER,
        }
    }

    /// A count that grows with every write.
    pub(crate) fn version(&self) -> u64 {
        match self {
            Self::History(history) => history.version(),
            Self::Copies(_) => 0,
        }
    }
}

impl Written {
    /// When the write is seen by others.
    #[inline]
    fn seen_at(&self, visibility: Duration) -> Time {
        self.key.map_or(Time::ZERO, |key| key.time + visibility)
    }
}
