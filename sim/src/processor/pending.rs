//! An operation under way. It is kept in the core, never in a frame, so it may hold absolute times.

use super::operation::{Interruptible, Kind, Operation};
use crate::coroutine::Site;
use crate::stream::Access;

/// Effect cycle of an operation that waits for somebody else. Nothing that lasts a time has it, however long.
pub(super) const WAITS: u64 = u64::MAX;
/// The last cycle that an effect may have by itself: far beyond the range of [`Time`](crate::Time).
pub(super) const LATEST: u64 = u64::MAX - 1;

/// How far an operation with two halves has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its effect is still to come.
    Before,
    /// A read-modify-write is on its way.
    Modifying,
    /// A store waits for an idle ICR.
    Stalled,
    /// HLT, entered.
    Halted,
}

/// An operation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) operation: Operation,
    pub(super) value: u64,
    /// `None`: the engine's own operation before any of software's.
    pub(super) site: Option<Site>,
    /// Cycle of its effect; [`WAITS`] while it waits for somebody else.
    pub(super) effect: u64,
    /// Cycle at which it began: that of the effect before it.
    pub(super) begun: u64,
    pub(super) interruptible: Interruptible,
    pub(super) phase: Phase,
    /// It changes nothing, and nobody hears of it.
    pub(super) polls: bool,
    /// Cycle at which the last handler came in between.
    pub(super) entered_at: Option<u64>,
    /// An injected system-management window, in which no software runs.
    pub(super) is_window: bool,
}

/// What takes effect: an operation, pending until then, or done on the spot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effect {
    pub(super) operation: Operation,
    pub(super) value: u64,
    pub(super) site: Site,
    /// See [`Pending::cost`].
    pub(super) cost: u64,
}

impl Effect {
    /// What it accesses.
    #[inline(always)]
    pub(super) const fn access(&self) -> Access {
        Access { kind: self.operation.kind, operand: self.operation.operand }
    }
}

impl Pending {
    pub(super) const fn new(operation: Operation, value: u64, site: Option<Site>, begun: u64) -> Self {
        Self {
            operation,
            value,
            site,
            effect: begun,
            begun,
            interruptible: Interruptible::AtEffect,
            phase: Phase::Before,
            polls: false,
            entered_at: None,
            is_window: false,
        }
    }

    /// A HLT that was entered at the cycle `begun`.
    #[inline(always)]
    pub(super) const fn halted(site: Site, begun: u64) -> Self {
        let (effect, interruptible, phase) = (WAITS, Interruptible::Throughout, Phase::Halted);
        Self { effect, interruptible, phase, ..Self::new(Operation::new(Kind::Halt, 0), 0, Some(site), begun) }
    }

    /// Core cycles that the access costs whenever it is done. None if a handler has come in between: not to be repeated
    /// without a look.
    pub(super) fn cost(&self) -> u64 {
        if self.entered_at.is_some() || self.is_window { 0 } else { self.effect - self.begun }
    }

    /// Nothing yet.
    pub(super) const fn none() -> Self {
        Self::new(Operation::new(Kind::AwaitStartUp, 0), 0, None, 0)
    }
}
