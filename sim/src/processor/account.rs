//! What a CPU keeps for reports and explanations: nothing here decides anything.

use super::command_pairs::CommandPairs;
use crate::bus::{Agent, Message};
use crate::choice::Counts;
use crate::coroutine::Site;
use crate::stream::Context;
use crate::time::Time;

/// One level of nesting: the program, or a handler on top of what it interrupted.
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
/// let outcome = run(vec![Program::from_fn(|cpu| cpu.halt())]);
/// let frames = &outcome.cpus[0].frames;
/// assert_eq!((frames.len(), frames[0].context, frames[0].since), (1, Context::Program, Time::ZERO));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Frame {
    /// What runs.
    pub context: Context,
    /// Since when.
    pub since: Time,
    /// The line that was about to act when this handler came in between.
    pub interrupted: Option<Site>,
}

/// The last write of ICR low that asked for a message.
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
/// let outcome = run(vec![Program::from_fn(|cpu| cpu.write_register(0x300, 0xC_0041))]);
/// assert_eq!(outcome.cpus[0].last_send.expect("an IPI").message.vector, 0x41);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LastSend {
    /// The message.
    pub message: Message,
    /// The line that wrote it.
    pub site: Site,
}

/// A wait that has begun and not ended. Those that have ended are told in the event stream, and counted by whoever observes.
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
///     cpu.delay_us(3);
///     cpu.wait_begin(7); // and never ends
///     cpu.halt();
/// })]);
/// let wait = outcome.cpus[0].waits[0];
/// assert_eq!((wait.code, wait.since), (7, Time::from_us(3)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OpenWait {
    /// The code that software gave it.
    pub code: u32,
    /// The line that waits.
    pub site: Site,
    /// Since when.
    pub since: Time,
    pub(crate) level: usize,
}

/// Where a pending interrupt came from.
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
/// let send = Program::from_fn(|cpu| cpu.write_register(0x300, 0xC_0041)); // to all but itself
/// let deaf = Program::from_fn(|cpu| {
///     cpu.irq_save();
///     cpu.delay_us(50);
/// });
/// let outcome = run(vec![send, deaf]);
/// let (vector, from) = outcome.cpus[1].requested[0];
/// assert_eq!((vector, from.expect("a message").from), (0x41, 0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provenance {
    /// The sender.
    pub from: Agent,
    /// When it was delivered.
    pub at: Time,
}

/// The account of a CPU.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Waits that have not ended, innermost last.
    pub(crate) waits: Vec<OpenWait>,
    /// Since when maskable interrupts are off.
    pub(crate) interrupts_off_since: Option<Time>,
    /// Since when a store to its ICR has not completed.
    pub(crate) stalled_since: Option<Time>,
    /// Since when its ICR reads "send pending".
    pub(crate) busy_since: Option<Time>,
    /// The line of the operation under way.
    pub(crate) site: Option<Site>,
    pub(crate) last_send: Option<LastSend>,
    /// Writes of ICR high that wait for their ICR low.
    pub(crate) pairs: CommandPairs,
    /// Where requested vectors came from. Few at a time.
    pub(super) provenance: Vec<(u8, Provenance)>,
    pub(super) choices: Counts,
    /// Choices that were drawn.
    pub(crate) chosen: u64,
}

impl Account {
    /// `vector` was requested: of several requests that merge the first counts.
    pub(crate) fn note_provenance(&mut self, vector: u8, provenance: Provenance) {
        if self.provenance_of(vector).is_none() {
            self.provenance.push((vector, provenance));
        }
    }

    /// Is the last request that was noted that of `vector`?
    #[inline(always)]
    pub(super) fn is_last_request(&self, vector: u8) -> bool {
        self.provenance.last().is_some_and(|(noted, _)| *noted == vector)
    }

    /// `vector` is requested no more: it is in service.
    #[inline]
    pub(super) fn forget_provenance(&mut self, vector: u8) {
        if let Some(place) = self.provenance.iter().position(|(noted, _)| *noted == vector) {
            self.provenance.remove(place);
        }
    }

    /// Where the request of `vector` came from.
    pub(crate) fn provenance_of(&self, vector: u8) -> Option<Provenance> {
        self.provenance.iter().find(|(noted, _)| *noted == vector).map(|&(_, provenance)| provenance)
    }
}
