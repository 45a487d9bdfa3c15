//! The interconnect in the machine: its stream, its faults, and doing what it says must happen.

use super::addressees::Addressees;
use super::attempts::AttemptRun;
use super::carrier::Carrier;
use super::device_hub::DeviceHub;
use super::message_faults::MessageFaults;
use super::slot::Slot;
use super::view::View;
use super::watch::Watch;
use crate::bus::{Agent, BusEffect, Interconnect, Message, MessageFault, Request, Response, Targets, Undispatched};
use crate::choice::{self, ChoicePoint, Chooser, Label};
use crate::devices::I8254Error;
use crate::generation::Generation;
use crate::processor::Core;
use crate::stream::{Access, Event, Source, Stream, What};
use crate::time::{Duration, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// The interconnect, and what the machine knows of it.
#[derive(Debug)]
pub(crate) struct Fabric {
    pub(super) carrier: Carrier,
    pub(crate) stream: Stream,
    /// Attempts since the last other event, a run for each message, in the order of first attempt.
    pub(super) runs: Vec<AttemptRun>,
    pub(super) dead: Vec<bool>,
    pub(super) addressees: Addressees,
    deaths: VecDeque<(Time, Agent)>,
    pub(super) devices: DeviceHub,
    pub(crate) watch: Option<Watch>,
    /// Has any attempt been refused by a full target?
    pub(crate) refused: bool,
    /// The event that is being processed is an attempt, or noise.
    pub(super) attempted: bool,
    chooser: Arc<dyn Chooser>,
    choices: choice::Counts,
    /// Choices that were drawn.
    pub(crate) chosen: u64,
    jitter_cycles: u32,
    /// When the last request was made, or a line of a device changed.
    changed_at: Time,
    /// Its last event, one that concerns nobody too: before the last one the interconnect is not idle.
    advanced_at: Time,
    times: Times,
    pub(super) message_faults: Option<Box<MessageFaults>>,
    /// Messages that have come late, at the instant of the event that is being processed.
    pub(super) late: Vec<(Agent, Message)>,
}

/// Who hears which CPUs the interconnect may have changed.
pub(crate) trait Touched {
    fn touch(&mut self, core: &mut Core);
}

/// When the interconnect does what next: worked out after each change, because it is asked for more often.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// Its next event, or the next change.
    event: Time,
    bound: Time,
    /// The next injected death of an APIC, the next change of a device's line, or the next message that comes late.
    change: Time,
}

/// What an interconnect is built from.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub(crate) bus: Box<dyn Interconnect>,
    pub(crate) devices: DeviceHub,
    /// Injected: from then on an APIC is deaf and mute.
    pub(crate) deaths: Vec<(Time, Agent)>,
    pub(crate) chooser: Arc<dyn Chooser>,
    pub(crate) jitter_cycles: u32,
    pub(crate) generation: Generation,
    /// Injected.
    pub(crate) message_faults: Vec<MessageFault>,
}

impl Fabric {
    /// `agents` counts the CPUs and the I/O agent.
    pub(crate) fn new(agents: usize, wiring: Wiring) -> Self {
        let Wiring { bus, devices, mut deaths, chooser, jitter_cycles, generation, message_faults } = wiring;
        let external = generation == Generation::I82489Dx;
        let addressees = Addressees::new(agents - 1, generation.profile().id_bits, external);
        deaths.sort_unstable();
        let mut fabric = Self {
            carrier: Carrier::new(bus),
            stream: Stream::new(Source::Interconnect),
            runs: Vec::new(),
            dead: vec![false; agents],
            addressees,
            deaths: deaths.into(),
            devices,
            watch: None,
            refused: false,
            attempted: false,
            chooser,
            choices: choice::Counts::default(),
            chosen: 0,
            jitter_cycles,
            changed_at: Time::ZERO,
            advanced_at: Time::ZERO,
            times: Times { event: Time::NEVER, bound: Time::NEVER, change: Time::NEVER },
            message_faults: MessageFaults::new(&message_faults).map(Box::new),
            late: Vec::new(),
        };
        fabric.keep_change();
        fabric
    }

    /// To be called after anything that may have changed them: a request to the interconnect, or an event of it.
    #[inline]
    fn keep_times(&mut self) {
        let (next, bound) = self.carrier.times();
        (self.times.event, self.times.bound) = (next.min(self.times.change), bound);
    }

    /// To be called after what else may have changed them: a death, an access to a device, a message that is kept back.
    #[cold]
    pub(super) fn keep_change(&mut self) {
        let deaths = self.deaths.front().map_or(Time::NEVER, |&(at, _)| at);
        let late = self.message_faults.as_ref().map_or(Time::NEVER, |faults| faults.next());
        self.times.change = deaths.min(self.devices.next_event()).min(late);
        self.keep_times();
    }

    /// Takes a request; draws its jitter, if the machine has any.
    #[inline(always)]
    pub(crate) fn request(&mut self, at: Time, request: &Request) {
        self.take(at, request);
        self.keep_times();
    }

    #[inline(always)]
    pub(super) fn take(&mut self, at: Time, request: &Request) {
        self.carrier.disturb(at);
        self.changed_at = self.changed_at.max(at);
        let source = request.source();
        if let Request::Message(message) = request
            && usize::from(source) + 1 == self.dead.len()
        {
            self.devices.interrupt(*message);
            return self.send_for_devices(at);
        }
        self.send(at, source, request);
    }

    #[inline(always)]
    fn send(&mut self, at: Time, source: Agent, request: &Request) {
        let extra = if self.jitter_cycles == 0 { 0 } else { self.draw_jitter(source) };
        if self.dead[usize::from(source)] {
            return;
        }
        if let (Some(watch), Request::Message(message)) = (&mut self.watch, request) {
            watch.sent(message, at);
        }
        self.carrier.bus().request(at, *request, extra);
    }

    /// The I/O agent holds its lines: one message at a time, none replaces another.
    #[inline(never)]
    pub(super) fn send_for_devices(&mut self, at: Time) {
        if let Some(message) = self.devices.next_message() {
            self.send(at, message.source, &Request::Message(message));
        }
    }

    /// An access of a CPU to a device at `now`; gives what a read finds.
    pub(crate) fn access_device(&mut self, now: Time, access: Access, value: u32) -> Result<u32, I8254Error> {
        self.carrier.disturb(now);
        let found = self.devices.access(now, access, value);
        if found.is_ok() {
            self.send_for_devices(now);
        }
        self.keep_change();
        found
    }

    #[inline(never)]
    fn draw_jitter(&mut self, source: Agent) -> u32 {
        // The interconnect counts per source, so that another source's traffic does not move this one's choices.
        let point = ChoicePoint { source, label: Label::Jitter, count: self.choices.next(source, Label::Jitter) };
        self.chosen += 1;
        self.chooser.choose(point, self.jitter_cycles + 1)
    }

    /// A CPU changed its APIC, which a sample may look at, at `at`: after what the interconnect does then.
    pub(crate) fn disturb(&mut self, at: Time) {
        self.carrier.disturb(at + Duration::from_ps(1));
    }

    #[inline]
    pub(crate) const fn next_event(&self) -> Time {
        self.times.event
    }

    /// The earliest instant at which the interconnect may sample a CPU or change what software sees.
    #[inline]
    pub(crate) const fn bound(&self) -> Time {
        self.times.bound
    }

    /// When the next injected death of an APIC, the next change of a device's line, or the next late message is due.
    #[inline]
    pub(crate) const fn next_change(&self) -> Time {
        self.times.change
    }

    /// Is there no next event of it, or is it proven to repeat itself? If not, it is not settled.
    #[inline]
    pub(crate) const fn may_be_settled(&self) -> bool {
        self.times.event.as_ps() == Time::NEVER.as_ps() || self.repeats()
    }

    /// Does nothing happen here any more, or only the same for ever?
    pub(crate) fn is_settled(&self) -> bool {
        self.next_change() == Time::NEVER && self.carrier.is_settled()
    }

    /// Is it proven to do nothing but the same, as long as nobody does anything?
    #[inline]
    pub(crate) const fn repeats(&self) -> bool {
        self.carrier.repeats()
    }

    /// The instant at which it became settled: of the attempt that proved its cycle, or of its last event.
    pub(crate) fn settled_at(&self) -> Time {
        let changed = self.stream.last().max(self.changed_at);
        changed.max(self.carrier.cycle().map_or(self.advanced_at, |cycle| cycle.at))
    }

    /// Skips what is proven to recur, as far as it ends by `until`.
    #[inline]
    pub(crate) fn skip_until(&mut self, until: Time) {
        let until = until.min(self.next_change());
        if self.carrier.skip(until, &mut self.runs) {
            self.keep_times();
        }
    }

    /// Processes the next event, and pushes what must happen to the CPUs to `effects`. That waits for
    /// [`apply`](Self::apply): a CPU that is skipped must first be brought up to [`touched`](Self::touched)'s instant.
    #[inline(always)]
    pub(crate) fn advance(&mut self, cores: &[Slot], effects: &mut Vec<BusEffect>) -> Time {
        let now = self.times.event;
        self.advanced_at = now;
        if now == self.times.change {
            self.change(now);
        } else {
            self.addressees.make();
            let view = View { cores, dead: &self.dead, addressees: &self.addressees, now };
            self.carrier.bus().advance(&view, effects);
            if let Some(faults) = &mut self.message_faults {
                faults.settle(now, effects);
            }
        }
        now
    }

    /// An injected death of an APIC, a change of a device's line, or a message that comes late.
    #[cold]
    fn change(&mut self, now: Time) {
        if let Some(&(at, agent)) = self.deaths.front()
            && at == now
        {
            self.deaths.pop_front();
            self.dead[usize::from(agent)] = true;
            if let Some(watch) = &mut self.watch {
                watch.exempt(agent, now);
            }
            self.event(now, What::ApicDead(agent));
        } else if let Some(late) = self.message_faults.as_mut().and_then(|faults| faults.due(now)) {
            self.late.push(late);
        } else {
            self.changed_at = now;
            self.devices.advance(now);
            self.send_for_devices(now);
        }
        self.keep_change();
        self.carrier.disturb(now);
    }

    /// Pushes the CPUs that `effects` change, each once. An error that is recorded already changes nothing, nor
    /// does a delivery that is lost, or what comes late to an APIC that has died.
    pub(crate) fn touched(&self, effects: &[BusEffect], cores: &[Slot], found: &mut Vec<usize>) {
        let mut reach = self.message_faults.iter().flat_map(|faults| faults.reach());
        for effect in effects {
            let agent = match effect {
                BusEffect::Deliver { agent, .. } if reach.next().unwrap_or(true) => *agent,
                BusEffect::Error { agent, bits } => match cores.get(usize::from(*agent)) {
                    Some(core) if !self.is_dead(*agent) && core.apic.record_error_changes(*bits) => *agent,
                    _ => continue,
                },
                BusEffect::Dispatched { message, .. } | BusEffect::RemoteRead { message, .. } => message.source,
                BusEffect::Deliver { .. }
                | BusEffect::Attempt { .. }
                | BusEffect::EndOfInterrupt { .. }
                | BusEffect::Noise => continue,
            };
            if usize::from(agent) < cores.len() {
                found.push(usize::from(agent));
            }
        }
        let alive = self.late.iter().filter(|&&(agent, _)| !self.is_dead(agent));
        found.extend(alive.map(|&(agent, _)| usize::from(agent)));
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
    }

    /// Does to the CPUs what the event at `now` said must happen, and tells of each that it may have changed.
    #[inline(always)]
    pub(crate) fn apply(&mut self, now: Time, effects: &[BusEffect], cores: &mut [Slot], touched: &mut impl Touched) {
        self.attempted = false;
        if effects.is_empty() && !self.late.is_empty() {
            self.come_late(now, cores, touched);
        }
        for effect in effects {
            if let Some(core) = self.perform(now, effect, cores) {
                self.collect_facts(core);
                touched.touch(core);
            }
        }
        self.carrier.went_on(now, self.attempted, &self.runs);
        self.keep_times();
    }

    #[inline(always)]
    pub(super) fn event(&mut self, now: Time, what: What) {
        if !self.runs.is_empty() {
            self.close_runs(now);
        }
        self.stream.push(now, None, what);
    }

    /// The same, of one that copies a message which [stays where it is](Stream::push_made).
    #[inline(always)]
    pub(super) fn event_made(&mut self, now: Time, what: impl Fn() -> What) {
        if !self.runs.is_empty() {
            self.close_runs(now);
        }
        self.stream.push_made(now, what);
    }

    #[inline(never)]
    pub(super) fn close_runs(&mut self, at: Time) {
        for run in self.runs.drain(..) {
            self.stream.push_run(at, run.first, None, run.what());
        }
    }

    /// Attempts since the last other event of the interconnect.
    pub(crate) fn open_runs(&self) -> impl Iterator<Item = Event> {
        let event = |run: &AttemptRun| (run.first, run.what());
        self.runs.iter().map(event).map(|(time, what)| Event { time, source: Source::Interconnect, site: None, what })
    }

    /// Messages that are not dispatched before `end`, with the agents that refuse each.
    pub(crate) fn undispatched(&mut self, cores: &[Slot], end: Time) -> Vec<(Undispatched, Vec<Agent>)> {
        let last = Time::from_ps(end.as_ps().saturating_sub(1));
        let held = self.carrier.bus().undispatched_at(last);
        let view = View { cores, dead: &self.dead, addressees: &self.addressees, now: Time::ZERO };
        let refusers = |message: &Message| {
            (0..view.agents())
                .filter(|&agent| matches!(view.answer(agent, message), Response::Retry | Response::Refuse))
                .collect()
        };
        held.into_iter().map(|held| (held, refusers(&held.message))).collect()
    }

    /// Messages that are carried beyond their senders' bus.
    pub(crate) fn in_transit(&mut self) -> Vec<Undispatched> {
        self.carrier.bus().in_transit()
    }

    pub(crate) fn is_dead(&self, agent: Agent) -> bool {
        self.dead[usize::from(agent)]
    }
}
