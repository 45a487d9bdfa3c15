//! The cycles of a message, to look at: what each is for, and what its sender drives in it.
//!
//! Not modelled: the symbols that others drive, or that depend on the moment: arbitration, status, the data of a remote read.

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

/// The second of the two status cycles of an EOI message, after which the I/O agents have it.
pub const END_OF_INTERRUPT_STATUS: u64 = Format::EndOfInterrupt.first_status() + 1;

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

/// The cycles of a lowest-priority message as it went: `length` is what it had (a focus processor may take it in a short
/// one), and `arbitrates` says whether those with room arbitrated for it.
pub fn lowest_priority_cycles(
    message: &Message,
    apic_id: u8,
    rule: Checksum,
    (length, arbitrates): (u64, bool),
) -> Vec<WireCycle> {
    let mut cycles = wire_cycles(message, apic_id, rule);
    let (status, idle) = (FIRST_STATUS as usize + 1, cycles.len() - 1);
    let left_out = cycles.len().saturating_sub(length as usize);
    cycles.drain(idle - left_out..idle);
    if arbitrates && left_out > 0 {
        // The summary of 33 cycles does not say which one is missing; the status of the one that won is none of them.
        let last = cycles.len() - 2;
        cycles[last].what = later(Format::LowestPriority, 33, 34);
    }
    if !arbitrates {
        let idle = cycles.len() - 1;
        cycles[status..idle].iter_mut().for_each(|cycle| cycle.what = "nothing: nobody arbitrates");
    }
    cycles
}

/// The cycles of the EOI message of a vector (SDM vol. 3 §10.13, EOI message format).
pub fn end_of_interrupt_cycles(vector: u8, rule: Checksum) -> Vec<WireCycle> {
    const HEAD: usize = 5;
    let frame = Frame::of_end_of_interrupt(vector, 0, rule);
    let payload = Format::EndOfInterrupt.first_status() as usize - 1;
    let length = Format::EndOfInterrupt.cycles();
    let what = |cycle: usize| match cycle {
        1 => "start of an EOI message",
        2..=5 => WHAT[cycle - 1],
        6..=9 => WHAT[cycle + 2], // the vector, which in other messages comes three cycles later
        10 => "checksum",
        11 => "postamble",
        12 => "status: was it damaged?",
        13 => "status: accepted, or error",
        _ => "idle",
    };
    (1..=length)
        .map(|cycle| {
            let place = cycle as usize;
            let known = place == 1 || (HEAD + 1..=payload).contains(&place) || cycle == length;
            WireCycle { what: what(place), symbol: known.then(|| frame.symbol(cycle)) }
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

    #[test]
    fn an_eoi_message_is_that_of_the_table() {
        // SDM vol. 3 §10.13, EOI message: 11, arbitration id, vector 6C in pairs, checksum (their sum is 6), 00, A, A1, 00
        let cycles = end_of_interrupt_cycles(0x6C, Checksum::Modulo4);
        let symbols: Vec<Option<u8>> = cycles.iter().map(|cycle| cycle.symbol).collect();
        let expected =
            [Some(3), None, None, None, None, Some(1), Some(2), Some(3), Some(0), Some(2), Some(0), None, None];
        assert_eq!(symbols, [&expected[..], &[Some(0)]].concat());
        let says = |cycle: usize| cycles[cycle - 1].what;
        assert_eq!((says(5), says(6), says(9)), ("arbitration ID, bit 0", "vector, bits 7:6", "vector, bits 1:0"));
        assert_eq!((says(10), says(11), says(14), END_OF_INTERRUPT_STATUS), ("checksum", "postamble", "idle", 13));
    }

    #[test]
    fn a_lowest_priority_message_is_as_long_as_it_was() {
        let sent = Message { mode: DeliveryMode::LowestPriority, vector: 0x41, ..message(0, 0, 3) };
        let cycles = |length, arbitrates| lowest_priority_cycles(&sent, 0, Checksum::Modulo4, (length, arbitrates));
        // SDM vol. 3 §10.13: priority in 21 to 28, arbitration ID in 29 to 32, status of the winner in 33
        let usual = cycles(34, true);
        assert_eq!(usual, wire_cycles(&sent, 0, Checksum::Modulo4));
        assert_eq!(usual[32].what, "status of the one that won");
        let focused = cycles(21, false);
        assert_eq!((focused.len(), focused[19].what, focused[20].what), (21, usual[19].what, "idle"));
        assert_eq!(focused[..20], usual[..20]);
        let refused = cycles(34, false);
        assert!(refused[20..33].iter().all(|cycle| cycle.what.starts_with("nothing")), "{refused:?}");
        let shorter = cycles(33, true);
        assert_eq!((shorter.len(), shorter[31].what, shorter[32].what), (33, "status of the one that won", "idle"));
    }
}
