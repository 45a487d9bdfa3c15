//! Generation profiles and knobs: what differs between APIC generations, and every point at which public documents
//! disagree, as data.

use crate::time::{ClockDomain, Duration};

/// An APIC generation of this version of the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Pentium Pro to Pentium III: 4-bit ids, serial bus, arbitration ids.
    P6,
    /// Pentium 4 / Xeon: 8-bit ids, front-side bus, no refusal of fixed interrupts.
    XApic,
}

/// How many interrupts a P6 keeps before it refuses one (disputed: SDM §10.8.4 says per vector; Cleverdon 2003,
/// Uphoff 2004 and Pentium erratum 4AP say per priority class).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slots {
    /// Two per priority class (vector bits 7:4), IRR and ISR bits together. Default.
    PerClass,
    /// One in service and one requested per vector: a further one merges, nothing is refused.
    PerVector,
}

/// What a write of ICR low does while the delivery status is "send pending" (no document says; MPS B-4 contemplates it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IcrWriteWhileBusy {
    /// The new message takes the old one's place. Default.
    Replace,
    /// The write is ignored (gem5).
    Drop,
    /// One message deep; a later write replaces the queued one.
    Queue,
    /// The store itself waits until the ICR is idle.
    Stall,
}

/// What a P6 answers to an NMI message while NMIs are blocked and one is latched (SDM fig. 10-17 accepts always, the
/// status table §10.13.2.3 has a retry row).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NmiWhenPending {
    /// Accepts; it collapses into the latch. Default.
    Collapse,
    /// Refuses with Retry.
    Retry,
}

/// What a full target reports (SDM status table: Retry; Cleverdon 2003: an accept error).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullTarget {
    /// Retry. Default.
    Retry,
    /// Stays silent, so that the sender sees an accept error.
    AcceptError,
    /// Control experiment: takes it all the same, so that nothing is ever refused.
    Accept,
}

/// What an interrupt taken inside a busy delay does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelayRule {
    /// Time-stamp-counter loop: the delay ends at its own end or at the handler's return, whichever is later. Default.
    Tsc,
    /// Counting loop: the handler's time is added.
    Loop,
}

/// The knobs of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knobs {
    /// Acceptance granularity of the P6.
    pub slots: Slots,
    /// Write of ICR low while busy.
    pub icr_write_while_busy: IcrWriteWhileBusy,
    /// NMI message while one is latched.
    pub nmi_when_pending: NmiWhenPending,
    /// Answer of a full target.
    pub full_target: FullTarget,
    /// Delays and interrupts.
    pub delay: DelayRule,
    /// Bus cycles of jitter a message may draw, at most.
    pub jitter_cycles: u32,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            slots: Slots::PerClass,
            icr_write_while_busy: IcrWriteWhileBusy::Replace,
            nmi_when_pending: NmiWhenPending::Collapse,
            full_target: FullTarget::Retry,
            delay: DelayRule::Tsc,
            jitter_cycles: 0,
        }
    }
}

/// Costs of operations in core cycles, all free parameters (defaults: `P6`, `XApic` below).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl Generation {
    /// Default costs.
    pub const fn costs(self) -> Costs {
        let shared = Duration::from_ns(100);
        match self {
            Self::P6 => Costs {
                register_read: 40,
                register_write: 20,
                pause: 1,
                load: 3,
                store: 3,
                interrupt_entry: 60,
                iret: 30,
                halt_wake: 20,
                irq_flag: 5,
                read_modify_write: shared,
                visibility: shared,
            },
            Self::XApic => Costs {
                register_read: 200,
                register_write: 100,
                pause: 40,
                load: 3,
                store: 3,
                interrupt_entry: 500,
                iret: 200,
                halt_wake: 100,
                irq_flag: 20,
                read_modify_write: shared,
                visibility: shared,
            },
        }
    }

    /// Default core clock: 500 MHz, or 2.4 GHz (exactly 1250/3 ps).
    pub const fn core_clock(self) -> ClockDomain {
        match self {
            Self::P6 => ClockDomain::new(2_000, 1),
            Self::XApic => ClockDomain::new(1_250, 3),
        }
    }

    /// Value of the version register: P6 0004_0011, xAPIC 0005_0014 (SDM §10.4.8; the low byte of P6 varied).
    pub const fn version_register(self) -> u32 {
        match self {
            Self::P6 => 0x0004_0011,
            Self::XApic => 0x0005_0014,
        }
    }

    /// Name as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P6 => "p6",
            Self::XApic => "xapic",
        }
    }
}
