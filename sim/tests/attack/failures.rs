//! How a run can fail, in the words of these tests.

use sim::{Outcome, RunError};

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

/// What failed.
pub(crate) fn failure(error: &RunError) -> Failure {
    let (kind, cpu, at, site, text) = match error {
        RunError::Device { cpu, at, error, .. } => (Fault::Device, *cpu, *at, None, error.to_string()),
        RunError::Panic { cpu, at, site, message } => (Fault::Panic, *cpu, *at, *site, message.clone()),
        RunError::PanicCaught { cpu, at, site } => (Fault::PanicCaught, *cpu, *at, *site, String::new()),
        RunError::StackExhausted { cpu, at, site } => (Fault::StackExhausted, *cpu, *at, *site, String::new()),
        RunError::Nesting { cpu, at, site } => (Fault::Nesting, *cpu, *at, *site, String::new()),
        RunError::Standstill { cpu, at, site } => (Fault::Standstill, *cpu, *at, *site, String::new()),
        RunError::NoSuchWord { cpu, at, site, word, words } => {
            (Fault::NoSuchWord, *cpu, *at, *site, format!("{word} of {words}"))
        }
        other => return Failure { kind: Fault::Other, cpu: None, at: 0, line: None, text: format!("{other:?}") },
    };
    Failure {
        kind,
        cpu: Some(cpu),
        at: at.as_ps(),
        line: site.and_then(|site| site.location()).map(|at| at.line()),
        text,
    }
}
