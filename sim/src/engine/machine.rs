//! Machines: what they are built from, what can be wrong with that, and how a run is executed.

use super::device_hub::{DeviceHub, LineChange};
use super::execution::Execution;
use super::fabric::{Fabric, Wiring};
use super::handle::{Budget, Handle};
use super::hardware::{DeviceInterrupt, Hardware};
use super::milestones::{Milestones, StopRule};
use super::observer::Observer;
use super::outcome::Outcome;
use super::slot::Slot;
use super::watch::Watch;
use crate::RunError;
use crate::bus::{Agent, Interconnect, MessageFault};
use crate::check::Checks;
use crate::choice::{Chooser, Seeded};
use crate::coroutine::{PROOFS, Stacks, is_watching, room_for};
use crate::generation::{Costs, Generation, Knobs, X2ApicSend};
use crate::io_apic::IoApicVersion;
use crate::memory::Master;
use crate::processor::{Common, Core, CpuSettings, Kind, Processor, Program};
use crate::time::{ClockDomain, Duration, Time};
use std::sync::Arc;

/// Everything a machine is built from.
///
/// ```
/// use sim::bus::FrontSideBus;
/// use sim::{Generation, MachineSettings, Time};
///
/// let settings = MachineSettings::new(Generation::XApic, Box::new(FrontSideBus::new())).with(|machine| machine.limit = Time::from_us(50));
/// assert!(settings.cpus.is_empty() && settings.elision);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct MachineSettings {
    /// APIC generation.
    pub generation: Generation,
    /// Knobs.
    pub knobs: Knobs,
    /// Costs of operations.
    pub costs: Costs,
    /// Core clock.
    pub core_clock: ClockDomain,
    /// Clock of the APIC timers.
    pub timer_clock: ClockDomain,
    /// The interconnect.
    pub bus: Box<dyn Interconnect>,
    /// Does delivery status show "send pending"? False on the ideal bus, as in hypervisors.
    pub busy_visible: bool,
    /// Initial values of the shared words.
    pub words: Vec<u32>,
    /// The CPUs, by number.
    pub cpus: Vec<(CpuSettings, Program)>,
    /// What devices without a line make the I/O agent send.
    pub device_interrupts: Vec<DeviceInterrupt>,
    /// The I/O APIC, if there is one.
    pub io_apic: Option<IoApicVersion>,
    /// What software has written into its redirection entries before the run: pin and entry. The others are masked.
    pub io_apic_entries: Vec<(u8, u64)>,
    /// Changes of its lines.
    pub lines: Vec<LineChange>,
    /// Injected: from then on the APIC of that CPU is deaf and mute.
    pub dead_apics: Vec<(Time, Agent)>,
    /// Injected: what becomes of messages on their way.
    pub message_faults: Vec<MessageFault>,
    /// Who decides what may happen either way.
    pub chooser: Arc<dyn Chooser>,
    /// The run ends here at the latest.
    pub limit: Time,
    /// The run ends when this is met.
    pub stop: StopRule,
    /// What it may do at most. Every execution ends it at the same instant.
    pub budget: Budget,
    /// Who may end it from outside, if anybody.
    pub handle: Option<Handle>,
    /// What the conservation checker looks for, in every run.
    pub checks: Checks,
    /// Skip polls and retries that are proven to repeat. Never changes an event.
    pub elision: bool,
    /// What software runs on. Never changes an event; on threads no recurrence is proven.
    pub stacks: Stacks,
}

impl MachineSettings {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl MachineSettings {
    /// A machine of `generation` on `bus` without CPUs: defaults of the generation, no shared words, no devices, no faults,
    /// seed 0, a limit of 10 simulated seconds, no stop rule, no budget, no handle, polls skipped.
    pub fn new(generation: Generation, bus: Box<dyn Interconnect>) -> Self {
        Self {
            generation,
            knobs: Knobs::default(),
            costs: generation.costs(),
            core_clock: generation.core_clock(),
            timer_clock: generation.timer_clock(),
            busy_visible: bus.name() != "ideal",
            bus,
            words: Vec::new(),
            cpus: Vec::new(),
            device_interrupts: Vec::new(),
            io_apic: None,
            io_apic_entries: Vec::new(),
            lines: Vec::new(),
            dead_apics: Vec::new(),
            message_faults: Vec::new(),
            chooser: Arc::new(Seeded(0)),
            limit: Time::from_us(10_000_000),
            stop: StopRule::Never,
            budget: Budget::default(),
            handle: None,
            checks: Checks::ALL,
            elision: true,
            stacks: Stacks::Own,
        }
    }
}

/// What cannot be built. Nothing has run.
///
/// ```
/// use sim::bus::FrontSideBus;
/// use sim::{Generation, Machine, MachineError, MachineSettings};
///
/// let nobody = MachineSettings::new(Generation::XApic, Box::new(FrontSideBus::new()));
/// assert!(matches!(Machine::new(nobody), Err(MachineError::NoCpu)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// No CPU.
    #[error("a machine needs at least one CPU")]
    NoCpu,
    /// The visibility of a store must not be later than the return of a read-modify-write.
    #[error(
        "a read-modify-write must last at least as long as a store takes to be seen (R >= V), and both at least 1 ps"
    )]
    SharedMemoryLatency,
    /// A store must be seen before an IPI sent after it.
    #[error("a store must be seen no later than an IPI sent after it: V is {visibility} us, the bus needs {bus} us")]
    StoreAfterIpi {
        /// V.
        visibility: Duration,
        /// Least latency of the bus.
        bus: Duration,
    },
    /// Each CPU and the I/O agent is an agent of the interconnect, and agents have 16-bit numbers.
    #[error("a machine has at most {max} CPUs, not {cpus}")]
    TooManyCpus {
        /// How many were asked for.
        cpus: usize,
        /// How many there may be.
        max: usize,
    },
    /// Each stack of software with its guard is two mappings, of which the host allows a process so many.
    #[error(
        "{cpus} CPUs need {needed} memory mappings, the host allows {limit}: raise vm.max_map_count, or take fewer CPUs"
    )]
    Mappings {
        /// How many CPUs were asked for.
        cpus: usize,
        /// Mappings that they need.
        needed: usize,
        /// `vm.max_map_count` of the host.
        limit: usize,
    },
}

/// A machine, ready to run once.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// let cpus = vec![(CpuSettings::default(), Program::from_fn(|cpu| cpu.delay_us(3)))];
/// let settings = MachineSettings::new(Generation::P6, Box::new(SerialBus::new(&[0])?)).with(|machine| machine.cpus = cpus);
/// let outcome = Machine::new(settings)?.run(Execution::default())?;
/// assert!(outcome.cpus[0].finished && outcome.last_effective >= Time::from_us(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Machine {
    pub(super) hardware: Hardware,
    pub(super) budget: Budget,
    pub(super) handle: Option<Handle>,
    pub(super) allocations_watched: bool,
}

impl Machine {
    /// Builds a machine.
    ///
    /// # Errors
    /// If the settings contradict each other.
    pub fn new(settings: MachineSettings) -> Result<Self, MachineError> {
        let lookahead = possible(&settings)?;
        let allocations_watched = is_watching();
        let weak = settings.knobs.x2apic_send == X2ApicSend::Weak;
        let stores_wait = weak && settings.generation.profile().x2apic;
        let common = Arc::new(Common {
            generation: settings.generation,
            knobs: settings.knobs,
            costs: settings.costs,
            manners: Kind::manners(&settings.costs),
            clock: settings.core_clock,
            timer_clock: settings.timer_clock,
            lookahead,
            until_answered: settings.costs.visibility + lookahead,
            plain_words: if stores_wait { 0 } else { settings.words.len() },
            chooser: Arc::clone(&settings.chooser),
            busy_visible: settings.busy_visible,
            elision: settings.elision,
            proofs: PROOFS && settings.stacks == Stacks::Own,
            repeats: allocations_watched,
            watched: settings.checks != Checks::NONE,
        });
        let cpus = settings.cpus.len() as Agent;
        let place = |(number, (cpu, program)): (usize, (CpuSettings, Program))| {
            let number = number as Agent;
            let Program { guest, closed } = program;
            let core = Core::new(number, Arc::clone(&common), &cpu, closed);
            Slot::new(Processor::new(core, number, guest, settings.stacks))
        };
        let mut slots: Vec<Slot> = settings.cpus.into_iter().enumerate().map(place).collect();
        let watch = Watch::new(settings.generation, &settings.knobs, settings.checks, settings.bus.as_ref(), cpus);
        let mut devices = DeviceHub::new(cpus, settings.io_apic, settings.lines, &settings.knobs);
        devices.preset(&settings.io_apic_entries);
        let wiring = Wiring {
            bus: settings.bus,
            devices,
            deaths: settings.dead_apics,
            chooser: settings.chooser,
            jitter_cycles: settings.knobs.jitter_cycles,
            generation: settings.generation,
            message_faults: settings.message_faults,
        };
        let mut fabric = Fabric::new(usize::from(cpus) + 1, wiring);
        fabric.watch = watch;
        slots.iter_mut().for_each(|slot| fabric.introduce(slot));
        let hardware = Hardware {
            cpus: slots,
            fabric,
            effects: Vec::new(),
            master: Master::new(&settings.words),
            initial_words: settings.words,
            milestones: Milestones::new(settings.stop, settings.limit, lookahead),
            lookahead,
            visibility: settings.costs.visibility,
            elision: settings.elision,
            devices: settings.device_interrupts,
            failure: None,
            words_seen: Time::ZERO,
            proven_at: None,
            clock: settings.core_clock,
            look: Time::NEVER,
            bound: settings.limit,
            interrupted_at: None,
        };
        Ok(Self { hardware, budget: settings.budget, handle: settings.handle, allocations_watched })
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// If software does what no machine can: it panics, uses up its stack, asks a device for something that is not
    /// modelled. Of several the earliest is reported.
    ///
    /// # Panics
    /// If an invariant of the simulator breaks.
    pub fn run(self, execution: Execution) -> Result<Outcome, RunError> {
        self.play(execution, None, false).map(|(outcome, _)| outcome)
    }

    /// Runs to the end, and hands every event to `observer` on the way.
    ///
    /// # Errors
    /// As [`run`](Self::run). The observer has then seen every event before the instant of the error.
    ///
    /// # Panics
    /// As [`run`](Self::run), or if the observer does.
    ///
    /// # Example
    /// ```
    /// use sim::bus::IdealBus;
    /// use sim::{CpuSettings, Duration, Execution, Generation, Machine, MachineSettings, Program, Recording, What};
    ///
    /// let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
    /// let machine = Machine::new(MachineSettings::new(Generation::XApic, bus).with(|machine| {
    ///     machine.words = vec![0];
    ///     machine.cpus = vec![(CpuSettings::default(), Program::from_fn(|cpu| cpu.store(0, 7)))];
    /// }))?;
    /// let mut recording = Recording::default();
    /// machine.observed(Execution::default(), &mut recording)?;
    /// assert!(matches!(recording.told[0].event.what, What::Write { value: 7, .. }));
    /// assert_eq!(recording.told[1].event.what, What::Ended);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observed(self, execution: Execution, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
        self.play(execution, Some(observer), false).map(|(outcome, _)| outcome)
    }
}

/// Is the machine possible? Gives its lookahead.
fn possible(settings: &MachineSettings) -> Result<Duration, MachineError> {
    let cpus = settings.cpus.len();
    if cpus == 0 {
        return Err(MachineError::NoCpu);
    }
    let max = usize::from(Agent::MAX);
    if cpus > max {
        return Err(MachineError::TooManyCpus { cpus, max });
    }
    room_for(cpus, settings.stacks).map_err(|(needed, limit)| MachineError::Mappings { cpus, needed, limit })?;
    let Costs { visibility, read_modify_write, .. } = settings.costs;
    if visibility == Duration::ZERO || read_modify_write < visibility {
        return Err(MachineError::SharedMemoryLatency);
    }
    let bus = settings.bus.minimum_latency();
    if visibility > bus {
        return Err(MachineError::StoreAfterIpi { visibility, bus });
    }
    Ok(visibility.min(read_modify_write).min(bus))
}
