//! Shared words: loads, stores, read-modify-writes.

use crate::RunError;
use crate::coroutine::Site;
use crate::memory::{Words, Written};
use crate::processor::core::{Core, Outgoing};
use crate::processor::operation::{Interruptible, Kind};
use crate::processor::pending::{Effect, Phase};
use crate::stream::{Access, What};
use crate::time::Time;

impl Core {
    pub(super) fn load(&mut self, before: u64) -> Option<u64> {
        let load = self.effect_of_pending();
        let word = load.operation.operand as u16;
        if usize::from(word) >= self.words.with(Words::len) {
            return self.no_such_word(word, load.site);
        }
        let now = self.now();
        Some(self.load_word(&load, before, now))
    }

    /// Loads a word that is there.
    #[inline(always)]
    pub(in crate::processor) fn load_word(&mut self, load: &Effect, before: u64, now: Time) -> u64 {
        let access = load.access();
        let word = access.operand as u16;
        let seen = self.words.with(|words| words.load(self.agent, word, now).copied()).unwrap_or_default();
        let value = u64::from(self.own_writes.over(word, &seen).value);
        self.poll_of(load, access, value, before);
        value
    }

    /// What this CPU sees of `word` at `now`. `None`: there is no such word.
    #[inline]
    pub(in crate::processor) fn seen(&self, word: u16, now: Time) -> Option<Written> {
        self.words.with(|words| words.load(self.agent, word, now).map(|seen| *self.own_writes.over(word, seen)))
    }

    pub(super) fn store(&mut self) -> Option<u64> {
        let word = self.pending.operation.operand as u16;
        if !self.is_plain(word) {
            return self.store_slowly();
        }
        let now = self.now();
        self.store_plainly(word, self.pending.value, self.line(), now);
        Some(0)
    }

    /// Is there such a word, and does no store of this machine wait?
    #[inline(always)]
    pub(in crate::processor) fn is_plain(&self, word: u16) -> bool {
        usize::from(word) < self.common.plain_words
    }

    /// It leaves at once.
    #[inline(always)]
    pub(in crate::processor) fn store_plainly(&mut self, word: u16, value: u64, site: Site, now: Time) {
        let access = Access { kind: Kind::Store, operand: u32::from(word) };
        self.effective(now, Some(site), What::Write { access, value });
        let value = value as u32;
        let key = self.send_out_at(now, site, Outgoing::Store { word, value });
        self.own_writes.note(word, Written { value, key: Some(key) }, self.common.until_answered);
    }

    /// A store to a word that is not there, or in a machine in which stores wait.
    #[cold]
    fn store_slowly(&mut self) -> Option<u64> {
        let (access, site, value) = (self.access(), self.line(), self.pending.value);
        let (word, now) = (access.operand as u16, self.now());
        if usize::from(word) >= self.words.with(Words::len) {
            return self.no_such_word(word, site);
        }
        self.effective(now, Some(site), What::Write { access, value });
        self.hold_store(site, word, value as u32);
        Some(0)
    }

    /// What waited has left; it is over when others have seen it. Nothing comes between.
    pub(super) fn fence(&mut self) -> Option<u64> {
        let now = self.now();
        if self.pending.phase == Phase::Modifying {
            self.effective(now, Some(self.line()), What::Write { access: self.access(), value: 0 });
            return Some(0);
        }
        self.pending.phase = Phase::Modifying;
        self.pending.interruptible = Interruptible::Never;
        self.pending.effect = self.common.clock.first_at_or_after(now + self.common.costs.visibility);
        self.close_runs(now);
        None
    }

    /// Leaves at the effect instant, is applied to the master in key order, and comes back R later: by then everybody sees
    /// it, because R is not less than V.
    pub(super) fn read_modify_write(&mut self) -> Option<u64> {
        let (access, site, operand) = (self.access(), self.line(), self.pending.value);
        let (kind, word) = (access.kind, access.operand as u16);
        if self.pending.phase == Phase::Modifying {
            let old = self.answer.take().expect("the master answers before the read-modify-write returns");
            let values = u64::from(old) << 32 | u64::from(kind.modify(old, operand));
            let now = self.now();
            self.effective(now, Some(site), What::Modified { access, values });
            return Some(u64::from(old));
        }
        if usize::from(word) >= self.words.with(Words::len) {
            return self.no_such_word(word, site);
        }
        self.come_back_later();
        self.send_out(site, Outgoing::Modify { word, kind, operand });
        None
    }

    #[cold]
    fn no_such_word(&mut self, word: u16, site: Site) -> Option<u64> {
        let (cpu, at, words) = (self.agent, self.now(), self.words.with(Words::len));
        self.fail(RunError::NoSuchWord { cpu, at, site: Some(site), word, words });
        None
    }
}
