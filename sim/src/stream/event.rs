//! What an event can say.

use crate::bus::{Agent, AttemptOutcome, Message, MessageEffect};
use crate::coroutine::Site;
use crate::processor::{Kind, LocalEvent};
use crate::time::Time;

/// Who an event belongs to.
///
/// ```
/// use sim::Source;
///
/// assert!(Source::Interconnect < Source::Cpu(0) && Source::Cpu(0) < Source::Cpu(1)); // their order at one instant
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The interconnect.
    Interconnect,
    /// A CPU, with its local APIC.
    Cpu(Agent),
}

/// What a CPU runs.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// struct Looks;
/// impl Software for Looks {
///     fn run(&self, cpu: Cpu<'_>) {
///         cpu.write_register(0x300, 0x4_0041); // to itself
///         cpu.halt();
///     }
/// }
/// let mut recording = Recording::default();
/// let cpus = vec![(CpuSettings::default(), Program::open(Looks))];
/// let bus = Box::new(FrontSideBus::new());
/// let machine = Machine::new(MachineSettings::new(Generation::XApic, bus).with(|machine| machine.cpus = cpus))?;
/// machine.observed(Execution::default(), &mut recording)?;
/// let entered = What::Entered(Context::Interrupt(0x41));
/// assert!(recording.told.iter().any(|told| told.event.what == entered));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Its program.
    Program,
    /// The handler of an interrupt.
    Interrupt(u8),
    /// The NMI handler.
    Nmi,
    /// System-management code.
    SystemManagement,
    /// Nothing: the CPU is in shutdown.
    Shutdown,
}

impl Context {
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Program => 0,
            Self::Interrupt(vector) => 1 << 8 | vector as u32,
            Self::Nmi => 2 << 8,
            Self::SystemManagement => 3 << 8,
            Self::Shutdown => 4 << 8,
        }
    }

    pub(crate) const fn from_code(code: u32) -> Self {
        match code >> 8 {
            0 => Self::Program,
            1 => Self::Interrupt(code as u8),
            2 => Self::Nmi,
            3 => Self::SystemManagement,
            _ => Self::Shutdown,
        }
    }
}

/// An access that may repeat without effect: the location of a poll, or a delay.
///
/// See [`What`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The operation.
    pub kind: Kind,
    /// Register, word, MSR or port; the microseconds of a delay.
    pub operand: u32,
}

/// What happened.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn events(program: fn(Cpu<'_>)) -> Vec<Told> {
/// #     let cpus = vec![(CpuSettings::default(), Program::from_fn(program))];
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     let mut recording = Recording::default();
/// #     Machine::new(settings).unwrap().observed(Execution::default(), &mut recording).unwrap();
/// #     recording.told
/// # }
/// let events = events(|cpu| cpu.store(1, 9));
/// let word = Access { kind: Kind::Store, operand: 1 };
/// assert!(events.iter().any(|told| told.event.what == What::Write { access: word, value: 9 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Reads of one location that gave one value, or equal delays, from the event's time to `last`.
    Run {
        /// The location or delay.
        access: Access,
        /// The value each of them gave.
        value: u64,
        /// Instant of the last one.
        last: Time,
        /// How many.
        count: u64,
    },
    /// A register, MSR or shared word was written.
    Write {
        /// What was written.
        access: Access,
        /// The value.
        value: u64,
    },
    /// A read-modify-write came back.
    Modified {
        /// The word.
        access: Access,
        /// The old value, bits 63:32, and the new one.
        values: u64,
    },
    /// An IPI was asked of the interconnect.
    Sent(Message),
    /// A write of ICR low found it busy and was dropped or queued, or waits (the knob says which).
    IcrWrittenWhileBusy(u32),
    /// A handler was entered.
    Entered(Context),
    /// A handler returned.
    Left(Context),
    /// Maskable interrupts were enabled (true) or disabled.
    InterruptFlag(bool),
    /// HLT.
    Halted,
    /// HLT ended.
    Woken,
    /// An NMI reached the latch of the core.
    NmiLatched,
    /// A wait began.
    WaitBegan(u32),
    /// A wait ended: its code and its outcome.
    WaitEnded(u32, u32),
    /// Software reached a milestone.
    Reached(u32),
    /// A choice was drawn: the alternatives and the one taken.
    Chosen(u32, u32),
    /// The simulated clock was read.
    ClockRead,
    /// The program ended.
    Ended,
    /// Attempts of one message with one outcome, from the event's time to `last`.
    Attempts {
        /// The message.
        message: Message,
        /// The outcome each of them had.
        outcome: AttemptOutcome,
        /// End of the last one.
        last: Time,
        /// How many.
        count: u64,
    },
    /// An agent took a message.
    Delivered(Agent, Message),
    /// The interconnect is done with a message; true if a newer one of the sender is pending.
    Dispatched(Message, bool),
    /// ESR bits were recorded by an agent.
    Error(Agent, u32),
    /// An EOI message arrived at the I/O agents.
    EndOfInterrupt(u8),
    /// The APIC of an agent went dead (injected).
    ApicDead(Agent),
    /// A read whose value depends on time: a timer's count, the time-stamp counter.
    TimedRead {
        /// What was read.
        access: Access,
        /// The value.
        value: u64,
    },
    /// Something happened on the CPU by itself: a timer or pin of it, an injected change of its state.
    Local(LocalEvent),
    /// An access to a model-specific register faulted and did nothing.
    Fault(Access),
    /// The CPU was initialised: what it ran is gone.
    Initialised,
    /// A start-up message with this vector started it.
    Started(u8),
    /// It is in shutdown.
    Shutdown,
    /// An injected fault met a message where it would have come to an agent. What comes all the same has a delivery of its
    /// own.
    MessageFault(MessageEffect, Agent, Message),
    /// The APIC that asked got the answer to a remote read: the register, or nothing valid.
    RemoteRead(Message, Option<u32>),
}

impl What {
    /// Is it a run, of polls, delays or attempts?
    pub const fn is_run(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Attempts { .. })
    }
}

/// One event of the stream.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn events(program: fn(Cpu<'_>)) -> Vec<Told> {
/// #     let cpus = vec![(CpuSettings::default(), Program::from_fn(program))];
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     let mut recording = Recording::default();
/// #     Machine::new(settings).unwrap().observed(Execution::default(), &mut recording).unwrap();
/// #     recording.told
/// # }
/// let events = events(|cpu| {
///     cpu.delay_us(3);
///     cpu.reached(7);
/// });
/// let reached = events.iter().map(|told| told.event).find(|event| event.what == What::Reached(7)).expect("it is told");
/// assert_eq!((reached.time, reached.source), (Time::from_us(3), Source::Cpu(0)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When (of a run: its first access).
    pub time: Time,
    /// Whose.
    pub source: Source,
    /// The line of software, where there is one; of the entry into a handler, the line that it came before.
    pub site: Option<Site>,
    /// What.
    pub what: What,
}
