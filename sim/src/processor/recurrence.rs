//! Recurrence of a CPU: the proof, the wake that ends it, and skipping polls by arithmetic.

use super::core::{Core, Stage};
use super::operation::Kind;
use super::pending::{Pending, WAITS};
use super::search::{Found, Look, Watched, growing};
use crate::coroutine::Site;
use crate::memory::Written;
use crate::stream::{Access, Tally};
use crate::time::Time;

impl Core {
    /// An operation has begun that the search wants to see. True: this CPU gives control back to the engine, which may
    /// find that nothing is left to come.
    pub(super) fn checkpoint(&mut self, site: Site) -> bool {
        let runs = &self.runs;
        let counts = || runs.tallies().iter().map(Tally::count).collect();
        self.open_ends = true;
        match self.search.look(&mut self.hot, &self.pending, site, counts) {
            Look::Repeats(period) => self.recurs(period),
            Look::Nothing => false,
        }
    }

    fn recurs(&mut self, period: u64) -> bool {
        let now = self.now();
        let growth = self.search.growth(self.runs.tallies().iter().map(Tally::count));
        if !self.reads_are_current(&growth, now) {
            return false;
        }
        self.closed &= !self.hot.take_allocated();
        if !self.closed {
            self.search.suspect(&mut self.hot, period);
            return false;
        }
        let count = self.runs.tallies().iter().map(Tally::count).sum();
        self.watch_words(&growth, now);
        self.search.prove(&mut self.hot, Found { period, at: now, count, growth });
        self.search.refresh_wake(self.common.clock);
        self.refresh_slow();
        self.search.parked = self.common.elision;
        true
    }

    /// Writes that are on their way at the proof may be about to change what the loop reads.
    fn watch_words(&mut self, growth: &[u64], now: Time) {
        for run in growing(self.runs.tallies(), growth) {
            if run.access.kind == Kind::Load {
                let word = run.access.operand as u16;
                let Some(seen) = self.seen(word, now) else { continue };
                let wake = self.words.with(|words| words.first_other(word, seen, now));
                self.search.watched.push(Watched { word, seen, wake });
            }
        }
    }

    /// Is it in a loop that is proven to repeat itself?
    pub(crate) fn is_proven(&self) -> bool {
        self.search.found.is_some()
    }

    /// The number of its last proof.
    pub(crate) const fn proof_number(&self) -> u64 {
        self.search.epoch
    }

    /// The words that its proven loop reads.
    pub(crate) fn watched_words(&self) -> impl Iterator<Item = u16> + '_ {
        self.search.watched.iter().map(|watched| watched.word)
    }

    /// The value of `word` that its proven loop reads.
    pub(crate) fn watched_value(&self, word: u16) -> Option<u32> {
        self.search.watched.iter().find(|watched| watched.word == word).map(|watched| watched.seen.value)
    }

    /// Others see what was `written` to `word` from `at` on, but for those who have seen a later write. Of writes that are
    /// seen at one instant the last one counts.
    pub(crate) fn word_will_change(&mut self, word: u16, written: Written, at: Time) {
        let later = |watched: &&mut Watched| watched.word == word && watched.seen.key < written.key;
        for watched in self.search.watched.iter_mut().filter(later) {
            let other = written.value != watched.seen.value;
            if watched.wake == at && !other {
                watched.wake = Time::NEVER;
            } else if watched.wake > at && other {
                watched.wake = at;
            }
        }
        // Another write may still be seen at the same instant, and the run may end before it: so an operation ends the proof
        // at its effect only.
        self.search.refresh_wake(self.common.clock);
        self.refresh_slow();
    }

    /// What its proven loop rests on changes at `at`.
    pub(crate) fn wake(&mut self, at: Time) {
        if self.search.found.is_none() {
            return;
        }
        self.search.wake(at);
        self.settle_wake();
    }

    /// An operation that is under way already may be the first at or after the wake. (One that is skipped is looked at
    /// when it is no longer.)
    fn settle_wake(&mut self) {
        self.search.refresh_wake(self.common.clock);
        if !self.search.parked && self.stage == Stage::Running {
            self.end_proof_if_woken();
        }
        self.refresh_slow();
    }

    /// A wake ends the proof: counting begins again with the first operation whose effect is at or after it.
    #[inline]
    pub(super) fn end_proof_if_woken(&mut self) {
        if self.pending.effect >= self.search.wake_cycle() && self.pending.effect != WAITS {
            self.search.restart_here(&mut self.hot);
            self.runs.unlink(&mut self.hot);
        }
    }

    /// Ends skipping, to execute what is left before `until`: whole periods are added by arithmetic.
    pub(super) fn unpark(&mut self, until: Time) {
        let Some(found) = self.search.found.as_ref() else { return };
        let target = self.common.clock.first_at_or_after(until);
        let periods = target.saturating_sub(self.hot.clock + 1) / found.period;
        self.hot.clock += periods * found.period;
        self.runs.skip(&found.growth, periods, found.period);
        self.search.parked = false;
        let Pending { operation, value, site, .. } = self.pending;
        self.pending = Pending::new(operation, value, site, self.hot.clock);
        self.schedule();
        self.runs.unlink(&mut self.hot);
        self.end_proof_if_woken();
        self.refresh_slow();
    }

    /// The run has ended before `end`: a proof that a wake before that has ended is none.
    pub(crate) fn settle_proof(&mut self, end: Time) {
        if self.wake_instant().is_some_and(|at| at < end) {
            self.search.restart(&mut self.hot);
        }
    }

    /// When a CPU in a proven loop must look up, if at all.
    pub(crate) fn wake_instant(&self) -> Option<Time> {
        self.search.found.as_ref()?;
        let attention = self.attention.map(|attention| attention.since);
        let local = Some(self.local.at()).filter(|&at| at != Time::NEVER);
        [self.search.wake_instant(), attention, local].into_iter().flatten().min()
    }

    /// Would each location that the loop read still give the same value? One may have changed since it was read.
    fn reads_are_current(&self, growth: &[u64], now: Time) -> bool {
        let current = |run: &Tally| self.look(run.access, run.argument(), now) == Some(run.value());
        growing(self.runs.tallies(), growth).all(current)
    }

    /// What software would see now if it did `access` again, without doing it. `None`: nothing that stays, or no access
    /// that repeats without effect. Every operation is named here, so that a new one must be.
    fn look(&self, access: Access, argument: u64, now: Time) -> Option<u64> {
        let Access { kind, operand } = access;
        match kind {
            Kind::Load => self.seen(operand as u16, now).map(|seen| u64::from(seen.value)),
            Kind::RegisterRead => self.apic.peek(operand as u16).map(u64::from),
            Kind::MemoryRead => self.own_page_offset(operand).and_then(|offset| self.apic.peek(offset)).map(u64::from),
            Kind::MsrRead => self.apic.peek_msr(operand)?.ok(),
            Kind::PriorityRead => Some(u64::from(self.apic.read_cr8())),
            Kind::Identification => Some(self.identification(operand, argument != 0)),
            Kind::PortRead => (!crate::devices::is_port(operand)).then_some(0),
            Kind::Pause | Kind::Delay | Kind::DelayCycles => Some(0),
            Kind::RegisterWrite
            | Kind::RegisterExchange
            | Kind::MsrWrite
            | Kind::Halt
            | Kind::Sleep
            | Kind::IrqSave
            | Kind::IrqRestore
            | Kind::Store
            | Kind::Exchange
            | Kind::FetchAdd
            | Kind::FetchOr
            | Kind::FetchAnd
            | Kind::Clock
            | Kind::Choose
            | Kind::WaitBegin
            | Kind::WaitEnd
            | Kind::Reached
            | Kind::Iret
            | Kind::End
            | Kind::Faulted
            | Kind::EnableInterrupts
            | Kind::MemoryWrite
            | Kind::PortWrite
            | Kind::PriorityWrite
            | Kind::Shutdown
            | Kind::AwaitStartUp
            | Kind::CompareExchange
            | Kind::DrivePin
            | Kind::Fence => None,
        }
    }
}
