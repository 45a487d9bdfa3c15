//! What an executor asks of a CPU between two windows: when it may act next, and whether it ever will by itself.

use super::activity_kind::Activity;
use super::core::{Boundary, Core, Stage};
use super::latches::{Latch, Reason};
use super::operation::{Interruptible, Kind};
use super::pending::WAITS;
use crate::coroutine::Site;
use crate::memory::Words;
use crate::stream::{Access, Event, Source, Tally};
use crate::time::Time;

impl Core {
    /// The earliest instant at which this CPU may act again by itself or because of what has already reached it.
    #[inline(always)]
    pub(crate) fn next_action(&self) -> Time {
        if self.stage != Stage::Running || self.search.parked {
            return self.next_action_of_none();
        }
        let by_itself = self.pending.effect.min(self.local.cycle());
        self.instant_or_never(if self.attention.is_none() { by_itself } else { by_itself.min(self.interrupt_cycle()) })
    }

    /// The first cycle at which anything may leave this CPU: a handler's first operation comes after the entry.
    pub(crate) fn next_request(&self) -> u64 {
        if self.stage != Stage::Running || self.search.parked {
            let action = self.next_action_of_none();
            return if action == Time::NEVER { WAITS } else { self.common.clock.first_at_or_after(action) };
        }
        let by_itself = self.pending.effect.min(self.local.cycle());
        let Some(attention) = &self.attention else { return by_itself };
        let entry = if attention.reason == Reason::Init { 0 } else { self.entry_cost() };
        by_itself.min(self.interrupt_cycle().saturating_add(entry))
    }

    /// When it may act, where no operation is under way, or it is skipped.
    #[inline(never)]
    fn next_action_of_none(&self) -> Time {
        match self.stage {
            Stage::NotStarted => Time::ZERO,
            Stage::Failed => Time::NEVER,
            // Nothing but an INIT, and what its hardware does by itself, concerns a CPU whose program has ended.
            Stage::Ended => self.instant_or_never(self.init_cycle().min(self.local.cycle())),
            Stage::Running => self.wake_instant().unwrap_or(Time::NEVER),
        }
    }

    #[inline]
    fn instant_or_never(&self, cycle: u64) -> Time {
        if cycle == WAITS { Time::NEVER } else { self.common.clock.instant(cycle) }
    }

    /// Lets the CPU run effects before the cycle `end`, and polls before `polls_end`.
    pub(crate) fn open_window(&mut self, end: u64, polls_end: u64) {
        (self.horizon, self.poll_horizon) = (end, end);
        if polls_end > end && !self.boundary.has(Boundary::STORES | Boundary::PRIORITY) {
            self.poll_horizon = polls_end;
            self.open_ends = true;
        }
        self.refresh_slow();
    }

    /// Words may have been written since this CPU looked last: when may one that an open run reads be another?
    pub(super) fn look_at_words(&mut self) {
        let version = self.words.with(Words::version);
        if version != self.words_version {
            self.words_version = version;
            if !self.runs.is_empty() {
                self.refresh_words();
                self.refresh_slow();
            }
        }
    }

    /// When may a word that an open run reads change next, after the last effect? One that everybody sees by now may have
    /// changed since that already: then every access is looked at.
    pub(super) fn refresh_words(&mut self) {
        if self.runs.is_empty() {
            self.words_cycle = u64::MAX;
            return;
        }
        let now = self.now();
        let (mut next, mut stale) = (Time::NEVER, false);
        for run in self.runs.tallies().iter().filter(|run| run.access.kind == Kind::Load) {
            let word = run.access.operand as u16;
            stale |= self.seen(word, now).is_none_or(|seen| u64::from(seen.value) != run.value());
            next = next.min(self.words.with(|words| words.next_change(word, now)));
        }
        if stale {
            self.runs.unlink(&mut self.hot);
        }
        self.words_cycle = self.common.clock.first_at_or_after(next);
    }

    /// What this CPU sees of the words has changed between two operations.
    pub(crate) fn words_changed(&mut self) {
        self.runs.unlink(&mut self.hot);
    }

    /// Is nothing more to come from this CPU unless something reaches it: ended, asleep, stalled or parked?
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        if self.local.at() != Time::NEVER {
            return false;
        }
        match self.stage {
            Stage::Ended => self.init_instant().is_none(),
            Stage::NotStarted | Stage::Failed => false,
            Stage::Running => {
                let asleep = self.pending.effect == WAITS || self.is_proven();
                let nothing_due = self.attention.is_none() || self.cannot_take_attention();
                asleep && nothing_due && (!self.is_proven() || self.wake_instant().is_none())
            }
        }
    }

    fn cannot_take_attention(&self) -> bool {
        matches!(self.pending.interruptible, Interruptible::Never | Interruptible::InitOnly)
            && !self.latches.holds(Latch::Init)
    }

    /// The instant at which it became settled: of the operation that proved its loop, or of its last effective event.
    pub(crate) fn settled_at(&self) -> Time {
        self.search.found.as_ref().map_or(self.stream.last(), |found| found.at.max(self.stream.last()))
    }

    /// Does this CPU poll (rather than sleep) while settled?
    pub(crate) fn polls(&self) -> bool {
        self.is_proven()
    }

    /// Has the program of this CPU ended?
    pub(crate) fn is_finished(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Has its software done what no machine can?
    pub(crate) fn has_failed(&self) -> bool {
        self.stage == Stage::Failed
    }

    /// Is it skipped rather than executed?
    pub(crate) fn is_parked(&self) -> bool {
        self.search.parked
    }

    /// The locations that the open runs read, in the order of first use: of a CPU that is proven to repeat itself, those
    /// that its loop goes through.
    pub(crate) fn polled(&self) -> Vec<Access> {
        match self.search.found.as_ref() {
            Some(found) => found.runs(self.runs.tallies()).map(|run| run.access).collect(),
            None => self.runs.tallies().iter().map(|run| run.access).collect(),
        }
    }

    /// The open runs: what it has polled since its last effective event, and how often.
    pub(crate) fn open_runs(&self) -> impl Iterator<Item = Event> {
        let clock = self.common.clock;
        self.runs.events(Source::Cpu(self.agent), move |cycle| clock.instant(cycle))
    }

    /// Polls and delays of the open runs: of a CPU that is proven to repeat itself, those before the proof.
    pub(crate) fn operations_in_open_runs(&self) -> u64 {
        let open = || self.runs.tallies().iter().map(Tally::count).sum();
        self.search.found.as_ref().map_or_else(open, |found| found.count)
    }

    /// The line that a CPU in a proven loop waits at: where it reads, or else delays; else the line that it was about to
    /// act on. (Which line a loop is just about to act on depends on when one looks.)
    pub(crate) fn site(&self) -> Option<Site> {
        let Some(found) = self.search.found.as_ref() else { return self.account.site };
        let runs = || found.runs(self.runs.tallies());
        let read = runs().rfind(|run| matches!(run.access.kind, Kind::Load | Kind::RegisterRead));
        read.or(runs().last()).map(|run| run.site).or(self.account.site)
    }

    /// The period of the loop this CPU is proven to be in, in cycles.
    pub(crate) fn proven_period(&self) -> Option<u64> {
        self.search.found.as_ref().map(|found| found.period)
    }

    /// The period that an Open program seems to have, in cycles: never a proof.
    pub(crate) fn suspected_period(&self) -> Option<u64> {
        self.search.suspected
    }

    /// What it does: runs, sleeps, waits.
    pub(crate) fn activity(&self) -> Activity {
        self.activity
    }

    pub(crate) fn is_closed_program(&self) -> bool {
        self.closed
    }

    /// Does an NMI wait that will be taken?
    pub(crate) fn has_latched_nmi(&self) -> bool {
        self.latches.holds(Latch::Nmi)
    }
}
