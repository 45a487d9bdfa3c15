//! Kernels that are not Linux, a row each.
//!
//! Not modelled: anything that their ways to send do not need; see [`other`](crate::other).

use super::facts::{Access, Facts, Family, Ids, LdrInit, LogicalId, Sender, WakeUp};
use crate::apicdef::{APIC_DEST_LOGICAL, APIC_DEST_PHYSICAL, APIC_DFR_FLAT};

/// A kernel, driver or test program that is not Linux.
///
/// ```
/// use kernel_model::{Arch, Other};
///
/// assert_eq!(Arch::from_name("other/freebsd").and_then(Arch::other), Some(Other::Freebsd));
/// assert_eq!(Arch::I386Default.other(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Other {
    /// FreeBSD.
    Freebsd,
    /// xv6 for x86.
    Xv6,
    /// Theseus.
    Theseus,
    /// Redox.
    Redox,
    /// Serenity.
    Serenity,
    /// Asterinas.
    Asterinas,
    /// The crate `x86`.
    X86Crate,
    /// The crate `x2apic`, on the page of an xAPIC.
    X2apicCrate,
    /// kvm-unit-tests.
    KvmUnitTests,
}

impl Other {
    /// All of them, in the order of their rows.
    pub const ALL: [Self; 9] = [
        Self::Freebsd,
        Self::Xv6,
        Self::Theseus,
        Self::Redox,
        Self::Serenity,
        Self::Asterinas,
        Self::X86Crate,
        Self::X2apicCrate,
        Self::KvmUnitTests,
    ];
}

/// What most of them have: physical ids, one message a target.
const PHYSICAL: Facts = Facts {
    name: "other/freebsd",
    family: Family::Other(Other::Freebsd),
    access: Access::Page,
    sender: Sender::Sequence,
    dest_mode: APIC_DEST_PHYSICAL,
    dfr: APIC_DFR_FLAT,
    ids: Ids::Number,
    logical_id: LogicalId::OneBit,
    ldr_init: LdrInit::Firmware,
    wake_up: WakeUp::Init,
    esr_disable: false,
    apic_id_mask: 0xFF,
    max_cpus: 255,
};

/// One row a kernel, in the order of [`Other`].
pub(super) const FACTS: [Facts; 9] = [
    PHYSICAL,
    Facts { name: "other/xv6", family: Family::Other(Other::Xv6), max_cpus: 8, ..PHYSICAL },
    Facts { name: "other/theseus", family: Family::Other(Other::Theseus), ..PHYSICAL },
    Facts { name: "other/redox", family: Family::Other(Other::Redox), ..PHYSICAL },
    Facts {
        name: "other/serenity",
        family: Family::Other(Other::Serenity),
        dest_mode: APIC_DEST_LOGICAL,
        logical_id: LogicalId::Number,
        max_cpus: 8,
        ..PHYSICAL
    },
    Facts { name: "other/asterinas", family: Family::Other(Other::Asterinas), ..PHYSICAL },
    Facts { name: "other/x86-crate", family: Family::Other(Other::X86Crate), ..PHYSICAL },
    Facts { name: "other/x2apic-crate", family: Family::Other(Other::X2apicCrate), ..PHYSICAL },
    Facts { name: "other/kvm-unit-tests", family: Family::Other(Other::KvmUnitTests), ..PHYSICAL },
];
