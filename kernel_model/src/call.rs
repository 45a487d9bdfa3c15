//! The kernel functions that can be called by name, to list their accesses.
//!
//! Not listed: functions that wait for other CPUs without a bound.

use crate::cpumask::CpuMask;
use crate::do_boot_cpu::do_boot_cpu;
use crate::es7000_start_cpu::es7000_start_cpu;
use crate::inquire_remote_apic::inquire_remote_apic;
use crate::kernel::Kernel;
use crate::lapic::{clear_local_APIC, disable_local_APIC};
use crate::processor::Processor;
use crate::send_ipi_broadcast::{send_IPI_all, send_IPI_allbutself, send_IPI_self};
use crate::send_ipi_mask::send_IPI_mask;
use crate::setup_local_apic::setup_local_APIC;
use crate::smp_send_nmi_allbutself::smp_send_nmi_allbutself;
use crate::sync_arb_ids::sync_Arb_IDs;
use crate::v6::wakeup_secondary_cpu_via_init;
use crate::wakeup_secondary::{wakeup_secondary_via_INIT, wakeup_secondary_via_NMI};

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
    /// [`setup_local_APIC`].
    SetupLocalApic,
    /// [`wakeup_secondary_via_INIT`]: takes a target.
    WakeupSecondaryViaInit,
    /// [`wakeup_secondary_via_NMI`]: takes a target.
    WakeupSecondaryViaNmi,
    /// [`es7000_start_cpu`]: takes a target.
    Es7000StartCpu,
    /// [`wakeup_secondary_cpu_via_init`] of v6: takes a target.
    WakeupSecondaryCpuViaInit,
    /// [`do_boot_cpu`]: takes a target.
    DoBootCpu,
    /// [`inquire_remote_apic`]: takes a target.
    InquireRemoteApic,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::SendIpiMask,
        Self::SendIpiAllbutself,
        Self::SendIpiAll,
        Self::SendIpiSelf,
        Self::SmpSendNmiAllbutself,
        Self::ClearLocalApic,
        Self::DisableLocalApic,
        Self::SyncArbIds,
        Self::SetupLocalApic,
        Self::WakeupSecondaryViaInit,
        Self::WakeupSecondaryViaNmi,
        Self::Es7000StartCpu,
        Self::WakeupSecondaryCpuViaInit,
        Self::DoBootCpu,
        Self::InquireRemoteApic,
    ];

    /// Their names.
    pub const NAMES: [&str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut n = 0;
        while n < names.len() {
            names[n] = Self::ALL[n].name();
            n += 1;
        }
        names
    };

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
            Self::SetupLocalApic => "setup_local_APIC",
            Self::WakeupSecondaryViaInit => "wakeup_secondary_via_INIT",
            Self::WakeupSecondaryViaNmi => "wakeup_secondary_via_NMI",
            Self::Es7000StartCpu => "es7000_start_cpu",
            Self::WakeupSecondaryCpuViaInit => "wakeup_secondary_cpu_via_init",
            Self::DoBootCpu => "do_boot_cpu",
            Self::InquireRemoteApic => "inquire_remote_apic",
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

    /// Does the function take one other CPU?
    pub const fn takes_target(self) -> bool {
        matches!(
            self,
            Self::WakeupSecondaryViaInit
                | Self::WakeupSecondaryViaNmi
                | Self::Es7000StartCpu
                | Self::WakeupSecondaryCpuViaInit
                | Self::DoBootCpu
                | Self::InquireRemoteApic
        )
    }

    /// Calls the function on `cpu`; those that take no mask or no vector ignore it. One target is the
    /// first CPU of the mask.
    pub fn run(self, kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
        let target = mask.iter().next().unwrap_or_default();
        let apicid = kernel.arch.apic_id(target);
        match self {
            Self::SendIpiMask => send_IPI_mask(kernel, cpu, mask, vector),
            Self::SendIpiAllbutself => send_IPI_allbutself(kernel, cpu, vector),
            Self::SendIpiAll => send_IPI_all(kernel, cpu, vector),
            Self::SendIpiSelf => send_IPI_self(kernel, cpu, vector),
            Self::SmpSendNmiAllbutself => smp_send_nmi_allbutself(kernel, cpu),
            Self::ClearLocalApic => clear_local_APIC(kernel, cpu),
            Self::DisableLocalApic => disable_local_APIC(kernel, cpu),
            Self::SyncArbIds => sync_Arb_IDs(kernel, cpu),
            Self::SetupLocalApic => setup_local_APIC(kernel, cpu),
            Self::WakeupSecondaryViaInit => _ = wakeup_secondary_via_INIT(kernel, cpu, apicid),
            Self::WakeupSecondaryViaNmi => _ = wakeup_secondary_via_NMI(kernel, cpu, apicid),
            Self::Es7000StartCpu => _ = es7000_start_cpu(kernel, cpu, apicid),
            Self::WakeupSecondaryCpuViaInit => _ = wakeup_secondary_cpu_via_init(kernel, cpu, apicid),
            Self::DoBootCpu => _ = do_boot_cpu(kernel, cpu, target),
            Self::InquireRemoteApic => inquire_remote_apic(kernel, cpu, apicid),
        }
    }
}
