//! Why a CPU waits: the causal chain from its wait to the root.
//!
//! Everything here is read off the machine at the end of a run. For a wait that ended earlier, the run is cut at that
//! instant and read then.

mod busy_icr;
mod chain;
mod waiting;

use crate::scenario::Scenario;
use chain::Chain;
use sim::Outcome;

/// A chain of causes, and its root in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// From the wait to the root, a sentence each.
    pub chain: Vec<String>,
    /// The root.
    pub cause: String,
}

/// Explains what CPU `number` waits for at the end of the run.
pub fn explain(scenario: &Scenario, outcome: &Outcome, number: u16) -> Why {
    let mut chain = Chain::new(scenario, outcome);
    chain.nested(number);
    chain.cpu_waits(number);
    let cause = chain.cause.unwrap_or_else(|| "nothing that it waits for can come".to_owned());
    Why { chain: chain.lines, cause }
}

/// Explains a message that is not dispatched, for its sender.
pub(crate) fn explain_icr(scenario: &Scenario, outcome: &Outcome, number: u16) -> Why {
    let mut chain = Chain { visited: vec![number], ..Chain::new(scenario, outcome) };
    chain.icr_busy(number);
    Why { cause: chain.cause.unwrap_or_else(|| "the bus was busy with other messages".to_owned()), chain: chain.lines }
}
