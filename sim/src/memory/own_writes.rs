//! What a CPU wrote itself and others do not see yet: it sees that at once.

use super::Written;
use crate::time::Duration;

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

    /// What it sees of `word`, if the others' last visible write is `seen`.
    #[inline]
    pub(crate) fn over<'a>(&'a self, word: u16, seen: &'a Written) -> &'a Written {
        let own = self.0.iter().find(|(other, written)| *other == word && written.key > seen.key);
        own.map_or(seen, |(_, written)| written)
    }
}
