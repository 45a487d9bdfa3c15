//! What a recorded call did: its accesses, and how it came to its end.

use kernel_model::Wait;

/// One entry of the listing (notation of `kernel.md` §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `R`: a read of a register.
    Read(u16),
    /// `W`: a write.
    Write(u16, u32),
    /// `X`: a locked exchange.
    Exchange(u16, u32),
    /// `N`: a read of an APIC register as an MSR.
    ReadMsr(u16),
    /// `M`: a write.
    WriteMsr(u16, u64),
    /// `R` of another device, at a physical address.
    ReadDevice(u32),
    /// `W` of another device.
    WriteDevice(u32, u32),
    /// `I`: a byte read from a port.
    ReadPort(u16),
    /// `D`: a delay, in µs.
    Delay(u32),
    /// `P`: PAUSE.
    Pause,
    /// `HLT`.
    Halt,
    /// `IRQ-`: interrupts saved and disabled.
    IrqSave,
    /// `IRQ+`: interrupts restored.
    IrqRestore,
}

/// How a call came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The function returns.
    Returns,
    /// It waits, without a bound, for something that can never come.
    Hangs(Option<Wait>),
    /// Its kernel panics after its last access.
    Panics,
    /// It halts for good: only interrupts can follow.
    Halts,
    /// The capture kernel has control.
    HandsOver,
    /// It has stopped the others and stays, delaying for ever.
    Stays,
}

/// What a call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The accesses, in order; cut at the limit where the function hangs or panics.
    pub(crate) entries: Vec<Entry>,
    /// How it ended.
    pub(crate) end: End,
}
