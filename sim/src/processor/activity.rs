//! INIT and start-up: what becomes of a CPU whose software is gone.
//!
//! Not modelled: VMX, the reset vector's real-mode code (software's [`reset`](crate::Software::reset) stands for it), what
//! a machine check does to a sibling in wait-for-SIPI (Xeon MP erratum O5).

use super::activity_kind::{Activity, Entry, RESET_VECTOR};
use super::core::{Boundary, Core, Stage};
use super::latches::{Latch, Latches};
use super::pending::WAITS;
use crate::coroutine::{Engine, Turn};
use crate::stream::What;
use crate::time::Time;

impl Core {
    /// A CPU whose program has ended does what its hardware does by itself, and is initialised when an INIT comes.
    pub(super) fn go_on_ended(&mut self) -> Turn {
        let comes_first = |core: &Self| core.init_instant().is_none_or(|at| core.local.at() <= at);
        while self.local.cycle() < self.horizon && comes_first(self) {
            self.local_event();
        }
        if self.init_cycle() >= self.horizon {
            return Turn::SUSPEND;
        }
        self.hot.clock = self.init_cycle();
        self.initialise();
        self.advance()
    }

    /// The cycle at which a latched INIT acts on a CPU whose program has ended.
    pub(super) fn init_cycle(&self) -> u64 {
        let came = self.init_instant().map(|at| self.common.clock.first_at_or_after(at));
        came.map_or(WAITS, |cycle| cycle.max(self.hot.clock))
    }

    /// The CPU is initialised at the instant of its clock: what it ran is gone, its APIC is reset but for its id (SDM
    /// vol. 3 §9.1.2, §10.4.7.3). The bootstrap processor goes on at the reset vector, others wait for a start-up message;
    /// so does everybody before the start-up message was invented, until the level of the INIT goes away.
    ///
    /// # Panics
    /// If it acts before its INIT came.
    pub(super) fn initialise(&mut self) {
        let now = self.now();
        let came = self.latches.came(Latch::Init).is_some_and(|came| came <= now);
        assert!(came, "CPU{} is initialised before its INIT, at {now} us", self.agent);
        if self.boundary.has(Boundary::STORES) {
            self.let_all_stores_leave(now);
        }
        if self.boundary.has(Boundary::PRIORITY) {
            self.late_priority_comes(now);
        }
        self.effective(now, None, What::Initialised);
        let bootstrap = self.agent == 0 && self.apic.generation().profile().start_up;
        self.latches = Latches::default();
        self.nmi_blocked = false;
        self.in_system_management = false;
        self.boundary.set(Boundary::SHADOW, false);
        self.released = None;
        self.answer = None;
        (self.unwinding, self.out_of_order) = (false, false);
        self.dropped = None;
        self.account.stalled_since = None;
        self.account.waits.clear();
        self.account.provenance.clear();
        self.nesting.handlers.clear();
        self.nesting.program_since = now;
        self.set_interrupt_flag(false, now);
        self.apic.init();
        self.apic_touched = Some(now);
        self.activity = if bootstrap { Activity::Running } else { Activity::WaitForStartUp };
        self.tell_reset(now);
        self.tell_identity(now);
        self.attention = None;
        self.refresh_local(now);
        self.refresh_attention(now);
        self.refresh_slow();
        self.stage = Stage::NotStarted;
        self.entry = if bootstrap { Entry::Reset } else { Entry::Wait };
    }

    /// A start-up message reached this CPU at `now`. Only the first one acts (SDM vol. 3 §8.4.4).
    pub(crate) fn start_up_arrives(&mut self, vector: u8, now: Time) {
        self.start(u32::from(vector), now);
    }

    /// The level of an INIT went away at `now`: CPUs older than the start-up message start (SDM vol. 3 §22.27.1).
    pub(crate) fn init_released(&mut self, now: Time) {
        if !self.apic.generation().profile().start_up {
            self.start(RESET_VECTOR as u32, now);
        }
    }

    fn start(&mut self, vector: u32, now: Time) {
        if self.activity == Activity::WaitForStartUp {
            self.activity = Activity::Running;
            self.tell_identity(now);
            self.answer = Some(vector);
            self.effective(now, None, What::Started(vector as u8));
            self.release(now);
            self.refresh_attention(now);
        }
    }
}
