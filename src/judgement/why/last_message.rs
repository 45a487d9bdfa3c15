//! Where the last message of a CPU went, after its ICR has become idle again.

use super::chain::{Chain, list};
use crate::judgement::keeps::Untaken;
use crate::judgement::messages::{destination, what};
use crate::judgement::state::{Arrival, Cause, CpuState, Effect, MessageState, Origin, Unsent};
use sim::Time;
use sim::apic::Mode;
use sim::bus::DeliveryMode;

/// CPUs of a message of which each is told.
const TOLD: usize = 8;

impl Chain<'_> {
    pub(super) fn last_message(&mut self, number: u16) {
        if let Some(unsent) = self.cpu(number).unsent {
            return self.unsent(number, unsent);
        }
        let Some(held) = self.state.messages.of(number).next_back() else {
            self.say(format!("CPU{number} has sent no message"));
            return self.root("it has sent no message");
        };
        let message = &held.message;
        let (what_, to, sent) = (what(message), destination(message), held.sent);
        let cpus = list(&held.meant);
        self.say(format!("the last message of CPU{number}, {what_} to {to}, for {cpus}, was sent at {sent} us"));
        let lost =
            self.state.messages.of(number).rev().find(|before| before.replaced.is_some_and(|(at, _)| at == sent));
        if let Some(before) = lost.map(|before| &before.message) {
            let (what, to) = (what(before), destination(before));
            self.say(format!("it took the place of {what} to {to}, written at {} us: that is lost", before.written_at));
        }
        if held.meant.is_empty() {
            return self.root("its message is for no CPU");
        }
        let lowest = message.mode == DeliveryMode::LowestPriority && !held.arrivals.is_empty();
        let for_one = held.arrivals.iter().map(|arrival| arrival.cpu).collect();
        let cpus: Vec<u16> = if lowest { for_one } else { held.meant.clone() };
        for &cpu in cpus.iter().take(TOLD) {
            self.landed(held, cpu);
        }
        if let Some(more) = cpus.len().checked_sub(TOLD).filter(|&more| more > 0) {
            self.say(format!("and {more} more CPUs"));
        }
        self.root("its message has arrived");
    }

    /// A write of the ICR of which no message came (SDM vol. 3 §10.6.1, tables 10-3 and 10-4; §10.5.2).
    fn unsent(&mut self, number: u16, Unsent { at, command, busy }: Unsent) {
        let vectored = matches!(command >> 8 & 7, 0 | 1);
        let why = match () {
            () if self.cpu(number).apic.mode() == Mode::Disabled => "its APIC is globally disabled",
            () if busy => "the ICR was busy, and the write was dropped",
            () if vectored && command & 0xFF < 16 => "its vector is illegal",
            () => "this APIC takes no such command",
        };
        self.say(format!("CPU{number} wrote {command:08X} to its ICR at {at} us, and no message came of it: {why}"));
        self.root(format!("no message was sent: {why}"));
    }

    /// What became of a message at one of its CPUs.
    fn landed(&mut self, held: &MessageState, number: u16) {
        let Some(&Arrival { at, effect, .. }) = held.arrival(number) else {
            return self.not_landed(held, number);
        };
        let cpu = self.cpu(number);
        let became = match effect {
            Effect::Started | Effect::DidNotWait { .. } => self.became(held, number),
            Effect::ResetAlready => {
                format!("CPU{number} got it at {at} us, and waited for a start-up message already")
            }
            Effect::LostInReset => format!("CPU{number} lost it at {at} us: it waited for a start-up message"),
            Effect::SoftwareDisabled => format!("CPU{number} dropped it at {at} us: its APIC was software-disabled"),
            Effect::IllegalVector => format!("CPU{number} dropped it at {at} us: its vector is illegal"),
            Effect::Nothing => format!("CPU{number} got it at {at} us"),
            Effect::Requested | Effect::Merged(_) | Effect::Latched | Effect::Collapsed(_) => {
                return self.came(held, number, at, effect);
            }
        };
        let root = match effect {
            Effect::DidNotWait { .. } => Some(format!("CPU{number} did not wait for a start-up message")),
            Effect::LostInReset => Some(format!("CPU{number} waited for a start-up message")),
            Effect::SoftwareDisabled => Some(format!("the APIC of CPU{number} was software-disabled")),
            Effect::IllegalVector => Some("its vector is illegal".to_owned()),
            _ if effect == Effect::Started && cpu.finished => Some(format!("CPU{number} was started at no code")),
            _ => None,
        };
        self.say(became);
        if let Some(root) = root {
            self.root(root);
        }
    }

    /// Something that a CPU takes when it can: is it there still?
    fn came(&mut self, held: &MessageState, number: u16, at: Time, effect: Effect) {
        let cpu = self.cpu(number);
        let merged = matches!(effect, Effect::Merged(_) | Effect::Collapsed(_));
        let two = if merged { ", where one was already: two became one" } else { "" };
        if let Some(there) = still_there(cpu, held, at) {
            let name = there.name();
            match there.kept_by(cpu) {
                Some(keeps) => {
                    self.say(format!("CPU{number} got it at {at} us{two}, and does not take {name}: {keeps}"));
                    self.root(format!("CPU{number} does not take it: {keeps}"));
                }
                None => self.say(format!("CPU{number} got it at {at} us{two}, and is about to take {name}")),
            }
        } else if let Some(since) = cpu.initialised.filter(|&since| since >= at && !is_init(held)) {
            self.say(format!("CPU{number} got it at {at} us, and was initialised at {since} us"));
            self.root(format!("CPU{number} was initialised"));
        } else {
            self.say(format!("CPU{number} got it at {at} us{two}, and has taken it"));
        }
    }

    fn not_landed(&mut self, held: &MessageState, number: u16) {
        match held.missed.iter().find(|(missed, _)| *missed == number) {
            Some(&(_, miss)) => self.missed(number, held.dispatched.unwrap_or(held.sent), miss),
            None => {
                self.say(format!("it is on its way to CPU{number}"));
                self.root("its message is on its way");
            }
        }
    }
}

/// What is left at `cpu` of a message that came at `at`.
fn still_there(cpu: &CpuState, held: &MessageState, at: Time) -> Option<Untaken> {
    let message = &held.message;
    let ours = |latch: Option<Cause>| {
        latch.is_some_and(|latch| match latch.origin {
            Origin::Message(from, number) if (from, number) == (message.source, message.number) => true,
            _ => latch.at < at,
        })
    };
    match message.mode {
        DeliveryMode::Init => ours(cpu.latches.init).then_some(Untaken::Init),
        DeliveryMode::Smi => ours(cpu.latches.smi).then_some(Untaken::Smi),
        DeliveryMode::Nmi => ours(cpu.latches.nmi).then_some(Untaken::Nmi),
        DeliveryMode::ExtInt => cpu.latches.external.map(|(vector, _)| Untaken::External(vector)),
        _ => {
            let requested = cpu.requested_by(message.vector).is_none_or(|(_, since)| since <= at);
            let held = requested && cpu.apic.requested().any(|vector| vector == message.vector);
            held.then_some(Untaken::Requested(message.vector))
        }
    }
}

fn is_init(held: &MessageState) -> bool {
    held.message.mode == DeliveryMode::Init
}
