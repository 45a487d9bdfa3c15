//! The cycles of a message on the two data wires, as symbols of two bits (SDM vol. 3 §10.13; 82801BA §5.8.3).
//!
//! Not modelled: electrical levels (a logical 1 is a wire driven low), set-up and hold times.
//!
//! The bus itself goes by the status rules. Frames decide what becomes of a message whose symbols do not arrive as they
//! were sent, and they say how long each format is.

use crate::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::Checksum;

/// One cycle of the wires: PICD1 in bit 1, PICD0 in bit 0.
type Symbol = u8;

/// Destination of the "all" shorthands on the wires: FH, in physical mode (82801BA §5.8.3).
const EVERYBODY: u8 = 0x0F;

/// What of a message crosses the wires between arbitration and checksum: cycles 6 to 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payload([Symbol; 11]);

impl Payload {
    /// The payload of `message`: destination mode and delivery mode, level and trigger, vector, destination.
    pub(super) const fn of(message: &Message) -> Self {
        let mode = match message.mode {
            DeliveryMode::Fixed => 0,
            DeliveryMode::LowestPriority => 1,
            DeliveryMode::Smi => 2,
            DeliveryMode::RemoteRead => 3,
            DeliveryMode::Nmi => 4,
            DeliveryMode::Init => 5,
            DeliveryMode::StartUp => 6,
            DeliveryMode::ExtInt => 7,
        };
        let (logical, destination) = match message.shorthand {
            Shorthand::None => {
                (matches!(message.destination_mode, DestinationMode::Logical), message.destination as u8)
            }
            Shorthand::Own | Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf => (false, EVERYBODY),
        };
        let vector = message.vector;
        Self([
            (logical as u8) << 1 | mode >> 2,
            mode & 3,
            (message.asserted as u8) << 1 | message.level_triggered as u8,
            vector >> 6,
            vector >> 4 & 3,
            vector >> 2 & 3,
            vector & 3,
            destination >> 6,
            destination >> 4 & 3,
            destination >> 2 & 3,
            destination & 3,
        ])
    }

    /// The checksum that goes in cycle 17 (knob `checksum`).
    pub(super) fn checksum(&self, rule: Checksum) -> Symbol {
        let last = self.0.len() - 1;
        self.0.iter().enumerate().fold(0, |sum, (place, symbol)| {
            let total = sum + symbol;
            // the carry of the last addition is not added back in (SDM vol. 3 §10.13.2)
            let carry = if rule == Checksum::EndAroundCarry && place < last { total >> 2 } else { 0 };
            (total & 3) + carry
        }) & 3
    }

    /// What arrives if only the wires in `working` can be driven.
    pub(super) fn through(&self, working: Symbol) -> Self {
        Self(self.0.map(|symbol| symbol & working))
    }
}

/// The formats, with their lengths in cycles, the trailing idle cycle included (82801BA p. 114).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Fixed, NMI, SMI, INIT, ExtINT, start-up; a damaged message of any kind; one that a focus processor takes.
    Short,
    /// Lowest priority without a focus processor.
    LowestPriority,
    /// Remote read.
    RemoteRead,
}

impl Format {
    pub(super) const fn of(mode: DeliveryMode) -> Self {
        match mode {
            DeliveryMode::LowestPriority => Self::LowestPriority,
            DeliveryMode::RemoteRead => Self::RemoteRead,
            _ => Self::Short,
        }
    }

    /// Cycles before the payload (start and arbitration id), of it, of its checksum and postamble, of the two status
    /// cycles; of what follows these; the idle cycle (SDM vol. 3 §10.13).
    pub(super) const fn cycles(self) -> u64 {
        const UP_TO_STATUS: u64 = 5 + 11 + 2 + 2;
        let rest = match self {
            Self::Short => 0,
            Self::LowestPriority => 8 + 4 + 1, // priority, arbitration id, third status cycle
            Self::RemoteRead => 16 + 2,        // data, data status and checksum
        };
        UP_TO_STATUS + rest + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{broadcast, message};
    use super::*;

    #[test]
    fn lengths_are_those_of_the_tables() {
        let lengths = [Format::Short, Format::LowestPriority, Format::RemoteRead].map(Format::cycles);
        assert_eq!(lengths, [21, 34, 39]);
    }

    #[test]
    fn checksums_follow_both_rules() {
        // test vectors worked out from SDM vol. 3 §10.13.2 and 82801BA, short-message note 2
        let nmi = |vector| Message { mode: DeliveryMode::Nmi, vector, ..broadcast(0, 0) };
        let deassert = Message {
            mode: DeliveryMode::Init,
            vector: 0,
            level_triggered: true,
            asserted: false,
            shorthand: Shorthand::AllIncludingSelf,
            ..message(0, 0, 0)
        };
        let start_up = Message { mode: DeliveryMode::StartUp, vector: 0x9A, ..message(0, 0, 1) };
        let table = [
            (nmi(0), 1, 2),
            (nmi(2), 3, 1),
            (Message { vector: 0xFB, ..message(0, 0, 3) }, 0, 0),
            (deassert, 1, 2),
            (start_up, 1, 0),
        ];
        for (message, modulo_4, end_around) in table {
            let payload = Payload::of(&message);
            let sums = (payload.checksum(Checksum::Modulo4), payload.checksum(Checksum::EndAroundCarry));
            assert_eq!(sums, (modulo_4, end_around), "{:?} {:02X}", message.mode, message.vector);
        }
    }

    #[test]
    fn a_dead_wire_loses_its_bits() {
        let payload = Payload::of(&message(0, 0, 0x15));
        assert_eq!(payload.through(3), payload);
        assert_eq!(payload.through(0), Payload([0; 11]));
        assert_eq!(payload.through(1).0[7..], [0, 1, 1, 1]);
    }
}
