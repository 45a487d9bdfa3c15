//! The cycles of a message, to look at: what each is for, and what its sender drives in it.
//!
//! Not modelled: the cycles of EOI messages, and the symbols that others drive, or that depend on the moment: arbitration,
//! status, the data of a remote read.

use super::frame::{Format, Frame};
use crate::bus::Message;
use crate::generation::Checksum;

/// A cycle of a message.
///
/// ```
/// # use sim::bus::*;
/// # use sim::Time;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # use sim::Checksum;
/// let cycles = wire_cycles(&message, 0, Checksum::Modulo4);
/// assert_eq!(cycles.len(), 21); // 82801BA: a short message
/// assert_eq!((cycles[8].what, cycles[8].symbol), ("vector, bits 7:6", Some(0b01))); // of 41h
/// assert_eq!(cycles[18].symbol, None); // the receivers' status
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireCycle {
    /// What it is for.
    pub what: &'static str,
    /// PICD1 and PICD0 as the sender drives them; `None`: others decide, or the moment.
    pub symbol: Option<u8>,
}

/// The first of the two status cycles of a message, after which its outcome is reported; of lowest-priority messages without
/// a focus processor there is a third, which decides.
pub const FIRST_STATUS: u64 = Format::Short.first_status();

/// What the cycles before the status are for, from the first on (SDM vol. 3 §10.13; 82801BA §5.8.3).
const WHAT: [&str; 18] = [
    "start",
    "arbitration ID, bit 3",
    "arbitration ID, bit 2",
    "arbitration ID, bit 1",
    "arbitration ID, bit 0",
    "destination mode; delivery mode, bit 2",
    "delivery mode, bits 1:0",
    "level; trigger mode",
    "vector, bits 7:6",
    "vector, bits 5:4",
    "vector, bits 3:2",
    "vector, bits 1:0",
    "destination, bits 7:6",
    "destination, bits 5:4",
    "destination, bits 3:2",
    "destination, bits 1:0",
    "checksum",
    "postamble",
];

/// The cycles of `message`, sent by an APIC with this id (its low four bits count).
pub fn wire_cycles(message: &Message, apic_id: u8, rule: Checksum) -> Vec<WireCycle> {
    let frame = Frame::of_message(message, apic_id, 0, rule);
    let format = Format::of(message.mode);
    let length = format.cycles();
    (1..=length)
        .map(|cycle| {
            let known = cycle == 1 || (6..=18).contains(&cycle) || cycle == length;
            let what = WHAT.get(cycle as usize - 1).copied().unwrap_or_else(|| later(format, cycle, length));
            WireCycle { what, symbol: known.then(|| frame.symbol(cycle)) }
        })
        .collect()
}

fn later(format: Format, cycle: u64, length: u64) -> &'static str {
    match cycle {
        _ if cycle == length => "idle",
        19 => "status: was it damaged?",
        20 => "status: accepted, retry, or error",
        21..=28 if format == Format::LowestPriority => "priority of those who take part",
        29..=32 if format == Format::LowestPriority => "arbitration ID of those who take part",
        33 if format == Format::LowestPriority => "status of the one that won",
        _ => "data, and its status",
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::message;
    use super::*;
    use crate::bus::DeliveryMode;

    #[test]
    fn cycles_are_those_of_the_tables() {
        // 82801BA p. 114: 21, 34 and 39 cycles; SDM vol. 3 §10.13: vector 41 in cycles 9 to 12 as 01 00 00 01
        let lengths = [(DeliveryMode::Fixed, 21), (DeliveryMode::LowestPriority, 34), (DeliveryMode::RemoteRead, 39)];
        for (mode, length) in lengths {
            let cycles = wire_cycles(&Message { mode, vector: 0x41, ..message(0, 0, 3) }, 0, Checksum::Modulo4);
            assert_eq!((cycles.len(), cycles[length - 1].what), (length, "idle"), "{mode:?}");
            let vector: Vec<Option<u8>> = cycles[8..12].iter().map(|cycle| cycle.symbol).collect();
            assert_eq!(vector, [Some(1), Some(0), Some(0), Some(1)]);
            let unknown: Vec<usize> =
                (1..).zip(&cycles).filter(|(_, cycle)| cycle.symbol.is_none()).map(|(n, _)| n).collect();
            assert_eq!(unknown, [2, 3, 4, 5].into_iter().chain(19..length).collect::<Vec<_>>());
        }
        assert_eq!(FIRST_STATUS, 19);
    }
}
