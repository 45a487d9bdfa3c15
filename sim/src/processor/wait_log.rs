//! The waits of a CPU: one that goes on, one that has ended; of those that have ended the first ones whole, and of all of them, by line and outcome, how many and how long.
//! Its memory does not grow with the length of a run.
//!
//! Not modelled: nothing here decides anything.

use crate::bus::Agent;
use crate::coroutine::Site;
use crate::time::{Duration, Time};

/// A wait that has begun and not ended.
#[derive(Debug, Clone, Copy)]
pub struct OpenWait {
    /// The code that software gave it.
    pub code: u32,
    /// The line that waits.
    pub site: Site,
    /// Since when.
    pub since: Time,
    /// Reads of ICR low so far.
    pub reads: u64,
    /// Delays so far.
    pub delays: u64,
    pub(crate) level: usize,
}

/// A wait that has ended.
#[derive(Debug, Clone, Copy)]
pub struct WaitRecord {
    /// The CPU.
    pub cpu: Agent,
    /// The wait.
    pub wait: OpenWait,
    /// When it ended.
    pub end: Time,
    /// The outcome code that software gave.
    pub outcome: u32,
}

impl WaitRecord {
    /// How long it took.
    pub const fn took(&self) -> Duration {
        self.end.since(self.wait.since)
    }
}

/// Waits that are kept whole, of each CPU and of a machine: the first that end.
pub(crate) const KEPT: usize = 10_000;

/// The longest waits that a group keeps.
const LONGEST: usize = 3;

/// The waits of one CPU at one line that ended with one outcome.
#[derive(Debug, Clone)]
pub struct WaitGroup {
    /// The CPU.
    pub cpu: Agent,
    /// The code that software gave them.
    pub code: u32,
    /// The line that waited.
    pub site: Site,
    /// The outcome code that software gave.
    pub outcome: u32,
    /// How many there were.
    pub count: u64,
    /// How long they took together.
    pub took: Duration,
    /// The first of them.
    pub first: WaitRecord,
    /// The last of them.
    pub last: WaitRecord,
    /// The longest of them, three at most, the longest first; of equals the earlier.
    pub longest: Vec<WaitRecord>,
}

impl WaitGroup {
    fn new(record: WaitRecord) -> Self {
        let WaitRecord { cpu, wait, outcome, .. } = record;
        let (code, site, longest) = (wait.code, wait.site, Vec::with_capacity(LONGEST));
        let mut group =
            Self { cpu, code, site, outcome, count: 0, took: Duration::ZERO, first: record, last: record, longest };
        group.add(record);
        group
    }

    fn is_of(&self, record: &WaitRecord) -> bool {
        self.site.address() == record.wait.site.address()
            && (self.code, self.outcome) == (record.wait.code, record.outcome)
    }

    fn add(&mut self, record: WaitRecord) {
        self.count += 1;
        self.took = self.took + record.took();
        self.last = record;
        let place = self.longest.partition_point(|longer| longer.took() >= record.took());
        if place < LONGEST {
            self.longest.truncate(LONGEST - 1);
            self.longest.insert(place, record);
        }
    }
}

/// What is kept of the waits of one CPU.
#[derive(Debug, Default)]
pub(crate) struct WaitLog {
    pub(crate) first: Vec<WaitRecord>,
    /// In the order of their first waits. There are as many as lines of code that wait, times outcomes.
    pub(crate) groups: Vec<WaitGroup>,
}

impl WaitLog {
    /// A wait has ended.
    pub(super) fn note(&mut self, record: WaitRecord) {
        if self.first.len() < KEPT {
            self.first.push(record);
        }
        match self.groups.iter_mut().find(|group| group.is_of(&record)) {
            Some(group) => group.add(record),
            None => self.groups.push(WaitGroup::new(record)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a list of all of them.
    #[test]
    fn a_log_counts_all_and_keeps_the_first_and_the_longest() {
        let site = Site::caller();
        let record = |number: u64| {
            let since = Time::from_us(number * 100);
            let wait = OpenWait { code: 1, site, since, reads: 0, delays: 0, level: 1 };
            let took = Duration::from_us(number * 7_919 % 83);
            WaitRecord { cpu: 0, wait, end: since + took, outcome: u32::from(number.is_multiple_of(5)) }
        };
        let all: Vec<WaitRecord> = (0..3 * KEPT as u64).map(record).collect();
        let mut log = WaitLog::default();
        all.iter().for_each(|&record| log.note(record));
        assert_eq!((log.first.len(), log.groups.len()), (KEPT, 2));
        for group in &log.groups {
            let of_group: Vec<&WaitRecord> = all.iter().filter(|record| record.outcome == group.outcome).collect();
            let mut by_length = of_group.clone();
            by_length.sort_by_key(|record| std::cmp::Reverse(record.took())); // stable: of equals the earlier first
            let ends = |records: &[&WaitRecord]| records.iter().map(|record| record.end).collect::<Vec<_>>();
            assert_eq!(group.count, of_group.len() as u64);
            assert_eq!(group.took.as_ps(), of_group.iter().map(|record| record.took().as_ps()).sum::<u64>());
            assert_eq!((group.first.end, group.last.end), (of_group[0].end, of_group[of_group.len() - 1].end));
            assert_eq!(ends(&group.longest.iter().collect::<Vec<_>>()), ends(&by_length[..3]));
        }
    }
}
