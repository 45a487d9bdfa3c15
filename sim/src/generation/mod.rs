//! Generation profiles: what differs between APIC generations, as data.
//!
//! Not modelled: steppings within a generation, AMD's extended space; the 82489DX's own wire protocol, which nobody
//! published: it has the message-level semantics of its generation with the cycle counts of the Pentium's bus.

mod costs;
mod knobs;

pub use costs::Costs;
pub use knobs::*;

use crate::named;

named! {
    /// An APIC generation.
    ///
    /// ```
    /// use sim::Generation;
    ///
    /// assert!(Generation::P6.profile().serial && !Generation::XApic.profile().serial);
    /// ```
        pub enum Generation ("generation") {
        /// The external APIC of the i486 and the first Pentiums: 8-bit ids, no ESR, no start-up message.
        I82489Dx = "82489dx",
        /// Pentium (P54C): 4-bit ids, serial bus, remote read.
        Pentium = "pentium",
        /// Pentium Pro to Pentium III: 4-bit ids, serial bus, arbitration ids.
        P6 = "p6",
        /// Pentium 4 / Xeon, Core: 8-bit ids, front-side bus, no refusal of fixed interrupts.
        XApic = "xapic",
        /// Nehalem and later: as the xAPIC, and x2APIC mode with 32-bit ids and model-specific registers.
        X2Apic = "x2apic",
    }
}

/// How the error status register is read (SDM vol. 3 §10.5.3, whose editions disagree; Pentium erratum 3AP).
///
/// ```
/// use sim::{ErrorProtocol, Generation};
///
/// assert_eq!(Generation::I82489Dx.profile().error_protocol, ErrorProtocol::Absent);
/// assert_eq!(Generation::Pentium.profile().error_protocol, ErrorProtocol::Direct); // erratum 3AP
/// assert_eq!(Generation::P6.profile().error_protocol, ErrorProtocol::Latch);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorProtocol {
    /// No such register (82489DX).
    Absent,
    /// Read directly; a write clears it (Pentium).
    Direct,
    /// A write latches what was gathered since the last write, and drops what was there.
    Latch,
}

/// What a generation is.
///
/// ```
/// use sim::Generation;
///
/// assert!(Generation::P6.profile().start_up && !Generation::I82489Dx.profile().start_up);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Bits of an APIC id outside x2APIC mode.
    pub id_bits: u32,
    /// Value of the version register after reset (SDM vol. 3 §10.4.8; low bytes of Pentium and 82489DX from memory).
    pub version: u32,
    /// How the ESR is read.
    pub error_protocol: ErrorProtocol,
    /// Valid bits of the ESR (SDM vol. 3 fig. 10-9; bit 7 from the P6 on, bits 3:0 on the serial bus only).
    pub error_bits: u32,
    /// Arbitration ids, slots and refusal: the generations of the 3-wire bus.
    pub serial: bool,
    /// The focus processor exists (SDM vol. 3 §10.6.2.4: not on Pentium 4 and later).
    pub focus: bool,
    /// Remote read exists (SDM vol. 3 §22.27.1).
    pub remote_read: bool,
    /// Start-up messages exist (MP specification B.4: unknown to the 82489DX).
    pub start_up: bool,
    /// INIT has a level de-assert, and NMI and INIT messages a level (SDM vol. 3 §10.6.1, 22.27.1).
    pub init_deassert: bool,
    /// x2APIC mode exists.
    pub x2apic: bool,
    /// A performance counter interrupt masks its entry (SDM vol. 3 §10.5.1: Pentium 4 and later).
    pub performance_masks: bool,
    /// It tells the chipset its task priority, and software may turn that off (xTPR, CPUID.01H:ECX\[14\]; SDM vol. 3
    /// §10.6.2.4, table 35-2).
    pub priority_messages: bool,
}

impl Profile {
    /// Highest APIC id outside x2APIC mode: all ones is the broadcast destination.
    pub const fn highest_id(&self) -> u32 {
        (1 << self.id_bits) - 2
    }
}

const SERIAL: Profile = Profile {
    id_bits: 4,
    version: 0x0004_0011,
    error_protocol: ErrorProtocol::Latch,
    error_bits: 0xEF,
    serial: true,
    focus: true,
    remote_read: false,
    start_up: true,
    init_deassert: true,
    x2apic: false,
    performance_masks: false,
    priority_messages: false,
};

const PARALLEL: Profile = Profile {
    id_bits: 8,
    version: 0x0005_0014,
    error_protocol: ErrorProtocol::Latch,
    error_bits: 0xE0,
    serial: false,
    focus: false,
    remote_read: false,
    start_up: true,
    init_deassert: false,
    x2apic: false,
    performance_masks: true,
    priority_messages: true,
};

static PROFILES: [Profile; 5] = [
    Profile {
        id_bits: 8,
        version: 0x0002_0001,
        error_protocol: ErrorProtocol::Absent,
        error_bits: 0,
        remote_read: true,
        start_up: false,
        ..SERIAL
    },
    Profile {
        version: 0x0003_0010,
        error_protocol: ErrorProtocol::Direct,
        error_bits: 0x6F,
        remote_read: true,
        ..SERIAL
    },
    SERIAL,
    PARALLEL,
    Profile { version: 0x0106_0015, error_bits: 0xF0, x2apic: true, ..PARALLEL },
];

impl Generation {
    /// What it is.
    #[inline]
    pub const fn profile(self) -> &'static Profile {
        &PROFILES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_ids_follow_section_10_4() {
        // SDM vol. 3 §10.4.6, 10.4.8: version ranges, and as many local entries as "max LVT entry" plus one says
        let table = [
            (Generation::I82489Dx, 0x00..=0x0F, 2, 254),
            (Generation::Pentium, 0x10..=0x15, 3, 14),
            (Generation::P6, 0x10..=0x15, 4, 14),
            (Generation::XApic, 0x10..=0x15, 5, 254),
            (Generation::X2Apic, 0x10..=0x15, 6, 254),
        ];
        for (generation, versions, last_entry, highest_id) in table {
            let profile = generation.profile();
            assert!(versions.contains(&(profile.version & 0xFF)), "{generation:?}");
            assert_eq!(profile.version >> 16 & 0xFF, last_entry, "{generation:?}");
            assert_eq!(profile.highest_id(), highest_id, "{generation:?}");
        }
    }
}
