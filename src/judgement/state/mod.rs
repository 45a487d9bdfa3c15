//! The machine at an instant, as the event stream tells it: a fold, from the machine that a scenario describes and the
//! events of a run up to that instant. All explanations read this and nothing else.
//!
//! Registers, requests and ids of each local APIC are kept by `sim`'s own state machine, to which each event is told again:
//! so that there is one reading of the manual and not two.
//!
//! Not modelled: what no event says, as the cycle of a bus; costs; the counts of a timer between two accesses.

mod busy_write;
mod carried;
mod command_pair;
mod cpu;
mod delivery;
mod end;
mod fold;
mod frame;
mod hardware;
mod injected;
mod latches;
mod message;
mod software;
#[cfg(test)]
pub(crate) mod tests;
mod unsent;
mod words;

pub(crate) use command_pair::Misdirected;
pub(crate) use cpu::{CpuState, Reset, Sleep, Unsent};
pub(crate) use delivery::{Arrival, Effect, Miss};
pub(crate) use end::End;
pub(crate) use fold::State;
pub(crate) use frame::Frame;
pub(crate) use injected::Stall;
pub(crate) use latches::{Cause, Latches, Origin};
pub(crate) use message::{MessageState, Over};
pub(crate) use sim::Site;
pub(crate) use software::OpenWait;
pub(crate) use unsent::UnsentMessage;
pub(crate) use words::Writer;
