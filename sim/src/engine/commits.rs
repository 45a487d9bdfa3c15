//! Requests of CPUs, committed at the barrier of the [windowed](super::windowed) executor, the oldest first.

use super::milestones::Milestone;
use super::windowed::Windowed;
use crate::bus::Agent;
use crate::coroutine::Site;
use crate::memory::{Key, Words, Writer, Written};
use crate::processor::{Outgoing, Outgone};
use crate::time::Time;

impl Windowed<'_, '_> {
    /// The oldest request is committed.
    #[inline(always)]
    pub(super) fn commit(&mut self) {
        let request = self.requests.oldest();
        if let Outgoing::Bus(message) = &request.what {
            self.hardware.fabric.request(request.key.time, message);
        } else if let Outgoing::Store { word, value } = request.what {
            let (key, site) = (request.key, request.site);
            self.publish(key, site, word, value);
        } else {
            self.perform();
        }
        self.requests.commit();
    }

    /// What the oldest says, which is neither a message nor a store.
    #[inline(never)]
    fn perform(&mut self) {
        let Outgone { key, site, ref what } = *self.requests.oldest();
        let Key { time, source, .. } = key;
        let number = usize::from(source);
        match *what {
            Outgoing::Bus(_) | Outgoing::Store { .. } => unreachable!("they are committed without this"),
            Outgoing::Modify { word, kind, operand } => {
                let old = self.hardware.master.load(word);
                self.publish(key, site, word, kind.modify(old, operand));
                self.hardware.cpus[number].answered(old);
            }
            Outgoing::Milestone(code) => {
                self.hardware.reach(Milestone { at: time, cpu: source, code });
            }
            Outgoing::Device { access, value } => self.hardware.device(source, time, access, value),
            Outgoing::Pin { target, pin } => {
                if let Some(core) = self.hardware.drive_pin(target, pin, time) {
                    self.standings.reached(core);
                }
            }
        }
    }

    /// A value goes to the master now, and is seen by other CPUs after V.
    fn publish(&mut self, key: Key, site: Site, word: u16, value: u32) {
        let Key { time, source, .. } = key;
        self.hardware.master.store(word, Writer { cpu: source, at: time, value, site });
        let written = Written { value, key: Some(key) };
        if let Words::History(history) = &mut self.words {
            history.write(word, written);
        }
        let at = self.hardware.written(time);
        if self.pollers.has(word) {
            self.tell_pollers(source, word, written, at);
        }
    }

    /// Those who are in a loop that reads `word` hear that others than `source` see what was `written` from `at` on.
    #[inline(never)]
    fn tell_pollers(&mut self, source: Agent, word: u16, written: Written, at: Time) {
        self.numbers.clear();
        self.pollers.of(word, &self.hardware.cpus, &mut self.numbers);
        for index in 0..self.numbers.len() {
            let number = self.numbers[index];
            if number != usize::from(source) {
                self.hardware.cpus[number].word_will_change(word, written, at);
                self.standings.reached(&mut self.hardware.cpus[number]);
            }
        }
    }
}
