//! What a CPU can be told to do by hand, as plain data.

use super::registers::X2APIC_MSRS;
use sim::apic::Register;

/// A block of 256 bits, one a vector.
///
/// ```
/// use apicsim::scenario::VectorSet;
/// use apicsim::sim::apic::Register;
///
/// assert_eq!(VectorSet::InService.register(), Register::InService);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VectorSet {
    /// Interrupt request register.
    Requested,
    /// In-service register.
    InService,
    /// Trigger mode register.
    TriggerMode,
}

impl VectorSet {
    /// Its registers in the hardware's table.
    pub const fn register(self) -> Register {
        match self {
            Self::InService => Register::InService,
            Self::TriggerMode => Register::TriggerMode,
            Self::Requested => Register::InterruptRequest,
        }
    }
}

/// An operation that a CPU executes by hand.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::{Act, Operation};
/// let scenario = ScenarioBuilder::new("write").cpus(1).steps(Time::ZERO, 0, "write TPR 0x20").build()?;
/// assert_eq!(scenario.programs.steps[0], Act::Operation(Operation::Write { register: 0x80, value: 0x20 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// 32-bit write of the register at this byte offset.
    Write {
        /// Byte offset in the APIC page.
        register: u16,
        /// What is written.
        value: u32,
    },
    /// 32-bit read.
    Read {
        /// Byte offset in the APIC page.
        register: u16,
    },
    /// 32-bit read, of which only zero or not is told.
    NonZero {
        /// Byte offset in the APIC page.
        register: u16,
    },
    /// 32-bit read, of which only "in the range" is told if it is.
    Range {
        /// Byte offset in the APIC page.
        register: u16,
        /// Least value.
        least: u32,
        /// Greatest value.
        most: u32,
    },
    /// The vectors of a 256-bit block.
    Vectors(VectorSet),
    /// Write of ICR high, then of ICR low.
    Ipi {
        /// Bits 63:56 of the ICR.
        destination: u8,
        /// ICR low.
        command: u32,
    },
    /// Write of ICR low, then reads of it, counting "send pending".
    IcrPoll {
        /// ICR low.
        command: u32,
        /// Reads.
        times: u32,
    },
    /// Reads, counting those with a bit of the mask set.
    Poll {
        /// Byte offset in the APIC page.
        register: u16,
        /// The bits.
        mask: u32,
        /// Reads.
        times: u32,
    },
    /// STI.
    EnableInterrupts,
    /// CLI.
    DisableInterrupts,
    /// RDMSR.
    ReadMsr(u32),
    /// WRMSR.
    WriteMsr(u32, u64),
    /// 32-bit read of device memory.
    ReadMemory(u32),
    /// 32-bit write of device memory.
    WriteMemory(u32, u32),
    /// Read of a port.
    ReadPort(u16),
    /// Write of a port.
    WritePort(u16, u8),
    /// MFENCE.
    Fence,
    /// CPUID.
    Identify(u32),
    /// How far the timer counts down in so many microseconds.
    Tick {
        /// µs.
        us: u32,
    },
}

/// Model-specific register of the APIC register at byte `offset` in x2APIC mode (SDM vol. 3 §10.12.1.2).
pub(crate) const fn x2apic_msr(offset: u16) -> u32 {
    X2APIC_MSRS + offset as u32 / 16
}
