//! What sub-architectures can differ in.
//!
//! Not modelled: visws (falls back to the default's senders), the run-time choice of mach-generic and of v6's drivers,
//! I/O APIC routing.

use super::Other;

/// Whose send code it is.
///
/// ```
/// use kernel_model::{Arch, Family};
///
/// assert_eq!(Arch::I386Summit.facts().family, Family::I386);
/// assert_eq!(Arch::ModernX2apicCluster.facts().family, Family::Modern);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Linux 2.6.20 to 2.6.24 on i386.
    I386,
    /// Linux 2.6.20 to 2.6.24 on x86_64.
    X8664,
    /// Linux v6.13.
    Modern,
    /// Not Linux.
    Other(Other),
}

/// How code reaches the APIC's registers.
///
/// ```
/// use kernel_model::{Access, Arch};
///
/// assert_eq!(Arch::ModernX2apicPhys.facts().access, Access::Msr);
/// assert_eq!(Arch::ModernXapicFlat.facts().access, Access::Page);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Through its page.
    Page,
    /// As MSRs: x2APIC mode.
    Msr,
    /// Not at all: reads give 0, writes do nothing.
    Nothing,
}

/// How an IPI to several CPUs is sent.
///
/// ```
/// use kernel_model::{Arch, Sender};
///
/// assert_eq!(Arch::I386Default.facts().sender, Sender::Bitmask);
/// assert_eq!(Arch::I386Numaq.facts().sender, Sender::Sequence); // send_IPI_mask_sequence
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sender {
    /// One message whose destination is a bit mask.
    Bitmask,
    /// One message for each CPU, in ascending order.
    Sequence,
    /// One message for each cluster, in ascending order.
    Clusters,
}

/// How APIC ids are given to CPUs.
///
/// ```
/// use kernel_model::{Arch, Ids};
///
/// assert_eq!(Arch::I386Summit.facts().ids, Ids::Clustered);
/// assert_eq!(Arch::I386Summit.apic_id(5), 0x12); // second cluster, second CPU
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ids {
    /// The CPU's number.
    Number,
    /// Cluster of four in the high nibble, one bit in the low one.
    Clustered,
}

/// The logical id that set-up gives a CPU.
///
/// ```
/// use kernel_model::{Arch, LogicalId};
///
/// assert_eq!(Arch::I386Default.facts().logical_id, LogicalId::OneBit);
/// assert_eq!(Arch::I386Default.ldr(2), 1 << 2 << 24);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogicalId {
    /// None is set.
    Unset,
    /// One bit for the CPU's number; none beyond the eighth CPU.
    OneBit,
    /// The APIC id.
    ApicId,
    /// The CPU's number, not a bit.
    Number,
    /// The high nibble of the APIC id, and a bit by the count of earlier CPUs in that cluster, the last for all further.
    CountInCluster,
}

/// The accesses that set a CPU's LDR and DFR.
///
/// ```
/// use kernel_model::{Arch, LdrInit};
///
/// assert_eq!(Arch::I386Numaq.facts().ldr_init, LdrInit::Firmware);
/// assert_eq!(Arch::I386Default.facts().ldr_init, LdrInit::ReadAndWrite);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LdrInit {
    /// None: firmware or hardware has done it, or nobody needs it.
    Firmware,
    /// Write DFR, write LDR.
    Write,
    /// Write DFR, read LDR, write LDR.
    ReadAndWrite,
    /// Read the APIC id, then as [`LdrInit::ReadAndWrite`].
    ReadIdFirst,
}

/// How the other CPUs are started.
///
/// ```
/// use kernel_model::{Arch, WakeUp};
///
/// assert_eq!(Arch::I386Default.facts().wake_up, WakeUp::Init);
/// assert_eq!(Arch::I386Numaq.facts().wake_up, WakeUp::Nmi);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeUp {
    /// INIT, then STARTUP: `wakeup_secondary_via_INIT`.
    Init,
    /// They halt in firmware, and an NMI starts them: `wakeup_secondary_via_NMI`.
    Nmi,
    /// Firmware starts them, asked by a mailbox register: `es7000_start_cpu`.
    Mailbox,
}

/// What the sub-architectures differ in.
///
/// ```
/// use kernel_model::Arch;
///
/// let facts = Arch::I386Default.facts();
/// assert_eq!((facts.name, facts.max_cpus, facts.dfr), ("i386/default", 8, 0xFFFF_FFFF)); // flat: a mask of eight bits
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// The name on the command line.
    pub name: &'static str,
    /// Whose send code it is.
    pub family: Family,
    /// How code reaches the APIC.
    pub access: Access,
    /// How masks are sent.
    pub sender: Sender,
    /// Destination mode of IPIs, as it stands in the ICR.
    pub dest_mode: u32,
    /// Value of the DFR.
    pub dfr: u32,
    /// APIC ids.
    pub ids: Ids,
    /// Logical ids.
    pub logical_id: LogicalId,
    /// How LDR and DFR are set.
    pub ldr_init: LdrInit,
    /// How other CPUs are started.
    pub wake_up: WakeUp,
    /// The error status is left alone once CPUs are up (`esr_disable`).
    pub esr_disable: bool,
    /// The bits of the ID register that the kernel looks at, shifted down.
    pub apic_id_mask: u8,
    /// The most CPUs that have distinct ids.
    pub max_cpus: u16,
}
