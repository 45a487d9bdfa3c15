//! A script as plain data: what to do, in order, and how the machine starts.

use crate::scenario::diagnostic::Place;
use crate::scenario::{FaultLine, Operation};
use sim::apic::Mode;

/// A script, read and checked.
///
/// ```
/// use apicsim::scenario::diagnostic::Source;
/// use apicsim::script::Script;
///
/// let script = Script::parse(&Source::new("my.apic", "cpus 1\ncpu 0 read ID\n"))?;
/// assert_eq!((script.cpus, script.lines.len()), (1, 1));
/// # Ok::<(), apicsim::scenario::diagnostic::InputError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// Number of CPUs, 1 to 255, with [`Init::X2Apic`] to 768; CPU K has APIC id K.
    pub cpus: u16,
    /// Where that is said, if it is.
    pub cpus_place: Option<Place>,
    /// What the CPUs do before the first operation.
    pub init: Init,
    /// Skip the script on a machine without x2APIC mode?
    pub requires_x2apic: bool,
    /// What goes wrong in the machine, from the start.
    pub faults: Vec<FaultLine>,
    /// The operations, in order.
    pub lines: Vec<Line>,
}

/// What the CPUs do before the first operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Init {
    /// Every CPU enables its APIC and masks its local vector table.
    #[default]
    Std,
    /// Nothing: CPUs other than 0 are left as INIT and SIPI left them.
    Raw,
    /// Nothing; and firmware has put every APIC into x2APIC mode, so that there may be more ids than eight bits have.
    X2Apic,
}

impl Init {
    /// The mode of every APIC before the first operation.
    pub(super) const fn mode(self) -> Mode {
        match self {
            Self::Std | Self::Raw => Mode::XApic,
            Self::X2Apic => Mode::X2Apic,
        }
    }

    /// The name in scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Std => "std",
            Self::Raw => "raw",
            Self::X2Apic => "x2apic",
        }
    }
}

/// One operation of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The source line without its comment, blanks collapsed.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// What it asks for.
    pub action: Action,
}

/// What a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `cpu K …`: this CPU does some work.
    Cpu(u16, Work),
    /// `wait`: so many microseconds of simulated time pass.
    Wait {
        /// µs.
        us: u32,
    },
    /// `irqlog K`, or all CPUs: what the handlers saw since the last one.
    IrqLog(Option<u16>),
    /// `count`: is the number of these in a CPU's log in the range?
    Count {
        /// The CPU.
        cpu: u16,
        /// What is counted.
        what: Counted,
        /// Least number.
        least: u64,
        /// Greatest number.
        most: u64,
    },
    /// `ping`: does the CPU answer?
    Ping(u16),
    /// `state K`, or all CPUs: what they do, and what their APICs hold.
    State(Option<u16>),
    /// `cpu K why`: what the CPU does or waits for; `cpu K why icr`: what its ICR waits for, or where its last message went; `cpu K
    /// why vector VEC`: where a vector is that was for it.
    Why(u16, Asked),
    /// `boots`: how often the CPU was started, and where the last time.
    Boots(u16),
    /// `note`: only the line itself.
    Note,
}

/// What `why` asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked {
    /// The CPU.
    Cpu,
    /// Its interrupt command register.
    Command,
    /// A vector.
    Vector(u8),
}

/// What `count` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// Interrupts of this vector, spurious ones too.
    Vector(u8),
    /// Non-maskable interrupts.
    Nmi,
}

/// What one CPU is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// To execute an operation.
    Operation(Operation),
    /// STI and HLT, once the operation is answered.
    Halt,
    /// Do the interrupt handlers write EOI?
    AutoEoi(bool),
    /// Stay in the handler of the next NMI.
    HoldNmi,
    /// Leave that handler.
    ReleaseNmi,
    /// Stay in system-management mode at the next SMI.
    HoldSmm,
    /// Leave it by RSM.
    ReleaseSmm,
    /// A triple fault, once the operation is answered.
    ShutDown,
}
