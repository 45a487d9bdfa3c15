//! What makes the ticks of the NMI watchdog of 2.6.
//!
//! Not modelled: the counters' own registers. A word says whether a CPU's counter still runs.

use crate::arch::Arch;

/// The counter behind the NMI watchdog.
///
/// ```
/// use kernel_model::{Arch, Kernel, PerformanceCounter, Variant};
///
/// let kernel = |arch| Kernel::new(arch, Variant::Before, 4);
/// assert_eq!(kernel(Arch::I386Default).performance_counter, PerformanceCounter::P6);
/// assert_eq!(kernel(Arch::X8664Flat).performance_counter, PerformanceCounter::P4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PerformanceCounter {
    /// Of a P6.
    P6,
    /// Of a Pentium 4.
    P4,
    /// Of the architectural performance monitoring, from the Core on.
    Architectural,
    /// Of AMD's K7 and K8.
    K7,
    /// None: timer interrupts come as NMIs through the I/O APIC.
    IoApic,
}

impl PerformanceCounter {
    /// What a kernel is taken to run on, unless something is said of its machine.
    pub(crate) const fn usual(arch: Arch) -> Self {
        if arch.is_i386() { Self::P6 } else { Self::P4 }
    }

    /// Does `nmi_watchdog_tick` open its entry in the local vector table again, which the NMI has masked?
    pub(crate) const fn wants_its_entry_opened(self, arch: Arch) -> bool {
        match self {
            Self::P4 | Self::Architectural => true,
            Self::P6 => arch.is_i386(),
            Self::K7 | Self::IoApic => false,
        }
    }
}
