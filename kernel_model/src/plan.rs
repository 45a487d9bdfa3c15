//! A wait that is described and not written: so many rounds, a pause in each, and what follows when all are over.
//!
//! Not modelled: pauses of fractions of a µs, a pause that the kernel does not know before (calibrated, random).

use crate::bound::Site;

/// Some of the places where a kernel waits.
///
/// ```
/// use kernel_model::{Site, Sites};
///
/// let nmi_only = Sites::NONE.with(Site::DestFieldNmi);
/// assert!(nmi_only.has(Site::DestFieldNmi) && !nmi_only.has(Site::DestField));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sites(u16);

impl Sites {
    /// All of them.
    pub const ALL: Self = Self(u16::MAX);

    /// None.
    pub const NONE: Self = Self(0);

    /// These, and `site`.
    pub const fn with(self, site: Site) -> Self {
        Self(self.0 | 1 << site as u16)
    }

    /// Is `site` one of them?
    pub const fn has(self, site: Site) -> bool {
        self.0 & 1 << site as u16 != 0
    }
}

/// What stands first in a round.
///
/// ```
/// use kernel_model::Shape;
///
/// assert_ne!(Shape::ReadFirst, Shape::DelayFirst); // an idle ICR costs nothing, or a delay
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The read; the pause only if the ICR is busy.
    ReadFirst,
    /// The pause.
    DelayFirst,
}

/// What follows a wait that timed out.
///
/// ```
/// use kernel_model::Then;
///
/// assert_ne!(Then::SendAgain(1), Then::SendAgain(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The kernel goes on: the next message is written, as Linux does it.
    WriteAnyway,
    /// The next message is not sent.
    GiveUp,
    /// The message that is stuck is written again, and waited for again, at most so often; then the kernel goes on.
    SendAgain(u32),
    /// The CPU panics: its interrupts off, it stays, and sends nothing.
    Panic,
}

/// A wait for the ICR.
///
/// ```
/// use kernel_model::{PlannedWait, Shape, Sites, Then};
///
/// let rounds = 20;
/// let wait = PlannedWait { at: Sites::ALL, shape: Shape::ReadFirst, rounds, delay_us: 10, backoff: 1, then: Then::GiveUp };
/// assert!(wait.reads_most() >= 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedWait {
    /// Where it stands. Elsewhere the kernel waits as its variant does.
    pub at: Sites,
    /// The order in a round.
    pub shape: Shape,
    /// Rounds; 0: for ever.
    pub rounds: u32,
    /// The pause of the first round, in µs; 0: a PAUSE.
    pub delay_us: u32,
    /// How many times as long each pause is as the one before.
    pub backoff: u32,
    /// What follows a time-out.
    pub then: Then,
}

impl PlannedWait {
    /// The most reads of the ICR in one wait that has a bound.
    pub const fn reads_most(&self) -> usize {
        let (rounds, again) =
            (self.rounds as usize, if let Then::SendAgain(times) = self.then { times } else { 0 } as usize);
        (rounds + 1) * (again + 1)
    }
}
