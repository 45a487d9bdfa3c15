//! Why a CPU waits: the causal chain from its wait to the root. Everything here is read off the machine at an instant, and
//! nothing else: [`State`].
//!
//! A file for each thing that a CPU can wait for; each adds what it says to the chain.

mod answers;
mod awaited;
mod bus;
mod chain;
mod condition;
mod fate;
mod icr;
mod lock;
mod refusal;
mod start_up;
mod waiting;

use super::state::{MessageState, State};
use chain::Chain;
pub use chain::Why;
pub(crate) use waiting::what;

/// Explains what became of the messages that were to start CPU `target`, from their INIT on.
pub(crate) fn explain_start(state: &State, target: u16, init: &MessageState) -> Vec<String> {
    let mut chain = Chain::new(state);
    chain.start(target, init);
    chain.lines
}

/// Explains what CPU `number` waits for at that instant.
pub(crate) fn explain_cpu(state: &State, number: u16) -> Why {
    let mut chain = Chain::new(state);
    chain.nested(number);
    chain.cpu_waits(number);
    chain.end("nothing that it waits for can come")
}

/// Explains a message that is not dispatched, for its sender.
pub(crate) fn explain_icr(state: &State, number: u16) -> Why {
    let mut chain = Chain::new(state);
    chain.path.push(number);
    chain.icr_busy(number);
    chain.end("the bus was busy with other messages")
}
