//! The runs of a partition, on every core, written in the order of their rows however they end.
//!
//! No row is begun that lies far ahead of the last one that is written: so whoever is killed loses few.

use super::cells::Plan;
use super::partition::Partition;
use super::reached::LineNames;
use super::result_file::ResultFile;
use super::row::{Row, row};
use crate::failure::Failure;
use crate::measure::InOrder;
use crate::run::Settings;
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
    /// Rows of the partition that were there before.
    there: u64,
    total: u64,
    chunk: u64,
    settings: &'a Settings,
    stop: &'a AtomicBool,
    counts: &'a Counts,
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
    let there = result.rows();
    let work = Work { plan, partition, there, total, chunk, settings, stop, counts };
    let mut failure = None;
    let mut write = |(whole, rows): (bool, Vec<Row>)| {
        failure = result.append(&rows).err();
        whole && failure.is_none()
    };
    let order = InOrder::new((total - there).div_ceil(chunk), AHEAD / chunk, &mut write);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| work.work(&order))).collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    match failure {
        Some(failure) => Err(failure),
        None => Ok(result.rows() == total),
    }
}

impl Work<'_> {
    fn work(&self, order: &InOrder<'_, (bool, Vec<Row>)>) {
        let _guard = order.guard();
        let mut lines = LineNames::default();
        while !self.stop.load(Ordering::Relaxed) {
            let Some(piece) = order.take() else { break };
            let first = self.there + piece * self.chunk;
            let end = self.total.min(first + self.chunk);
            let mut rows = Vec::new();
            for index in first..end {
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
                let Some(row) = row(self.plan, self.partition.row(index), self.settings, &mut lines) else { break };
                self.counts.made.fetch_add(1, Ordering::Relaxed);
                self.counts.not_completed.fetch_add(u64::from(!row.completed), Ordering::Relaxed);
                rows.push(row);
            }
            order.hand_in(piece, (rows.len() as u64 == end - first, rows));
        }
    }
}
