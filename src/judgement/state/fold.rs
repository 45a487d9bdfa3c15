//! The state, and the fold: what each event does to it.

use super::cpu::CpuState;
use super::injected::Injected;
use super::latches::Origin;
use super::message::Messages;
use super::words::Words;
use crate::judgement::source_lines::Places;
use crate::machine::{self, Choices};
use crate::scenario::{Role, Scenario};
use kernel_model::Kernel;
use sim::apic::Preset;
use sim::bus::{Domains, Message, Reach};
use sim::{Batch, Ending, Event, MachineSettings, Milestone, Observer, Outcome, Source, Stacks, TOLD_ONLY, Time, What};
use std::ops::Range;

/// A machine at an instant of a run.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The kernel on its CPUs: what its words, waits and milestones mean. None: other software, which says of none.
    pub(crate) kernel: Option<Kernel>,
    /// What the lines and steps of its software are.
    pub(crate) places: Places,
    /// The programs of its events: on which CPU, which steps.
    pub(crate) programs: Vec<(u16, Range<u32>)>,
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
    /// A message may reach a CPU after its sender's bus is done with it.
    pub(crate) late_deliveries: bool,
}

fn programs(scenario: &Scenario) -> Vec<(u16, Range<u32>)> {
    let steps = |event: &crate::scenario::Event| match &event.role {
        Role::Steps(steps) => Some((event.cpu as u16, steps.clone())),
        _ => None,
    };
    let loads = scenario.programs.loads.iter();
    let of_loads = loads.flat_map(|load| load.cpus.iter().map(|&cpu| (cpu as u16, load.steps.clone())));
    scenario.events.iter().filter_map(steps).chain(of_loads).collect()
}

/// Follows a run to its end.
impl Observer for State {
    fn take(&mut self, batch: &Batch<'_>) {
        batch.events.iter().for_each(|told| State::take(self, &told.event));
        if batch.last {
            batch.under_way().iter().for_each(|run| State::take(self, run));
        }
    }
}

impl State {
    /// A scenario's, before the first event.
    pub(crate) fn before(scenario: &Scenario) -> Self {
        let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
        let settings = machine::assemble(scenario, choices).expect("a scenario that has run fits its machine");
        let kernel = machine::kernel(scenario);
        Self {
            kernel: Some(kernel),
            places: Places::of(scenario),
            programs: programs(scenario),
            limit: Time::from_ps(scenario.limit_ps),
            injected: Injected::new(scenario),
            ..Self::of_machine(&settings, |cpu| machine::as_set_up(&kernel, cpu))
        }
    }

    /// One without a kernel and without injected faults, before the first event. `as_set_up`: the APIC of a CPU as its
    /// software's set-up leaves it.
    pub(crate) fn of_machine(settings: &MachineSettings, as_set_up: impl Fn(u16) -> Preset) -> Self {
        let domains = match settings.bus.reach() {
            Reach::Domains(domains) => Some(domains),
            Reach::Everybody | Reach::Unpromised => None,
        };
        let promises = settings.bus.promises();
        let cpus = (0..)
            .zip(&settings.cpus)
            .map(|(cpu, (as_it_starts, _))| CpuState::new(settings, cpu, as_it_starts, as_set_up(cpu)));
        let cpus = cpus.collect();
        Self {
            kernel: None,
            places: Places::default(),
            programs: Vec::new(),
            limit: settings.limit,
            now: Time::ZERO,
            proven: false,
            cpus,
            milestones: Vec::new(),
            messages: Messages::new(promises.one_message_a_sender),
            words: Words::new(settings),
            injected: Injected::default(),
            domains,
            late_deliveries: !promises.delivers_before_dispatch,
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
            What::Reached(code) if code & TOLD_ONLY == 0 => {
                self.milestones.push(Milestone { at: event.time, cpu: number, code })
            }
            _ => {
                self.cpus[usize::from(number)].take(event);
                self.ended(number);
            }
        }
    }

    /// What waited at CPU `number` until its last event has come to its end.
    fn ended(&mut self, number: u16) {
        let cpu = &mut self.cpus[usize::from(number)];
        self.messages.unsent(&mut cpu.lost_commands);
        for (origin, end) in cpu.ended.drain(..) {
            if let Origin::Message(source, message) = origin {
                self.messages.ended(number, source, message, end);
            }
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
            What::MessageFault(effect, agent, message) => {
                self.messages.seen(message).met_a_fault(agent, now, effect);
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
        if let Some(cpu) = self.cpus.get(usize::from(message.source))
            && !cpu.held_stores.is_empty()
        {
            self.messages.seen(message).overtook = cpu.held_stores.iter().copied().collect();
        }
    }

    fn delivered(&mut self, now: Time, agent: u16, message: Message) {
        let Some(cpu) = self.cpus.get_mut(usize::from(agent)) else { return };
        let at_once = cpu.has_taken(&message);
        let effect = cpu.deliver(now, &message);
        self.messages.seen(message).delivered(agent, now, effect);
        if at_once {
            self.messages.dispatched(message, now, |_| None); // no bus has it
        }
    }

    fn dispatched(&mut self, now: Time, message: Message, busy_still: bool) {
        if let Some(cpu) = self.cpus.get_mut(usize::from(message.source)) {
            cpu.dispatched(&message, busy_still);
        }
        let cpus = &self.cpus;
        self.messages.dispatched(message, now, |number| cpus[usize::from(number)].misses(&message));
    }
}
