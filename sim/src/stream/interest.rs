//! Which events somebody wants: whatever nobody wants is hashed, and not kept.

use super::event::What;
use std::ops::BitOr;

/// Kinds of events.
///
/// ```
/// use sim::{Context, Interest, What};
/// let left = What::Left(Context::Nmi);
/// assert!(Interest::WAITS.wants(&left) && !Interest::WAITS.wants(&What::Woken));
/// assert!(Interest::EVERYTHING.wants(&What::Woken) && !Interest::NOTHING.wants(&left));
/// assert_eq!(Interest::WAITS | Interest::EVERYTHING, Interest::EVERYTHING);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest(u8);

/// Polls and delays.
const RUNS: u8 = 1;
/// Waits, and what says in whose code they are: handlers, and the INIT that ends all of it.
const WAITS: u8 = 2;
/// The others.
const OTHERS: u8 = 4;
/// No events: what wires carry.
const WIRES: u8 = 8;

impl Interest {
    /// None.
    pub const NOTHING: Self = Self(0);
    /// All events.
    pub const EVERYTHING: Self = Self(RUNS | WAITS | OTHERS);
    /// All but polls and delays.
    pub const EFFECTS: Self = Self(WAITS | OTHERS);
    /// Those of which a wait is made: its beginning and end, what was polled, entry into handlers and return, and INIT.
    pub const WAITS: Self = Self(RUNS | WAITS);

    /// What the wires of buses carry, cycle by cycle ([`Batch::wires`](crate::Batch::wires)): no events, and not among
    /// [everything](Self::EVERYTHING).
    pub const WIRES: Self = Self(WIRES);

    /// Is what the wires carry among it?
    pub(crate) const fn wants_wires(self) -> bool {
        self.0 & WIRES != 0
    }

    /// Is this one of them?
    #[inline(always)] // what it is, is known where it is called: one bit is looked at
    pub const fn wants(self, what: &What) -> bool {
        let kind = match what {
            What::Run { .. } => RUNS,
            What::WaitBegan(_) | What::WaitEnded(..) | What::Entered(_) | What::Left(_) | What::Initialised => WAITS,
            _ => OTHERS,
        };
        self.0 & kind != 0
    }
}

/// What either wants.
impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
