//! Which CPUs the software of one waits for, where the word that it polls is a mask of them.

use super::chain::Chain;
use kernel_model::{Wait, Word};

impl Chain<'_> {
    /// The CPUs that have not answered CPU `number`, if a mask says so.
    pub(super) fn awaited(&self, number: u16) -> Option<Vec<u16>> {
        let polled = self.cpu(number).software.polled_word().or_else(|| self.open_call(number))?;
        let index = self.masks(number).find(|&(_, word)| word.0 == polled)?.0;
        let value = self.state.words.value(polled);
        let set = (0..32).filter(|bit| value & 1 << bit != 0).map(|bit| index * 32 + bit);
        Some(set.filter(|&cpu| usize::from(cpu) < self.state.cpus.len() && cpu != number).collect())
    }

    /// The word of a CPU's calls that have not ended, where it waits for them and has just looked at something else: its clock.
    fn open_call(&self, number: u16) -> Option<u16> {
        let wait = self.cpu(number).software.waits.last()?;
        let calls = (0..self.layout().mask_words()).map(|index| self.layout().csd_locked(number, index).0);
        let mut open = calls.filter(|_| wait.code == Wait::Acknowledgement as u32);
        open.find(|&word| self.state.words.value(word) != 0)
    }

    /// The words of the kernel that are masks of CPUs that have still to do something, each with its place in its mask.
    fn masks(&self, number: u16) -> impl Iterator<Item = (u16, Word)> {
        let layout = self.layout();
        let of_all = (0..layout.mask_words()).flat_map(move |index| {
            [layout.backtrace_mask(index), layout.cpus_stop_mask(index), layout.csd_locked(number, index)]
                .map(|word| (index, word))
        });
        let flushes = (0..layout.flush_mask_words())
            .flat_map(move |index| (0..8).map(move |slot| (index, layout.flush_cpumask(slot, index))));
        of_all.chain(flushes)
    }
}
