//! The rules, by their names; what each rests on, and where an access against it is wrong.

use crate::scenario::named::named;

named! {
    /// What an access is held to.
    ///
    /// ```
    /// use apicsim::{Rule, sim::Named};
    ///
    /// assert!(Rule::ALL.iter().all(|rule| !rule.name().is_empty()));
    /// ```
    #[non_exhaustive]
    pub enum Rule ("rule") {
        /// The level bit is set in every command but the INIT level de-assert.
        LevelBit = "level-bit",
        /// ICR high is written before ICR low, which sends.
        LowBeforeHigh = "icr-low-before-high",
        /// The ESR is written before each read of it, and after the command whose errors it is to show.
        UnwrittenErrorStatus = "esr-read-without-write",
        /// Vectors 0 to 31 are the CPU's own.
        LowVector = "vector-below-32",
        /// EOI ends an interrupt that is in service.
        EndOfNothing = "eoi-without-interrupt",
    }
}

impl Rule {
    /// Where it is wrong to break it, or when.
    pub const fn wrong_on(self) -> &'static str {
        match self {
            Self::LevelBit => "parts before the Pentium 4",
            Self::LowBeforeHigh => "every part where the destination has changed since",
            Self::UnwrittenErrorStatus => "P6 and later",
            Self::LowVector => "every part: it takes it for an exception, or reports an error",
            Self::EndOfNothing => "every part where another interrupt is in service, which it ends",
        }
    }

    /// The section that says so.
    pub const fn source(self) -> &'static str {
        match self {
            Self::LevelBit | Self::LowBeforeHigh => "SDM vol. 3 §10.6.1",
            Self::UnwrittenErrorStatus => "SDM vol. 3 §10.5.3",
            Self::LowVector => "SDM vol. 3 §6.2, §10.5.2",
            Self::EndOfNothing => "SDM vol. 3 §10.8.5",
        }
    }
}
