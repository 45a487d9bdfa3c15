//! The waits of a run that have ended: the first ones whole, and of all of them, by CPU, line and outcome, how many and how
//! long. An observer, whose memory does not grow with the length of the run.

use super::told_waits::{EndedWait, ToldWaits};
use sim::{Batch, Duration, Interest, Observer, Site};

/// Waits that are kept whole: the first that end.
const KEPT: usize = 10_000;

/// The longest waits that a group keeps.
const LONGEST: usize = 3;

/// The waits of one CPU at one line that ended with one outcome.
#[derive(Debug, Clone)]
pub(crate) struct WaitGroup {
    /// How many there were.
    pub(crate) count: u64,
    /// How long they took together.
    pub(crate) took: Duration,
    /// The first of them.
    pub(crate) first: EndedWait,
    /// The last of them.
    pub(crate) last: EndedWait,
    /// The longest of them, three at most, the longest first; of equals the earlier.
    pub(crate) longest: Vec<EndedWait>,
}

impl WaitGroup {
    fn new(wait: EndedWait) -> Self {
        let longest = Vec::with_capacity(LONGEST);
        let mut group = Self { count: 0, took: Duration::ZERO, first: wait, last: wait, longest };
        group.add(wait);
        group
    }

    /// The code that software gave them.
    pub(crate) const fn code(&self) -> u32 {
        self.first.code
    }

    /// The line that waited.
    pub(crate) const fn site(&self) -> Site {
        self.first.site
    }

    /// The outcome code that software gave.
    pub(crate) const fn outcome(&self) -> u32 {
        self.first.outcome
    }

    fn is_of(&self, wait: &EndedWait) -> bool {
        self.site() == wait.site && (self.code(), self.outcome()) == (wait.code, wait.outcome)
    }

    fn add(&mut self, wait: EndedWait) {
        self.count += 1;
        self.took = self.took + wait.took();
        self.last = wait;
        let place = self.longest.partition_point(|longer| longer.took() >= wait.took());
        if place < LONGEST {
            self.longest.truncate(LONGEST - 1);
            self.longest.insert(place, wait);
        }
    }
}

/// What is kept of the waits of a run.
#[derive(Debug, Default)]
pub(crate) struct WaitLog {
    open: ToldWaits,
    first: Vec<EndedWait>,
    /// By CPU, each in the order of their first waits. There are as many as lines of code that wait, times outcomes.
    groups: Vec<Vec<WaitGroup>>,
}

impl WaitLog {
    /// In the order of their end: the first 10 000.
    pub(crate) fn first(&self) -> &[EndedWait] {
        &self.first
    }

    /// All of them, by CPU.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &WaitGroup> {
        self.groups.iter().flatten()
    }

    /// A wait has ended.
    fn note(&mut self, wait: EndedWait) {
        if self.first.len() < KEPT {
            self.first.push(wait);
        }
        let cpu = usize::from(wait.cpu);
        if self.groups.len() <= cpu {
            self.groups.resize_with(cpu + 1, Vec::new);
        }
        let groups = &mut self.groups[cpu];
        match groups.iter_mut().find(|group| group.is_of(&wait)) {
            Some(group) => group.add(wait),
            None => groups.push(WaitGroup::new(wait)),
        }
    }
}

impl Observer for WaitLog {
    fn interest(&self) -> Interest {
        Interest::WAITS
    }

    fn take(&mut self, batch: &Batch<'_>) {
        for told in batch.events {
            if let Some(wait) = self.open.take(&told.event) {
                self.note(wait);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::Time;

    /// Against a list of all of them.
    #[test]
    fn a_log_counts_all_and_keeps_the_first_and_the_longest() {
        let site = Site::caller();
        let wait = |number: u64| {
            let (start, took) = (Time::from_us(number * 100), Duration::from_us(number * 7_919 % 83));
            let (cpu, outcome) = ((number % 7 % 2) as u16, u32::from(number.is_multiple_of(5)));
            EndedWait { cpu, code: 1, site, start, end: start + took, reads: number, delays: 0, outcome }
        };
        let all: Vec<EndedWait> = (0..3 * KEPT as u64).map(wait).collect();
        let mut log = WaitLog::default();
        all.iter().for_each(|&wait| log.note(wait));
        assert_eq!(log.first(), &all[..KEPT]);
        let kinds: Vec<_> = log.groups().map(|group| (group.first.cpu, group.outcome())).collect();
        assert_eq!(kinds, [(0, 1), (0, 0), (1, 0), (1, 1)], "by CPU, then by their first waits");
        for (group, kind) in log.groups().zip(kinds) {
            let of_group: Vec<EndedWait> =
                all.iter().filter(|wait| (wait.cpu, wait.outcome) == kind).copied().collect();
            let mut by_length = of_group.clone();
            by_length.sort_by_key(|wait| std::cmp::Reverse(wait.took())); // stable: of equals the earlier first
            assert_eq!(group.count, of_group.len() as u64);
            assert_eq!(group.took.as_ps(), of_group.iter().map(|wait| wait.took().as_ps()).sum::<u64>());
            assert_eq!((group.first, group.last), (of_group[0], of_group[of_group.len() - 1]));
            assert_eq!(group.longest, by_length[..3]);
        }
    }
}
