//! What a scenario expects of a run: the values of `[[expect]]`.

use super::named::named;

named! {
    /// A verdict that a scenario may expect.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(ExpectedVerdict::names(), ["completed", "hung", "any"]);
    /// ```
    #[non_exhaustive]
    pub enum ExpectedVerdict ("verdict") {
        /// The goal is reached.
        Completed = "completed",
        /// The goal is proven unreachable.
        Hung = "hung",
        /// Nothing is expected.
        Any = "any",
    }
}

named! {
    /// The proof of a hang that a scenario may expect.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(ExpectedProof::names(), ["quiescent", "recurrence"]);
    /// ```
    #[non_exhaustive]
    pub enum ExpectedProof ("proof") {
        /// No CPU polls.
        Quiescent = "quiescent",
        /// Some CPU polls for ever.
        Recurrence = "recurrence",
    }
}

/// What a scenario expects of one machine; `None` expects nothing of that quantity.
///
/// ```
/// # use apicsim::scenario::*;
/// let hangs = Expectation { stopped: Some(0), ..Expectation::of(ExpectedVerdict::Hung) };
/// assert_eq!(hangs.capture, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Position in the file, from 0.
    pub index: usize,
    /// Verdict.
    pub verdict: ExpectedVerdict,
    /// Proof of a hang.
    pub proof: Option<ExpectedProof>,
    /// Timed-out waits of the crashing CPU.
    pub timeouts: Option<u32>,
    /// CPUs that the crash NMI stopped.
    pub stopped: Option<u32>,
    /// The function in which the goal's CPU hangs.
    pub hang_at: Option<String>,
    /// Whether the capture kernel is reached.
    pub capture: Option<bool>,
    /// CPUs that were started and have called in.
    pub started: Option<u32>,
}

impl Expectation {
    /// This verdict, and nothing else.
    pub const fn of(verdict: ExpectedVerdict) -> Self {
        Self {
            index: 0,
            verdict,
            proof: None,
            timeouts: None,
            stopped: None,
            hang_at: None,
            capture: None,
            started: None,
        }
    }
}
