//! A CPU that waits for a start-up message, and those that wait for it: which INIT, which STARTUPs, and what became of each.

use super::bus::stopped;
use super::chain::Chain;
use crate::judgement::messages::{destination, what};
use crate::judgement::state::{Arrival, Effect, MessageState, Miss, Origin, Reset, Sleep, State};
use kernel_model::{Point, WakeUp};
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
        if let Some(Arrival { at, effect, .. }) = held.arrival(number) {
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
            (Some(Miss::Lost(at)), ..) => format!("a fault lost it on its way at {at} us (injected fault)"),
            (Some(_), ..) => format!("CPU{number} did not take it"),
            (None, Some((at, _)), _) => format!("a newer message took its place at {at} us"),
            (None, None, None) => match held.attempts.map(|attempts| attempts.outcome) {
                Some(AttemptOutcome::Retry) => "not dispatched, somebody answers Retry".to_owned(),
                Some(AttemptOutcome::AcceptError) => "not dispatched, no APIC answers".to_owned(),
                _ => match self.state.stall(held) {
                    Some(stall) => format!("not dispatched, {}", stopped(stall)),
                    None => "not dispatched".to_owned(),
                },
            },
            (None, None, Some(_)) => "on its way".to_owned(),
        }
    }

    /// The CPU that is being started, and what it does instead of calling in.
    pub(super) fn callin(&mut self, number: u16) {
        if self.state.kernel.is_some_and(|kernel| kernel.arch.facts().wake_up == WakeUp::Mailbox) {
            return self.started_by_mailbox();
        }
        let Some(first) = first_message(self.state, number) else { return };
        for &target in &first.meant {
            self.start(target, first);
        }
    }

    /// The messages that were to start a CPU, from the first on, and where it is.
    pub(crate) fn start(&mut self, target: u16, first: &MessageState) {
        match first.message.mode {
            DeliveryMode::Nmi => self.start_by_nmi(target, first),
            _ => self.start_by_init(target, first),
        }
    }

    /// NUMA-Q: the CPU halts in firmware, whose NMI handler enters the trampoline.
    fn start_by_nmi(&mut self, target: u16, nmi: &MessageState) {
        let (to, sender) = (destination(&nmi.message), self.agent(nmi.message.source));
        self.say(format!("NMI to {to} from {sender}, sent at {} us, was to start CPU{target}", nmi.sent));
        if !self.fate(nmi, target) {
            let at = nmi.arrival(target).map(|arrival| arrival.at);
            self.say(format!("it came to CPU{target} at {} us, and was taken", at.unwrap_or(nmi.sent)));
            self.cpu_waits(target);
        }
    }

    fn start_by_init(&mut self, target: u16, init: &MessageState) {
        let (what, to, sender) = (what(&init.message), destination(&init.message), self.agent(init.message.source));
        if let Some(reset) = self.cpu(target).reset {
            return self.waits_for_start_up(target, reset);
        }
        self.say(format!("{what} to {to} from {sender}, sent at {} us, for CPU{target}", init.sent));
        if let Some(at) = self.cpu(target).reset_at() {
            self.say(format!(
                "it reset CPU{target} at {at} us: the bootstrap processor goes to its reset vector, and waits for no STARTUP \
                 (SDM vol. 3 §8.4.2); a machine restarts there"
            ));
            self.root(format!("the INIT reset CPU{target}, the bootstrap processor"));
        }
        let latched = self.cpu(target).latches.init.is_some();
        if !self.fate(init, target) && !latched {
            self.start_ups(target, Some(init.sent));
            self.cpu_waits(target);
            return;
        }
        self.start_ups(target, Some(init.sent));
    }

    /// The CPU whose INIT this one waits to be taken away.
    pub(super) fn deassert(&mut self, number: u16) {
        let inits = self.state.messages.all().filter(|held| held.message.mode == DeliveryMode::Init);
        let for_it = inits.filter(|held| held.meant.contains(&number) && held.message.source != number);
        if let Some(starter) = for_it.max_by_key(|held| held.sent).map(|held| held.message.source) {
            self.cpu_waits(starter);
        }
    }

    /// The CPU that has started this one, and has not called it out.
    pub(super) fn callout(&mut self, number: u16) {
        let by_nmi = self.state.kernel.is_some_and(|kernel| kernel.arch.facts().wake_up == WakeUp::Nmi);
        let starts = |held: &&MessageState| match held.message.mode {
            DeliveryMode::Nmi => by_nmi && held.meant.contains(&number) && held.message.source != number,
            _ => is_start_up(held, number),
        };
        let started = self.state.messages.all().filter(starts).max_by_key(|held| held.sent);
        match started.map(|held| held.message.source) {
            Some(starter) => self.cpu_waits(starter),
            None => self.say(format!("nobody has called CPU{number} out")),
        }
    }
}

/// The message by which a CPU began to start others last: INIT, or where the kernel starts them so, an NMI.
pub(crate) fn first_message(state: &State, starter: u16) -> Option<&MessageState> {
    let mode = match state.kernel?.arch.facts().wake_up {
        WakeUp::Init => DeliveryMode::Init,
        WakeUp::Nmi => DeliveryMode::Nmi,
        WakeUp::Mailbox => return None,
    };
    let begins = |code: u32| code == Point::WakeUpBegins as u32;
    let begun = state.milestones.iter().rev().find(|reached| reached.cpu == starter && begins(reached.code));
    let begun = begun.map_or(sim::Time::ZERO, |reached| reached.at);
    let mut sent = state.messages.of(starter).rev().filter(|held| held.sent >= begun);
    sent.find(|held| held.message.mode == mode && !held.message.is_init_deassert())
}

fn is_start_up(held: &MessageState, number: u16) -> bool {
    held.message.mode == DeliveryMode::StartUp && held.meant.contains(&number)
}
