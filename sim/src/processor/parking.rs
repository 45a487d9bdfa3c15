//! Parking: the proof that a CPU repeats itself, and skipping its polls by arithmetic.
//!
//! A CPU is parked when at two checkpoints its live stack, its callee-saved registers, the operation it is about to do
//! and its software-visible state are equal, and in between nothing effective happened: no clock read, no choice, no
//! write, no interrupt, and every location it read kept one value. Time is no input to it, so it repeats for as long as
//! those locations keep those values and nothing reaches it.
//!
//! Checkpoints sit at operation counts since the last effective event (Brent's rule: the reference moves at powers of
//! two), never at window ends, so that no executor finds a proof that another does not.

use super::boundary::{REGISTERS, Shim};
use super::core::Core;
use super::operation::Kind;
use super::step::Pending;
use crate::time::Time;
use std::panic::Location;

/// Operations since the last effective event before the first checkpoint.
const FIRST_CHECKPOINT: u64 = 64;

/// A CPU that is skipped rather than executed.
#[derive(Debug, Clone)]
pub(crate) struct Parked {
    /// Growth of each open run in one period.
    growth: Vec<u64>,
    reads: u64,
    delays: u64,
}

/// One checkpoint.
#[derive(Debug, Clone)]
struct Checkpoint {
    registers: [u64; REGISTERS],
    operation: u64,
    value: u64,
    site: &'static Location<'static>,
    stack: Vec<u8>,
    clock: u64,
    counts: Vec<u64>,
    reads: u64,
    delays: u64,
}

/// The search for recurrence, and what it found.
#[derive(Debug, Clone, Default)]
pub(super) struct Parking {
    /// Operations begun since the last effective event.
    operations: u64,
    reference: Option<Checkpoint>,
    /// Proven minimal period in core cycles.
    pub(super) period: Option<u64>,
    pub(super) parked: Option<Parked>,
    /// Period of an Open program, whose stack recurs but whose future may not: a suspicion, no proof.
    pub(super) suspected: Option<u64>,
    wake: Option<Time>,
}

impl Parking {
    /// Something effective happened: look anew.
    pub(super) fn restart(&mut self, shim: &mut Shim) {
        shim.watch(false);
        self.operations = 0;
        self.suspected = None;
        if self.reference.is_some() || self.period.is_some() {
            self.reference = None;
            self.period = None;
            self.parked = None;
            self.wake = None;
        }
    }

    /// What the proof rests on changes at `at`.
    pub(super) fn wake(&mut self, at: Time) {
        self.wake = Some(self.wake.map_or(at, |before| before.min(at)));
    }
}

impl Core {
    /// When a settled CPU must look up, if at all.
    pub(super) fn wake_instant(&self) -> Option<Time> {
        let attention = self.attention.map(|attention| attention.since);
        let local = Some(self.local_at).filter(|&at| at != Time::NEVER);
        let arrivals = self.parking.wake;
        [arrivals, attention, local].into_iter().flatten().min().filter(|_| self.parking.period.is_some())
    }

    /// Counts an operation that begins, and takes or compares a checkpoint where one is due. True: the CPU is parked.
    #[inline]
    pub(super) fn checkpoint(&mut self, pending: &Pending) -> bool {
        self.parking.operations += 1;
        if self.parking.operations + 1 < FIRST_CHECKPOINT || self.parking.suspected.is_some() {
            return false;
        }
        self.checkpoint_due(pending)
    }

    fn checkpoint_due(&mut self, pending: &Pending) -> bool {
        let watched = self.shim.watch(true);
        if self.parking.period.is_some() {
            // Without elision the CPU goes on; with it, it was just woken. Either way a wake ends the proof.
            if self.parking.wake.is_some_and(|at| at <= self.common.clock.instant(pending.effect)) {
                self.parking.restart(&mut self.shim);
            }
            return false;
        }
        if !watched || !pending.crossed_boundary {
            return false;
        }
        if let Some(reference) = &self.parking.reference
            && reference.site == pending.site
            && reference.operation == pending.operation.pack()
            && reference.value == pending.value
            && self.clock > reference.clock
            && self.shim.equals(&reference.registers, &reference.stack)
        {
            return self.prove();
        }
        if self.parking.operations.is_power_of_two() {
            self.parking.reference = Some(self.take_checkpoint(pending));
        }
        false
    }

    fn take_checkpoint(&self, pending: &Pending) -> Checkpoint {
        let (registers, stack) = self.shim.capture();
        let (reads, delays) = self.waits.last().map_or((0, 0), |wait| (wait.reads, wait.delays));
        Checkpoint {
            registers,
            operation: pending.operation.pack(),
            value: pending.value,
            site: pending.site,
            stack,
            clock: self.clock,
            counts: self.runs.tallies().iter().map(|run| run.count).collect(),
            reads,
            delays,
        }
    }

    fn prove(&mut self) -> bool {
        if !self.reads_are_current() {
            return false;
        }
        let Some(reference) = self.parking.reference.take() else { return false };
        let period = self.clock - reference.clock;
        if !self.closed {
            self.parking.suspected = Some(period);
            self.shim.watch(false);
            return false;
        }
        self.parking.period = Some(period);
        self.parking.wake = None;
        let (reads, delays) = self.waits.last().map_or((0, 0), |wait| (wait.reads, wait.delays));
        // Arrivals that wait in the inbox may already be about to change what the loop reads.
        for index in 0..self.inbox.len() {
            let arrival = self.inbox[index];
            self.note_arrival(&arrival);
        }
        if !self.common.elision {
            // It goes on, but not in this window: the engine may find that nothing is left to come.
            self.horizon = 0;
            self.refresh_slow();
            return false;
        }
        let counts = reference.counts.iter().copied().chain(std::iter::repeat(0));
        let growth = self.runs.tallies().iter().zip(counts).map(|(run, before)| run.count - before).collect();
        self.parking.parked =
            Some(Parked { growth, reads: reads - reference.reads, delays: delays - reference.delays });
        true
    }

    /// Would each location that the loop read still give the same value? One may have changed since it was read.
    fn reads_are_current(&mut self) -> bool {
        for index in 0..self.runs.tallies().len() {
            let run = self.runs.tallies()[index];
            let now = match run.access.kind {
                Kind::Load => u64::from(self.copy.load(run.access.operand as u16)),
                Kind::RegisterRead => u64::from(self.apic.read(run.access.operand as u16, Time::ZERO)),
                _ => run.value,
            };
            if now != run.value {
                return false;
            }
        }
        true
    }

    /// Ends parking: adds the accesses before the waking instant by arithmetic, whole periods at a time. What is left
    /// of the last period is executed.
    pub(super) fn unpark(&mut self, until: Time) {
        let (Some(parked), Some(period)) = (self.parking.parked.take(), self.parking.period) else { return };
        let target = self.common.clock.first_at_or_after(until);
        let periods = target.saturating_sub(self.clock + 1) / period;
        self.clock += periods * period;
        self.runs.repeat(&parked.growth, periods, period);
        if let Some(wait) = self.waits.last_mut() {
            wait.reads += parked.reads * periods;
            wait.delays += parked.delays * periods;
        }
        self.parking.restart(&mut self.shim);
        self.refresh_slow();
    }
}
