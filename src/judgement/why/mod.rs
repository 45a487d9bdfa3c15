//! Why a CPU waits: the causal chain from its wait to the root. Everything here is read off the machine at an instant, and
//! nothing else: [`State`].
//!
//! A file for each thing that a CPU can wait for; each adds what it says to the chain.

mod answers;
mod awaited;
mod bus;
mod by_hand;
mod chain;
mod condition;
mod fate;
mod halted;
mod icr;
mod last_message;
mod lock;
mod mailbox;
mod program;
mod refusal;
mod remote_read;
mod start_up;
mod vector;
mod waiting;

use super::fates::{Fates, Filter, MessagesReport};
use super::state::{MessageState, State};
use chain::Chain;
pub(crate) use chain::Why;
pub(crate) use start_up::first_message;
pub(crate) use waiting::what;

/// Explains what became of the messages that were to start CPU `target`, from the first of them on.
pub(crate) fn explain_start(state: &State, target: u16, first: &MessageState) -> Vec<String> {
    let mut chain = Chain::new(state);
    chain.start(target, first);
    chain.lines
}

/// Explains what CPU `number` waits for at that instant; of one without a kernel, what it does, and what it has not taken.
pub(crate) fn explain_cpu(state: &State, number: u16) -> Why {
    let mut chain = Chain::new(state);
    if state.kernel.is_none() {
        chain.by_hand(number);
        return chain.end("it waits for nothing");
    }
    chain.nested(number);
    chain.cpu_waits(number);
    chain.end("nothing that it waits for can come")
}

/// Explains what the ICR of CPU `number` waits for, or, if it is idle, where its last message went.
pub(crate) fn explain_command(state: &State, number: u16) -> Why {
    let mut chain = Chain::new(state);
    if chain.is_held_up(number) {
        return explain_icr(state, number);
    }
    chain.last_message(number);
    chain.end("its message has arrived")
}

/// Explains a message that is not dispatched, for its sender.
pub(crate) fn explain_icr(state: &State, number: u16) -> Why {
    let mut chain = Chain::new(state);
    chain.path.push(number);
    chain.icr_busy(number);
    chain.end("the bus was busy with other messages")
}

/// What follows the messages with a vector that are for CPU `number`, to [explain](explain_vector) what became of it.
pub(crate) fn with_vector(before: State, number: u16, vector: u8) -> Fates {
    Fates::last(before, Filter { to: Some(number), vector: Some(vector), ..Filter::default() }, vector::TOLD)
}

/// Explains where a vector is that was for CPU `number`: there, or gone.
pub(crate) fn explain_vector(state: &State, number: u16, vector: u8, messages: &MessagesReport) -> Why {
    let mut chain = Chain::new(state);
    chain.vector(number, vector, messages);
    chain.end("it has not come")
}
