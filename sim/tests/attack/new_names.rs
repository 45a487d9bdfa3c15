//! How a run can fail, in the words of these tests.

pub(crate) use crate::new_engine::*;

use sim::Outcome;

/// What a run came to, or how it failed.
pub(crate) type Attempt = Result<Box<Outcome>, Failure>;

/// How a run can fail, in names that both engines have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Fault,
    /// The CPU at fault.
    pub(crate) cpu: Option<u16>,
    /// When, in picoseconds.
    pub(crate) at: u64,
    /// The line of software, if one is named.
    pub(crate) line: Option<u32>,
    /// The panic's message, the word that is not there, or what the error says.
    pub(crate) text: String,
}

/// What a run failed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the old engine has not all of them")]
pub(crate) enum Fault {
    /// Software asked a device for something that it cannot do.
    Device,
    /// Software panicked.
    Panic,
    /// Software caught a panic during which operations were dropped.
    PanicCaught,
    /// Software used up its stack.
    StackExhausted,
    /// More than 64 handlers, one on another.
    Nesting,
    /// More than 2^20 operations without time.
    Standstill,
    /// A shared word that the machine does not have.
    NoSuchWord,
    /// `Machine::run` itself panicked.
    HostPanic,
    /// An error without a name here.
    Other,
}
