//! What a CPU does besides running: HLT, shutdown, wait-for-SIPI; INIT and start-up.
//!
//! Not modelled: MWAIT, VMX, the reset vector's real-mode code (software's [`reset`](crate::Software::reset) stands for
//! it), what a machine check does to a sibling in wait-for-SIPI (Xeon MP erratum O5).

use super::core::{Core, Frame, Interruptible};
use super::step::{Pending, Phase};
use crate::stream::{Context, What};
use crate::time::Time;

/// The activity of a CPU (SDM vol. 3 §26.6.2 has these states).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Runs.
    Running,
    /// In HLT: any interrupt that it would take wakes it.
    Halted,
    /// Will enter shutdown at the next boundary between two operations.
    ShuttingDown,
    /// In shutdown: NMI, SMI and INIT act, maskable interrupts and start-up messages do not.
    Shutdown,
    /// In wait-for-SIPI: only a start-up message acts.
    WaitForStartUp,
}

/// What a CPU runs after INIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Its program, from the start.
    Program,
    /// What is at the reset vector.
    Reset,
    /// Nothing yet: it waits.
    Wait,
}

/// What [`Kind::AwaitStartUp`](super::Kind) gives instead of the vector of a start-up message.
pub(super) const RESET_VECTOR: u64 = 1 << 8;

/// How software is unwound when its CPU is initialised.
#[derive(Debug)]
pub(super) struct Initialised;

impl Core {
    /// Where a CPU begins.
    pub(super) fn first_entry(&self) -> Entry {
        if self.activity == Activity::WaitForStartUp { Entry::Wait } else { Entry::Program }
    }

    /// An INIT reached this CPU. It acts at the next boundary between two operations; a CPU that waits for a start-up
    /// message is initialised already.
    pub(crate) fn init_arrives(&mut self) {
        self.init_latched |= self.activity != Activity::WaitForStartUp;
    }

    /// When the latched INIT came, if it may act now.
    pub(super) fn init_instant(&self) -> Option<Time> {
        self.attention.filter(|_| self.init_latched && !self.in_system_management).map(|attention| attention.since)
    }

    /// Core cycles that the next injected system-management window lasts; `None`: software's own code runs.
    pub(super) fn next_window(&mut self) -> Option<u64> {
        let span = self.windows.pop_front()?;
        Some(self.common.clock.cycles(span))
    }

    /// A CPU whose program has ended does what its hardware does by itself; says whether an INIT has come.
    pub(super) fn ended_program_is_initialised(&mut self) -> bool {
        while self.local_cycle() < self.horizon && self.init_instant().is_none_or(|at| self.local_at <= at) {
            self.local_event();
        }
        self.init_instant().is_some_and(|at| self.common.clock.first_at_or_after(at) < self.horizon)
    }

    /// The CPU is initialised: what it ran is gone, its APIC is reset but for its id (SDM vol. 3 §9.1.2,
    /// §10.4.7.3). The bootstrap processor goes on at the reset vector, others wait for a start-up message; so does
    /// everybody before the start-up message was invented, until the level of the INIT goes away.
    pub(super) fn initialise(&mut self) -> Entry {
        let since = self.init_instant().unwrap_or(Time::ZERO);
        self.clock = self.clock.max(self.common.clock.first_at_or_after(since));
        let now = self.now();
        self.effective(now, None, What::Initialised);
        let bootstrap = self.agent == 0 && self.apic.generation().profile().start_up;
        self.init_latched = false;
        self.smi_latched = false;
        self.nmi_latched = false;
        self.nmi_blocked = false;
        self.in_system_management = false;
        self.external = None;
        self.shadow = false;
        self.stalled_since = None;
        self.released = None;
        self.waits.clear();
        self.provenance.clear();
        self.frames.clear();
        self.frames.push(Frame { context: Context::Program, since: now, interrupted: None, interrupt_flag: false });
        self.set_interrupt_flag(false, now);
        self.apic.init();
        self.apic_touched = true;
        self.activity = if bootstrap { Activity::Running } else { Activity::WaitForStartUp };
        self.tell_reset(now);
        self.tell_identity(now);
        self.attention = None;
        self.refresh_local();
        self.refresh_attention(now);
        if bootstrap { Entry::Reset } else { Entry::Wait }
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

    /// The operation of a CPU that waits for its start-up message; gives the vector.
    pub(super) fn await_start_up(&mut self, pending: &mut Pending) -> Option<u64> {
        if let Some(vector) = self.answer.take() {
            return Some(u64::from(vector));
        }
        pending.phase = Phase::Halted;
        pending.effect = u64::MAX;
        pending.interruptible = Interruptible::Never;
        None
    }

    /// The operation of a CPU in shutdown: it never ends, handlers of NMIs run on top of it.
    pub(super) fn shut_down(&mut self, pending: &mut Pending) -> Option<u64> {
        if pending.phase == Phase::Before {
            self.activity = Activity::Shutdown;
            let now = self.now();
            self.effective(now, Some(pending.site), What::Shutdown);
            self.attention = None;
            self.refresh_attention(now);
        }
        pending.phase = Phase::Halted;
        pending.effect = u64::MAX;
        pending.interruptible = Interruptible::Throughout;
        None
    }
}
