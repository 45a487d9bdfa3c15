//! What a CPU does, and what it runs after INIT, as states.

/// The activity of a CPU (SDM vol. 3 §26.6.2 has these states).
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
/// let outcome = run(vec![Program::from_fn(|cpu| cpu.halt()), Program::from_fn(|cpu| cpu.shut_down())]);
/// assert_eq!(outcome.cpus[0].activity, Activity::Halted);
/// assert_eq!(outcome.cpus[1].activity, Activity::Shutdown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// Runs.
    Running,
    /// In HLT: any interrupt that it would take wakes it.
    Halted,
    /// Will enter shutdown at the next boundary between two operations.
    ShuttingDown,
    /// In shutdown: NMI, SMI and INIT act, maskable interrupts and start-up messages do not.
    Shutdown,
    /// In wait-for-SIPI: only a start-up message acts.
    WaitForStartUp,
}

/// What a CPU runs from the start, or after INIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Its program, from the start.
    Program,
    /// What is at the reset vector.
    Reset,
    /// Nothing yet: it waits for a start-up message.
    Wait,
    /// What a start-up message with this vector starts.
    StartUp(u8),
}

/// What [`Kind::AwaitStartUp`](super::Kind) gives instead of the vector of a start-up message.
pub(super) const RESET_VECTOR: u64 = 1 << 8;

impl Entry {
    /// As the boundary passes it on.
    pub(super) const fn code(self) -> u32 {
        match self {
            Self::Program => 0x200,
            Self::Reset => 0x201,
            Self::Wait => 0x202,
            Self::StartUp(vector) => vector as u32,
        }
    }

    pub(super) const fn from_code(code: u32) -> Self {
        match code {
            0x200 => Self::Program,
            0x201 => Self::Reset,
            0x202 => Self::Wait,
            vector => Self::StartUp(vector as u8),
        }
    }
}
