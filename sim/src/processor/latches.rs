//! What has come to a CPU and is not taken yet: each cause with the instant at which it came.

use crate::time::Time;

/// A latch of a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Latch {
    Init,
    /// A triple fault: shutdown at the next boundary.
    Shutdown,
    Smi,
    /// One is latched while another is served, more collapse into it (SDM vol. 3 §6.7.1).
    Nmi,
    /// An external controller interrupts: a level.
    External,
}

/// The bit that says that a task priority is on its way to the APIC (knob `tpr_write`): no reason of its own.
const PRIORITY: u8 = 1 << 7;

/// The latches of a core. A reason to leave what runs acts from the instant of its own latch, never of another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Latches {
    /// A bit a latch, and [`PRIORITY`]: most of the time there is nothing in any.
    held: u8,
    came: [Time; 5],
    /// When the APIC has the task priority that is on its way to it.
    priority_comes: Time,
    /// The vector of the external controller.
    vector: u8,
}

impl Latches {
    /// Is there anything but the interrupts of the local APIC?
    #[inline]
    pub(super) const fn any(&self) -> bool {
        self.held != 0
    }

    /// Does `latch` hold anything?
    #[inline]
    pub(super) const fn holds(&self, latch: Latch) -> bool {
        self.held & 1 << latch as u8 != 0
    }

    /// When came the NMI that is all there is?
    #[inline]
    pub(super) const fn nmi_alone(&self) -> Option<Time> {
        if self.held == 1 << Latch::Nmi as u8 { Some(self.came[Latch::Nmi as usize]) } else { None }
    }

    /// When came what `latch` holds?
    #[inline]
    pub(super) const fn came(&self, latch: Latch) -> Option<Time> {
        if self.holds(latch) { Some(self.came[latch as usize]) } else { None }
    }

    /// Of two causes of one kind the first counts.
    pub(super) const fn set(&mut self, latch: Latch, now: Time) {
        if !self.holds(latch) {
            self.held |= 1 << latch as u8;
            self.came[latch as usize] = now;
        }
    }

    /// What `latch` holds is taken, or gone.
    pub(super) const fn clear(&mut self, latch: Latch) {
        self.held &= !(1 << latch as u8);
    }

    /// A task priority is on its way to the APIC, which has it at `comes`; none: nothing is.
    pub(super) const fn set_priority(&mut self, comes: Option<Time>) {
        self.held &= !PRIORITY;
        if let Some(comes) = comes {
            self.held |= PRIORITY;
            self.priority_comes = comes;
        }
    }

    /// When the APIC has the task priority that is on its way to it.
    #[inline]
    pub(super) const fn priority_comes(&self) -> Option<Time> {
        if self.held & PRIORITY != 0 { Some(self.priority_comes) } else { None }
    }

    /// An external controller interrupts with `vector`, from `now` on.
    pub(super) const fn set_external(&mut self, vector: u8, now: Time) {
        self.clear(Latch::External);
        self.set(Latch::External, now);
        self.vector = vector;
    }

    /// The vector of the external controller that interrupted last.
    pub(super) const fn vector(&self) -> u8 {
        self.vector
    }
}

/// What the CPU would do at its next boundary, the most urgent first (SDM vol. 3 §6.9 and table 6-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Be initialised.
    Init,
    /// Enter shutdown.
    Shutdown,
    /// Enter system-management mode.
    SystemManagement,
    /// Take an NMI.
    Nmi,
    /// Take an interrupt of an external controller.
    External,
    /// Take this interrupt, which the local APIC holds.
    Interrupt(u8),
    /// Take an interrupt while a task priority is on its way to the APIC: there may be nothing left to acknowledge.
    InterruptBefore,
}

/// A [`Reason`], since when, and the first cycle at which it may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attention {
    pub(super) reason: Reason,
    pub(super) since: Time,
    pub(super) cycle: u64,
}
