//! The state of one CPU. During a window nobody else touches it; at a barrier only the engine does.
//!
//! Here are its parts and the few things that every rule does: know the time, record an event, send something out. The
//! rules themselves are in the files around it, each of which adds methods and is used by none of these parts.

use super::account::Account;
use super::activity_kind::{Activity, Entry};
use super::facts::{Fact, Told};
use super::latches::{Attention, Latches};
use super::local_events::{LocalSources, Pin};
use super::nesting::Nesting;
use super::operation::Kind;
use super::pending::Pending;
use super::search::Search;
use super::settings::{Common, CpuSettings, Start};
use super::store_buffer::StoreBuffer;
use crate::RunError;
use crate::apic::{Clocks, LocalApic};
use crate::bus::{Agent, Request};
use crate::coroutine::{Hot, Lent, Site};
use crate::memory::{Key, OwnWrites, Words};
use crate::slots::Slots;
use crate::stream::{Access, Runs, Source, Stream, What};
use crate::time::{ClockDomain, Time};
use std::sync::Arc;

/// Something that leaves a CPU.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outgoing {
    /// To the interconnect.
    Bus(Request),
    /// A store, on its way to the master and to what others see.
    Store { word: u16, value: u32 },
    /// A read-modify-write.
    Modify { word: u16, kind: Kind, operand: u64 },
    /// Software reached a milestone.
    Milestone(u32),
    /// An access to a device.
    Device { access: Access, value: u32 },
    /// A pin of this CPU is driven.
    Pin { target: Agent, pin: Pin },
}

/// An [`Outgoing`] with its place in the one order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgone {
    pub(crate) key: Key,
    pub(crate) site: Site,
    pub(crate) what: Outgoing,
}

/// What is special about the boundary before the next operation: a bit for each, most of the time nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Boundary(u8);

impl Boundary {
    /// The operation after an STI lets nothing in.
    pub(super) const SHADOW: u8 = 1;
    /// Stores wait in the store buffer: an operation may order them.
    pub(super) const STORES: u8 = 2;
    /// A task priority is on its way to the APIC: an operation may order it.
    pub(super) const PRIORITY: u8 = 4;

    #[inline(always)]
    pub(super) const fn is_special(self) -> bool {
        self.0 != 0
    }

    #[inline(always)]
    pub(super) const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    #[inline(always)]
    pub(super) const fn set(&mut self, bit: u8, on: bool) {
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// Of a run that is longer than one access.
#[inline(never)]
const fn last_instant(clock: &ClockDomain, cycle: u64) -> Time {
    clock.instant(cycle)
}

/// How far a CPU has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not started.
    NotStarted,
    /// An operation is under way.
    Running,
    /// Its program has ended.
    Ended,
    /// Its software did what no machine can.
    Failed,
}

/// One CPU.
#[repr(C)]
pub(crate) struct Core {
    /// Must be the first field: the boundary finds it at the core's address.
    pub(super) hot: Hot,
    /// What the CPUs see of the shared words.
    pub(super) words: Lent<Words>,
    pub(super) own_writes: OwnWrites,
    pub(super) stores: StoreBuffer,
    /// First cycle that must not be executed in this window.
    pub(super) horizon: u64,
    /// First cycle at which not even a poll may be executed: later than the horizon where the interconnect only repeats
    /// itself, so that a poll sees nothing new.
    pub(super) poll_horizon: u64,
    /// Something may be open that an effective event closes: runs, a search for a recurrence, a window that is longer for
    /// polls.
    pub(super) open_ends: bool,
    /// First cycle at which a word that an open run reads may change, and the version of the words for which that holds.
    pub(super) words_cycle: u64,
    pub(super) words_version: u64,
    pub(crate) agent: Agent,
    pub(super) stage: Stage,
    /// What it runs when it starts.
    pub(super) entry: Entry,
    /// The frames of software are being unwound: by an INIT, or because the run is over.
    pub(super) unwinding: bool,
    /// Operations do not begin as they should: frames are unwound, one was dropped, or software has failed.
    pub(super) out_of_order: bool,
    /// The run is over.
    pub(super) over: bool,
    pub(super) closed: bool,
    pub(super) activity: Activity,
    pub(super) interrupt_flag: bool,
    pub(super) boundary: Boundary,
    pub(crate) nmi_blocked: bool,
    pub(super) in_system_management: bool,
    /// The last MSR access faulted.
    pub(super) faulted: bool,
    /// A write or an acknowledge changed what a bus sample of this CPU may give, last at this instant.
    pub(crate) apic_touched: Option<Time>,
    pub(super) pending: Pending,
    pub(crate) nesting: Nesting,
    pub(super) latches: Latches,
    pub(super) attention: Option<Attention>,
    pub(super) local: LocalSources,
    pub(crate) apic: LocalApic,
    /// The answer to a read-modify-write or a device access, or the vector of a start-up message.
    pub(super) answer: Option<u32>,
    /// What the operation waited for came at this instant.
    pub(super) released: Option<Time>,
    pub(super) runs: Runs,
    pub(super) search: Search,
    pub(crate) stream: Stream,
    pub(crate) outbox: Slots<Outgone>,
    pub(super) sequence: u64,
    /// What the conservation checker must know, in order.
    pub(crate) facts: Slots<(Time, Fact)>,
    /// Who the checker takes this APIC for, and the vectors that it knows of.
    pub(super) told: Told,
    /// Its next action may be another one since the engine noted it.
    pub(crate) stirred: bool,
    /// The engine counts it among those that are skipped.
    pub(crate) counts_as_parked: bool,
    /// Its id or mode may be another one since the engine asked last.
    pub(crate) identity_changed: bool,
    /// Operations without time at the clock's instant.
    pub(super) still: (u64, u32),
    /// The first operation that was dropped while software's own panic unwound its frames.
    pub(super) dropped: Option<Site>,
    pub(crate) failure: Option<RunError>,
    pub(crate) account: Account,
    pub(super) common: Arc<Common>,
    now: (u64, Time),
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("agent", &self.agent).field("clock", &self.hot.clock).finish_non_exhaustive()
    }
}

impl Core {
    pub(crate) fn new(agent: Agent, common: Arc<Common>, settings: &CpuSettings, closed: bool) -> Self {
        let clocks = Clocks { core: common.clock, timer: common.timer_clock };
        let mut apic = LocalApic::new(common.generation, common.knobs, agent, settings.apic_id, clocks);
        apic.preset(&settings.apic);
        apic.set_busy_visible(common.busy_visible);
        let interrupt_flag = settings.interrupts_enabled;
        Self {
            hot: Hot::default(),
            words: Lent::default(),
            own_writes: OwnWrites::default(),
            stores: StoreBuffer::default(),
            horizon: 0,
            poll_horizon: 0,
            open_ends: false,
            words_cycle: u64::MAX,
            words_version: u64::MAX,
            agent,
            stage: Stage::NotStarted,
            entry: match settings.start {
                Start::Running => Entry::Program,
                Start::WaitForStartUp => Entry::Wait,
            },
            unwinding: false,
            out_of_order: false,
            over: false,
            closed,
            activity: match settings.start {
                Start::Running => Activity::Running,
                Start::WaitForStartUp => Activity::WaitForStartUp,
            },
            interrupt_flag,
            boundary: Boundary::default(),
            nmi_blocked: false,
            in_system_management: false,
            faulted: false,
            apic_touched: None,
            pending: Pending::none(),
            nesting: Nesting::default(),
            latches: Latches::default(),
            attention: None,
            local: LocalSources::new(&settings.local_events, common.clock),
            apic,
            answer: None,
            released: None,
            runs: Runs::default(),
            search: Search::new(common.proofs),
            stream: Stream::new(Source::Cpu(agent)),
            outbox: Slots::default(),
            sequence: 0,
            facts: Slots::default(),
            told: Told::default(),
            stirred: true,
            counts_as_parked: false,
            identity_changed: true,
            still: (0, 0),
            dropped: None,
            failure: None,
            account: Account { interrupts_off_since: (!interrupt_flag).then_some(Time::ZERO), ..Account::default() },
            common,
            now: (0, Time::ZERO),
        }
    }

    /// Something takes effect at this cycle: gives its instant.
    #[inline(always)]
    pub(super) fn go_to(&mut self, cycle: u64) -> Time {
        self.hot.clock = cycle;
        self.now = (cycle, self.common.clock.instant(cycle));
        self.now.1
    }

    /// The instant of the clock is `now`.
    #[inline(always)]
    pub(super) const fn set_now(&mut self, now: Time) {
        self.now = (self.hot.clock, now);
    }

    /// The instant of the last effect.
    #[inline]
    pub(super) fn now(&mut self) -> Time {
        if self.now.0 != self.hot.clock {
            self.now = (self.hot.clock, self.common.clock.instant(self.hot.clock));
        }
        self.now.1
    }

    /// Appends an effective event: closes the open runs first, and starts looking for recurrence anew.
    ///
    /// # Panics
    /// If it lies before an event of this CPU that has been recorded.
    #[inline(always)]
    pub(crate) fn effective(&mut self, time: Time, site: Option<Site>, what: What) {
        self.begin_effective(time, || what);
        self.stream.push(time, site, what);
    }

    /// One or more effective events are about to be appended at `time`, like `what` for one.
    ///
    /// # Panics
    /// If they lie before an event of this CPU that has been recorded.
    #[inline(always)]
    pub(super) fn begin_effective(&mut self, time: Time, what: impl Fn() -> What) {
        if time < self.stream.last() {
            self.lies_before_its_cause(time, std::hint::black_box(what()));
        }
        self.close_runs(time);
    }

    /// Appends one more effective event at an instant at which they have [begun](Self::begin_effective).
    #[inline(always)]
    pub(super) fn also_effective(&mut self, time: Time, site: Option<Site>, what: What) {
        debug_assert!(time == self.stream.last() && !self.open_ends, "nothing is open after an effective event");
        self.stream.push(time, site, what);
    }

    #[cold]
    fn lies_before_its_cause(&self, time: Time, what: What) -> ! {
        panic!("CPU{}: {what:?} at {time} us lies before its cause", self.agent)
    }

    /// Something effective happens at `time`: what was polled until now is told.
    #[inline]
    pub(super) fn close_runs(&mut self, time: Time) {
        if self.open_ends {
            self.close_ends(time);
        }
        self.stream.touch(time);
        self.search.count_anew(&mut self.hot);
    }

    #[inline(never)]
    fn close_ends(&mut self, time: Time) {
        self.open_ends = false;
        if !self.runs.is_empty() {
            self.tell_runs(time);
        }
        self.search.restart(&mut self.hot);
        self.end_of_quiet();
    }

    fn tell_runs(&mut self, at: Time) {
        let clock = &self.common.clock;
        self.runs.close(&mut self.hot, &mut self.stream, at, |cycle| last_instant(clock, cycle));
        self.words_cycle = u64::MAX;
    }

    /// This CPU did something that the interconnect may see: from now on polls, too, end with the window.
    #[inline]
    pub(super) fn end_of_quiet(&mut self) {
        if self.poll_horizon > self.horizon {
            self.poll_horizon = self.horizon;
            self.refresh_slow();
        }
    }

    /// Sends `what` out at the instant of the last effect; nothing may be executed past the first effect on this CPU.
    #[inline(always)]
    pub(super) fn send_out(&mut self, site: Site, what: Outgoing) -> Key {
        let now = self.now();
        self.send_out_at(now, site, what)
    }

    /// The same, at an instant after the last effect.
    #[inline(always)]
    pub(super) fn send_out_at(&mut self, now: Time, site: Site, what: Outgoing) -> Key {
        let key = Key { time: now, source: self.agent, sequence: self.sequence };
        self.sequence += 1;
        self.outbox.push(Outgone { key, site, what });
        let span =
            if matches!(what, Outgoing::Store { .. }) { self.common.until_answered } else { self.common.lookahead };
        self.end_window_by(now + span);
        key
    }

    /// Nothing may be executed at or after `end` in this window.
    #[inline(always)]
    pub(super) fn end_window_by(&mut self, end: Time) {
        let end = self.common.clock.first_at_or_after(end);
        if end < self.poll_horizon {
            self.poll_horizon = end;
            self.horizon = self.horizon.min(end);
            self.hot.slow_at = self.hot.slow_at.min(end); // or still to be worked out
        }
    }

    /// Software did what no machine can: nothing more comes from this CPU.
    pub(super) fn fail(&mut self, error: RunError) {
        self.stage = Stage::Failed;
        self.out_of_order = true;
        self.refresh_slow();
        self.failure.get_or_insert(error);
    }

    /// Something has changed that [`Core::slow_at`] rests on: the next operation is looked at.
    #[inline]
    pub(super) const fn refresh_slow(&mut self) {
        self.hot.slow_at = 0;
        self.stirred = true;
    }

    /// First cycle at which an operation must take the slow way. Worked out when it is asked for: many things change it
    /// between two operations.
    #[inline]
    pub(super) fn slow_at(&mut self) -> u64 {
        if self.hot.slow_at == 0 {
            let soon =
                self.attention.is_some() || self.boundary.is_special() || self.released.is_some() || self.out_of_order;
            if !soon {
                self.hot.slow_at = self.next_change();
            }
        }
        self.hot.slow_at
    }

    #[inline(always)]
    pub(super) fn next_change(&self) -> u64 {
        let change = self.words_cycle.min(self.search.wake_cycle());
        self.poll_horizon.min(self.local.cycle()).min(change)
    }
}
