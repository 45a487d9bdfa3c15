//! How a run ended, and everything that reports and explanations are made from.

use super::handle::Interruption;
use crate::bus::{Agent, Message, Undispatched};
use crate::check::Counts;
use crate::coroutine::Site;
use crate::engine::Milestone;
use crate::memory::Writer;
use crate::processor::{Activity, Frame, LastSend, Misdirected, OpenWait, Provenance};
use crate::stream::Access;
use crate::time::{Duration, Time};

/// What a proof that nothing will ever change rests on.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let asleep = run(vec![Program::from_fn(|cpu| cpu.halt())]);
/// assert_eq!(asleep.ending, Ending::Proven(Proof::Quiescent)); // nobody polls, nothing can come
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Every unfinished CPU sleeps; nobody polls.
    Quiescent,
    /// At least one CPU is in a loop whose state recurs.
    Recurrence,
}

/// How a run ended.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let spins = run(vec![Program::from_fn(|cpu| loop { cpu.pause() })]); // Open: nothing is proven of it
/// assert_eq!(spins.ending, Ending::Deadline);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The stop rule was met.
    Stopped,
    /// Proven: nothing that any program waits for can ever happen.
    Proven(Proof),
    /// The time limit came first. Nothing is proven.
    Deadline,
    /// Somebody ended it, or a budget was used up, before anything else. Nothing is proven.
    Interrupted(Interruption),
}

/// What it took to execute a run: no result, and different in every execution.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let outcome = run(vec![Program::from_fn(|cpu| cpu.delay_us(3))]);
/// assert!(outcome.effort.windows > 0 && outcome.effort.visits > 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Effort {
    /// Windows that were opened.
    pub windows: u64,
    /// Visits of a CPU in a window.
    pub visits: u64,
}

/// One CPU at the end of a run.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let outcome = run(vec![Program::from_fn(|cpu| {
///     cpu.irq_save();
///     cpu.halt();
/// })]);
/// let report = &outcome.cpus[0];
/// assert!(report.cpu == 0 && report.interrupts_off_since.is_some() && !report.finished && report.waits.is_empty());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CpuReport {
    /// Its number.
    pub cpu: Agent,
    /// The line that it waits at, if it is in a proven loop; else the line that it was about to act on.
    pub site: Option<Site>,
    /// What runs on it: the program, and handlers on top.
    pub frames: Vec<Frame>,
    /// Waits that have not ended, innermost last.
    pub waits: Vec<OpenWait>,
    /// Since when maskable interrupts are off.
    pub interrupts_off_since: Option<Time>,
    /// Are NMIs blocked until the next IRET, and is one latched?
    pub nmi: (bool, bool),
    /// Does it run, sleep, wait?
    pub activity: Activity,
    /// Since when a store to its ICR has not completed.
    pub stalled_since: Option<Time>,
    /// The minimal period of the loop that it is proven to be in.
    pub period: Option<Duration>,
    /// The period that the loop of an Open program seems to have. It is no proof: such a program may end all the same.
    pub suspected_period: Option<Duration>,
    /// The locations that it read since its last effective event: what it polls, if it does.
    pub polled: Vec<Access>,
    /// Since when its ICR reads "send pending".
    pub busy_since: Option<Time>,
    /// The message that waits in its APIC for the current one to be dispatched (knob `queue`).
    pub queued: Option<Message>,
    /// Its last IPI.
    pub last_send: Option<LastSend>,
    /// Its last message that went elsewhere than its sender had asked for: a handler wrote ICR high in between.
    pub misdirected: Option<Misdirected>,
    /// Vectors requested (IRR) and where each came from.
    pub requested: Vec<(u8, Option<Provenance>)>,
    /// Vectors in service (ISR).
    pub in_service: Vec<u8>,
    /// Its task priority.
    pub task_priority: u8,
    /// Has its program ended?
    pub finished: bool,
    /// May its program be proven to hang?
    pub closed_program: bool,
    /// Its last effective event.
    pub last_effective: Time,
    /// Is its APIC dead (injected)?
    pub dead: bool,
}

/// A message that was not dispatched at the end.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// let cpu = |id, program| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// let send = Program::from_fn(|cpu| {
///     for vector in [0x41, 0x42, 0x43] {
///         cpu.write_register(0x310, 1 << 24);
///         cpu.write_register(0x300, vector);
///         cpu.delay_us(10);
///     }
/// });
/// let deaf = Program::from_fn(|cpu| {
///     cpu.irq_save();
///     cpu.halt();
/// });
/// let bus = Box::new(SerialBus::new(&[0, 1])?);
/// let settings = MachineSettings::new(Generation::P6, bus).with(|machine| machine.limit = Time::from_us(60));
/// let machine = Machine::new(settings.with(|machine| machine.cpus = vec![cpu(0, send), cpu(1, deaf)]))?;
/// let outcome = machine.run(Execution::default())?;
/// let third = &outcome.undispatched[0]; // a P6 keeps two interrupts of a priority class
/// assert_eq!((third.held.message.vector, &*third.refusers), (0x43, &[1][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UndispatchedReport {
    /// The message and its attempts.
    pub held: Undispatched,
    /// The agents that refuse it.
    pub refusers: Vec<Agent>,
}

/// A finished run.
///
/// ```
/// use sim::bus::IdealBus;
/// use sim::*;
///
/// let machine = Machine::new(MachineSettings::new(Generation::XApic, Box::new(IdealBus::default())).with(|machine| machine.cpus = vec![(CpuSettings::default(), Program::from_fn(|cpu| cpu.delay_us(3)))]))?;
/// let outcome = machine.run(Execution::default())?;
/// assert_eq!(outcome.ending, Ending::Proven(Proof::Quiescent)); // its program has ended: nothing can come any more
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Of a proven run: the instant of the proof, the greatest of all its parts (the operation that proved a CPU's loop,
    /// the attempt that proved the interconnect's). A run with a limit above it is proven, in every execution.
    pub proven_at: Option<Time>,
    /// Of an interrupted run: the instant before which everything is done, and at or after which nothing is. The run with
    /// this limit has the same events and the same digest.
    pub interrupted_at: Option<Time>,
    /// Its last effective event.
    pub last_effective: Time,
    /// Milestones in their one order.
    pub milestones: Vec<Milestone>,
    /// Digest of the whole event stream.
    pub digest: u64,
    /// The CPUs.
    pub cpus: Vec<CpuReport>,
    /// Messages that were not dispatched.
    pub undispatched: Vec<UndispatchedReport>,
    /// Messages that an interconnect still carries beyond their senders' bus.
    pub in_transit: Vec<Undispatched>,
    /// Was any attempt answered with Retry by a full target?
    pub refused_once: bool,
    /// How many deliveries each fault of messages has hit, in the order of the settings.
    pub message_faults: Vec<u64>,
    /// Who wrote each shared word last.
    pub writers: Vec<Option<Writer>>,
    /// How many choices were drawn. Whoever wants them gives the machine a [`Chooser`](crate::Chooser) that notes them.
    pub choices: u64,
    /// Was an [`AllocationWatch`](crate::AllocationWatch) installed, which makes software Open that allocates? Without one
    /// it is the implementer of [`Closed`](crate::Closed) who promises that it does not.
    pub allocations_watched: bool,
    /// What the conservation checker has seen; `None`: it was off. It shares no code with the APICs, so that a view on the
    /// events can be compared with it.
    pub checked: Option<Counts>,
    /// What it took.
    pub effort: Effort,
}
