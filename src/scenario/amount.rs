//! Spans of simulated time as data: fixed, or drawn.

/// A span of simulated time, in picoseconds.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::{Act, Amount};
/// let scenario = ScenarioBuilder::new("steps").cpus(1).steps(Time::ZERO, 0, "delay uniform(1us,2us)").build()?;
/// assert_eq!(scenario.programs.steps[0], Act::Delay(Amount::Uniform { first: 1_000_000, last: 2_000_000 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amount {
    /// Always this.
    Fixed(u64),
    /// Drawn, each time anew, evenly from the first to the last.
    Uniform {
        /// The least.
        first: u64,
        /// The greatest.
        last: u64,
    },
    /// Drawn, each time anew, from an exponential distribution: what lies between arrivals that know nothing of each other.
    Exponential {
        /// The mean.
        mean: u64,
    },
}

impl Amount {
    /// Is it the same each time?
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::Fixed(_))
    }
}
