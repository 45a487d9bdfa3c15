//! Why a run could not go on: what its software did that no machine can.

use crate::bus::Agent;
use crate::coroutine::Site;
use crate::devices::I8254Error;
use crate::time::Time;
use std::fmt;

/// A line of software in a message, if it is known.
struct Line(Option<Site>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(site) => site.fmt(f),
            None => f.write_str("before its first operation"),
        }
    }
}

/// A run could not go on, because of its software. Fatal for the run; the machine is gone. Of several the earliest is
/// reported, in every executor.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Result<Outcome, RunError> {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default())
/// # }
/// let missing = Program::from_fn(|cpu| _ = cpu.load(7)); // a machine of two words
/// assert!(matches!(run(vec![missing]), Err(RunError::NoSuchWord { cpu: 0, word: 7, words: 2, .. })));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Software asked a device for something that it cannot do.
    #[error("CPU{cpu} at {at} us: {error}")]
    Device {
        /// Who asked.
        cpu: Agent,
        /// When.
        at: Time,
        /// What is wrong with it.
        error: I8254Error,
    },
    /// Software panicked.
    #[error("the software of CPU{cpu} panicked at {at} us, last line {}: {message}", Line(*.site))]
    Panic {
        /// Whose.
        cpu: Agent,
        /// At its last effect.
        at: Time,
        /// The line of its last operation.
        site: Option<Site>,
        /// What it said.
        message: String,
    },
    /// Software caught a panic of its own after operations had been dropped in it: its state is not what it seems.
    #[error(
        "the software of CPU{cpu} panicked and caught it at {at} us, after the operation at {} had been dropped while \
         its frames were unwound",
        Line(*.site)
    )]
    PanicCaught {
        /// Whose.
        cpu: Agent,
        /// At its last effect.
        at: Time,
        /// The line of the first operation that was dropped.
        site: Option<Site>,
    },
    /// Software used up its stack of 256 KiB.
    #[error("the software of CPU{cpu} has used up its stack of 256 KiB at {at} us, at {}", Line(*.site))]
    StackExhausted {
        /// Whose.
        cpu: Agent,
        /// At its last effect.
        at: Time,
        /// The line of the operation.
        site: Option<Site>,
    },
    /// Handlers nest too deep: they let in what interrupted them.
    #[error("handlers of CPU{cpu} nest more than 64 deep at {at} us, at {}", Line(*.site))]
    Nesting {
        /// Whose.
        cpu: Agent,
        /// When.
        at: Time,
        /// The line that the last one interrupted.
        site: Option<Site>,
    },
    /// Software does operation after operation, and no time passes.
    #[error("more than 2^20 operations of CPU{cpu} take no time at {at} us, at {}: a loop without a cost", Line(*.site))]
    Standstill {
        /// Whose.
        cpu: Agent,
        /// When.
        at: Time,
        /// The line of the last one.
        site: Option<Site>,
    },
    /// Software accessed a shared word that the machine does not have.
    #[error("CPU{cpu} at {at} us accesses shared word {word} at {}: the machine has {words}", Line(*.site))]
    NoSuchWord {
        /// Who.
        cpu: Agent,
        /// When.
        at: Time,
        /// The line.
        site: Option<Site>,
        /// The word.
        word: u16,
        /// How many there are.
        words: usize,
    },
}

impl RunError {
    /// Where it stands among errors: by instant, then by CPU.
    pub(crate) const fn place(&self) -> (Time, Agent) {
        match *self {
            Self::Device { cpu, at, .. }
            | Self::Panic { cpu, at, .. }
            | Self::PanicCaught { cpu, at, .. }
            | Self::StackExhausted { cpu, at, .. }
            | Self::Nesting { cpu, at, .. }
            | Self::Standstill { cpu, at, .. }
            | Self::NoSuchWord { cpu, at, .. } => (at, cpu),
        }
    }
}
