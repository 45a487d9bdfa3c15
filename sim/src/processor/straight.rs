//! Straight ways: what a CPU mostly does, where nothing is special. Each looks first at everything that would make it special;
//! then it does what the way of all operations ([`Engine::begin`]) would do, in a few instructions, calls nothing, and cannot
//! fail. Nothing is ever pending here but a HLT.

use super::account::LastSend;
use super::activity_kind::Activity;
use super::command_pairs::HighWrite;
use super::core::{Core, Outgoing, Outgone};
use super::effects::registers::{EOI, ICR_HIGH, ICR_LOW};
use super::facts::Fact;
use super::handlers::NESTING_MAX;
use super::latches::{Attention, Reason};
use super::operation::{Interruptible, Kind, Operation};
use super::pending::{Effect, Pending, Phase};
use crate::apic::LocalApic;
use crate::bus::Request;
use crate::coroutine::{
    Chosen, Engine, KINDS, Site, Somehow, Step, Steps, StraightWay, Turn, Way, begin, begin_chosen, begin_straight,
};
use crate::memory::{Key, Written};
use crate::stream::{Access, Context, What};
use crate::time::{Duration, Time};
use std::marker::PhantomData;

const _: () = assert!(Kind::COUNT < KINDS, "an inert operation is of no kind");

/// Who begins the operations of a core. A kind with a straight way [says so](Kind::is_straight).
pub(super) const STEPS: &Steps = &Steps::all(begin::<Core, Somehow>)
    .with(Kind::Load as usize, begin::<Core, Load>)
    .with(Kind::RegisterWrite as usize, begin_chosen::<WriteRegister>)
    .with(Kind::Store as usize, begin_straight::<Core, Straight<Store>, AfterRuns<Store>>)
    .with(Kind::Halt as usize, begin_straight::<Core, Straight<Halt>, AfterRuns<Halt>>);

struct Load;
struct WriteRegister;
struct Store;
struct Halt;

/// When an effect comes.
#[derive(Debug, Clone, Copy)]
struct When {
    cycle: u64,
    now: Time,
}

/// An effect that may be straight.
trait Effective {
    /// When it comes, if nothing is special but that it may close runs.
    fn look(core: &mut Core, operand: u32, value: u64) -> Option<When>;
    /// It comes; all runs are closed.
    fn act(core: &mut Core, when: When, operand: u32, value: u64, site: Site) -> Turn;
}

/// The way of an effect that closes no runs.
struct Straight<E>(PhantomData<E>);

impl<E: Effective> StraightWay<Core> for Straight<E> {
    #[inline(always)]
    fn begin(core: &mut Core, operation: u64, value: u64, site: Site) -> Option<Turn> {
        if core.open_ends {
            return None;
        }
        let when = E::look(core, operand(operation), value)?;
        Some(E::act(core, when, operand(operation), value, site))
    }
}

/// The way of one that may close runs; else it is the way of all.
struct AfterRuns<E>(PhantomData<E>);

impl<E: Effective> Way<Core> for AfterRuns<E> {
    #[inline(always)]
    fn begin(core: &mut Core, operation: u64, value: u64, site: Site) -> Turn {
        if core.open_ends
            && let Some(when) = E::look(core, operand(operation), value)
        {
            core.close_runs(when.now);
            return E::act(core, when, operand(operation), value, site);
        }
        core.begin(operation, value, site)
    }
}

impl Way<Core> for Load {
    #[inline(always)]
    fn begin(core: &mut Core, operation: u64, value: u64, site: Site) -> Turn {
        let (before, cost) = (core.hot.clock, core.at_once(Kind::Load));
        let effect = before + cost;
        let word = operand(operation) as u16;
        // A poll: `slow_at` is no later than its horizon.
        if core.hot.left <= 1 || effect >= core.slow_at() || !core.is_plain(word) {
            return core.begin(operation, value, site);
        }
        core.hot.left -= 1;
        core.account.site = Some(site);
        let now = core.go_to(effect);
        let operation = Operation::new(Kind::Load, u32::from(word));
        Turn::done(core.load_word(&Effect { operation, value, site, cost }, before, now))
    }
}

impl Chosen for WriteRegister {
    #[inline(always)]
    fn choose(operation: u64) -> Step {
        const EOI_WRITE: u64 = Operation::new(Kind::RegisterWrite, EOI).pack();
        const ICR_HIGH_WRITE: u64 = Operation::new(Kind::RegisterWrite, ICR_HIGH).pack();
        const ICR_LOW_WRITE: u64 = Operation::new(Kind::RegisterWrite, ICR_LOW).pack();
        match operation {
            EOI_WRITE => begin_straight::<Core, Straight<Write<EOI>>, AfterRuns<Write<EOI>>>,
            ICR_HIGH_WRITE => begin_straight::<Core, Straight<Write<ICR_HIGH>>, AfterRuns<Write<ICR_HIGH>>>,
            ICR_LOW_WRITE => begin_straight::<Core, Straight<Write<ICR_LOW>>, AfterRuns<Write<ICR_LOW>>>,
            _ => begin::<Core, Somehow>,
        }
    }
}

/// A write of one of those.
struct Write<const REGISTER: u32>;

impl<const REGISTER: u32> Effective for Write<REGISTER> {
    #[inline(always)]
    fn look(core: &mut Core, _: u32, value: u64) -> Option<When> {
        let when = core.look_straight(core.hot.clock + core.at_once(Kind::RegisterWrite))?;
        let is_plain = match REGISTER {
            EOI => core.apic.is_service_plain(),
            ICR_HIGH => core.apic.has_page() && core.can_begin_pair(),
            _ => core.apic.is_plain_command(value as u32) && core.outbox.has_room() && core.can_end_pair(),
        };
        (is_plain && !core.is_something_requested()).then_some(when)
    }

    #[inline(always)]
    fn act(core: &mut Core, when: When, _: u32, value: u64, site: Site) -> Turn {
        let (now, word) = (when.now, value as u32);
        core.go_straight(when, site);
        let access = Access { kind: Kind::RegisterWrite, operand: REGISTER };
        core.append(now, What::Write { access, value: u64::from(word) });
        core.apic_touched = Some(now);
        match REGISTER {
            EOI => core.apic.end_plain_service(),
            ICR_HIGH => {
                core.apic.write_destination(word);
                core.begin_pair(word);
            }
            _ => core.command(word, site, now),
        }
        Turn::done(0)
    }
}

impl Effective for Store {
    #[inline(always)]
    fn look(core: &mut Core, operand: u32, _: u64) -> Option<When> {
        let when = core.look_straight(core.hot.clock + core.at_once(Kind::Store))?;
        let word = operand as u16;
        (core.is_plain(word) && core.outbox.has_room() && core.own_writes.is_only(word)).then_some(when)
    }

    #[inline(always)]
    fn act(core: &mut Core, when: When, operand: u32, value: u64, site: Site) -> Turn {
        core.go_straight(when, site);
        let word = operand as u16;
        let access = Access { kind: Kind::Store, operand: u32::from(word) };
        core.append(when.now, What::Write { access, value });
        let value = value as u32;
        let key = core.send_straight(when.now, core.common.until_answered, site, |_| Outgoing::Store { word, value });
        core.own_writes.note_again(Written { value, key: Some(key) });
        Turn::done(0)
    }
}

impl Effective for Halt {
    #[inline(always)]
    fn look(core: &mut Core, _: u32, _: u64) -> Option<When> {
        let when = core.look_straight(core.hot.clock)?;
        let acts_by_itself = core.local.cycle() < core.poll_horizon;
        let is_plain = core.still.0 != when.cycle && !acts_by_itself && !core.apic.timer_heeds_sleep();
        is_plain.then_some(when)
    }

    #[inline(always)]
    fn act(core: &mut Core, when: When, _: u32, _: u64, site: Site) -> Turn {
        core.still = (when.cycle, 1);
        core.go_straight(when, site);
        core.pending = Pending::halted(site, when.cycle);
        core.activity = Activity::Halted;
        core.append(when.now, What::Halted);
        Turn::SUSPEND
    }
}

const fn operand(operation: u64) -> u32 {
    (operation >> 8) as u32
}

impl Core {
    /// Core cycles of an operation of `kind` that is done at once.
    #[inline(always)]
    fn at_once(&self, kind: Kind) -> u64 {
        self.common.manners[kind as usize].at_once
    }

    /// When an effect at `cycle` comes, if it comes next, in this window, without a look of the search for a recurrence, and with
    /// nobody who wants to hear of it. (The search counts no operation that ends what it counts.)
    #[inline(always)]
    fn look_straight(&mut self, cycle: u64) -> Option<When> {
        let is_next = self.hot.left > 1 && cycle < self.slow_at() && cycle < self.horizon;
        if !is_next || !self.stream.is_untold(&What::Halted) {
            return None;
        }
        let now = self.common.clock.early_instant(cycle)?;
        (now >= self.stream.last()).then_some(When { cycle, now })
    }

    /// Is anything latched, or requested of the core by its APIC? (If it were to be taken, the next effect would not be straight.)
    #[inline(always)]
    fn is_something_requested(&self) -> bool {
        self.latches.any() || self.apic.pending_vector().is_some()
    }

    /// Appends an effective event at `time`: nothing is open that it closes, nothing lies after it, and nobody wants it.
    #[inline(always)]
    fn append(&mut self, time: Time, what: What) {
        debug_assert!(time >= self.stream.last() && !self.open_ends, "{what:?} at {time} us is not straight");
        self.stream.push_untold(time, what);
    }

    /// An effect of the line `site` comes.
    #[inline(always)]
    fn go_straight(&mut self, When { cycle, now }: When, site: Site) {
        self.account.site = Some(site);
        self.hot.clock = cycle;
        self.search.count_anew(&mut self.hot);
        self.set_now(now);
    }

    /// A plain command has been written to ICR low.
    #[inline(always)]
    fn command(&mut self, value: u32, site: Site, now: Time) {
        let message = self.apic.write_plain_command(value, now);
        self.account.busy_since = self.account.busy_since.or(Some(now));
        self.account.last_send = Some(LastSend { message: *self.apic.sent_last(), site });
        self.account.pairs.open.drop_last();
        self.append(now, What::Sent(message));
        self.send_straight(now, self.common.lookahead, site, |apic| Outgoing::Bus(Request::Message(*apic.sent_last())));
    }

    /// See [`command_pairs`](super::command_pairs): no other destination stands there, and no pulse is to come.
    #[inline(always)]
    fn can_begin_pair(&self) -> bool {
        let pairs = &self.account.pairs;
        pairs.open.is_empty() && pairs.open.has_room() && !pairs.armed
    }

    #[inline(always)]
    fn begin_pair(&mut self, value: u32) {
        let level = self.nesting.level();
        if let Some(place) = self.account.pairs.open.next_place() {
            *place = HighWrite { level, destination: value >> 24, overwritten: None };
        }
    }

    /// Nobody wrote another destination since the code that sends now wrote its own.
    #[inline(always)]
    fn can_end_pair(&self) -> bool {
        let level = self.nesting.level();
        self.account.pairs.open.last().is_none_or(|high| high.level == level && high.overwritten.is_none())
    }

    /// Sends `what` out at the instant of the last effect; there is room. What others do because of it takes `span` to get here.
    #[inline(always)]
    fn send_straight(
        &mut self,
        now: Time,
        span: Duration,
        site: Site,
        what: impl FnOnce(&LocalApic) -> Outgoing,
    ) -> Key {
        let key = Key { time: now, source: self.agent, sequence: self.sequence };
        self.sequence += 1;
        if let Some(place) = self.outbox.next_place() {
            *place = Outgone { key, site, what: what(&self.apic) };
        }
        self.end_window_by(now + span);
        key
    }

    /// The handler of an interrupt has returned to the HLT that it ended.
    #[inline(always)]
    pub(super) fn return_straight(&mut self) -> Option<Turn> {
        let left = self.hot.clock + u64::from(self.common.manners[Kind::Iret as usize].cost);
        if left >= self.slow_at()
            || left >= self.horizon
            || self.open_ends
            || self.is_something_requested()
            || self.nmi_blocked
            || !self.account.waits.is_empty()
            || !self.stream.is_untold(&What::Left(Context::Nmi))
        {
            return None;
        }
        let now = self.common.clock.early_instant(left).filter(|&now| now >= self.stream.last())?;
        let handler = self.nesting.handlers.last()?;
        let Context::Interrupt(vector) = handler.context else { return None };
        let Pending { operation, phase, site, .. } = handler.interrupted;
        if operation.kind != Kind::Halt || phase != Phase::Halted || !handler.interrupt_flag {
            return None;
        }
        self.nesting.handlers.drop_last();
        self.hot.clock = left;
        self.search.count_anew(&mut self.hot);
        self.append(now, What::Left(Context::Interrupt(vector)));
        self.interrupt_flag = true;
        self.account.interrupts_off_since = None;
        self.account.site = site.or(self.account.site);
        Some(Turn::done(0))
    }

    /// What a window mostly opens for: an interrupt of the local APIC ends a HLT, before everything else.
    #[inline(always)]
    pub(super) fn interrupt_straight(&mut self) -> Option<Turn> {
        let Some(Attention { reason: Reason::Interrupt(vector), since, cycle }) = self.attention else { return None };
        if self.pending.interruptible != Interruptible::Throughout
            || self.activity != Activity::Halted
            || self.search.parked
            || self.released.is_some()
            || self.boundary.is_special()
            || self.out_of_order
            || self.latches.any()
            || self.open_ends
            || !self.stream.is_unheard()
        {
            return None;
        }
        let cycle = cycle.max(self.hot.clock);
        if cycle > self.pending.effect || cycle >= self.local.cycle() || cycle >= self.horizon {
            return None;
        }
        let now = self.common.clock.early_instant(cycle).filter(|&now| now >= self.stream.last() && now >= since)?;
        let is_plain = self.apic.pending_vector() == Some(vector)
            && self.account.is_last_request(vector)
            && !self.apic.timer_heeds_sleep()
            && (!self.common.watched || self.facts.has_room())
            && self.nesting.level() < NESTING_MAX;
        if !is_plain {
            return None;
        }
        let context = Context::Interrupt(vector);
        let (interrupt_flag, interrupted) = (self.interrupt_flag, self.pending);
        let handler = self.nesting.handlers.next_place()?;
        handler.interrupted = interrupted;
        handler.interrupted.entered_at = Some(cycle);
        (handler.context, handler.since, handler.interrupt_flag) = (context, now, interrupt_flag);
        self.hot.clock = cycle + self.entry_cost();
        self.search.count_anew(&mut self.hot);
        self.append(now, What::Woken);
        self.append(now, What::Entered(context));
        self.apic.acknowledge();
        self.account.provenance.pop();
        self.requests_are_told();
        if self.common.watched
            && let Some(place) = self.facts.next_place()
        {
            *place = (now, Fact::Taken(vector));
        }
        self.activity = Activity::Running;
        self.apic_touched = Some(now);
        self.set_interrupt_flag(false, now);
        self.attention = None;
        (self.hot.slow_at, self.stirred) = (self.next_change(), true);
        Some(Turn::handle(context.code()))
    }
}
