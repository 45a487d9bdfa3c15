//! What operations cost: free parameters, in core cycles, with a default for each generation.

use super::Generation;
use crate::time::{ClockDomain, Duration};

/// Costs of operations in core cycles, all free parameters (defaults: `P6`, `XApic` below).
///
/// ```
/// use sim::{Costs, Generation};
///
/// let slow = Generation::XApic.costs().with(|costs| costs.pause = 140);
/// assert_eq!(slow.load, Generation::XApic.costs().load);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Costs {
    /// Read of an APIC register (also RDMSR and port input).
    pub register_read: u32,
    /// Write of an APIC register (also WRMSR).
    pub register_write: u32,
    /// PAUSE.
    pub pause: u32,
    /// Load of a shared word.
    pub load: u32,
    /// Store to a shared word.
    pub store: u32,
    /// Interrupt or NMI entry.
    pub interrupt_entry: u32,
    /// IRET.
    pub iret: u32,
    /// Waking from HLT.
    pub halt_wake: u32,
    /// Saving and disabling, or restoring, maskable interrupts.
    pub irq_flag: u32,
    /// Atomic read-modify-write of a shared word, until its value is back (R).
    pub read_modify_write: Duration,
    /// A store until other CPUs see it (V).
    pub visibility: Duration,
    /// A store until it leaves its CPU, if nothing orders it before: with the knob `x2apic_send = "weak"` only.
    pub store_buffer: Duration,
    /// A write of the task priority until the APIC has it, if nothing orders it before: with the knob `tpr_write = "late"` only. Free: as
    /// long as a write of a register takes.
    pub tpr_write: u32,
    /// From the decision to take an interrupt to its acknowledge cycle, as far as a late write of the task priority goes: one that the APIC
    /// has by then may leave nothing to acknowledge, and the interrupt is the spurious one (SDM vol. 3 §10.9). No document says
    /// how long that is.
    pub acknowledge: u32,
}

impl Costs {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

/// Latency of shared memory, everywhere.
const SHARED: Duration = Duration::from_ns(100);

/// A store that waits for its cache line, far longer than an IPI takes: so an IPI overtakes it whenever it may.
const STORE_BUFFER: Duration = Duration::from_us(5);

const P6: Costs = Costs {
    register_read: 40,
    register_write: 20,
    pause: 1,
    load: 3,
    store: 3,
    interrupt_entry: 60,
    iret: 30,
    halt_wake: 20,
    irq_flag: 5,
    read_modify_write: SHARED,
    visibility: SHARED,
    store_buffer: STORE_BUFFER,
    tpr_write: 20,
    acknowledge: 0,
};

/// An APIC access of the Pentium is a real bus cycle, a dozen clocks of a 66 MHz bus (SDM vol. 3 §10.4.1); so it is on
/// the board of an external 82489DX.
const EXTERNAL: Costs = Costs { register_read: 24, register_write: 24, tpr_write: 24, ..P6 };

const XAPIC: Costs = Costs {
    register_read: 200,
    register_write: 100,
    pause: 40,
    load: 3,
    store: 3,
    interrupt_entry: 500,
    iret: 200,
    halt_wake: 100,
    irq_flag: 20,
    read_modify_write: SHARED,
    visibility: SHARED,
    store_buffer: STORE_BUFFER,
    tpr_write: 100,
    acknowledge: 0,
};

/// Nehalem and later: an APIC page access 100 cycles, WRMSR of the ICR as much, PAUSE of the parts before Skylake.
const X2APIC: Costs =
    Costs { register_read: 100, register_write: 100, pause: 10, interrupt_entry: 300, iret: 100, ..XAPIC };

impl Generation {
    /// Default costs.
    pub const fn costs(self) -> Costs {
        match self {
            Self::I82489Dx | Self::Pentium => EXTERNAL,
            Self::P6 => P6,
            Self::XApic => XAPIC,
            Self::X2Apic => X2APIC,
        }
    }

    /// Default core clock: 100 MHz, 500 MHz, 2.4 GHz (exactly 1250/3 ps) or 2.5 GHz.
    pub const fn core_clock(self) -> ClockDomain {
        match self {
            Self::I82489Dx | Self::Pentium => ClockDomain::new(10_000, 1),
            Self::P6 => ClockDomain::new(2_000, 1),
            Self::XApic => ClockDomain::new(1_250, 3),
            Self::X2Apic => ClockDomain::new(400, 1),
        }
    }

    /// Default clock of the APIC timer: the CPU's bus clock, 66.67 MHz (exactly 15 ns) or 100 MHz (SDM vol. 3 §10.5.4).
    pub const fn timer_clock(self) -> ClockDomain {
        match self {
            Self::I82489Dx | Self::Pentium => ClockDomain::new(15_000, 1),
            Self::P6 | Self::XApic | Self::X2Apic => ClockDomain::new(10_000, 1),
        }
    }
}
