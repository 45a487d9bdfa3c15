//! The kernel functions that can be called by name, to list their accesses.
//!
//! Not listed: functions that wait for other CPUs.

use crate::cpumask::CpuMask;
use crate::kernel::Kernel;
use crate::lapic::{clear_local_APIC, disable_local_APIC};
use crate::processor::Processor;
use crate::send_ipi_broadcast::{send_IPI_all, send_IPI_allbutself, send_IPI_self};
use crate::send_ipi_mask::send_IPI_mask;
use crate::smp_send_nmi_allbutself::smp_send_nmi_allbutself;
use crate::sync_arb_ids::sync_Arb_IDs;

/// A kernel function that can be called by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// [`send_IPI_mask`]: takes a mask and a vector.
    SendIpiMask,
    /// [`send_IPI_allbutself`]: takes a vector.
    SendIpiAllbutself,
    /// [`send_IPI_all`]: takes a vector.
    SendIpiAll,
    /// [`send_IPI_self`]: takes a vector.
    SendIpiSelf,
    /// [`smp_send_nmi_allbutself`].
    SmpSendNmiAllbutself,
    /// [`clear_local_APIC`].
    ClearLocalApic,
    /// [`disable_local_APIC`].
    DisableLocalApic,
    /// [`sync_Arb_IDs`].
    SyncArbIds,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SendIpiMask,
        Self::SendIpiAllbutself,
        Self::SendIpiAll,
        Self::SendIpiSelf,
        Self::SmpSendNmiAllbutself,
        Self::ClearLocalApic,
        Self::DisableLocalApic,
        Self::SyncArbIds,
    ];

    /// The function's kernel name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendIpiMask => "send_IPI_mask",
            Self::SendIpiAllbutself => "send_IPI_allbutself",
            Self::SendIpiAll => "send_IPI_all",
            Self::SendIpiSelf => "send_IPI_self",
            Self::SmpSendNmiAllbutself => "smp_send_nmi_allbutself",
            Self::ClearLocalApic => "clear_local_APIC",
            Self::DisableLocalApic => "disable_local_APIC",
            Self::SyncArbIds => "sync_Arb_IDs",
        }
    }

    /// The function of that kernel name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.name() == name)
    }

    /// Does the function take a mask?
    pub const fn takes_mask(self) -> bool {
        matches!(self, Self::SendIpiMask)
    }

    /// Does the function take a vector?
    pub const fn takes_vector(self) -> bool {
        matches!(self, Self::SendIpiMask | Self::SendIpiAllbutself | Self::SendIpiAll | Self::SendIpiSelf)
    }

    /// Calls the function on `cpu`; those that take no mask or no vector ignore it.
    pub fn run(self, kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
        match self {
            Self::SendIpiMask => send_IPI_mask(kernel, cpu, mask, vector),
            Self::SendIpiAllbutself => send_IPI_allbutself(kernel, cpu, vector),
            Self::SendIpiAll => send_IPI_all(kernel, cpu, vector),
            Self::SendIpiSelf => send_IPI_self(kernel, cpu, vector),
            Self::SmpSendNmiAllbutself => smp_send_nmi_allbutself(kernel, cpu),
            Self::ClearLocalApic => clear_local_APIC(kernel, cpu),
            Self::DisableLocalApic => disable_local_APIC(kernel, cpu),
            Self::SyncArbIds => sync_Arb_IDs(kernel, cpu),
        }
    }
}
