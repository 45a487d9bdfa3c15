//! The words of an event, as they go into the digest, two at a time. `docs/determinism.md` has them as a table, for those
//! who compute a digest without this code: whoever changes the one changes the other, and the version.
//!
//! The first word has the tag in its bits 7:0, and the tag says how many words the event has: nothing else does. Whoever
//! reads the words from the first on therefore knows after each first word where the next event begins, and what each
//! word means. So from the words the events can be had back, and two streams of different events are never the same
//! words. An odd number of words is made even by a word of zero, which the tag implies as well.
//!
//! Not among the words are the event's site, or reformatting a source file would change digests, and of a message the
//! instant of its write and whether it queues: its name stands for them.

use super::digest::Pairs;
use super::event::{Access, Event, What};
use crate::bus::Message;
use crate::time::Time;

impl What {
    /// Feeds the event to a digest.
    #[inline(always)]
    pub(super) fn feed(&self, time: Time, to: &mut impl Pairs) {
        let time = time.as_ps();
        match *self {
            Self::Run { ref access, value, last, count } => {
                to.two_pairs(of_access(1, access), time, value, last.as_ps());
                to.pair(count, 0);
            }
            Self::Write { ref access, value } => to.two_pairs(of_access(2, access), time, value, 0),
            Self::Modified { ref access, values } => to.two_pairs(of_access(3, access), time, values, 0),
            Self::Sent(ref message) => to.two_pairs(4, time, asked(message), name(message)),
            Self::IcrWrittenWhileBusy(value) => to.pair(first(5, value), time),
            Self::Entered(context) => to.pair(first(6, context.code()), time),
            Self::Left(context) => to.pair(first(7, context.code()), time),
            Self::InterruptFlag(on) => to.pair(first(8, on.into()), time),
            Self::Halted => to.pair(9, time),
            Self::Woken => to.pair(10, time),
            Self::NmiLatched => to.pair(11, time),
            Self::WaitBegan(code) => to.pair(first(13, code), time),
            Self::WaitEnded(code, outcome) => to.two_pairs(first(14, code), time, outcome.into(), 0),
            Self::Reached(code) => to.pair(first(15, code), time),
            Self::Chosen(of, taken) => to.two_pairs(first(16, of), time, taken.into(), 0),
            Self::ClockRead => to.pair(17, time),
            Self::Ended => to.pair(18, time),
            Self::Attempts { ref message, outcome, last, count } => {
                to.two_pairs(first(19, outcome as u32), time, asked(message), name(message));
                to.pair(last.as_ps(), count);
            }
            Self::Delivered(agent, ref message) => {
                to.two_pairs(first(20, agent.into()), time, asked(message), name(message));
            }
            Self::Dispatched(ref message, still) => {
                to.two_pairs(first(21, still.into()), time, asked(message), name(message));
            }
            Self::Error(agent, bits) => to.pair(first(22, bits) | u64::from(agent) << 8, time),
            Self::EndOfInterrupt(vector) => to.pair(first(23, vector.into()), time),
            Self::ApicDead(agent) => to.pair(first(24, agent.into()), time),
            Self::TimedRead { ref access, value } => to.two_pairs(of_access(25, access), time, value, 0),
            Self::Local(event) => {
                let (kind, operand) = event.code();
                to.two_pairs(26 | kind << 32, time, operand, 0);
            }
            Self::Fault(ref access) => to.pair(of_access(27, access), time),
            Self::Initialised => to.pair(28, time),
            Self::Started(vector) => to.pair(first(29, vector.into()), time),
            Self::Shutdown => to.pair(30, time),
            Self::MessageFault(effect, agent, ref message) => {
                let head = first(32, agent.into()) | u64::from(effect.code()) << 8;
                to.two_pairs(head, time, asked(message), name(message));
            }
            Self::RemoteRead(ref message, value) => {
                let head = first(31, value.unwrap_or_default()) | u64::from(value.is_some()) << 8;
                to.two_pairs(head, time, asked(message), name(message));
            }
        }
    }
}

/// What only keeps the words.
struct Kept(Vec<u64>);

impl Pairs for Kept {
    fn pair(&mut self, a: u64, b: u64) {
        self.0.extend([a, b]);
    }
}

impl Event {
    /// Its words, as they go into the digest: an even number, of which the second is the instant.
    pub fn words(&self) -> Vec<u64> {
        let mut kept = Kept(Vec::new());
        self.what.feed(self.time, &mut kept);
        kept.0
    }
}

/// The first word: a tag, and an operand of 32 bits in the upper half.
const fn first(tag: u64, operand: u32) -> u64 {
    tag | (operand as u64) << 32
}

/// The first word of an event about an access: its kind in bits 15:8.
const fn of_access(tag: u64, access: &Access) -> u64 {
    first(tag, access.operand) | (access.kind as u64) << 8
}

/// What a message asks. The bytes are in an order in which compilers lay them out, so that they come with one load; they
/// are put together as numbers, so that another layout or another order of bytes on a host gives the same word.
#[inline(always)]
const fn asked(message: &Message) -> u64 {
    let Message { vector, mode, shorthand, destination_mode, destination, .. } = *message;
    let [d0, d1, d2, d3] = destination.to_le_bytes();
    u64::from_le_bytes([vector, mode as u8, shorthand as u8, destination_mode as u8, d0, d1, d2, d3])
}

/// Which message it is, and the two bits of its level.
#[inline(always)]
const fn name(message: &Message) -> u64 {
    let Message { number, source, level_triggered, asserted, .. } = *message;
    number as u64 | (source as u64) << 32 | (level_triggered as u64) << 48 | (asserted as u64) << 56
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
