//! Destination matching: is this APIC addressed by a message?
//!
//! Not modelled: the choice among those addressed (lowest priority) and the way there (cluster managers): a bus's
//! business. A destination model other than flat (1111) and cluster (0000) is reserved; it is read as cluster.

use super::local_apic::{LocalApic, x2apic_logical_id};
use super::mode::Mode;
use crate::bus::{DestinationMode, Message, Shorthand};
use crate::generation::{ClusterFifteen, Generation};

/// What an APIC compares a destination with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Outside x2APIC mode.
    Page {
        /// Bits of an id that are compared: 4 on Pentium and P6, 8 on the others.
        id_bits: u32,
        /// APIC id.
        id: u32,
        /// Logical APIC id, LDR bits 31:24.
        logical_id: u8,
        /// Destination model, DFR bits 31:28.
        model: u8,
        /// Knob.
        cluster_fifteen: ClusterFifteen,
    },
    /// The 82489DX: 32 logical bits, no clusters (SDM vol. 3 §22.27.1).
    External {
        /// APIC id.
        id: u32,
        /// Logical destination register.
        logical_id: u32,
    },
    /// In x2APIC mode.
    X2Apic {
        /// APIC id.
        id: u32,
    },
    /// Globally disabled: hears nothing.
    Deaf,
}

/// Destination model "flat", DFR bits 31:28 (SDM vol. 3 §10.6.2.2).
const FLAT: u8 = 0xF;

impl Identity {
    /// Physical mode: all ones address everybody, FH on Pentium and P6, which compare four bits, FFH on later ones, FFFF
    /// FFFFH in x2APIC mode (SDM vol. 3 §10.6.2.1, 10.12.9). Each receiver decides by its own mode.
    #[inline]
    const fn physical(&self, destination: u32) -> bool {
        match *self {
            Self::Page { id_bits, id, .. } => {
                let mask = (1 << id_bits) - 1;
                let reaches = destination <= 0xFF || destination == u32::MAX; // no id is as wide as that
                reaches && (destination & mask == mask || destination & mask == id & mask)
            }
            Self::External { id, .. } => destination == 0xFF || destination == id,
            Self::X2Apic { id } => destination == u32::MAX || destination == id,
            Self::Deaf => false,
        }
    }

    /// Logical mode: all ones address everybody (SDM vol. 3 §10.6.2.2, 10.12.10).
    #[inline]
    const fn logical(&self, destination: u32) -> bool {
        match *self {
            Self::Page { logical_id, model, cluster_fifteen, .. } => {
                if destination == u32::MAX {
                    return true;
                }
                destination <= 0xFF && page_logical(destination as u8, logical_id, model, cluster_fifteen)
            }
            Self::External { logical_id, .. } => destination == u32::MAX || destination & logical_id != 0,
            Self::X2Apic { id } => {
                let own = x2apic_logical_id(id);
                destination == u32::MAX || destination >> 16 == own >> 16 && destination & own & 0xFFFF != 0
            }
            Self::Deaf => false,
        }
    }
}

impl LocalApic {
    /// Is this APIC addressed by `message` (SDM vol. 3 §10.6.2)? The INIT level de-assert goes to everybody, whatever
    /// its destination (§10.6.1). The engine keeps a dead APIC out of this.
    #[inline(always)]
    pub const fn addressed_by(&self, message: &Message) -> bool {
        // Of a broadcast everybody is asked.
        if matches!(message.shorthand, Shorthand::AllExcludingSelf) && message.source != self.agent {
            return !matches!(self.mode(), Mode::Disabled);
        }
        self.is_meant_by(message)
    }

    #[inline(never)]
    const fn is_meant_by(&self, message: &Message) -> bool {
        if matches!(self.mode(), Mode::Disabled) {
            return false;
        }
        let own = message.source == self.agent;
        match message.shorthand {
            _ if message.is_init_deassert() => true,
            Shorthand::Own => own,
            Shorthand::AllIncludingSelf => true,
            Shorthand::AllExcludingSelf => !own,
            Shorthand::None => match message.destination_mode {
                DestinationMode::Physical => self.identity().physical(message.destination),
                DestinationMode::Logical => self.identity().logical(message.destination),
            },
        }
    }

    #[inline]
    const fn identity(&self) -> Identity {
        match self.mode() {
            Mode::Disabled => Identity::Deaf,
            Mode::X2Apic => Identity::X2Apic { id: self.initial_id },
            Mode::XApic if matches!(self.generation, Generation::I82489Dx) => {
                Identity::External { id: self.id(), logical_id: self.ldr() }
            }
            Mode::XApic => Identity::Page {
                id_bits: self.generation.profile().id_bits,
                id: self.id(),
                logical_id: (self.ldr() >> 24) as u8,
                model: (self.dfr() >> 28) as u8,
                cluster_fifteen: self.knobs.cluster_fifteen,
            },
        }
    }
}

const fn page_logical(destination: u8, logical_id: u8, model: u8, fifteen: ClusterFifteen) -> bool {
    if destination == 0xFF {
        return true;
    }
    if model == FLAT {
        return destination & logical_id != 0;
    }
    let every = destination >> 4 == 0xF && matches!(fifteen, ClusterFifteen::EveryCluster);
    (every || destination >> 4 == logical_id >> 4) && destination & logical_id & 0x0F != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(id_bits: u32, id: u32, logical_id: u8, model: u8) -> Identity {
        Identity::Page { id_bits, id, logical_id, model, cluster_fifteen: ClusterFifteen::Exact }
    }

    #[test]
    fn physical_mode_follows_section_10_6_2_1() {
        let table = [
            (4, 0x03, true),
            (4, 0x13, true), // the upper four bits are not compared
            (4, 0x04, false),
            (4, 0x0F, true),
            (4, 0xFF, true),
            (8, 0x03, true),
            (8, 0x13, false),
            (8, 0x0F, false),
            (8, 0xFF, true),
            (8, 0x103, false),
            (8, u32::MAX, true),
        ];
        for (id_bits, destination, expected) in table {
            let matched = page(id_bits, 3, 0, FLAT).physical(destination);
            assert_eq!(matched, expected, "{id_bits} bits, destination {destination:02X}");
        }
    }

    #[test]
    fn logical_mode_follows_section_10_6_2_2() {
        let table = [
            (FLAT, 0x04, 0x04, true),
            (FLAT, 0x04, 0x0E, true),
            (FLAT, 0x04, 0x0B, false),
            (FLAT, 0x00, 0xFF, true),
            (FLAT, 0x04, 0x00, false),
            (0, 0x12, 0x12, true),
            (0, 0x12, 0x1F, true),
            (0, 0x12, 0x1D, false),
            (0, 0x12, 0x22, false),
            (0, 0x12, 0xFF, true),
            (0, 0x12, 0x10, false),
            (0, 0x12, 0xF2, false),
        ];
        for (model, logical_id, destination, expected) in table {
            let matched = page(4, 0, logical_id, model).logical(destination);
            assert_eq!(matched, expected, "model {model:X} LDR {logical_id:02X} destination {destination:02X}");
        }
        assert!(page_logical(0xF2, 0x12, 0, ClusterFifteen::EveryCluster));
    }

    #[test]
    fn x2apic_ids_follow_section_10_12_10() {
        let logical = [
            (0, 0x0000_0001),
            (15, 0x0000_8000),
            (16, 0x0001_0001),
            (31, 0x0001_8000),
            (255, 0x000F_8000),
            (256, 0x0010_0001),
            (0xF_FFEF, 0xFFFE_8000),
        ];
        for (id, expected) in logical {
            assert_eq!(x2apic_logical_id(id), expected, "id {id:X}");
        }
        let matched = Identity::X2Apic { id: 0x13 };
        let table = [
            (DestinationMode::Physical, 0x13, true),
            (DestinationMode::Physical, 0xFF, false), // an id like any other
            (DestinationMode::Physical, u32::MAX, true),
            (DestinationMode::Logical, 0x0001_0008, true),
            (DestinationMode::Logical, 0x0001_FFF7, false),
            (DestinationMode::Logical, 0x0000_0008, false),
            (DestinationMode::Logical, 0x0000_00FF, false),
            (DestinationMode::Logical, u32::MAX, true),
        ];
        for (mode, destination, expected) in table {
            let addressed = match mode {
                DestinationMode::Physical => matched.physical(destination),
                DestinationMode::Logical => matched.logical(destination),
            };
            assert_eq!(addressed, expected, "{mode:?} {destination:X}");
        }
    }
}
