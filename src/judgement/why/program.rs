//! What a program of the scenario waits for: a word that somebody else is to change. Who could, and what keeps them from it?
//!
//! Not looked at: changes by kernel functions that a program calls; and whether a change would give the value that is
//! awaited.

use super::chain::Chain;
use crate::judgement::state::{MessageState, OpenWait};
use crate::machine::program::PROGRAM_ENDED;
use crate::scenario::{Act, Handler, On, PinName};
use kernel_model::Word;
use sim::bus::DeliveryMode;
use sim::{Context, Site};
use std::ops::Range;

impl<'a> Chain<'a> {
    /// The step that called the kernel function in which a CPU is.
    pub(super) fn called_by(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let level = cpu.frames.len();
        let called = cpu.software.calls.iter().rfind(|call| call.level == level);
        if let Some(call) = called.copied() {
            let who = match cpu.frames.last().map(|frame| frame.context) {
                Some(Context::Interrupt(vector)) => format!("handler of {vector:02X}"),
                Some(Context::Nmi) => "NMI handler".to_owned(),
                Some(Context::SystemManagement) => "SMI handler".to_owned(),
                _ => "program".to_owned(),
            };
            self.say(format!("CPU{number}'s {who} is at {} since {} us", self.describe(call.site), call.since));
        }
    }

    /// A wait for a word.
    pub(super) fn awaits(&mut self, number: u16, wait: &OpenWait, at: &str) {
        let step = wait.site.as_step().and_then(|step| self.state.places.programs().steps.get(step as usize));
        let Some(Act::Await { condition, .. }) = step else {
            return self.say(format!("CPU{number} awaits a word since {} us: {at}", wait.since));
        };
        let word = condition.word.0;
        let (name, value) = (self.word_name(word), self.state.words.value(word));
        let changed = match self.state.words.writer(word) {
            Some(writer) => {
                let by = self.describe(writer.site);
                format!("which is {value:#x} since {} us, by CPU{}: {by}", writer.at, writer.cpu)
            }
            None => format!("which is {value:#x}, and which nobody has changed"),
        };
        self.say(format!("CPU{number} awaits `{name}` since {} us: {at}; {changed}", wait.since));
        let before = self.lines.len();
        for (cpu, step) in self.programs_that_change(word) {
            if cpu != number {
                self.program_of(cpu, &name, step);
            }
        }
        for (cpu, on, step) in self.handlers_that_change(word) {
            self.handler_of(cpu, on, &name, step);
        }
        if before == self.lines.len() {
            self.say(format!("no other program and no handler changes `{name}`"));
            self.root(format!("nobody changes `{name}`"));
        }
        self.root(format!("it awaits `{name}`"));
    }

    /// The first step among these that changes a word.
    fn changing(&self, steps: &Range<u32>, word: u16) -> Option<u32> {
        let programs = self.state.places.programs();
        steps.clone().find(|&step| programs.steps[step as usize].changes() == Some(Word(word)))
    }

    fn programs_that_change(&self, word: u16) -> Vec<(u16, u32)> {
        let events = self.state.programs.iter();
        events.filter_map(|(cpu, steps)| Some((*cpu, self.changing(steps, word)?))).collect()
    }

    fn handlers_that_change(&self, word: u16) -> Vec<(u16, On, u32)> {
        let handlers = self.state.places.programs().handlers.iter();
        let of = |handler: &Handler| {
            let step = self.changing(&handler.steps, word)?;
            Some(handler.cpus.iter().map(|&cpu| (cpu as u16, handler.on, step)).collect::<Vec<_>>())
        };
        handlers.filter_map(of).flatten().collect()
    }

    /// A CPU whose program has a step that changes the word.
    fn program_of(&mut self, cpu: u16, name: &str, step: u32) {
        let place = self.describe(Site::step(step));
        if self.state.places.programs().loads.iter().any(|load| load.steps.contains(&step)) {
            self.say(format!("CPU{cpu}'s load changes `{name}` as long as something arrives: {place}"));
            return self.cpu_waits(cpu);
        }
        let ended = |code: u32| code == PROGRAM_ENDED;
        let over = self.state.milestones.iter().find(|milestone| milestone.cpu == cpu && ended(milestone.code));
        if let Some(over) = over {
            return self.say(format!("CPU{cpu}'s program changes `{name}`, and has ended at {} us: {place}", over.at));
        }
        self.say(format!("CPU{cpu}'s program changes `{name}`: {place}"));
        self.cpu_waits(cpu);
    }

    /// A CPU that has a handler with a step that changes the word.
    fn handler_of(&mut self, cpu: u16, on: On, name: &str, step: u32) {
        let place = self.describe(Site::step(step));
        let (what, context) = match on {
            On::Vector(vector) => (format!("{vector:02X}"), Some(Context::Interrupt(vector))),
            On::Nmi => ("NMIs".to_owned(), Some(Context::Nmi)),
            On::SystemManagement => ("SMIs".to_owned(), Some(Context::SystemManagement)),
            On::Reset => ("its reset".to_owned(), None),
            On::Capture => ("its capture kernel".to_owned(), None),
        };
        self.say(format!("CPU{cpu}'s handler of {what} changes `{name}`: {place}"));
        if let Some(frame) = context.and_then(|context| self.cpu(cpu).handler(context)) {
            self.say(format!("CPU{cpu} is in it since {} us", frame.since));
            return self.cpu_waits(cpu);
        }
        let Some(held) = self.last_for(cpu, on) else {
            let pin = match on {
                On::Nmi => Some(PinName::Nmi),
                On::SystemManagement => Some(PinName::Smi),
                On::Reset => Some(PinName::Init),
                On::Vector(_) | On::Capture => None,
            };
            let programs = self.state.places.programs();
            let driven: Vec<u32> = pin.into_iter().flat_map(|pin| programs.that_drive(cpu, pin)).collect();
            for step in driven {
                self.say(format!("a program can drive CPU{cpu}'s pin: {}", self.describe(Site::step(step))));
            }
            self.say(format!("no message has asked CPU{cpu} for it"));
            return self.root(format!("nobody has sent CPU{cpu} what its handler of {what} answers to"));
        };
        let (sender, at) = (self.agent(held.message.source), held.sent);
        let by = held.site.map(|site| format!(": {}", self.describe(site))).unwrap_or_default();
        self.say(format!("{sender} sent it for CPU{cpu} at {at} us{by}"));
        if !self.fate(held, cpu) {
            self.say(format!("CPU{cpu} has taken it, and has done with it"));
            self.overtaken(held, cpu);
            self.root(format!("CPU{cpu}'s handler of {what} has run, and `{name}` is not what is awaited"));
        }
    }

    /// Stores that `held` has overtaken, if there are any: who took it may not have seen them.
    fn overtaken(&mut self, held: &MessageState, cpu: u16) {
        let sender = self.agent(held.message.source);
        for store in &held.overtook {
            let (name, at) = (self.word_name(store.word), store.at);
            let by = store.site.map(|site| format!(": {}", self.describe(site))).unwrap_or_default();
            self.say(format!(
                "it overtook {sender}'s store to `{name}` of {at} us, which CPU{cpu} did not see yet{by}; no fence stands \
                 between (knob `x2apic_send`)"
            ));
        }
        if let Some(store) = held.overtook.first() {
            let name = self.word_name(store.word);
            self.root(format!("the IPI overtook {sender}'s store to `{name}`: there is no fence between"));
        }
    }

    /// The last message that is for a CPU and to which a handler answers.
    fn last_for(&self, cpu: u16, on: On) -> Option<&'a MessageState> {
        let answers = |held: &&MessageState| {
            let (mode, vector) = (held.message.mode, held.message.vector);
            match on {
                On::Vector(wanted) => {
                    vector == wanted && matches!(mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority)
                }
                On::Nmi => mode == DeliveryMode::Nmi,
                On::SystemManagement => mode == DeliveryMode::Smi,
                On::Reset => matches!(mode, DeliveryMode::Init | DeliveryMode::StartUp),
                On::Capture => false,
            }
        };
        self.state.messages.all().filter(|held| held.meant.contains(&cpu)).filter(answers).max_by_key(|held| held.sent)
    }
}
