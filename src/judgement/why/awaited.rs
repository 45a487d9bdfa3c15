//! Which CPUs the software of one waits for, where the word that it polls is a mask of them.

use super::chain::Chain;
use kernel_model::Word;

impl Chain<'_> {
    /// The CPUs that have not answered CPU `number`, if a mask says so.
    pub(super) fn awaited(&self, number: u16) -> Option<Vec<u16>> {
        let polled = self.cpu(number).software.polled_word()?;
        let index = self.masks(number).find(|&(_, word)| word.0 == polled)?.0;
        let value = self.state.words.value(polled);
        let set = (0..32).filter(|bit| value & 1 << bit != 0).map(|bit| index * 32 + bit);
        Some(set.filter(|&cpu| usize::from(cpu) < self.state.cpus.len() && cpu != number).collect())
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
