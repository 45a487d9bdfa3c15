//! The sub-architectures: whose code sends, and one table of what it differs in.
//!
//! Not modelled: see [`Facts`].

mod facts;
mod linux;
mod other;

pub use facts::{Access, Facts, Family, Ids, LdrInit, LogicalId, Sender, WakeUp};
pub use other::Other;

/// A sub-architecture of the 2007 kernels, an APIC driver of today's, or a kernel that is not Linux.
///
/// ```
/// use kernel_model::Arch;
///
/// assert_eq!(Arch::from_name("x86_64/flat"), Some(Arch::X8664Flat));
/// assert_eq!(Arch::I386Summit.apic_id(5), 0x12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
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
        const LINUX: &[Facts; 14] = &linux::FACTS;
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

    /// The APIC id of a CPU: eight bits, and in x2APIC mode 32 (SDM vol. 3 §10.12.5.1).
    pub const fn apic_id(self, cpu: u16) -> u32 {
        match self.facts().ids {
            Ids::Number => cpu as u32,
            Ids::Clustered => (((cpu / 4) << 4) | (1 << (cpu % 4))) as u32,
        }
    }

    /// The logical id of a CPU.
    pub const fn logical_apic_id(self, cpu: u16) -> u8 {
        let id = self.apic_id(cpu) as u8;
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
        let id = self.apic_id(cpu);
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

    /// v6: vector of the IPI to itself that asks for deferred work.
    pub const fn irq_work_vector(self) -> u8 {
        0xF6
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
