//! Operation by operation: how one begins, what may come before its effect, and what happens then.
//!
//! Everything here runs on the engine's stack. What must happen on the software's side is the [`Turn`] that comes back.

use super::activity_kind::{Entry, RESET_VECTOR};
use super::core::{Boundary, Core, Stage};
use super::handlers::AfterHalt;
use super::latches::Reason;
use super::operation::{Kind, Manner, Operation};
use super::pending::{LATEST, Pending, WAITS};
use crate::RunError;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
use crate::coroutine::Steps;
use crate::coroutine::{Engine, Hot, INERT, Lent, Site, Turn};
use crate::memory::Words;
use crate::stream::Context;
use crate::time::Duration;
use std::any::Any;

/// Operations without time that software may do at one instant.
const STILL_MAX: u32 = 1 << 20;

impl Engine for Core {
    type Lent = Words;
    #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
    const STEPS: &'static Steps = super::straight::STEPS;

    fn lent(&self) -> &Lent<Words> {
        &self.words
    }

    fn hot(&mut self) -> &mut Hot {
        &mut self.hot
    }

    fn begin(&mut self, operation: u64, value: u64, site: Site) -> Turn {
        self.hot.left = self.hot.left.saturating_sub(1);
        if self.hot.left == 0 {
            return self.begin_seen(operation, value, site);
        }
        self.begin_slowly(operation, value, site, false)
    }

    #[inline(always)]
    fn handler_returned_straight(&mut self) -> Option<Turn> {
        self.return_straight()
    }

    fn begin_watched(&mut self, operation: u64, value: u64, site: Site) -> Turn {
        if self.search.differs(&self.hot, operation, site)
            && let Some(result) = self.runs.repeat(&mut self.hot, operation, value, site)
        {
            self.hot.left -= 1;
            return Turn::done(result);
        }
        self.hot.left = self.hot.left.saturating_sub(1);
        self.begin_seen(operation, value, site)
    }

    fn exhausted(&mut self, site: Site) -> Turn {
        let (cpu, at) = (self.agent, self.now());
        self.fail(RunError::StackExhausted { cpu, at, site: Some(site) });
        Turn::SUSPEND
    }

    #[inline(always)]
    fn handler_returned(&mut self) -> Turn {
        let left = self.hot.clock + u64::from(self.common.manners[Kind::Iret as usize].cost);
        if left >= self.slow_at() || left >= self.horizon {
            return self.return_step_by_step();
        }
        self.hot.clock = left; // nothing comes before it
        match self.leave_to_halt() {
            Some(AfterHalt::Over) => Turn::done(0),
            Some(AfterHalt::Pending) => self.go_on_in_window(),
            None => self.return_at_once(),
        }
    }

    #[inline(always)]
    fn advance(&mut self) -> Turn {
        self.look_at_words();
        if self.stage != Stage::Running {
            return self.advance_another();
        }
        if let Some(turn) = self.interrupt_straight() {
            return turn;
        }
        if self.search.parked { self.look_up() } else { self.go_on() }
    }

    fn is_unwinding(&self) -> bool {
        self.unwinding && self.stage != Stage::Failed
    }

    fn end(&mut self) {
        (self.over, self.unwinding, self.out_of_order) = (true, true, true);
        self.hot.left = u64::MAX;
        self.hot.watch(false);
        self.hot.expect_nothing();
        self.refresh_slow();
    }

    fn unwound(&mut self) {
        if !self.over {
            self.hot.take_allocated(); // unwinding allocates
            self.initialise();
        }
    }

    fn panicked(&mut self, payload: Box<dyn Any + Send>) {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned();
        let (cpu, at, site) = (self.agent, self.now(), self.account.site);
        self.fail(RunError::Panic { cpu, at, site, message });
    }

    fn has_returned(&self) -> bool {
        self.stage == Stage::Ended
    }
}

impl Core {
    /// A new operation of software that the search wants to see.
    #[inline(never)]
    fn begin_seen(&mut self, operation: u64, value: u64, site: Site) -> Turn {
        self.begin_slowly(operation, value, site, true)
    }

    /// A new operation of software; `seen`: the search wants to see it.
    #[inline(always)]
    fn begin_slowly(&mut self, operation: u64, value: u64, site: Site, seen: bool) -> Turn {
        let Some(unpacked) = Operation::unpack(operation).filter(|_| !self.out_of_order) else {
            return self.begin_unwinding(operation, site);
        };
        self.pending = Pending::new(unpacked, value, Some(site), self.hot.clock);
        self.account.site = Some(site);
        self.schedule();
        if self.pending.effect == self.hot.clock && self.stands_still() {
            return self.fail_to_advance(site);
        }
        if seen && self.checkpoint(site) {
            return Turn::SUSPEND;
        }
        if self.comes_next()
            && let Some(result) = self.effect()
        {
            return if self.pending.operation.kind == Kind::End { Turn::SUSPEND } else { Turn::done(result) };
        }
        self.go_on()
    }

    /// Does what is pending take effect with nothing before it?
    #[inline]
    fn comes_next(&mut self) -> bool {
        self.pending.effect < self.slow_at().min(self.effect_horizon())
    }

    /// An operation while frames of software are unwound does nothing. One after that means that software caught it.
    #[cold]
    fn begin_unwinding(&mut self, operation: u64, site: Site) -> Turn {
        if operation == INERT {
            if !self.unwinding {
                self.dropped.get_or_insert(site);
                self.out_of_order = true;
                self.refresh_slow();
            }
            return Turn::done(0);
        }
        if !self.unwinding
            && let Some(site) = self.dropped
        {
            let (cpu, at) = (self.agent, self.now());
            self.fail(RunError::PanicCaught { cpu, at, site: Some(site) });
        }
        Turn::SUSPEND
    }

    /// Counts operations without time. True: too many.
    #[inline(always)]
    pub(super) fn stands_still(&mut self) -> bool {
        if self.still.0 != self.hot.clock {
            self.still = (self.hot.clock, 0);
        }
        self.still.1 += 1;
        self.still.1 > STILL_MAX
    }

    #[cold]
    #[inline(never)]
    pub(super) fn fail_to_advance(&mut self, site: Site) -> Turn {
        let (cpu, at) = (self.agent, self.now());
        self.fail(RunError::Standstill { cpu, at, site: Some(site) });
        Turn::SUSPEND
    }

    /// One whose software is not running.
    #[inline(never)]
    fn advance_another(&mut self) -> Turn {
        match self.stage {
            Stage::NotStarted => self.begin_life(self.entry).unwrap_or_else(|| self.go_on()),
            Stage::Running => self.go_on(),
            Stage::Ended => self.go_on_ended(),
            Stage::Failed => Turn::SUSPEND,
        }
    }

    /// Goes on with what is pending, as far as the window allows.
    #[inline(always)]
    pub(super) fn go_on(&mut self) -> Turn {
        let next = self.pending.effect.min(self.local.cycle());
        if next >= self.poll_horizon && self.attention.is_none() && self.released.is_none() {
            return Turn::SUSPEND; // it waits, or the window has ended
        }
        self.go_on_in_window()
    }

    #[inline(never)]
    fn go_on_in_window(&mut self) -> Turn {
        if self.stage == Stage::Failed {
            return Turn::SUSPEND;
        }
        loop {
            if self.released.is_some()
                && let Some(at) = self.released.take()
            {
                self.pending.effect = self.common.clock.first_at_or_after(at).max(self.hot.clock);
                self.refresh_slow();
            }
            let interrupt = self.interrupt_cycle();
            let local = self.local.cycle();
            let next = self.pending.effect.min(interrupt).min(local);
            let comes_first = local == next || interrupt == next;
            let horizon = if comes_first { self.horizon } else { self.effect_horizon() };
            if next >= horizon || next == WAITS {
                return Turn::SUSPEND;
            }
            let turn = if local == next {
                self.local_event();
                None
            } else if interrupt == next {
                self.interrupted_at(interrupt)
            } else {
                self.take_effect()
            };
            if let Some(turn) = turn {
                return turn;
            }
        }
    }

    /// First cycle at which the effect of what is pending may not be executed.
    #[inline]
    fn effect_horizon(&self) -> u64 {
        if self.pending.polls { self.poll_horizon } else { self.horizon }
    }

    fn take_effect(&mut self) -> Option<Turn> {
        self.end_proof_if_woken();
        if self.pending.effect >= self.words_cycle {
            self.runs.unlink(&mut self.hot);
            self.hot.clock = self.pending.effect;
            self.refresh_words();
        }
        if self.boundary.is_special() {
            self.boundary.set(Boundary::SHADOW, false);
            if self.boundary.has(Boundary::STORES) {
                self.order_stores();
            }
            if self.boundary.has(Boundary::PRIORITY) {
                self.order_priority();
            }
            self.refresh_slow();
        }
        let result = self.effect();
        if self.stage == Stage::Failed {
            return Some(Turn::SUSPEND);
        }
        result.and_then(|result| self.finish(result))
    }

    /// The operation is done. `None`: it was the engine's own, and something else is pending now.
    fn finish(&mut self, result: u64) -> Option<Turn> {
        match self.pending.operation.kind {
            Kind::Iret => {
                self.go_back();
                None
            }
            Kind::End => Some(Turn::SUSPEND),
            Kind::AwaitStartUp => {
                let entry = if result == RESET_VECTOR { Entry::Reset } else { Entry::StartUp(result as u8) };
                self.begin_life(entry)
            }
            Kind::DelayCycles if self.pending.is_window => {
                self.begin_iret();
                None
            }
            _ => Some(Turn::done(result)),
        }
    }

    /// A life begins; `None`: with an operation of the engine's own.
    #[cold]
    fn begin_life(&mut self, entry: Entry) -> Option<Turn> {
        self.stage = Stage::Running;
        self.search.restart(&mut self.hot);
        if entry != Entry::Wait {
            return Some(Turn::start(entry.code()));
        }
        let wait = Operation::new(Kind::AwaitStartUp, 0);
        self.pending = Pending::new(wait, 0, None, self.hot.clock);
        None
    }

    /// Something comes before the effect.
    fn interrupted_at(&mut self, cycle: u64) -> Option<Turn> {
        self.pending.entered_at = Some(cycle);
        if self.attention.is_some_and(|attention| attention.reason == Reason::Init) {
            self.hot.clock = cycle;
            self.closed &= !self.hot.take_allocated();
            (self.unwinding, self.out_of_order) = (true, true);
            self.refresh_slow();
            return Some(Turn::UNWIND);
        }
        let context = self.enter_handler(cycle);
        if self.stage == Stage::Failed {
            return Some(Turn::SUSPEND);
        }
        if matches!(context, Context::Interrupt(_) | Context::Nmi) {
            return Some(Turn::handle(context.code()));
        }
        let site = self.pending.site;
        match context {
            Context::SystemManagement => match self.local.next_window() {
                None => Some(Turn::handle(context.code())),
                Some(span) => {
                    let cycles = self.common.clock.cycles(span);
                    self.pending = Pending::new(Operation::new(Kind::DelayCycles, 0), cycles, site, self.hot.clock);
                    self.pending.is_window = true;
                    self.schedule();
                    None
                }
            },
            Context::Shutdown => {
                self.pending = Pending::new(Operation::new(Kind::Shutdown, 0), 0, site, self.hot.clock);
                None
            }
            _ => Some(Turn::handle(context.code())),
        }
    }

    /// A CPU that was skipped looks up, if its time has come.
    #[cold]
    fn look_up(&mut self) -> Turn {
        match self.wake_instant() {
            Some(until) if self.common.clock.first_at_or_after(until) <= self.horizon => {
                self.unpark(until);
                self.go_on()
            }
            _ => Turn::SUSPEND,
        }
    }

    /// Cost and effect cycle of the operation that begins now.
    #[inline]
    pub(super) fn schedule(&mut self) {
        let pending = &mut self.pending;
        let Manner { cost, lasts, interruptible, polls, .. } = self.common.manners[pending.operation.kind as usize];
        (pending.interruptible, pending.polls) = (interruptible, polls);
        let cost = if lasts { self.length() } else { u64::from(cost) };
        self.pending.effect = self.hot.clock.saturating_add(cost).min(LATEST);
    }

    /// Core cycles of a delay.
    fn length(&self) -> u64 {
        let Pending { operation, value, .. } = self.pending;
        if operation.kind == Kind::Delay {
            self.common.clock.cycles(Duration::from_ps(value.saturating_mul(1_000_000)))
        } else {
            value
        }
    }
}
