//! The APIC timer: one-shot, periodic, TSC deadline (SDM vol. 3 §10.5.4).
//!
//! Not modelled: the time base of the 82489DX (CLKIN or TMBASE, LVT bits 19:18), erratum BG27 (a periodic reload one
//! tick short), transitions of the core's clock that may stop it for a moment (§10.5.4); a write of IA32_TSC_DEADLINE that overtakes the write of the timer entry
//! before it (§10.5.4.1 has software put a fence between them where the entry is in memory): here they act in their order.
//!
//! The count is never stepped: it is worked out from the instant at which it was last set. A timer whose entry is masked
//! therefore costs nothing.

use crate::generation::{HaltedTimer, TimerModeChange};
use crate::time::{ClockDomain, Time};

/// Bit 18 of the timer entry: TSC-deadline mode (SDM vol. 3 fig. 10-8).
pub(super) const DEADLINE_MODE: u32 = 1 << 18;

/// Timer mode, LVT bits 18:17.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimerMode {
    /// 00: counts down once.
    OneShot,
    /// 01: starts again at zero.
    Periodic,
    /// 10: fires when the time-stamp counter reaches a value.
    Deadline,
    /// 11: reserved; the timer stands still.
    Reserved,
}

impl TimerMode {
    /// From the value of the timer entry.
    pub(super) const fn from_entry(entry: u32) -> Self {
        match entry >> 17 & 3 {
            0 => Self::OneShot,
            1 => Self::Periodic,
            2 => Self::Deadline,
            _ => Self::Reserved,
        }
    }

    const fn counts(self) -> bool {
        matches!(self, Self::OneShot | Self::Periodic)
    }
}

/// A count under way: at tick `from` of the timer's clock it was `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counting {
    from: u64,
    count: u32,
}

/// What the timer does while its core sleeps (knob `halted_timer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sleep {
    /// The core is awake, or the timer runs all the same.
    Awake,
    /// It counts, and asks for nothing.
    Silent,
    /// Its count stands still since this tick of its clock.
    Stopped(u64),
}

/// The timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timer {
    clock: ClockDomain,
    /// The clock that the time-stamp counter counts.
    core_clock: ClockDomain,
    mode: TimerMode,
    /// Ticks of `clock` a count, as a power of two.
    divider: u8,
    initial: u32,
    counting: Option<Counting>,
    /// Value of the time-stamp counter that is waited for; zero: none.
    deadline: u64,
    /// The cycle of the core clock at which it has that.
    due: u64,
    /// What the time-stamp counter is ahead of the cycles of the core clock, modulo 2^64: software may write it.
    ahead: u64,
    sleep: Sleep,
}

/// Divider of the divide configuration register, as a power of two: bits 3, 1, 0 (SDM vol. 3 fig. 10-10).
const fn divider(configuration: u32) -> u8 {
    match configuration >> 1 & 4 | configuration & 3 {
        7 => 0,
        code => code as u8 + 1,
    }
}

impl Timer {
    /// After reset: one-shot, divided by 2, stopped.
    pub(super) const fn new(clock: ClockDomain, core_clock: ClockDomain) -> Self {
        Self {
            clock,
            core_clock,
            mode: TimerMode::OneShot,
            divider: divider(0),
            initial: 0,
            counting: None,
            deadline: 0,
            due: 0,
            ahead: 0,
            sleep: Sleep::Awake,
        }
    }

    /// Back to what [`new`](Self::new) gives, but for the time-stamp counter: an INIT leaves it (SDM vol. 3 table 9-1).
    pub(super) const fn reset(&mut self) {
        *self = Self { ahead: self.ahead, ..Self::new(self.clock, self.core_clock) };
    }

    /// The time-stamp counter at `now`.
    pub(super) const fn time_stamp(&self, now: Time) -> u64 {
        self.cycle(now).wrapping_add(self.ahead)
    }

    const fn cycle(&self, now: Time) -> u64 {
        self.core_clock.first_after(now) - 1
    }

    /// Writes the time-stamp counter. A deadline is compared with the new value from now on.
    pub(super) fn set_time_stamp(&mut self, value: u64, now: Time) {
        self.ahead = value.wrapping_sub(self.cycle(now));
        self.set_due(now);
    }

    /// When the time-stamp counter reaches the deadline; one that has passed is due now (SDM vol. 3 §10.5.4.1).
    fn set_due(&mut self, now: Time) {
        let left = self.deadline.saturating_sub(self.time_stamp(now));
        self.due = self.cycle(now).saturating_add(left);
    }

    /// Current count, or 0 where nothing counts.
    pub(super) fn count(&self, now: Time) -> u32 {
        let Some(Counting { from, count }) = self.counting else { return 0 };
        let elapsed = self.tick(now).saturating_sub(from) >> self.divider;
        match u64::from(count).checked_sub(elapsed) {
            Some(left) if left > 0 => left as u32,
            _ if self.mode == TimerMode::Periodic => {
                let over = (elapsed - u64::from(count)) % u64::from(self.initial.max(1));
                self.initial - over as u32
            }
            _ => 0,
        }
    }

    /// Number of the last tick that counts at or before `now`.
    fn tick(&self, now: Time) -> u64 {
        match self.sleep {
            Sleep::Stopped(tick) => tick,
            Sleep::Awake | Sleep::Silent => self.clock.first_after(now) - 1,
        }
    }

    /// The core falls asleep at `now`.
    pub(super) fn core_halts(&mut self, rule: HaltedTimer, now: Time) {
        self.sleep = match rule {
            HaltedTimer::Runs => Sleep::Awake,
            HaltedTimer::DoesNotWake => Sleep::Silent,
            HaltedTimer::Stops => Sleep::Stopped(self.tick(now)),
        };
    }

    /// The core is awake again at `now`: a count that stood still goes on from there, an expiry that asked for nothing is
    /// due. Says whether anything changed.
    pub(super) fn core_wakes(&mut self, now: Time) -> bool {
        let before = std::mem::replace(&mut self.sleep, Sleep::Awake);
        if let (Sleep::Stopped(tick), Some(counting)) = (before, &mut self.counting) {
            counting.from += self.clock.first_after(now) - 1 - tick;
        }
        before != Sleep::Awake
    }

    /// The count goes on from here, as it is now.
    fn settle(&mut self, now: Time) {
        let Some(counting) = self.counting else { return };
        let left = self.count(now);
        let whole = self.tick(now).saturating_sub(counting.from) >> self.divider << self.divider;
        self.counting = (left > 0).then_some(Counting { from: counting.from + whole, count: left });
    }

    /// Writes the divide configuration: takes effect at once.
    pub(super) fn set_divider(&mut self, configuration: u32, now: Time) {
        self.settle(now);
        self.divider = divider(configuration);
    }

    /// Writes the initial count: starts, restarts, or (0) stops. Ignored in deadline mode.
    pub(super) fn set_initial(&mut self, initial: u32, now: Time) {
        if !self.mode.counts() {
            return;
        }
        self.initial = initial;
        self.counting = (initial > 0).then(|| Counting { from: self.clock.first_at_or_after(now), count: initial });
    }

    /// The initial count register; reads 0 in deadline mode.
    pub(super) const fn initial(&self) -> u32 {
        self.initial
    }

    /// Writes the timer entry. Between one-shot and periodic the count goes on (one-shot that has expired stays at 0; knob
    /// `timer_mode_change`); any other change disarms.
    pub(super) fn set_mode(&mut self, mode: TimerMode, rule: TimerModeChange, now: Time) {
        if mode == self.mode {
            return;
        }
        self.settle(now);
        let goes_on = mode.counts() && self.mode.counts() && rule == TimerModeChange::GoesOn;
        if !goes_on {
            self.initial = 0;
            self.counting = None;
            self.deadline = 0;
        }
        self.mode = mode;
    }

    /// Writes the deadline: a value of the time-stamp counter, 0 disarms. Ignored outside deadline mode.
    pub(super) fn set_deadline(&mut self, deadline: u64, now: Time) {
        if self.mode == TimerMode::Deadline {
            self.deadline = deadline;
            self.set_due(now);
        }
    }

    /// The deadline register: 0 once it has passed.
    pub(super) fn deadline(&self, now: Time) -> u64 {
        if self.mode == TimerMode::Deadline && self.core_clock.instant(self.due) > now { self.deadline } else { 0 }
    }

    /// The instant at which it fires next, if it does.
    pub(super) fn expiry(&self) -> Option<Time> {
        if self.sleep != Sleep::Awake {
            return None;
        }
        if self.mode == TimerMode::Deadline {
            return (self.deadline > 0).then(|| self.core_clock.instant(self.due));
        }
        let Counting { from, count } = self.counting?;
        Some(self.clock.instant(from.saturating_add(u64::from(count) << self.divider)))
    }

    /// Leaves behind every expiry up to `now`: says whether there was one.
    pub(super) fn expire(&mut self, now: Time) -> bool {
        let expired = self.expiry().is_some_and(|at| at <= now);
        if expired {
            self.settle(now);
            if self.mode == TimerMode::Deadline {
                self.deadline = 0;
            }
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timer with a tick of 10 ns.
    fn timer(mode: TimerMode, configuration: u32) -> Timer {
        let mut timer = Timer::new(ClockDomain::new(10_000, 1), ClockDomain::new(2_000, 1));
        timer.set_divider(configuration, Time::ZERO);
        timer.set_mode(mode, TimerModeChange::GoesOn, Time::ZERO);
        timer
    }

    fn ns(ns: u64) -> Time {
        Time::from_ps(ns * 1_000)
    }

    #[test]
    fn dividers_are_those_of_figure_10_10() {
        let codes = [(0x0, 2), (0x1, 4), (0x2, 8), (0x3, 16), (0x8, 32), (0x9, 64), (0xA, 128), (0xB, 1)];
        for (configuration, expected) in codes {
            let mut timer = timer(TimerMode::OneShot, configuration);
            timer.set_initial(100, Time::ZERO);
            assert_eq!(timer.expiry(), Some(ns(1_000 * expected)), "{configuration:X}");
            assert_eq!(timer.count(ns(500 * expected)), 50, "{configuration:X}");
        }
    }

    #[test]
    fn one_shot_counts_to_zero_and_stays() {
        // SDM vol. 3 §10.5.4; never before the interval, also when written between two ticks
        let mut timer = timer(TimerMode::OneShot, 0xB);
        timer.set_initial(3, ns(1));
        assert_eq!(timer.expiry(), Some(ns(40)));
        let counts: Vec<u32> = [1, 10, 19, 20, 30, 39, 40, 1_000].iter().map(|&at| timer.count(ns(at))).collect();
        assert_eq!(counts, [3, 3, 3, 2, 1, 1, 0, 0]);
        assert!(!timer.expire(ns(39)));
        assert!(timer.expire(ns(40)));
        assert_eq!((timer.expiry(), timer.initial()), (None, 3));
        timer.set_initial(5, ns(50));
        timer.set_initial(0, ns(60));
        assert_eq!((timer.count(ns(61)), timer.expiry()), (0, None), "0 stops");
    }

    #[test]
    fn periodic_reloads_and_keeps_its_grid() {
        let mut timer = timer(TimerMode::Periodic, 0xB);
        timer.set_initial(4, Time::ZERO);
        let counts: Vec<u32> = (0..10).map(|tick| timer.count(ns(tick * 10))).collect();
        assert_eq!(counts, [4, 3, 2, 1, 4, 3, 2, 1, 4, 3]);
        assert!(timer.expire(ns(85)), "two expiries have passed unseen: they are one");
        assert_eq!(timer.expiry(), Some(ns(120)));
    }

    #[test]
    fn mode_changes_follow_section_10_5_4_1() {
        // one-shot to periodic and back keeps counting; what has expired stays at 0
        let mut running = timer(TimerMode::OneShot, 0xB);
        running.set_initial(10, Time::ZERO);
        running.set_mode(TimerMode::Periodic, TimerModeChange::GoesOn, ns(40));
        assert_eq!((running.count(ns(40)), running.count(ns(100)), running.initial()), (6, 10, 10));
        running.set_mode(TimerMode::OneShot, TimerModeChange::GoesOn, ns(140));
        assert_eq!((running.count(ns(150)), running.count(ns(200)), running.count(ns(900))), (5, 0, 0));
        let mut expired = timer(TimerMode::OneShot, 0xB);
        expired.set_initial(10, Time::ZERO);
        expired.set_mode(TimerMode::Periodic, TimerModeChange::GoesOn, ns(200));
        assert_eq!((expired.count(ns(250)), expired.expiry()), (0, None));
        let mut literal = timer(TimerMode::OneShot, 0xB);
        literal.set_initial(10, Time::ZERO);
        literal.set_mode(TimerMode::Periodic, TimerModeChange::Disarms, ns(40));
        assert_eq!((literal.count(ns(50)), literal.expiry()), (0, None), "by the text");
        running.set_mode(TimerMode::Deadline, TimerModeChange::GoesOn, ns(910));
        assert_eq!((running.initial(), running.expiry()), (0, None), "disarmed");
    }

    #[test]
    fn a_deadline_fires_once() {
        let mut timer = timer(TimerMode::Deadline, 0xB);
        timer.set_initial(7, Time::ZERO);
        assert_eq!((timer.initial(), timer.count(ns(5))), (0, 0), "counts are ignored");
        timer.set_deadline(50, ns(5));
        assert_eq!((timer.deadline(ns(99)), timer.expiry()), (50, Some(ns(100))));
        assert_eq!(timer.deadline(ns(100)), 0);
        assert!(timer.expire(ns(100)));
        assert_eq!(timer.expiry(), None);
        timer.set_mode(TimerMode::OneShot, TimerModeChange::GoesOn, ns(110));
        timer.set_deadline(50, ns(110));
        assert_eq!(timer.expiry(), None, "ignored outside the mode");
    }

    #[test]
    fn a_deadline_is_compared_with_what_software_has_written() {
        // A core cycle lasts 2 ns. SDM vol. 3 chapter 17: the counter may be written; §10.5.4.1
        let mut timer = timer(TimerMode::Deadline, 0xB);
        timer.set_time_stamp(1_000, ns(100));
        assert_eq!([100, 102, 200].map(|at| timer.time_stamp(ns(at))), [1_000, 1_001, 1_050]);
        timer.set_deadline(1_030, ns(100));
        assert_eq!((timer.expiry(), timer.deadline(ns(100))), (Some(ns(160)), 1_030));
        timer.set_time_stamp(1_029, ns(120));
        assert_eq!(timer.expiry(), Some(ns(122)), "nearer");
        timer.set_time_stamp(0, ns(120));
        assert_eq!(timer.expiry(), Some(ns(2_180)), "farther");
        timer.set_time_stamp(u64::MAX, ns(120));
        assert_eq!((timer.expiry(), timer.time_stamp(ns(122))), (Some(ns(120)), 0), "passed, and it wraps");
        assert!(timer.expire(ns(120)));
        timer.set_deadline(1, ns(122));
        assert_eq!(timer.expiry(), Some(ns(124)));
        timer.set_time_stamp(7, ns(122));
        timer.set_deadline(5, ns(130));
        assert_eq!((timer.expiry(), timer.deadline(ns(130))), (Some(ns(130)), 0), "in the past: at once");
        timer.reset();
        assert_eq!(timer.time_stamp(ns(130)), 11, "INIT leaves the counter");
    }

    #[test]
    fn a_new_divider_takes_effect_at_once() {
        let mut timer = timer(TimerMode::OneShot, 0xB);
        timer.set_initial(10, Time::ZERO);
        timer.set_divider(0x0, ns(50));
        assert_eq!((timer.count(ns(50)), timer.expiry()), (5, Some(ns(150))));
    }
}
