//! What of an expectation does not hold: plain data.

use std::fmt;

/// What is expected of a run, or found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// A name: of a verdict, a proof, a function.
    Name(String),
    /// A number.
    Count(u32),
    /// Yes or no.
    Flag(bool),
    /// There is none.
    None,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Count(count) => write!(f, "{count}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::None => f.write_str("none"),
        }
    }
}

/// One key of an expectation that does not hold.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::{Expectation, ExpectedVerdict};
/// let scenario = ScenarioBuilder::new("other").cpus(1).steps(Time::ZERO, 0, "pause");
/// let scenario = scenario.expect(&Expectation::of(ExpectedVerdict::Hung)).build()?;
/// let (report, _) = run(&scenario, &Settings::seeded(0))?;
/// assert_eq!((report.expected, report.unmet[0].key), (Some(false), "verdict"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmet {
    /// The key of `[[expect]]`.
    pub key: &'static str,
    /// What it says.
    pub expected: Finding,
    /// What came out.
    pub found: Finding,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.key, self.expected, self.found)
    }
}
