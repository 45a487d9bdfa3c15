//! Linux's sub-architectures and drivers, a row each.
//!
//! Not modelled: see [`Facts`]. Sources: `include/asm-i386/mach-*/mach_{apic,ipi,apicdef}.h` and
//! `arch/x86_64/kernel/genapic_*.c`, 2.6.20; `arch/x86/kernel/apic/{probe_32,apic_flat_64,x2apic_phys,x2apic_cluster,
//! apic_noop}.c`, v6.13.

use super::facts::{Access, Facts, Family, Ids, LdrInit, LogicalId, Sender, WakeUp};
use crate::apicdef::{APIC_DEST_LOGICAL, APIC_DEST_PHYSICAL, APIC_DFR_CLUSTER, APIC_DFR_FLAT};

/// i386 mach-default. Every other sub-architecture is told by what it changes.
const DEFAULT: Facts = Facts {
    name: "i386/default",
    family: Family::I386,
    access: Access::Page,
    sender: Sender::Bitmask,
    dest_mode: APIC_DEST_LOGICAL,
    dfr: APIC_DFR_FLAT,
    ids: Ids::Number,
    logical_id: LogicalId::OneBit,
    ldr_init: LdrInit::ReadAndWrite,
    wake_up: WakeUp::Init,
    esr_disable: false,
    apic_id_mask: 0x0F,
    max_cpus: 8,
};

/// The i386 sub-architectures that send to physical ids, one message each.
const I386_PHYSICAL: Facts = Facts {
    sender: Sender::Sequence,
    dest_mode: APIC_DEST_PHYSICAL,
    logical_id: LogicalId::ApicId,
    esr_disable: true,
    apic_id_mask: 0xFF,
    max_cpus: 255,
    ..DEFAULT
};

/// The i386 sub-architectures that send to logical cluster ids, one message each. What the kernel knows of a CPU is its
/// cluster id. The ID register of a P6 has four bits, the same ones in every quad, and NUMA-Q's `get_apic_id`
/// (include/asm-i386/mach-numaq/mach_apicdef.h) looks at no more, so that `safe_smp_processor_id` takes a CPU of another
/// quad than the first for one of the first.
const I386_CLUSTERED: Facts =
    Facts { dest_mode: APIC_DEST_LOGICAL, dfr: APIC_DFR_CLUSTER, ids: Ids::Clustered, max_cpus: 60, ..I386_PHYSICAL };

/// x86_64 physflat.
const PHYSFLAT: Facts = Facts {
    name: "x86_64/physflat",
    family: Family::X8664,
    logical_id: LogicalId::OneBit,
    esr_disable: false,
    ..I386_PHYSICAL
};

/// v6 physflat, which sets no logical id. Its fellows differ in little.
const MODERN: Facts = Facts {
    name: "modern/xapic-physflat",
    family: Family::Modern,
    logical_id: LogicalId::Unset,
    ldr_init: LdrInit::Firmware,
    esr_disable: false,
    ..I386_PHYSICAL
};

/// One row a sub-architecture, in the order of [`Arch`](super::Arch).
pub(super) const FACTS: [Facts; 14] = [
    DEFAULT,
    Facts { name: "i386/bigsmp", ..I386_PHYSICAL },
    Facts { name: "i386/es7000", ldr_init: LdrInit::Write, ..I386_PHYSICAL },
    Facts { name: "i386/es7000-clustered", ldr_init: LdrInit::Write, wake_up: WakeUp::Mailbox, ..I386_CLUSTERED },
    Facts {
        name: "i386/numaq",
        ldr_init: LdrInit::Firmware,
        wake_up: WakeUp::Nmi,
        apic_id_mask: 0x0F,
        ..I386_CLUSTERED
    },
    Facts { name: "i386/summit", ldr_init: LdrInit::ReadIdFirst, ..I386_CLUSTERED },
    Facts { name: "x86_64/flat", family: Family::X8664, apic_id_mask: 0xFF, ..DEFAULT },
    Facts {
        name: "x86_64/cluster",
        dfr: APIC_DFR_CLUSTER,
        logical_id: LogicalId::CountInCluster,
        ldr_init: LdrInit::ReadIdFirst,
        ..PHYSFLAT
    },
    PHYSFLAT,
    Facts { name: "modern/xapic-flat", family: Family::Modern, apic_id_mask: 0xFF, ..DEFAULT },
    MODERN,
    Facts { name: "modern/x2apic-phys", access: Access::Msr, ..MODERN },
    Facts {
        name: "modern/x2apic-cluster",
        access: Access::Msr,
        sender: Sender::Clusters,
        dest_mode: APIC_DEST_LOGICAL,
        ..MODERN
    },
    Facts { name: "modern/noop", access: Access::Nothing, max_cpus: 1, ..MODERN },
];
