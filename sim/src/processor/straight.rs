//! Operations that nothing comes before: each kind that matters has a way of its own from the boundary to its effect, and is
//! never pending. Where something may come before it, or it is not what it mostly is, the way of all
//! ([`Engine::begin`]) is taken from the start.

use super::core::Core;
use super::effects::ipi_writes::{EOI, ICR_HIGH, ICR_LOW};
use super::operation::{Kind, Operation};
use super::pending::{Effect, Pending};
use crate::coroutine::{Engine, KINDS, Site, Steps, Turn, Way};
use crate::time::Time;

const _: () = assert!(Kind::COUNT < KINDS, "an inert operation is of no kind");

/// Who begins the operations of a core.
pub(super) const STEPS: &Steps = &Steps::new::<Core>()
    .with::<Core, WriteRegister>(Kind::RegisterWrite as usize)
    .with::<Core, Load>(Kind::Load as usize)
    .with::<Core, Store>(Kind::Store as usize)
    .with::<Core, Halt>(Kind::Halt as usize);

struct WriteRegister;
struct Load;
struct Store;
struct Halt;

impl Way<Core> for WriteRegister {
    #[inline(always)]
    fn begin(core: &mut Core, operation: u64, value: u64, site: Site) -> Turn {
        let effect = core.hot.clock + core.at_once(Kind::RegisterWrite);
        if !core.is_next(effect) {
            return core.begin(operation, value, site);
        }
        let word = value as u32;
        match operand(operation) {
            EOI if core.apic.has_page() => {
                let now = core.act(effect, site);
                core.write_end_of_interrupt(word, site, now);
            }
            ICR_HIGH if core.apic.has_page() => {
                let now = core.act(effect, site);
                core.write_destination(word, site, now);
            }
            ICR_LOW if core.apic.is_plain_command(word) => {
                let now = core.act(effect, site);
                core.write_plain_command(word, site, now);
            }
            _ => return core.begin(operation, value, site),
        }
        Turn::done(0)
    }
}

impl Way<Core> for Store {
    #[inline(always)]
    fn begin(core: &mut Core, operation: u64, value: u64, site: Site) -> Turn {
        let effect = core.hot.clock + core.at_once(Kind::Store);
        let word = operand(operation) as u16;
        if !core.is_next(effect) || !core.is_plain(word) {
            return core.begin(operation, value, site);
        }
        let now = core.act(effect, site);
        core.store_plainly(word, value, site, now);
        Turn::done(0)
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
        let now = core.act(effect, site);
        let operation = Operation::new(Kind::Load, u32::from(word));
        Turn::done(core.load_word(&Effect { operation, value, site, cost }, before, now))
    }
}

impl Way<Core> for Halt {
    #[inline(always)]
    fn begin(core: &mut Core, operation: u64, value: u64, site: Site) -> Turn {
        let clock = core.hot.clock;
        if !core.is_next(clock) || core.stands_still() {
            return core.begin(operation, value, site);
        }
        core.account.site = Some(site);
        core.pending = Pending::halted(site, clock);
        core.has_halted(site);
        // It waits: only what the CPU does by itself may come in this window.
        if core.local.cycle() < core.poll_horizon { core.go_on() } else { Turn::SUSPEND }
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

    /// Would an effect at this cycle come next, in this window, and without a look of the search for a recurrence? (It
    /// counts no operation that ends what it counts.)
    #[inline(always)]
    fn is_next(&mut self, effect: u64) -> bool {
        self.hot.left > 1 && effect < self.slow_at() && effect < self.horizon
    }

    /// It takes effect; gives the instant.
    #[inline(always)]
    fn act(&mut self, effect: u64, site: Site) -> Time {
        self.account.site = Some(site);
        self.go_to(effect)
    }
}
