//! Machines: what they are built from, what can be wrong with that, and how a run is executed.

use super::crew::Crew;
use super::fabric::Fabric;
use super::milestones::{Milestones, StopRule};
use super::outcome::{Ending, Outcome, Proof, RunError};
use super::reference::Reference;
use super::report::{Parts, outcome};
use super::windowed::{Windowed, io_agent};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Interconnect, Message, Request, Shorthand};
use crate::choice::Chooser;
use crate::generation::{Costs, Generation, Knobs};
use crate::memory::{Key, Master};
use crate::processor::{Common, Core, CoreBox, CpuSettings, Outgoing, Outgone, Program};
use crate::time::{ClockDomain, Duration, Time};
use std::panic::Location;
use std::sync::Arc;

/// An interrupt that the I/O agent sends: a physical FIXED edge message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceInterrupt {
    /// When the device raises its line.
    pub at: Time,
    /// Vector.
    pub vector: u8,
    /// APIC id of the target.
    pub destination: u8,
}

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
    /// The interconnect.
    pub bus: Box<dyn Interconnect>,
    /// Does delivery status show "send pending"? False on the ideal bus, as in hypervisors.
    pub busy_visible: bool,
    /// Initial values of the shared words.
    pub words: Vec<u32>,
    /// The CPUs, by number.
    pub cpus: Vec<(CpuSettings, Program)>,
    /// What the I/O agent sends.
    pub device_interrupts: Vec<DeviceInterrupt>,
    /// Injected: from then on the APIC of that CPU is deaf and mute.
    pub dead_apics: Vec<(Time, Agent)>,
    /// Who decides what may happen either way.
    pub chooser: Arc<dyn Chooser>,
    /// The run ends here at the latest.
    pub limit: Time,
    /// The run ends when this is met.
    pub stop: StopRule,
    /// Keep the events (the digest needs none).
    pub keep_events: bool,
    /// Skip polls and retries that are proven to repeat. Never changes an event.
    pub elision: bool,
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

/// How windows are cut. Results never depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// As long as the rules allow.
    Full,
    /// At most half the lookahead past the earliest next effect.
    Half,
    /// At most this long past it.
    AtMost(Duration),
}

impl Window {
    pub(super) fn cap(self, lookahead: Duration) -> Option<Duration> {
        match self {
            Self::Full => None,
            Self::Half => Some(Duration::from_ps((lookahead.as_ps() / 2).max(1))),
            Self::AtMost(span) => Some(Duration::from_ps(span.as_ps().max(1))),
        }
    }
}

/// Which executor runs a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// Windows, on this many workers (at least 1; worker 0 is the calling thread).
    Windowed {
        /// Number of workers.
        workers: usize,
        /// Window length.
        window: Window,
    },
    /// One thread, strictly in order.
    Reference,
}

impl Default for Execution {
    /// One worker, full windows: below about 2 µs of work a worker and window, more workers never pay.
    fn default() -> Self {
        Self::Windowed { workers: 1, window: Window::Full }
    }
}

/// The hardware, as the executors share it.
#[derive(Debug)]
pub(crate) struct Hardware {
    pub(crate) cores: Vec<CoreBox>,
    pub(crate) fabric: Fabric,
    pub(crate) master: Master,
    pub(crate) milestones: Milestones,
    pub(crate) lookahead: Duration,
    pub(crate) visibility: Duration,
    pub(crate) elision: bool,
    devices: Vec<DeviceInterrupt>,
    failure: Option<RunError>,
    clock: ClockDomain,
}

impl Hardware {
    /// What the I/O agent will send.
    pub(super) fn device_requests(&self) -> Vec<Outgone> {
        let source = io_agent(self.cores.len());
        let request = |(number, device): (usize, &DeviceInterrupt)| Outgone {
            key: Key { time: device.at, source, sequence: number as u64 },
            site: Location::caller(),
            what: Outgoing::Bus(Request::Message(Message {
                source,
                number: number as u32,
                mode: DeliveryMode::Fixed,
                vector: device.vector,
                destination_mode: DestinationMode::Physical,
                destination: device.destination,
                shorthand: Shorthand::None,
                level_triggered: false,
                asserted: true,
                written_at: device.at,
            })),
        };
        self.devices.iter().enumerate().map(request).collect()
    }

    pub(super) fn not_modelled(&mut self, cpu: Agent, at: Time, what: &'static str) {
        self.failure.get_or_insert(RunError::NotModelled { cpu, at, what });
    }

    pub(super) fn has_failed(&mut self) -> bool {
        if let Some((cpu, at, what)) = self.fabric.not_modelled {
            self.not_modelled(cpu, at, what);
        }
        self.failure.is_some()
    }

    /// Can nothing ever happen any more, but the same for ever?
    pub(super) fn proof(&self) -> Option<Proof> {
        if self.milestones.stopped {
            return None;
        }
        let settled = self.cores.iter().all(|core| core.is_settled()) && self.fabric.is_settled();
        let polled = || self.cores.iter().any(|core| core.polls());
        settled.then(|| if polled() { Proof::Recurrence } else { Proof::Quiescent })
    }

    pub(super) fn ending_at_end(&self) -> Ending {
        if self.milestones.stopped { Ending::Stopped } else { Ending::Deadline }
    }
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
            lookahead,
            initial_words: settings.words.clone().into(),
            chooser: Arc::clone(&settings.chooser),
            busy_visible: settings.busy_visible,
            keep_events: settings.keep_events,
            elision: settings.elision,
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
        let fabric = Fabric::new(
            settings.bus,
            agents,
            settings.dead_apics,
            settings.chooser,
            settings.knobs.jitter_cycles,
            settings.keep_events,
        );
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
        let Hardware { cores, fabric, master, milestones, clock, failure, .. } = hardware;
        match failure {
            Some(error) => Err(error),
            None => Ok(outcome(Parts { cores, fabric, master, milestones, clock }, ending)),
        }
    }
}
