//! "Where did this vector go?" What a CPU has of a vector, and what became of the messages that brought it.
//!
//! Not told: interrupts of the CPU's own sources that it has taken; they are no messages.

use super::chain::Chain;
use crate::judgement::fates::{FateReport, MessageFate, MessageReport, MessagesReport};
use crate::judgement::keeps::Untaken;
use sim::Context;

/// Messages of which each is told: the last ones.
pub(crate) const TOLD: usize = 8;

/// The local entries by name, and their offsets (SDM vol. 3 table 10-1).
const ENTRIES: [(&str, u16); 7] = [
    ("CMCI", 0x2F0),
    ("timer", 0x320),
    ("thermal", 0x330),
    ("performance", 0x340),
    ("LINT0", 0x350),
    ("LINT1", 0x360),
    ("error", 0x370),
];
/// Bit 16 of an entry; and its delivery mode, in bits 10:8, which is 0 where its vector means anything (§10.5.1).
const MASKED: u32 = 1 << 16;
const MODE: u32 = 7 << 8;

impl Chain<'_> {
    /// `messages` are those with the vector that were for this CPU, at least the last ones.
    pub(super) fn vector(&mut self, number: u16, vector: u8, messages: &MessagesReport) {
        let more = messages.total.saturating_sub(messages.messages.len() as u64);
        if more > 0 {
            self.say(format!("{more} of {} messages came before these", messages.total));
        }
        for message in &messages.messages {
            for fate in &message.fates {
                self.say(line(message, fate));
            }
        }
        if messages.total == 0 {
            self.say(format!("no message with {vector:02X} was for CPU{number}"));
        }
        self.local_sources(number, vector);
        self.held(number, vector);
        if let Some((message, fate)) = messages.messages.last().and_then(|last| Some((last, last.fates.last()?))) {
            self.not_dispatched(message, fate);
            self.root(became(fate));
        }
        self.root(format!("nobody has sent it {vector:02X}"));
    }

    /// What of it is in the CPU now.
    fn held(&mut self, number: u16, vector: u8) {
        let cpu = self.cpu(number);
        let external = cpu.latches.external.is_some_and(|(latched, _)| latched == vector);
        let requested = cpu.apic.requested().any(|requested| requested == vector);
        if external {
            self.not_taken(number, Untaken::External(vector));
        }
        if requested && self.is_unnoticed(number, vector) {
            self.say(format!("the core of CPU{number} has not been told of {vector:02X} (injected fault)"));
            self.root(format!("its core was not told of {vector:02X} (injected)"));
        } else if requested {
            self.not_taken(number, Untaken::Requested(vector));
        }
        if external || requested {
            self.stands(number);
        }
        if cpu.apic.in_service().any(|served| served == vector) {
            match cpu.handler(Context::Interrupt(vector)) {
                Some(frame) => {
                    self.say(format!("CPU{number} is in its handler of {vector:02X} since {} us", frame.since));
                    self.root(format!("it is in its handler of {vector:02X}"));
                }
                None => {
                    self.say(format!("{vector:02X} is in service at CPU{number}: its handler has written no EOI"));
                    self.root("its handler has written no EOI".to_owned());
                }
            }
        }
    }

    /// Is there a request of which the core has not been told?
    pub(super) fn is_unnoticed(&self, number: u16, vector: u8) -> bool {
        let with_it = self.state.messages.all().filter(|held| held.message.vector == vector);
        let mut unnoticed = with_it.filter(|held| held.unnoticed.contains(&number));
        unnoticed.any(|held| held.arrival(number).is_some_and(|arrival| arrival.waits()))
    }

    /// Why a message is sent again and again.
    fn not_dispatched(&mut self, message: &MessageReport, fate: &FateReport) {
        if !matches!(fate.fate, MessageFate::Retried | MessageFate::AcceptError) {
            return;
        }
        let named = message.number.zip(message.from).and_then(|(number, from)| self.state.messages.named(from, number));
        if let Some(held) = named {
            self.bus_says(held);
        }
    }

    /// The entries of its own APIC that have this vector.
    fn local_sources(&mut self, number: u16, vector: u8) {
        let cpu = self.cpu(number);
        for (name, offset) in ENTRIES {
            let entry = cpu.register(offset);
            if let Some(entry) = entry.filter(|entry| entry & MODE == 0 && entry & 0xFF == u32::from(vector)) {
                let masked = if entry & MASKED == 0 { "" } else { ", and is masked" };
                self.say(format!("the {name} entry of CPU{number}'s own APIC has {vector:02X}{masked}"));
            }
        }
    }
}

fn line(message: &MessageReport, fate: &FateReport) -> String {
    let MessageReport { from, sent, what, to, .. } = message;
    let from = from.map_or_else(|| "the I/O agent".to_owned(), |cpu| format!("CPU{cpu}"));
    let since = matches!(fate.fate, MessageFate::Pending | MessageFate::Retried | MessageFate::AcceptError);
    let when = if since { "since" } else { "at" };
    let at = fate.at.map(|at| format!(" {when} {at} us")).unwrap_or_default();
    format!("{what} from {from} to {to}, sent at {sent} us: {}{at}, {}", fate.fate, fate.because)
}

/// What became of the last one, without instants.
fn became(last: &FateReport) -> &'static str {
    match last.fate {
        MessageFate::Taken => "it has taken the last one",
        MessageFate::Pending => "the last one waits there",
        MessageFate::Merged => "the last one merged into one that it has taken",
        MessageFate::Retried => "the last one is refused, and sent again",
        MessageFate::AcceptError => "no APIC answers to the destination",
        MessageFate::Replaced => "a newer message took the place of the last one",
        MessageFate::Dropped => "the write that asked for the last one found the ICR busy, and was dropped",
        MessageFate::Cleared => "the last one waited there, and was wiped",
        MessageFate::Ignored => "its APIC did not take the last one",
        MessageFate::Lost => "the last one was lost",
        MessageFate::UnderWay => "the last one is on its way",
    }
}
