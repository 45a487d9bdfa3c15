//! Destination matching: is this APIC addressed by a message?
//!
//! Not modelled: hierarchical clusters with their cluster managers (the compare is the same, the buses are not), the
//! lowest-priority choice among those addressed. A destination model other than flat (1111) and cluster (0000) is
//! reserved; it is read as cluster.

use crate::bus::{DestinationMode, Message, Shorthand};
use crate::generation::Generation;

/// What an APIC compares a destination with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) generation: Generation,
    /// APIC id: 4 bits on the P6, 8 on the xAPIC.
    pub(super) id: u8,
    /// Logical APIC id, LDR bits 31:24.
    pub(super) logical_id: u8,
    /// Destination model, DFR bits 31:28.
    pub(super) model: u8,
}

/// Destination model "flat", DFR bits 31:28 (SDM vol. 3 §10.6.2.2).
const FLAT: u8 = 0xF;

impl Identity {
    /// Physical mode: FH (P6, which compares four bits) and FFH (xAPIC) address everybody (SDM vol. 3 §10.6.2.1).
    const fn physical(&self, destination: u32) -> bool {
        let mask = (1 << self.generation.profile().id_bits) - 1;
        let destination = destination & mask;
        destination == mask || destination == self.id as u32 & mask
    }

    /// Logical mode: FFH addresses everybody in both models (SDM vol. 3 §10.6.2.2).
    const fn logical(&self, destination: u8) -> bool {
        if destination == 0xFF {
            return true;
        }
        if self.model == FLAT {
            return destination & self.logical_id != 0;
        }
        destination >> 4 == self.logical_id >> 4 && destination & self.logical_id & 0x0F != 0
    }

    /// Is the APIC with this identity addressed? `own` says whether it is the sender. The INIT level de-assert goes to
    /// everybody, whatever its destination (SDM vol. 3 §10.6.1).
    pub(super) const fn addressed_by(&self, message: &Message, own: bool) -> bool {
        if message.is_init_deassert() {
            return true;
        }
        match message.shorthand {
            Shorthand::Own => own,
            Shorthand::AllIncludingSelf => true,
            Shorthand::AllExcludingSelf => !own,
            Shorthand::None => match message.destination_mode {
                DestinationMode::Physical => self.physical(message.destination),
                DestinationMode::Logical => self.logical(message.destination as u8),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Generation::{P6, XApic};

    fn identity(generation: Generation, id: u8, logical_id: u8, model: u8) -> Identity {
        Identity { generation, id, logical_id, model }
    }

    #[test]
    fn physical_mode_follows_section_10_6_2_1() {
        let table = [
            (P6, 3, 0x03, true),
            (P6, 3, 0x13, true), // the upper four bits are not compared
            (P6, 3, 0x04, false),
            (P6, 3, 0x0F, true),
            (P6, 3, 0xFF, true),
            (XApic, 3, 0x03, true),
            (XApic, 3, 0x13, false),
            (XApic, 3, 0x0F, false),
            (XApic, 3, 0xFF, true),
        ];
        for (generation, id, destination, expected) in table {
            let matched = identity(generation, id, 0, FLAT).physical(destination);
            assert_eq!(matched, expected, "{generation:?} id {id} destination {destination:02X}");
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
        ];
        for (model, logical_id, destination, expected) in table {
            let matched = identity(P6, 0, logical_id, model).logical(destination);
            assert_eq!(matched, expected, "model {model:X} LDR {logical_id:02X} destination {destination:02X}");
        }
    }
}
