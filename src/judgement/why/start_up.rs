//! A CPU that waits for a start-up message, and those that wait for it: which INIT, which STARTUPs, and what became of each.

use super::chain::Chain;
use crate::judgement::messages::{destination, what};
use crate::judgement::state::{Effect, MessageState, Miss, Origin, Reset, Sleep};
use sim::bus::{AttemptOutcome, DeliveryMode};

/// STARTUPs of which each is told.
const TOLD: usize = 8;

impl Chain<'_> {
    pub(super) fn waits_for_start_up(&mut self, number: u16, reset: Reset) {
        self.say(format!("CPU{number} waits for a start-up message since {} us", reset.since));
        let init = self.init(number, reset);
        let after = init.map(|init| init.sent);
        self.start_ups(number, after);
        self.root("no start-up message reaches it");
    }

    /// Which INIT put it there.
    fn init(&mut self, number: u16, reset: Reset) -> Option<&MessageState> {
        let Some(by) = reset.by else {
            if reset.since == sim::Time::ZERO {
                self.say(format!("CPU{number} has not run since the machine began"));
            }
            return None;
        };
        let latched = if by.at == reset.since { String::new() } else { format!(", which came at {} us", by.at) };
        match by.origin {
            Origin::Message(source, message) => {
                let held = self.state.messages.named(source, message)?;
                let (what, to, sender) = (what(&held.message), destination(&held.message), self.agent(source));
                let sent = held.sent;
                self.say(format!("{what} to {to} from {sender}, sent at {sent} us, put it there{latched}"));
                return Some(held);
            }
            Origin::Local => self.say(format!("its pin INIT put it there{latched}")),
            Origin::Injected => self.say(format!("its pin INIT put it there (injected fault){latched}")),
        }
        None
    }

    /// The STARTUPs for a CPU from an instant on.
    fn start_ups(&mut self, number: u16, after: Option<sim::Time>) {
        let mut all: Vec<&MessageState> = self.state.messages.all().filter(|held| is_start_up(held, number)).collect();
        all.retain(|held| after.is_none_or(|after| held.sent >= after));
        all.sort_by_key(|held| held.sent);
        if all.is_empty() {
            self.say(format!("no STARTUP has been sent to CPU{number} since"));
        }
        for held in all.iter().take(TOLD) {
            let (to, sender) = (destination(&held.message), self.agent(held.message.source));
            let became = self.became(held, number);
            self.say(format!("STARTUP to {to} from {sender}, sent at {} us: {became}", held.sent));
        }
        if let Some(more) = all.len().checked_sub(TOLD).filter(|&more| more > 0) {
            self.say(format!("and {more} more STARTUPs"));
        }
    }

    /// What became of a message at a CPU that was to be started.
    pub(super) fn became(&self, held: &MessageState, number: u16) -> String {
        if let Some((_, at, effect)) = held.delivered.iter().find(|(agent, ..)| *agent == number) {
            return match *effect {
                Effect::Started => format!("it started CPU{number} at {at} us"),
                Effect::DidNotWait { sleep, system_management, init_latched } => {
                    let did = match sleep {
                        _ if system_management => "was in system-management mode",
                        Some(Sleep::Shutdown { .. }) => "was in shutdown",
                        Some(Sleep::Halt(_)) => "was in HLT",
                        _ => "ran",
                    };
                    let init = if init_latched { ", and its INIT was latched until it could take it" } else { "" };
                    format!("lost at {at} us, because CPU{number} did not wait for one: it {did}{init}")
                }
                _ => format!("delivered at {at} us"),
            };
        }
        let missed = held.missed.iter().find(|(missed, _)| *missed == number).map(|(_, miss)| *miss);
        match (missed, held.replaced, held.dispatched) {
            (Some(Miss::Dead(since)), ..) => {
                format!("not taken, because the APIC of CPU{number} is dead since {since} us (injected fault)")
            }
            (Some(Miss::GloballyDisabled), ..) => {
                format!("not taken, because the APIC of CPU{number} is globally disabled")
            }
            (Some(_), ..) => format!("CPU{number} did not take it"),
            (None, Some(at), _) => format!("a newer message took its place at {at} us"),
            (None, None, None) => match held.attempts.map(|attempts| attempts.outcome) {
                Some(AttemptOutcome::Retry) => "not dispatched, somebody answers Retry".to_owned(),
                Some(AttemptOutcome::AcceptError) => "not dispatched, no APIC answers".to_owned(),
                _ => "not dispatched".to_owned(),
            },
            (None, None, Some(_)) => "on its way".to_owned(),
        }
    }

    /// The CPU that is being started, and what it does instead of calling in.
    pub(super) fn callin(&mut self, number: u16) {
        let inits = self.state.messages.of(number).rev().filter(|held| held.message.mode == DeliveryMode::Init);
        let Some(init) = inits.into_iter().find(|held| !held.message.is_init_deassert()) else { return };
        for &target in &init.meant {
            self.start(target, init);
        }
    }

    /// The messages that were to start a CPU, from their INIT on, and where it is.
    pub(crate) fn start(&mut self, target: u16, init: &MessageState) {
        let (what, to, sender) = (what(&init.message), destination(&init.message), self.agent(init.message.source));
        if let Some(reset) = self.cpu(target).reset {
            return self.waits_for_start_up(target, reset);
        }
        self.say(format!("{what} to {to} from {sender}, sent at {} us, for CPU{target}", init.sent));
        let latched = self.cpu(target).latches.init.is_some();
        if !self.fate(init, target) && !latched {
            self.start_ups(target, Some(init.sent));
            self.cpu_waits(target);
            return;
        }
        self.start_ups(target, Some(init.sent));
    }

    /// The CPU that has started this one, and has not called it out.
    pub(super) fn callout(&mut self, number: u16) {
        let started = self.state.messages.all().filter(|held| is_start_up(held, number)).max_by_key(|held| held.sent);
        if let Some(starter) = started.map(|held| held.message.source) {
            self.cpu_waits(starter);
        }
    }
}

fn is_start_up(held: &MessageState, number: u16) -> bool {
    held.message.mode == DeliveryMode::StartUp && held.meant.contains(&number)
}
