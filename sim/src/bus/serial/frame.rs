//! The cycles of a message on the two data wires, as symbols of two bits (SDM vol. 3 §10.13; 82801BA §5.8.3).
//!
//! Not modelled: see [`line`](super::line).
//!
//! The bus itself goes by the status rules. Frames decide what becomes of a message whose symbols do not arrive as they
//! were sent, and they say how long each format is.

use super::line::Symbol;
use crate::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::Checksum;

/// Destination of the "all" shorthands on the wires: FH, in physical mode (82801BA §5.8.3).
const EVERYBODY: u8 = 0x0F;

/// The formats, with their lengths in cycles, the trailing idle cycle included (82801BA p. 114).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// EOI message.
    EndOfInterrupt,
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

    /// What cycle 1 carries: EOI messages start with both wires driven, all others with PICD0 only.
    pub(super) const fn start(self) -> Symbol {
        if matches!(self, Self::EndOfInterrupt) { 3 } else { 1 }
    }

    /// Cycles of the payload, from cycle 6 on.
    const fn payload_cycles(self) -> usize {
        if matches!(self, Self::EndOfInterrupt) { 4 } else { 11 }
    }

    /// Cycles after the two status cycles, before the idle cycle.
    const fn rest(self) -> usize {
        match self {
            Self::EndOfInterrupt | Self::Short => 0,
            Self::LowestPriority => 8 + 4 + 1, // priority, arbitration id, third status cycle
            Self::RemoteRead => 16 + 2,        // data, data status and checksum
        }
    }

    /// First status cycle: start and arbitration id, the payload, its checksum and the postamble come before it.
    pub(super) const fn first_status(self) -> u64 {
        (FIRST_OF_PAYLOAD + self.payload_cycles() + 2) as u64
    }

    /// Length.
    pub(super) const fn cycles(self) -> u64 {
        self.first_status() + 1 + self.rest() as u64 + 1
    }
}

/// Cycle in which the payload begins: start and arbitration id come before it.
const FIRST_OF_PAYLOAD: usize = 6;

/// All cycles of one message, as far as its sender drives them: in the others (status, data of a remote read, the
/// lowest-priority arbitration) it drives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    format: Format,
    symbols: Vec<Symbol>,
}

impl Frame {
    /// The frame of `message`, sent by an APIC with this id and arbitration id (low four bits of each).
    pub(super) fn of_message(message: &Message, apic_id: u8, arbitration_id: u8, rule: Checksum) -> Self {
        Self::new(Format::of(message.mode), arbitration_id, &message_payload(message, apic_id), rule)
    }

    /// The frame of an EOI message.
    pub(super) fn of_end_of_interrupt(vector: u8, arbitration_id: u8, rule: Checksum) -> Self {
        Self::new(Format::EndOfInterrupt, arbitration_id, &pairs(vector), rule)
    }

    fn new(format: Format, arbitration_id: u8, payload: &[Symbol], rule: Checksum) -> Self {
        let mut symbols = vec![format.start()];
        symbols.extend((0..4).rev().map(|bit| (arbitration_id >> bit & 1) << 1)); // PICD1 only
        symbols.extend(payload);
        symbols.push(checksum(payload, rule));
        symbols.resize(format.cycles() as usize, 0);
        Self { format, symbols }
    }

    /// Another agent drives its frame at the same time: the wires are wired-OR.
    pub(super) fn merge(&mut self, other: &Self) {
        for (symbol, other) in self.symbols.iter_mut().zip(&other.symbols) {
            *symbol |= other;
        }
    }

    /// What arrives: `read` gives what is read in a cycle (from 1) for what is driven in it.
    pub(super) fn through(&self, read: impl Fn(u64, Symbol) -> Symbol) -> Self {
        let symbols = (1..).zip(&self.symbols).map(|(cycle, &symbol)| read(cycle, symbol)).collect();
        Self { format: self.format, symbols }
    }

    /// What its sender drives in a cycle, from 1 on.
    pub(super) fn symbol(&self, cycle: u64) -> Symbol {
        self.symbols[cycle as usize - 1]
    }

    /// Is the start recognised?
    pub(super) fn has_start(&self) -> bool {
        self.symbols[0] == self.format.start()
    }

    /// Cycles 6 to 16; of an EOI message 6 to 9.
    pub(super) fn payload(&self) -> &[Symbol] {
        &self.symbols[FIRST_OF_PAYLOAD - 1..][..self.format.payload_cycles()]
    }

    /// Does the checksum fit to the payload?
    pub(super) fn checks(&self, rule: Checksum) -> bool {
        let place = FIRST_OF_PAYLOAD - 1 + self.format.payload_cycles();
        self.symbols[place] == checksum(self.payload(), rule)
    }
}

/// The four symbols of a byte, high bits first.
const fn pairs(byte: u8) -> [Symbol; 4] {
    [byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3]
}

/// The 16 symbols of the data of a remote read, high bits first.
pub(super) fn data_symbols(data: u32) -> impl Iterator<Item = Symbol> {
    data.to_be_bytes().into_iter().flat_map(pairs)
}

/// Destination mode and delivery mode, level and trigger, vector, destination.
fn message_payload(message: &Message, apic_id: u8) -> Vec<Symbol> {
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
    let logical = matches!(message.destination_mode, DestinationMode::Logical);
    let (logical, destination) = match message.shorthand {
        Shorthand::None => (logical, message.destination as u8),
        Shorthand::Own => (false, apic_id & 0xF),
        Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf => (false, EVERYBODY),
    };
    let head = [
        u8::from(logical) << 1 | mode >> 2,
        mode & 3,
        u8::from(message.asserted) << 1 | u8::from(message.level_triggered),
    ];
    head.into_iter().chain(pairs(message.vector)).chain(pairs(destination)).collect()
}

/// The checksum of `symbols` (knob `checksum`).
pub(super) fn checksum(symbols: &[Symbol], rule: Checksum) -> Symbol {
    let last = symbols.len().saturating_sub(1);
    (0..).zip(symbols).fold(0, |sum, (place, symbol)| {
        let total = sum + symbol;
        // the carry of the last addition is not added back in (SDM vol. 3 §10.13.2)
        let carry = if rule == Checksum::EndAroundCarry && place < last { total >> 2 } else { 0 };
        (total & 3) + carry
    }) & 3
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{broadcast, message};
    use super::*;

    const MODULO_4: Checksum = Checksum::Modulo4;

    #[test]
    fn lengths_are_those_of_the_tables() {
        let modes = [
            (DeliveryMode::Fixed, 21),
            (DeliveryMode::Smi, 21),
            (DeliveryMode::Nmi, 21),
            (DeliveryMode::Init, 21),
            (DeliveryMode::StartUp, 21),
            (DeliveryMode::ExtInt, 21),
            (DeliveryMode::LowestPriority, 34),
            (DeliveryMode::RemoteRead, 39),
        ];
        for (mode, cycles) in modes {
            let frame = Frame::of_message(&Message { mode, ..message(0, 0, 1) }, 0, 0, MODULO_4);
            assert_eq!(frame.symbols.len(), cycles, "{mode:?}");
            assert_eq!((Format::of(mode).first_status(), Format::of(mode).cycles()), (19, cycles as u64), "{mode:?}");
        }
        assert_eq!(Frame::of_end_of_interrupt(0x41, 0, MODULO_4).symbols.len(), 14);
        assert_eq!(Format::EndOfInterrupt.first_status(), 12);
    }

    #[test]
    fn cycles_carry_what_the_tables_say() {
        // SDM vol. 3 §10.13, EOI and lowest-priority formats: arbitration id 9, logical lowest priority, vector FB, 1B
        let sent = Message {
            mode: DeliveryMode::LowestPriority,
            destination_mode: DestinationMode::Logical,
            vector: 0xFB,
            ..message(0, 0, 0x1B)
        };
        let frame = Frame::of_message(&sent, 0, 9, MODULO_4);
        let expected = [1, 2, 0, 0, 2, 0b10, 0b01, 0b10, 3, 3, 2, 3, 0, 1, 2, 3, 22 % 4, 0];
        assert_eq!(frame.symbols[..18], expected);
        assert!(frame.symbols[18..].iter().all(|symbol| *symbol == 0), "others drive these");
        let end = Frame::of_end_of_interrupt(0x6C, 5, MODULO_4);
        assert_eq!(end.symbols, [3, 0, 2, 0, 2, 1, 2, 3, 0, 2, 0, 0, 0, 0]);
        assert!(frame.checks(MODULO_4) && end.checks(MODULO_4));
    }

    #[test]
    fn shorthands_become_destinations() {
        for (shorthand, destination) in [
            (Shorthand::None, 0x37),
            (Shorthand::Own, 0x06),
            (Shorthand::AllIncludingSelf, 0x0F),
            (Shorthand::AllExcludingSelf, 0x0F),
        ] {
            let frame = Frame::of_message(&Message { shorthand, ..message(0, 0, 0x37) }, 0x16, 0, MODULO_4);
            assert_eq!(frame.payload()[7..], pairs(destination), "{shorthand:?}");
        }
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
            for (rule, sum) in [(Checksum::Modulo4, modulo_4), (Checksum::EndAroundCarry, end_around)] {
                let frame = Frame::of_message(&message, 0, 0, rule);
                assert_eq!(frame.symbols[16], sum, "{:?} {:02X} {rule}", message.mode, message.vector);
                assert!(frame.checks(rule));
            }
        }
    }

    #[test]
    fn every_single_bit_error_shows_in_the_plain_sum() {
        let frame = Frame::of_message(&message(0, 0, 3), 0, 0, MODULO_4);
        for (cycle, bit) in (6..=17).flat_map(|cycle| [(cycle, 1), (cycle, 2)]) {
            let damaged = frame.through(|at, symbol| if at == cycle { symbol ^ bit } else { symbol });
            assert!(!damaged.checks(MODULO_4), "cycle {cycle} bit {bit}");
        }
        assert!(!frame.through(|_, symbol| symbol & 2).has_start(), "PICD0 lost: nobody sees it begin");
    }

    #[test]
    fn frames_on_top_of_each_other_are_or_ed() {
        let frame = |destination| Frame::of_message(&message(0, 0, destination), 0, 0, MODULO_4);
        let (mut merged, mut same) = (frame(1), frame(1));
        merged.merge(&frame(2));
        assert_eq!(merged.payload(), frame(3).payload());
        same.merge(&frame(1));
        assert_eq!(same, frame(1));
    }

    #[test]
    fn data_go_high_bits_first() {
        let symbols: Vec<Symbol> = data_symbols(0xC000_0009).collect();
        assert_eq!(symbols.len(), 16);
        assert_eq!((symbols[0], &symbols[14..]), (3, &[2, 1][..]));
    }
}
