//! The state of one CPU. During a window nobody else touches it; at a barrier only the engine does.

use super::activity::Activity;
use super::command_pair::CommandPairs;
use super::facts::{Fact, Told};
use super::interrupts::Attention;
use super::local_events::LocalEvent;
use super::operation::Kind;
use super::parking::Parking;
use super::settings::{Common, CpuSettings, Start};
use super::software::{Program, Software};
use crate::apic::{Clocks, LocalApic};
use crate::bus::{Agent, Message, Request};
use crate::choice::Counts;
use crate::memory::{Arrival, Copy, Key};
use crate::stream::{Access, Context, Runs, Source, Stream, What};
use crate::time::{Duration, Time};
use std::collections::{BTreeMap, VecDeque};
use std::panic::Location;
use std::sync::Arc;

/// Something that leaves a CPU.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outgoing {
    /// To the interconnect.
    Bus(Request),
    /// A store, on its way to the master and the others' copies.
    Store { word: u16, value: u32 },
    /// A read-modify-write.
    Modify { word: u16, kind: Kind, operand: u64 },
    /// Software reached a milestone.
    Milestone(u32),
    /// An access to a device.
    Device { access: Access, value: u32 },
}

/// An [`Outgoing`] with its place in the one order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgone {
    pub(crate) key: Key,
    pub(crate) site: &'static Location<'static>,
    pub(crate) what: Outgoing,
}

/// One level of nesting: the program, or a handler on top of what it interrupted.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// What runs.
    pub context: Context,
    /// Since when.
    pub since: Time,
    /// The line that was about to act when this handler came in between.
    pub interrupted: Option<&'static Location<'static>>,
    pub(crate) interrupt_flag: bool,
}

/// A wait that has begun and not ended.
#[derive(Debug, Clone, Copy)]
pub struct OpenWait {
    /// The code that software gave it.
    pub code: u32,
    /// The line that waits.
    pub site: &'static Location<'static>,
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

/// The last write of ICR low that asked for a message.
#[derive(Debug, Clone, Copy)]
pub struct LastSend {
    /// The message.
    pub message: Message,
    /// The line that wrote it.
    pub site: &'static Location<'static>,
}

/// Where a pending interrupt came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// The sender.
    pub from: Agent,
    /// When it was delivered.
    pub at: Time,
}

/// Why a CPU gave control back to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspended {
    /// It has not started.
    NotStarted,
    /// Its next effect is at this cycle (`u64::MAX`: none by itself).
    Until { effect: u64, interruptible: Interruptible },
    /// Its program has ended.
    Finished,
}

/// When an operation lets interrupts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruptible {
    /// At its effect instant, before the effect.
    AtEffect,
    /// At any instant until its effect.
    Throughout,
    /// Not at all.
    Never,
    /// By an INIT only (a CPU in wait-for-SIPI, or a store that does not complete, hears nothing else).
    InitOnly,
}

/// One CPU.
#[repr(C)]
pub(crate) struct Core {
    /// Must be the first field: the boundary finds it at the core's address.
    pub(super) shim: super::boundary::Shim,
    /// Cycle of the last effect.
    pub(super) clock: u64,
    /// First cycle at which an operation must look up: horizon, attention, timer or inbox.
    pub(super) slow_at: u64,
    /// First cycle that must not be executed in this window.
    pub(super) horizon: u64,
    pub(crate) agent: Agent,
    pub(super) common: Arc<Common>,
    pub(super) software: Arc<dyn Software>,
    pub(super) closed: bool,
    pub(crate) apic: LocalApic,
    pub(crate) copy: Copy,
    pub(super) inbox: VecDeque<Arrival>,
    pub(crate) outbox: Vec<Outgone>,
    pub(super) sequence: u64,
    pub(super) interrupt_flag: bool,
    pub(crate) interrupts_off_since: Option<Time>,
    pub(crate) nmi_blocked: bool,
    pub(crate) nmi_latched: bool,
    pub(crate) in_system_management: bool,
    pub(super) smi_latched: bool,
    pub(super) init_latched: bool,
    /// Vector of an external controller that interrupts.
    pub(super) external: Option<u8>,
    /// The operation after an STI lets nothing in.
    pub(super) shadow: bool,
    pub(super) attention: Option<Attention>,
    pub(super) local_events: VecDeque<(Time, LocalEvent)>,
    /// When the next local event is due, the APIC timer's included.
    pub(super) local_at: Time,
    /// Lengths of injected system-management windows that wait for their SMI.
    pub(super) windows: VecDeque<Duration>,
    pub(super) activity: Activity,
    /// The last MSR access faulted.
    pub(super) faulted: bool,
    pub(crate) frames: Vec<Frame>,
    pub(crate) waits: Vec<OpenWait>,
    pub(crate) ended_waits: Vec<WaitRecord>,
    pub(super) suspended: Suspended,
    /// The answer to a read-modify-write or a device access.
    pub(super) answer: Option<u32>,
    /// The store that waits for an idle ICR, and when it became idle.
    pub(crate) stalled_since: Option<Time>,
    /// What the operation waited for came at this instant.
    pub(super) released: Option<Time>,
    pub(crate) site: Option<&'static Location<'static>>,
    pub(super) runs: Runs,
    pub(crate) stream: Stream,
    pub(super) parking: Parking,
    pub(crate) choices: Counts,
    pub(crate) chosen: Vec<(crate::choice::ChoicePoint, u32)>,
    pub(crate) last_send: Option<LastSend>,
    /// Writes of ICR high that wait for their ICR low.
    pub(super) pairs: CommandPairs,
    pub(crate) busy_since: Option<Time>,
    pub(crate) provenance: BTreeMap<u8, Provenance>,
    /// What the conservation checker must know, in order.
    pub(crate) facts: Vec<(Time, Fact)>,
    /// Who the checker takes this APIC for, and the vectors that it knows of.
    pub(super) told: Told,
    /// A write or an acknowledge changed what a bus sample of this CPU may give.
    pub(crate) apic_touched: bool,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("agent", &self.agent).field("clock", &self.now()).finish_non_exhaustive()
    }
}

impl Core {
    pub(crate) fn new(agent: Agent, common: Arc<Common>, settings: &CpuSettings, program: Program) -> Self {
        let clocks = Clocks { core: common.clock, timer: common.timer_clock };
        let mut apic = LocalApic::new(common.generation, common.knobs, agent, settings.apic_id, clocks);
        apic.preset(&settings.apic);
        apic.set_busy_visible(common.busy_visible);
        let mut local_events = settings.local_events.clone();
        local_events.sort_by_key(|&(at, _)| at); // stable: those of one instant keep their order
        let program_frame = Frame {
            context: Context::Program,
            since: Time::ZERO,
            interrupted: None,
            interrupt_flag: settings.interrupts_enabled,
        };
        let mut core = Self {
            shim: super::boundary::Shim::default(),
            clock: 0,
            slow_at: 0,
            horizon: 0,
            agent,
            software: Arc::from(program.software),
            closed: program.closed,
            apic,
            copy: Copy::new(&common.initial_words),
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            sequence: 0,
            interrupt_flag: settings.interrupts_enabled,
            interrupts_off_since: (!settings.interrupts_enabled).then_some(Time::ZERO),
            nmi_blocked: false,
            nmi_latched: false,
            in_system_management: false,
            smi_latched: false,
            init_latched: false,
            external: None,
            shadow: false,
            attention: None,
            local_at: local_events.first().map_or(Time::NEVER, |&(at, _)| at),
            local_events: local_events.into(),
            windows: VecDeque::new(),
            activity: match settings.start {
                Start::Running => Activity::Running,
                Start::WaitForStartUp => Activity::WaitForStartUp,
            },
            faulted: false,
            frames: vec![program_frame],
            waits: Vec::new(),
            ended_waits: Vec::new(),
            suspended: Suspended::NotStarted,
            answer: None,
            stalled_since: None,
            released: None,
            site: None,
            runs: Runs::default(),
            stream: Stream::new(Source::Cpu(agent), common.keep_events),
            parking: Parking::default(),
            choices: Counts::default(),
            chosen: Vec::new(),
            last_send: None,
            pairs: CommandPairs::default(),
            busy_since: None,
            provenance: BTreeMap::new(),
            facts: Vec::new(),
            told: Told::default(),
            apic_touched: false,
            common,
        };
        core.tell_identity(Time::ZERO);
        core
    }

    /// The instant of the last effect.
    pub(crate) fn now(&self) -> Time {
        self.common.clock.instant(self.clock)
    }

    /// The earliest instant at which this CPU may act again by itself or because of what has already reached it.
    pub(crate) fn next_action(&self) -> Time {
        let clock = self.common.clock;
        let local = self.local_cycle();
        let cycle = match self.suspended {
            Suspended::NotStarted => return Time::ZERO,
            Suspended::Finished => {
                // Nothing but an INIT, and what its hardware does by itself, concerns a CPU whose program has ended.
                return self.init_instant().unwrap_or(Time::NEVER).min(self.local_at);
            }
            Suspended::Until { .. } if self.parking.parked.is_some() => {
                return self.wake_instant().unwrap_or(Time::NEVER);
            }
            Suspended::Until { effect, interruptible } => {
                effect.min(local).min(self.interrupt_cycle(effect, interruptible))
            }
        };
        if cycle == u64::MAX { Time::NEVER } else { clock.instant(cycle) }
    }

    /// Lets the CPU run effects before `end`.
    pub(crate) fn open_window(&mut self, end: Time) {
        self.horizon = self.common.clock.first_at_or_after(end);
        self.refresh_slow();
    }

    /// Is nothing more to come from this CPU unless something reaches it: ended, asleep, stalled or parked?
    pub(crate) fn is_settled(&self) -> bool {
        let nothing_due = self.attention.is_none() || self.cannot_take_attention();
        if self.local_at != Time::NEVER {
            return false;
        }
        match self.suspended {
            Suspended::Finished => self.init_instant().is_none(),
            Suspended::NotStarted => false,
            Suspended::Until { effect, .. } => {
                let asleep = effect == u64::MAX || self.parking.period.is_some();
                asleep && nothing_due && self.wake_instant().is_none()
            }
        }
    }

    fn cannot_take_attention(&self) -> bool {
        matches!(self.suspended, Suspended::Until { interruptible: Interruptible::Never | Interruptible::InitOnly, .. })
            && !self.init_latched
    }

    /// Does this CPU poll (rather than sleep) while settled?
    pub(crate) fn polls(&self) -> bool {
        self.parking.period.is_some()
    }

    /// Has the program of this CPU ended?
    pub(crate) fn is_finished(&self) -> bool {
        self.suspended == Suspended::Finished
    }

    pub(crate) fn is_parked(&self) -> bool {
        self.parking.parked.is_some()
    }

    /// The locations that the open runs read, in the order of first use: what a settled CPU polls.
    pub(crate) fn polled(&self) -> Vec<Access> {
        self.runs.tallies().iter().map(|run| run.access).collect()
    }

    /// The line that a CPU in a proven loop waits at: where it reads, or else delays. Which line it is just about to
    /// act on depends on when one looks; this does not.
    pub(crate) fn waiting_site(&self) -> Option<&'static Location<'static>> {
        let runs = self.runs.tallies();
        let read = runs.iter().rfind(|run| matches!(run.access.kind, Kind::Load | Kind::RegisterRead));
        let run = self.parking.period.and(read.or(runs.last()))?;
        Some(run.site)
    }

    /// The period of the loop this CPU is proven to be in, in cycles.
    pub(crate) fn proven_period(&self) -> Option<u64> {
        self.parking.period
    }

    /// The period that an Open program seems to have, in cycles: never a proof.
    pub(crate) fn suspected_period(&self) -> Option<u64> {
        self.parking.suspected
    }

    /// What it does: runs, sleeps, waits.
    pub(crate) fn activity(&self) -> Activity {
        self.activity
    }

    pub(crate) fn is_closed_program(&self) -> bool {
        self.closed
    }

    /// A value of another CPU's store or read-modify-write is on its way: it is seen from `arrival.at` on.
    pub(crate) fn receive(&mut self, arrival: Arrival) {
        let place = self.inbox.partition_point(|other| (other.at, other.key) <= (arrival.at, arrival.key));
        self.inbox.insert(place, arrival);
        self.note_arrival(&arrival);
        self.refresh_slow();
    }

    /// The same, seen now: for an executor that keeps arrivals until they are due.
    pub(crate) fn see(&mut self, arrival: Arrival) {
        if self.is_parked() {
            return self.receive(arrival); // its accesses before this instant are not executed yet
        }
        self.note_arrival(&arrival);
        self.apply_inbox(arrival.at);
        self.copy.take(arrival.word, arrival.value, arrival.key);
    }

    /// Something will touch this skipped CPU at `now`: its accesses before that must be executed first.
    pub(crate) fn catch_up(&mut self, now: Time) {
        self.parking.wake(now);
    }

    pub(super) fn note_arrival(&mut self, arrival: &Arrival) {
        if self.reads_while_proven(arrival.word) && self.copy.would_change(arrival) {
            self.parking.wake(arrival.at);
        }
    }

    fn reads_while_proven(&self, word: u16) -> bool {
        let access = Access { kind: Kind::Load, operand: u32::from(word) };
        self.parking.period.is_some() && self.runs.tallies().iter().any(|run| run.access == access)
    }

    /// Applies arrivals due by `time`.
    pub(super) fn apply_inbox(&mut self, time: Time) {
        while let Some(arrival) = self.inbox.front().copied()
            && arrival.at <= time
        {
            self.inbox.pop_front();
            self.copy.take(arrival.word, arrival.value, arrival.key);
        }
        self.refresh_slow();
    }

    /// The old value of this CPU's read-modify-write, from the master.
    pub(crate) fn modify_done(&mut self, word: u16, old: u32, new: u32, key: Key) {
        self.answer = Some(old);
        self.copy.take(word, new, key);
    }

    /// Something about the local APIC that software can see has changed at `now`.
    pub(crate) fn apic_changed(&mut self, now: Time) {
        self.refresh_attention(now);
        if self.parking.period.is_some() {
            self.parking.wake(now);
        }
    }

    /// Delivery status became idle.
    pub(crate) fn icr_idle(&mut self, now: Time) {
        self.busy_since = None;
        if self.stalled_since.is_some() {
            self.release(now);
        }
    }

    /// What the suspended operation waits for has come: it takes effect at `now`.
    pub(super) fn release(&mut self, now: Time) {
        self.released = Some(now);
        if let Suspended::Until { effect, .. } = &mut self.suspended {
            *effect = self.common.clock.first_at_or_after(now);
        }
        self.refresh_slow();
    }

    /// Appends an effective event: closes the open runs first, and starts looking for recurrence anew.
    pub(crate) fn effective(&mut self, time: Time, site: Option<&'static Location<'static>>, what: What) {
        self.close_runs(time);
        self.stream.push(time, site, what);
    }

    pub(super) fn close_runs(&mut self, time: Time) {
        let clock = self.common.clock;
        self.runs.close(&mut self.stream, |cycle| clock.instant(cycle));
        self.stream.touch(time);
        self.parking.restart(&mut self.shim);
    }

    /// Sends `what` out at the instant of the last effect; nothing else may be executed past its first effect.
    pub(super) fn send_out(&mut self, site: &'static Location<'static>, what: Outgoing) -> Key {
        let now = self.now();
        let key = Key { time: now, source: self.agent, sequence: self.sequence };
        self.sequence += 1;
        self.outbox.push(Outgone { key, site, what });
        let end = self.common.clock.first_at_or_after(now + self.common.lookahead);
        self.horizon = self.horizon.min(end);
        self.refresh_slow();
        key
    }
}
