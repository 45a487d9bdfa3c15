//! The runs of a partition, on every core, written in the order of their rows however they end.
//!
//! No row is begun that lies far ahead of the last one that is written: so whoever is killed loses few.

use super::cells::Plan;
use super::partition::Partition;
use super::reached::LineNames;
use super::result_file::ResultFile;
use super::row::{Row, row};
use crate::failure::Failure;
use crate::run::Settings;
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Rows that are begun and not written, at most.
const AHEAD: u64 = 960;
/// Rows that a core takes at once, at most.
const CHUNK: u64 = 32;

/// How far it has come, for others to look at.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Rows made since the program began.
    pub(crate) made: AtomicU64,
    /// Of these, runs that did not complete.
    pub(crate) not_completed: AtomicU64,
}

/// What there is to do, for all cores.
struct Work<'a> {
    plan: &'a Plan,
    partition: Partition,
    total: u64,
    chunk: u64,
    settings: &'a Settings,
    stop: &'a AtomicBool,
    counts: &'a Counts,
    desk: Mutex<Desk<'a>>,
    moved: Condvar,
}

/// Where rows come together.
struct Desk<'a> {
    result: &'a mut ResultFile,
    /// The first row of the partition that nobody has taken.
    next: u64,
    /// Rows that are made and wait for those before them, by the first of each chunk.
    waiting: BTreeMap<u64, Vec<Row>>,
    /// No more: something is missing that was begun, or cannot be written.
    over: bool,
    failure: Option<Failure>,
}

/// Makes and writes all rows of `partition` that `result` has not, unless `stop` ends that; true: they are all there.
///
/// # Errors
/// They cannot be written.
pub(crate) fn run_all(
    plan: &Plan,
    partition: Partition,
    jobs: usize,
    settings: &Settings,
    stop: &AtomicBool,
    counts: &Counts,
    result: &mut ResultFile,
) -> Result<bool, Failure> {
    let total = partition.rows_of(plan.runs);
    let jobs = jobs.max(1);
    let chunk = (AHEAD / (4 * jobs as u64)).clamp(1, CHUNK);
    let next = result.rows();
    let desk = Mutex::new(Desk { result, next, waiting: BTreeMap::new(), over: false, failure: None });
    let work = Work { plan, partition, total, chunk, settings, stop, counts, desk, moved: Condvar::new() };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| work.work())).collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    let desk = work.desk.into_inner();
    match desk.failure {
        Some(failure) => Err(failure),
        None => Ok(desk.result.rows() == total),
    }
}

impl Work<'_> {
    fn work(&self) {
        // A worker that panics must not leave the others waiting for its rows.
        let _hand = HandsUp(self);
        let mut lines = LineNames::default();
        while let Some(first) = self.take() {
            let mut rows = Vec::new();
            for index in first..self.total.min(first + self.chunk) {
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
                let Some(row) = row(self.plan, self.partition.row(index), self.settings, &mut lines) else { break };
                self.counts.made.fetch_add(1, Ordering::Relaxed);
                self.counts.not_completed.fetch_add(u64::from(!row.completed), Ordering::Relaxed);
                rows.push(row);
            }
            self.hand_in(first, rows);
        }
    }

    /// The first row of the next chunk; none: there is no more to do.
    fn take(&self) -> Option<u64> {
        let mut desk = self.desk.lock();
        while !desk.over && desk.next < self.total && desk.next + self.chunk > desk.result.rows() + AHEAD {
            self.moved.wait(&mut desk);
        }
        if desk.over || desk.next >= self.total || self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let first = desk.next;
        desk.next = self.total.min(first + self.chunk);
        Some(first)
    }

    fn hand_in(&self, first: u64, rows: Vec<Row>) {
        let mut desk = self.desk.lock();
        desk.waiting.insert(first, rows);
        while !desk.over {
            let first = desk.result.rows();
            let Some(rows) = desk.waiting.remove(&first) else { break };
            let whole = rows.len() as u64 == self.chunk.min(self.total - first);
            if let Err(failure) = desk.result.append(&rows) {
                desk.failure = Some(failure);
            }
            desk.over = !whole || desk.failure.is_some();
        }
        self.moved.notify_all();
    }
}

/// Ends the work of all when its worker is through.
struct HandsUp<'w, 'a>(&'w Work<'a>);

impl Drop for HandsUp<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.desk.lock().over = true;
        }
        self.0.moved.notify_all();
    }
}
