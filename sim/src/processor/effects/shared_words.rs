//! Shared words: loads, stores, read-modify-writes.

use crate::RunError;
use crate::memory::{Words, Written};
use crate::processor::core::{Core, Outgoing};
use crate::processor::pending::Phase;
use crate::stream::What;

impl Core {
    pub(super) fn load(&mut self, before: u64) -> Option<u64> {
        let access = self.access();
        let word = access.operand as u16;
        let now = self.now();
        let agent = self.agent;
        let seen = self.words.with(|words| (usize::from(word) < words.len()).then(|| words.load(agent, word, now)));
        let Some(seen) = seen else { return self.no_such_word() };
        let value = u64::from(self.own_writes.over(word, seen).value);
        self.poll(access, value, before);
        Some(value)
    }

    pub(super) fn store(&mut self) -> Option<u64> {
        let (access, site, value) = (self.access(), self.line(), self.pending.value);
        let (word, now) = (access.operand as u16, self.now());
        if usize::from(word) >= self.words.with(Words::len) {
            return self.no_such_word();
        }
        self.effective(now, Some(site), What::Write { access, value });
        let value = value as u32;
        let key = self.send_out(site, Outgoing::Store { word, value });
        self.own_writes.note(word, Written { value, key: Some(key) }, self.until_answered());
        Some(0)
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
            return self.no_such_word();
        }
        self.come_back_later();
        self.send_out(site, Outgoing::Modify { word, kind, operand });
        None
    }

    #[cold]
    fn no_such_word(&mut self) -> Option<u64> {
        let (cpu, at, site) = (self.agent, self.now(), self.pending.site);
        let (word, words) = (self.pending.operation.operand as u16, self.words.with(Words::len));
        self.fail(RunError::NoSuchWord { cpu, at, site, word, words });
        None
    }
}
