//! A query: something that is so or not of a machine at a moment of its run.

use super::phrase::Phrase;
use crate::scenario::diagnostic::Place;

/// A query, and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) place: Place,
    /// It holds if the answer is no.
    pub(crate) not: bool,
    pub(crate) asks: Asks,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Of a CPU and its local APIC.
    Cpu(u16, CpuAsks),
    /// Does the line of the bus say this?
    Bus(Phrase),
    /// Does the word of that name hold this?
    Word(String, u32),
    /// Has the event happened?
    Told(Phrase),
    /// Of a run that is over.
    Run(RunAsks),
}

/// What can be asked of a CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CpuAsks {
    InterruptsOn,
    IcrBusy,
    NmiLatched,
    Requested(u8),
    InService(u8),
    Level(u8),
    /// Is the class full?
    Full(u8),
    /// Does its lane say this of what it runs?
    Runs(Phrase),
    /// Does it wait for this? None: for nothing.
    Waits(Option<Phrase>),
    /// Does the register at this offset read so?
    Register(u16, u32),
    /// Does the chain of causes of its wait say this?
    Why(Phrase),
}

/// What can be asked of a run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunAsks {
    /// `completed`, `hung`, `deadline`.
    Verdict(&'static str),
    TimedOut(Than, u64),
    Stopped(Than, u64),
    /// From the crash to the goal, in picoseconds; nothing is said of a run that does not come to it.
    FromCrash(Than, u64),
    CaptureKernelReady,
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Than {
    Is,
    Over,
    Under,
}

impl Than {
    pub(crate) const fn holds(self, number: u64, other: u64) -> bool {
        match self {
            Self::Is => number == other,
            Self::Over => number > other,
            Self::Under => number < other,
        }
    }
}
