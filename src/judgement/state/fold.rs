//! The state, and the fold: what each event does to it.

use super::cpu::CpuState;
use super::injected::Injected;
use super::message::Messages;
use super::words::Words;
use crate::machine::{self, Choices};
use crate::scenario::Scenario;
use kernel_model::Kernel;
use sim::bus::{Domains, Message, Reach};
use sim::{Ending, Event, Milestone, Outcome, Source, Stacks, Time, What};

/// The machine of a scenario at an instant of a run.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The kernel on its CPUs: what its words and waits mean.
    pub(crate) kernel: Kernel,
    limit: Time,
    /// The instant.
    pub(crate) now: Time,
    /// It is proven that nothing will change any more.
    pub(crate) proven: bool,
    /// The CPUs, by number.
    pub(crate) cpus: Vec<CpuState>,
    /// Milestones so far.
    pub(crate) milestones: Vec<Milestone>,
    /// Messages.
    pub(crate) messages: Messages,
    pub(crate) words: Words,
    pub(crate) injected: Injected,
    pub(super) domains: Option<Domains>,
}

impl State {
    /// Before the first event.
    pub(crate) fn before(scenario: &Scenario) -> Self {
        let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
        let settings = machine::assemble(scenario, choices).expect("a scenario that has run fits its machine");
        let kernel = machine::kernel(scenario);
        let domains = match settings.bus.reach() {
            Reach::Domains(domains) => Some(domains),
            Reach::Everybody | Reach::Unpromised => None,
        };
        let cpus = (0..).zip(&settings.cpus).map(|(cpu, (as_it_starts, _))| {
            CpuState::new(&settings, cpu, as_it_starts, machine::as_set_up(&kernel, cpu))
        });
        let cpus = cpus.collect();
        Self {
            kernel,
            limit: Time::from_ps(scenario.limit_ps),
            now: Time::ZERO,
            proven: false,
            cpus,
            milestones: Vec::new(),
            messages: Messages::default(),
            words: Words::new(&settings),
            injected: Injected::new(scenario),
            domains,
        }
    }

    /// The same machine, which knows of these runs of polls and attempts already: they had begun, and were not told yet.
    pub(crate) fn with(&self, under_way: &[Event]) -> Self {
        let mut state = self.clone();
        under_way.iter().for_each(|run| state.take(run));
        state
    }

    /// The run is over.
    pub(crate) fn finish(&mut self, outcome: &Outcome) {
        self.proven = matches!(outcome.ending, Ending::Proven(_));
        self.now = self.now.max(outcome.last_effective).max(outcome.proven_at.unwrap_or_default()).min(self.limit);
    }

    /// The next event.
    pub(crate) fn take(&mut self, event: &Event) {
        self.now = self.now.max(event.time);
        match event.source {
            Source::Interconnect => self.interconnect(event),
            Source::Cpu(cpu) => self.cpu(cpu, event),
        }
    }

    fn cpu(&mut self, number: u16, event: &Event) {
        let cpu = &mut self.cpus[usize::from(number)];
        cpu.software.take(event, &cpu.frames);
        self.words.take(number, event);
        match event.what {
            What::Sent(message) => self.sent(event, message),
            What::Delivered(agent, message) => self.delivered(event.time, agent, message),
            What::Reached(code) => self.milestones.push(Milestone { at: event.time, cpu: number, code }),
            _ => self.cpus[usize::from(number)].take(event),
        }
    }

    fn interconnect(&mut self, event: &Event) {
        let now = event.time;
        match event.what {
            What::Sent(message) => self.sent(event, message),
            What::Delivered(agent, message) => self.delivered(now, agent, message),
            What::Attempts { message, outcome, last, count } => {
                self.messages.seen(message).attempted(outcome, now, last, count);
            }
            What::Dispatched(message, busy_still) => self.dispatched(now, message, busy_still),
            What::RemoteRead(message, value) => {
                if let Some(cpu) = self.cpus.get_mut(usize::from(message.source)) {
                    cpu.apic.remote_read_answered(value);
                }
            }
            What::Error(agent, bits) => {
                if let Some(cpu) = self.cpus.get_mut(usize::from(agent)) {
                    cpu.apic.record_error(bits);
                }
            }
            What::ApicDead(agent) => {
                if let Some(cpu) = self.cpus.get_mut(usize::from(agent)) {
                    cpu.dead_since = Some(now);
                }
            }
            _ => {}
        }
    }

    fn sent(&mut self, event: &Event, message: Message) {
        if let Some(cpu) = self.cpus.get_mut(usize::from(message.source)) {
            cpu.sent(event, message);
        }
        let meant = self.meant(&message);
        let before = self.undispatched().find(|held| held.message.source == message.source);
        let kept = before.filter(|held| self.holds_the_bus(held)).map(|held| held.message.number);
        self.messages.sent(message, event.site, event.time, meant, kept);
    }

    fn delivered(&mut self, now: Time, agent: u16, message: Message) {
        let Some(cpu) = self.cpus.get_mut(usize::from(agent)) else { return };
        let effect = cpu.deliver(now, &message);
        self.messages.seen(message).delivered(agent, now, effect);
    }

    fn dispatched(&mut self, now: Time, message: Message, busy_still: bool) {
        if let Some(cpu) = self.cpus.get_mut(usize::from(message.source)) {
            cpu.dispatched(&message, busy_still);
        }
        let cpus = &self.cpus;
        self.messages.dispatched(message, now, |number| cpus[usize::from(number)].misses(&message));
    }
}
