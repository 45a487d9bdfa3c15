//! What a CPU wrote itself and others do not see yet: it sees that at once.

use super::{Key, Written};
use crate::bus::Agent;
use crate::time::{Duration, Time};

/// The key of a write that has not left its CPU: later than all others.
const HELD: Key = Key { time: Time::from_ps(1 << 63), source: Agent::MAX, sequence: u64::MAX };

/// The last write of each word that is not everybody's yet.
#[derive(Debug, Default)]
pub(crate) struct OwnWrites(Vec<(u16, Written)>);

impl OwnWrites {
    /// This CPU wrote `value`. What it wrote longer than `kept` ago has been committed.
    pub(crate) fn note(&mut self, word: u16, written: Written, kept: Duration) {
        if !self.0.is_empty() {
            let now = written.seen_at(Duration::ZERO);
            self.0.retain(|(other, earlier)| *other != word && earlier.seen_at(kept) > now);
        }
        self.0.push((word, written));
    }

    /// Is a write of `word` the only one that is kept?
    #[inline(always)]
    pub(crate) fn is_only(&self, word: u16) -> bool {
        matches!(self.0[..], [(only, _)] if only == word)
    }

    /// This CPU wrote to the [only](Self::is_only) word again.
    #[inline(always)]
    pub(crate) fn note_again(&mut self, written: Written) {
        if let [(_, last)] = &mut self.0[..] {
            *last = written;
        }
    }

    /// This CPU wrote `value`, and that is still to leave it.
    pub(crate) fn hold(&mut self, word: u16, value: u32) {
        self.0.retain(|(other, _)| *other != word);
        self.0.push((word, Written { value, key: Some(HELD) }));
    }

    /// What it sees of `word`, if the others' last visible write is `seen`.
    #[inline]
    pub(crate) fn over<'a>(&'a self, word: u16, seen: &'a Written) -> &'a Written {
        let own = self.0.iter().find(|(other, written)| *other == word && written.key > seen.key);
        own.map_or(seen, |(_, written)| written)
    }
}
