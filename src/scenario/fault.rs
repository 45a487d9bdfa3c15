//! Faults as plain data: what breaks in the hardware, and when. `faults.rs` reads them.
//!
//! Not modelled: what is wrong with messages on their way, which is a plan of its own (`message_fault.rs`).

use super::fault_name::FaultName;
use super::message_fault::MessagePlan;
use super::named::Named;

/// A fault of the hardware.
///
/// ```
/// use apicsim::prelude::*;
///
/// let scenario = load(&Request::new("lost-ipi"))?;
/// assert_eq!(scenario.faults[0].kind.name(), "message");
/// # Ok::<(), InputError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Position in the file, from 0: `fault.0` of `--set`.
    pub index: usize,
    /// When it begins.
    pub at_ps: u64,
    /// Which.
    pub kind: FaultKind,
}

impl Fault {
    /// The same, so much later.
    pub(super) fn later(mut self, ps: u64) -> Self {
        self.at_ps += ps;
        if let FaultKind::FsbStall { until_ps } | FaultKind::Wires { until_ps, .. } = &mut self.kind {
            *until_ps = until_ps.map(|until| until + ps);
        }
        self
    }
}

/// The faults.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::*;
/// let dead = FaultKind::ApicDead { cpu: 1 };
/// let scenario = ScenarioBuilder::new("dead").cpus(2).fault(Time::from_us(5), dead).build()?;
/// assert_eq!((scenario.faults[0].kind, dead.name()), (dead, "apic-dead"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The chipset stops completing interrupt transactions, until then or for good.
    FsbStall {
        /// When it ends.
        until_ps: Option<u64>,
    },
    /// Somebody locks or blocks the front-side bus, until then or for good.
    FsbLock {
        /// When it ends.
        until_ps: Option<u64>,
        /// Again and again, or all the time.
        again: Option<Again>,
    },
    /// The chipset answers redirectable transactions with a retry, at most so many.
    FsbRetry {
        /// When it ends.
        until_ps: Option<u64>,
        /// How many.
        count: Option<u32>,
    },
    /// Something becomes of messages on their way.
    Message(MessagePlan),
    /// The local APIC of a CPU is off: it answers nothing on the bus.
    ApicDead {
        /// Whose.
        cpu: u32,
    },
    /// Something happens to one CPU.
    Cpu {
        /// Which.
        cpu: u32,
        /// What.
        fault: CpuFault,
        /// How often.
        times: Times,
    },
    /// Something is wrong with the wires of the serial bus.
    Wires {
        /// When it ends.
        until_ps: Option<u64>,
        /// What.
        fault: sim::bus::SerialFaultKind,
    },
    /// The link of a cluster is dead.
    DeadLink {
        /// Whose.
        cluster: u8,
    },
}

/// Something that comes again and again.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::*;
/// let locked = FaultKind::FsbLock { until_ps: Some(90_000_000), again: Some(Again { held_ps: 2_000_000, every_ps: 9_000_000 }) };
/// assert!(ScenarioBuilder::new("locked").bus(Bus::Fsb).fault(Time::ZERO, locked).build().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// How long each time.
    pub held_ps: u64,
    /// From one beginning to the next.
    pub every_ps: u64,
}

/// How often something happens.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::*;
/// let nmis = FaultKind::Cpu { cpu: 1, fault: CpuFault::Nmi, times: Times { every_ps: 9_000_000, count: 3 } };
/// assert!(ScenarioBuilder::new("nmis").fault(Time::ZERO, nmis).to_toml().contains("every_us = 9\ncount = 3"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// From one to the next.
    pub every_ps: u64,
    /// How many there are.
    pub count: u32,
}

impl Times {
    /// Once.
    pub const ONCE: Self = Self { every_ps: 0, count: 1 };
}

/// What happens to one CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::*;
/// let asleep = FaultKind::Cpu { cpu: 1, fault: CpuFault::Smm { length_ps: 40_000_000 }, times: Times::ONCE };
/// assert_eq!(ScenarioBuilder::new("smi").fault(Time::ZERO, asleep).build()?.faults[0].kind, asleep);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CpuFault {
    /// Its delivery status bit is jammed.
    IcrStuck,
    /// An NMI at its pin.
    Nmi,
    /// An NMI at its pin, exactly after the next destination that it writes.
    NmiBetweenWrites,
    /// It is in system-management mode.
    Smm {
        /// For so long.
        length_ps: u64,
    },
    /// It shuts down.
    Shutdown,
    /// It is initialised.
    Init,
    /// It loses the low half of its ICR.
    DeepSleep,
}

impl FaultKind {
    /// The kind, as scenario files have it.
    pub const fn fault_name(self) -> FaultName {
        use sim::bus::SerialFaultKind as Serial;
        match self {
            Self::FsbStall { .. } => FaultName::FsbStall,
            Self::FsbLock { .. } => FaultName::FsbLock,
            Self::FsbRetry { .. } => FaultName::FsbRetry,
            Self::Message(_) => FaultName::Message,
            Self::ApicDead { .. } => FaultName::ApicDead,
            Self::DeadLink { .. } => FaultName::DeadLink,
            Self::Cpu { fault, .. } => match fault {
                CpuFault::IcrStuck => FaultName::IcrStuck,
                CpuFault::Nmi => FaultName::Nmi,
                CpuFault::NmiBetweenWrites => FaultName::NmiBetweenWrites,
                CpuFault::Smm { .. } => FaultName::Smm,
                CpuFault::Shutdown => FaultName::Shutdown,
                CpuFault::Init => FaultName::Init,
                CpuFault::DeepSleep => FaultName::DeepSleep,
            },
            Self::Wires { fault, .. } => match fault {
                Serial::ChecksumNoise { .. } => FaultName::ChecksumNoise,
                Serial::Damage { .. } => FaultName::Message,
                Serial::StuckWire { .. } => FaultName::StuckWire,
                Serial::LostClock => FaultName::LostClock,
                Serial::ArbitrationId { .. } => FaultName::ArbitrationId,
                Serial::Jabber { .. } => FaultName::Jabber,
            },
        }
    }

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        self.fault_name().name()
    }
}
