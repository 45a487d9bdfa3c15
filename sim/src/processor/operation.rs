//! The operations that software can ask of its CPU, packed so that one boundary function carries them all.
//!
//! Not modelled: instruction fetch and anything that touches neither a device nor a shared word: code between two
//! operations takes no time.

use crate::generation::Costs;

/// What kind of operation it is. Its number is in digests: a new kind goes to the end.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn events(program: fn(Cpu<'_>)) -> Vec<Told> {
/// #     let cpus = vec![(CpuSettings::default(), Program::from_fn(program))];
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     let mut recording = Recording::default();
/// #     Machine::new(settings).unwrap().observed(Execution::default(), &mut recording).unwrap();
/// #     recording.told
/// # }
/// let events = events(|cpu| cpu.store(1, 9));
/// let store = Access { kind: Kind::Store, operand: 1 };
/// assert!(events.iter().any(|told| told.event.what == What::Write { access: store, value: 9 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Kind {
    /// Read of an APIC register.
    RegisterRead,
    /// Write of an APIC register.
    RegisterWrite,
    /// Locked exchange on an APIC register.
    RegisterExchange,
    /// RDMSR.
    MsrRead,
    /// WRMSR.
    MsrWrite,
    /// Byte read from an I/O port.
    PortRead,
    /// PAUSE.
    Pause,
    /// Busy delay of so many microseconds.
    Delay,
    /// HLT.
    Halt,
    /// Sleep of an idle CPU until an instant (picoseconds), interrupts served meanwhile.
    Sleep,
    /// Disable maskable interrupts, give the old flag.
    IrqSave,
    /// Set the interrupt flag.
    IrqRestore,
    /// Load of a shared word.
    Load,
    /// Store to a shared word.
    Store,
    /// Atomic exchange of a shared word.
    Exchange,
    /// Atomic addition to a shared word.
    FetchAdd,
    /// Atomic OR.
    FetchOr,
    /// Atomic AND.
    FetchAnd,
    /// Read of the simulated clock, in picoseconds.
    Clock,
    /// A choice among `value` alternatives.
    Choose,
    /// A wait begins.
    WaitBegin,
    /// The innermost wait ends.
    WaitEnd,
    /// A milestone.
    Reached,
    /// Return from an interrupt or NMI handler (asked by the engine itself).
    Iret,
    /// The program returned (asked by the engine itself).
    End,
    /// Busy delay of so many core cycles.
    DelayCycles,
    /// Did the last access to a model-specific register fault?
    Faulted,
    /// STI: maskable interrupts are enabled after the next instruction.
    EnableInterrupts,
    /// Uncached read of a 32-bit word of a device: the APIC's page, the I/O APIC.
    MemoryRead,
    /// Uncached write.
    MemoryWrite,
    /// Byte written to an I/O port.
    PortWrite,
    /// Read of CR8.
    PriorityRead,
    /// Write of CR8.
    PriorityWrite,
    /// CPUID.
    Identification,
    /// A triple fault.
    Shutdown,
    /// Waiting for a start-up message (asked by the engine itself).
    AwaitStartUp,
    /// Atomic compare and exchange of a shared word: the expected value in the upper half of the operand.
    CompareExchange,
    /// A pulse at a pin of another CPU, or of its own: the CPU in bits 15:0 of the operand, the pin above.
    DrivePin,
    /// MFENCE: done when others see every store before it.
    Fence,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::ALL.len();
    const ALL: [Self; 39] = [
        Self::RegisterRead,
        Self::RegisterWrite,
        Self::RegisterExchange,
        Self::MsrRead,
        Self::MsrWrite,
        Self::PortRead,
        Self::Pause,
        Self::Delay,
        Self::Halt,
        Self::Sleep,
        Self::IrqSave,
        Self::IrqRestore,
        Self::Load,
        Self::Store,
        Self::Exchange,
        Self::FetchAdd,
        Self::FetchOr,
        Self::FetchAnd,
        Self::Clock,
        Self::Choose,
        Self::WaitBegin,
        Self::WaitEnd,
        Self::Reached,
        Self::Iret,
        Self::End,
        Self::DelayCycles,
        Self::Faulted,
        Self::EnableInterrupts,
        Self::MemoryRead,
        Self::MemoryWrite,
        Self::PortWrite,
        Self::PriorityRead,
        Self::PriorityWrite,
        Self::Identification,
        Self::Shutdown,
        Self::AwaitStartUp,
        Self::CompareExchange,
        Self::DrivePin,
        Self::Fence,
    ];

    /// Has it a straight way, on which nobody looks whether the thread panics?
    #[inline(always)]
    pub(super) const fn is_straight(self) -> bool {
        matches!(self, Self::RegisterWrite | Self::Store | Self::Halt)
    }

    /// Is it a look or a delay that changes nothing and that nobody hears of?
    const fn is_poll(self) -> bool {
        matches!(self, Self::RegisterRead | Self::Pause | Self::Load | Self::Delay | Self::DelayCycles)
    }

    /// Core cycles until its effect, but for delays, which say it themselves.
    const fn cost(self, costs: &Costs) -> u32 {
        match self {
            Self::RegisterRead | Self::MsrRead | Self::PortRead | Self::MemoryRead => costs.register_read,
            Self::RegisterWrite | Self::MsrWrite | Self::PortWrite | Self::MemoryWrite | Self::DrivePin => {
                costs.register_write
            }
            Self::RegisterExchange => costs.register_read + costs.register_write,
            Self::PriorityRead | Self::PriorityWrite | Self::Identification => costs.irq_flag,
            Self::IrqSave | Self::IrqRestore | Self::EnableInterrupts => costs.irq_flag,
            Self::Pause => costs.pause,
            Self::Load => costs.load,
            Self::Store => costs.store,
            Self::Iret => costs.iret,
            Self::Delay | Self::DelayCycles => 0,
            // Read-modify-writes come back later; the others take no time, or wait.
            Self::Exchange | Self::FetchAdd | Self::FetchOr | Self::FetchAnd | Self::CompareExchange | Self::Fence => 0,
            Self::Halt | Self::Sleep | Self::Shutdown | Self::AwaitStartUp => 0,
            Self::Clock | Self::Choose | Self::WaitBegin | Self::WaitEnd => 0,
            Self::Reached | Self::End | Self::Faulted => 0,
        }
    }

    /// When it lets interrupts in, as long as it has not taken effect.
    const fn interruptible(self) -> Interruptible {
        match self {
            Self::Delay | Self::DelayCycles => Interruptible::Throughout,
            // It belongs to the access before it; IRET lets nothing in before what it goes back to.
            Self::Faulted | Self::Iret => Interruptible::Never,
            _ => Interruptible::AtEffect,
        }
    }

    /// The manner of each kind, by its number.
    pub(crate) fn manners(costs: &Costs) -> [Manner; Self::COUNT] {
        Self::ALL.map(|kind| Manner {
            cost: kind.cost(costs),
            at_once: if kind.cost(costs) == 0 { NEVER_AT_ONCE } else { u64::from(kind.cost(costs)) },
            lasts: matches!(kind, Self::Delay | Self::DelayCycles),
            interruptible: kind.interruptible(),
            polls: kind.is_poll(),
        })
    }

    /// The new value of a shared word, given the old one and the operand.
    pub(crate) const fn modify(self, old: u32, operand: u64) -> u32 {
        let value = operand as u32;
        match self {
            Self::FetchAdd => old.wrapping_add(value),
            Self::FetchOr => old | value,
            Self::FetchAnd => old & value,
            Self::CompareExchange if old != (operand >> 32) as u32 => old,
            _ => value,
        }
    }
}

/// Core cycles that no window has, and that a clock can still be advanced by.
const NEVER_AT_ONCE: u64 = 1 << 62;

/// When an operation lets interrupts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruptible {
    /// At its effect instant, before the effect.
    AtEffect,
    /// At any instant until its effect.
    Throughout,
    /// Not at all.
    Never,
    /// By an INIT only (a store that does not complete hears nothing else).
    InitOnly,
}

/// What is the same for all operations of a kind in a machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Core cycles until the effect.
    pub(super) cost: u32,
    /// The same for an operation that is done at once: longer than any window, if it takes no time, or says itself how long.
    pub(super) at_once: u64,
    /// It says itself how long it lasts.
    pub(super) lasts: bool,
    pub(super) interruptible: Interruptible,
    pub(super) polls: bool,
}

/// One operation with its operand (register offset, MSR, port, word, wait or milestone code).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    pub(crate) operand: u32,
}

impl Operation {
    pub(crate) const fn new(kind: Kind, operand: u32) -> Self {
        Self { kind, operand }
    }

    /// Packed for the boundary: the kind in bits 7:0, the operand above.
    #[inline(always)]
    pub(crate) const fn pack(self) -> u64 {
        self.kind as u64 | (self.operand as u64) << 8
    }

    /// The inverse of [`pack`](Self::pack). `None`: it is none.
    #[inline(always)]
    pub(crate) fn unpack(bits: u64) -> Option<Self> {
        let kind = *Kind::ALL.get((bits & 0xFF) as usize)?;
        Some(Self { kind, operand: (bits >> 8) as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coroutine::INERT;

    #[test]
    fn a_compare_and_exchange_leaves_what_it_does_not_expect() {
        let operand = u64::from(u32::MAX) << 32 | 7;
        assert_eq!([u32::MAX, 3].map(|old| Kind::CompareExchange.modify(old, operand)), [7, 3]);
    }

    #[test]
    fn packing_is_reversible() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            let operation = Operation::new(kind, 0xDEAD_BEEF);
            assert_eq!(Operation::unpack(operation.pack()), Some(operation));
            assert_eq!(Operation::unpack(INERT), None);
        }
    }
}
