//! What has come to a CPU and is not taken yet: each cause with the instant at which it came.

use crate::time::Time;

/// The latches of a core. A reason to leave what runs acts from the instant of its own latch, never of another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Latches {
    pub(super) init: Option<Time>,
    /// One is latched while another is served, more collapse into it (SDM vol. 3 §6.7.1).
    pub(super) nmi: Option<Time>,
    pub(super) smi: Option<Time>,
    /// Vector of an external controller that interrupts: a level.
    pub(super) external: Option<(u8, Time)>,
    /// A triple fault: shutdown at the next boundary.
    pub(super) shutdown: Option<Time>,
}

impl Latches {
    /// Is there anything but the interrupts of the local APIC?
    pub(super) const fn any(&self) -> bool {
        self.init.is_some()
            || self.nmi.is_some()
            || self.smi.is_some()
            || self.external.is_some()
            || self.shutdown.is_some()
    }

    /// Of two causes of one kind the first counts.
    pub(super) fn set(latch: &mut Option<Time>, now: Time) {
        latch.get_or_insert(now);
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
}

/// A [`Reason`], since when, and the first cycle at which it may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attention {
    pub(super) reason: Reason,
    pub(super) since: Time,
    pub(super) cycle: u64,
}
