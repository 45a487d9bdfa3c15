//! Machines: what they are built from, what can be wrong with that, and how a run is executed.

use super::crew::Crew;
use super::device_hub::{DeviceHub, LineChange};
use super::execution::Execution;
use super::fabric::Fabric;
use super::hardware::{DeviceInterrupt, Hardware};
use super::milestones::{Milestones, StopRule};
use super::outcome::{Outcome, RunError};
use super::reference::Reference;
use super::report::{Parts, outcome};
use super::watch::Watch;
use super::windowed::Windowed;
use crate::bus::{Agent, Interconnect};
use crate::check::Checks;
use crate::choice::{Chooser, Seeded};
use crate::generation::{Costs, Generation, Knobs};
use crate::io_apic::IoApicVersion;
use crate::memory::Master;
use crate::processor::{Common, Core, CoreBox, CpuSettings, Program};
use crate::time::{ClockDomain, Duration, Time};
use std::sync::Arc;

/// Everything a machine is built from.
#[derive(Debug)]
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
    /// Who decides what may happen either way.
    pub chooser: Arc<dyn Chooser>,
    /// The run ends here at the latest.
    pub limit: Time,
    /// The run ends when this is met.
    pub stop: StopRule,
    /// What the conservation checker looks for, in every run.
    pub checks: Checks,
    /// Keep the events (the digest needs none).
    pub keep_events: bool,
    /// Skip polls and retries that are proven to repeat. Never changes an event.
    pub elision: bool,
}

impl MachineSettings {
    /// A machine of `generation` on `bus` without CPUs: defaults of the generation, no shared words, no devices, no faults,
    /// seed 0, a limit of 10 simulated seconds, no stop rule, events not kept, polls skipped.
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
            chooser: Arc::new(Seeded(0)),
            limit: Time::from_us(10_000_000),
            stop: StopRule::Never,
            checks: Checks::ALL,
            keep_events: false,
            elision: true,
        }
    }
}

/// What cannot be built. Nothing has run.
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
}

/// A machine, ready to run once.
#[derive(Debug)]
pub struct Machine {
    hardware: Hardware,
}

impl Machine {
    /// Builds a machine.
    ///
    /// # Errors
    /// If the settings contradict each other.
    pub fn new(settings: MachineSettings) -> Result<Self, MachineError> {
        if settings.cpus.is_empty() {
            return Err(MachineError::NoCpu);
        }
        let Costs { visibility, read_modify_write, .. } = settings.costs;
        if visibility == Duration::ZERO || read_modify_write < visibility {
            return Err(MachineError::SharedMemoryLatency);
        }
        let bus = settings.bus.minimum_latency();
        if visibility > bus {
            return Err(MachineError::StoreAfterIpi { visibility, bus });
        }
        let lookahead = visibility.min(read_modify_write).min(bus);
        let common = Arc::new(Common {
            generation: settings.generation,
            knobs: settings.knobs,
            costs: settings.costs,
            clock: settings.core_clock,
            timer_clock: settings.timer_clock,
            lookahead,
            initial_words: settings.words.clone().into(),
            chooser: Arc::clone(&settings.chooser),
            busy_visible: settings.busy_visible,
            keep_events: settings.keep_events,
            elision: settings.elision,
            watched: settings.checks != Checks::NONE,
        });
        let agents = settings.cpus.len() + 1;
        let cores = settings
            .cpus
            .into_iter()
            .enumerate()
            .map(|(number, (cpu, program))| {
                CoreBox::new(Core::new(number as Agent, Arc::clone(&common), &cpu, program))
            })
            .collect();
        let cpus = (agents - 1) as Agent;
        let watch = Watch::new(settings.generation, &settings.knobs, settings.checks, settings.bus.as_ref(), cpus);
        let mut devices = DeviceHub::new(cpus, settings.io_apic, settings.lines, &settings.knobs);
        devices.preset(&settings.io_apic_entries);
        let mut fabric = Fabric::new(
            settings.bus,
            agents,
            devices,
            settings.dead_apics,
            settings.chooser,
            settings.knobs.jitter_cycles,
            settings.keep_events,
        );
        fabric.watch = watch;
        let hardware = Hardware {
            cores,
            fabric,
            master: Master::new(&settings.words),
            milestones: Milestones::new(settings.stop, settings.limit, lookahead),
            lookahead,
            visibility,
            elision: settings.elision,
            devices: settings.device_interrupts,
            failure: None,
            clock: settings.core_clock,
        };
        Ok(Self { hardware })
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// If software asks for something that is not modelled.
    ///
    /// # Panics
    /// If software panics, or an invariant of the simulator breaks.
    pub fn run(self, execution: Execution) -> Result<Outcome, RunError> {
        let mut hardware = self.hardware;
        let ending = match execution {
            Execution::Reference => Reference::new(&mut hardware).run(),
            Execution::Windowed { workers, window } => {
                std::thread::scope(|scope| Windowed::new(&mut hardware, Crew::new(scope, workers.max(1)), window).run())
            }
        };
        let Hardware { mut cores, mut fabric, master, milestones, clock, failure, .. } = hardware;
        let end = cores.iter().map(|core| core.stream.last()).max().unwrap_or(Time::ZERO).max(fabric.stream.last());
        if let Some(error) = failure {
            return Err(error);
        }
        if let Some(violation) = fabric.finish_watch(&mut cores, end) {
            panic!("an IPI is not conserved: {violation}");
        }
        Ok(outcome(Parts { cores, fabric, master, milestones, clock }, ending))
    }
}
