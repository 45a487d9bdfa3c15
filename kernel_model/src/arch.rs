//! The sub-architectures: one table of what the send code's headers differ in.
//!
//! Not modelled: visws (falls back to the default's senders), the run-time choice of mach-generic and of v6's drivers,
//! I/O APIC routing. Sources: `include/asm-i386/mach-*/mach_{apic,ipi,apicdef}.h` and `arch/x86_64/kernel/genapic_*.c`,
//! 2.6.20; `arch/x86/kernel/apic/{probe_32,apic_flat_64,x2apic_phys,x2apic_cluster,apic_noop}.c`, v6.13.

use crate::apicdef::{APIC_DEST_LOGICAL, APIC_DEST_PHYSICAL, APIC_DFR_CLUSTER, APIC_DFR_FLAT};
use crate::other::{self, Other};

/// A sub-architecture of the 2007 kernels, an APIC driver of today's, or a kernel that is not Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// i386 mach-default: up to eight CPUs, one logical bit each.
    I386Default,
    /// i386 mach-bigsmp: physical ids.
    I386Bigsmp,
    /// i386 mach-es7000 without clustering: physical ids.
    I386Es7000,
    /// i386 mach-es7000, clustered: logical cluster ids.
    I386Es7000Clustered,
    /// i386 mach-numaq: logical cluster ids, set by firmware.
    I386Numaq,
    /// i386 mach-summit: logical cluster ids.
    I386Summit,
    /// x86_64 flat: up to eight CPUs, one logical bit each.
    X8664Flat,
    /// x86_64 clustered: despite the name, IPIs go to physical ids. Left the tree in 2.6.22.
    X8664Cluster,
    /// x86_64 physflat: physical ids.
    X8664Physflat,
    /// v6, 32 bits, default: up to eight CPUs, one logical bit each.
    ModernXapicFlat,
    /// v6 physflat: physical ids.
    ModernXapicPhysflat,
    /// v6, x2APIC mode, physical ids.
    ModernX2apicPhys,
    /// v6, x2APIC mode, logical cluster ids.
    ModernX2apicCluster,
    /// v6 without a local APIC: nothing is sent, and there is no second CPU.
    ModernNoop,
    /// FreeBSD.
    OtherFreebsd,
    /// xv6 for x86.
    OtherXv6,
    /// Theseus.
    OtherTheseus,
    /// Redox.
    OtherRedox,
    /// Serenity.
    OtherSerenity,
    /// Asterinas.
    OtherAsterinas,
    /// The crate `x86`.
    OtherX86Crate,
    /// The crate `x2apic`.
    OtherX2apicCrate,
    /// kvm-unit-tests.
    OtherKvmUnitTests,
}

/// Whose send code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// One message whose destination is a bit mask.
    Bitmask,
    /// One message for each CPU, in ascending order.
    Sequence,
    /// One message for each cluster, in ascending order.
    Clusters,
}

/// How APIC ids are given to CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// The CPU's number.
    Number,
    /// Cluster of four in the high nibble, one bit in the low one.
    Clustered,
}

/// The logical id that set-up gives a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LdrInit {
    /// None: firmware has done it, or nobody needs it.
    Firmware,
    /// Read LDR: hardware derives it.
    Read,
    /// Write DFR, write LDR.
    Write,
    /// Write DFR, read LDR, write LDR.
    ReadAndWrite,
    /// Read the APIC id, then as [`LdrInit::ReadAndWrite`].
    ReadIdFirst,
}

/// How the other CPUs are started.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The i386 sub-architectures that send to logical cluster ids, one message each. NUMA-Q's own header looks at four
/// bits of the ID register only; here that register holds the whole cluster id, so the kernel looks at all of it, or
/// CPU 4 would take itself for CPU 0.
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

/// One row a sub-architecture, in the order of [`Arch`].
const FACTS: [Facts; 14] = [
    DEFAULT,
    Facts { name: "i386/bigsmp", ..I386_PHYSICAL },
    Facts { name: "i386/es7000", ldr_init: LdrInit::Write, ..I386_PHYSICAL },
    Facts { name: "i386/es7000-clustered", ldr_init: LdrInit::Write, wake_up: WakeUp::Mailbox, ..I386_CLUSTERED },
    Facts { name: "i386/numaq", ldr_init: LdrInit::Firmware, wake_up: WakeUp::Nmi, ..I386_CLUSTERED },
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
        ldr_init: LdrInit::Read,
        ..MODERN
    },
    Facts { name: "modern/noop", access: Access::Nothing, max_cpus: 1, ..MODERN },
];

impl Arch {
    /// Those of 2007, in the order of the headline.
    pub const OF_2007: [Self; 9] = [
        Self::I386Default,
        Self::I386Bigsmp,
        Self::I386Es7000,
        Self::I386Es7000Clustered,
        Self::I386Numaq,
        Self::I386Summit,
        Self::X8664Flat,
        Self::X8664Cluster,
        Self::X8664Physflat,
    ];

    /// All of them: those of Linux in 2007, today's, then other kernels.
    pub const ALL: [Self; 23] = [
        Self::I386Default,
        Self::I386Bigsmp,
        Self::I386Es7000,
        Self::I386Es7000Clustered,
        Self::I386Numaq,
        Self::I386Summit,
        Self::X8664Flat,
        Self::X8664Cluster,
        Self::X8664Physflat,
        Self::ModernXapicFlat,
        Self::ModernXapicPhysflat,
        Self::ModernX2apicPhys,
        Self::ModernX2apicCluster,
        Self::ModernNoop,
        Self::OtherFreebsd,
        Self::OtherXv6,
        Self::OtherTheseus,
        Self::OtherRedox,
        Self::OtherSerenity,
        Self::OtherAsterinas,
        Self::OtherX86Crate,
        Self::OtherX2apicCrate,
        Self::OtherKvmUnitTests,
    ];

    /// The row of the table.
    pub const fn facts(self) -> &'static Facts {
        const LINUX: &[Facts; 14] = &FACTS;
        const OTHERS: &[Facts; 9] = &other::FACTS;
        let row = self as usize;
        if row < LINUX.len() { &LINUX[row] } else { &OTHERS[row - LINUX.len()] }
    }

    /// The kernel, if it is not Linux.
    pub const fn other(self) -> Option<Other> {
        match self.facts().family {
            Family::Other(other) => Some(other),
            Family::I386 | Family::X8664 | Family::Modern => None,
        }
    }

    /// The name on the command line, such as `i386/default`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The sub-architecture of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.name() == name)
    }

    /// i386 of 2007?
    pub const fn is_i386(self) -> bool {
        matches!(self.facts().family, Family::I386)
    }

    /// Linux v6?
    pub const fn is_modern(self) -> bool {
        matches!(self.facts().family, Family::Modern)
    }

    /// The APIC id of a CPU.
    pub const fn apic_id(self, cpu: u16) -> u8 {
        match self.facts().ids {
            Ids::Number => cpu as u8,
            Ids::Clustered => (((cpu / 4) << 4) | (1 << (cpu % 4))) as u8,
        }
    }

    /// The logical id of a CPU.
    pub const fn logical_apic_id(self, cpu: u16) -> u8 {
        let id = self.apic_id(cpu);
        match self.facts().logical_id {
            LogicalId::OneBit if cpu < 8 => 1 << cpu,
            LogicalId::OneBit | LogicalId::Unset => 0,
            LogicalId::ApicId => id,
            LogicalId::Number => cpu as u8,
            LogicalId::CountInCluster if id & 0x0F < 3 => (id & 0xF0) | (1 << (id & 0x0F)),
            LogicalId::CountInCluster => (id & 0xF0) | 8,
        }
    }

    /// The logical id that hardware gives a CPU in x2APIC mode: its cluster, and one of sixteen bits (SDM vol. 3
    /// §10.12.10.2).
    pub const fn x2apic_logical_id(self, cpu: u16) -> u32 {
        let id = self.apic_id(cpu) as u32;
        (id >> 4) << 16 | 1 << (id & 15)
    }

    /// Value of the DFR after set-up.
    pub const fn dfr(self) -> u32 {
        self.facts().dfr
    }

    /// Value of a CPU's LDR after set-up.
    pub const fn ldr(self, cpu: u16) -> u32 {
        (self.logical_apic_id(cpu) as u32) << 24
    }

    /// Vector of the reschedule IPI.
    pub const fn reschedule_vector(self) -> u8 {
        if self.is_i386() { 0xFC } else { 0xFD }
    }

    /// Vector of the function call IPI.
    pub const fn call_function_vector(self) -> u8 {
        if self.is_i386() { 0xFB } else { 0xFC }
    }

    /// v6: vector of the call of a function on a single CPU.
    pub const fn call_function_single_vector(self) -> u8 {
        0xFB
    }

    /// v6: vector of the IPI by which CPUs are stopped.
    pub const fn reboot_vector(self) -> u8 {
        0xF8
    }

    /// Slots for TLB flushes: how many vectors, locks and masks there are. v6 flushes by function calls. Vectors of kernels
    /// that are not Linux are counted as those of x86_64.
    pub const fn invalidate_tlb_slots(self) -> u16 {
        match self.facts().family {
            Family::I386 => 1,
            Family::X8664 | Family::Other(_) => 8,
            Family::Modern => 0,
        }
    }

    /// Vector of the first slot.
    pub const fn invalidate_tlb_vector_start(self) -> u8 {
        if self.is_i386() { 0xFD } else { 0xF0 }
    }

    /// Vector of the TLB flush IPIs that `sender` sends.
    pub const fn invalidate_tlb_vector(self, sender: u16) -> u8 {
        if self.is_modern() {
            return self.call_function_vector();
        }
        self.invalidate_tlb_vector_start() + (sender % self.invalidate_tlb_slots()) as u8
    }
}
