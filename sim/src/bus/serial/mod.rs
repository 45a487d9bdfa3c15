//! The serial 3-wire APIC bus of 82489DX, Pentium and P6: one message at a time, arbitration by rotating ids, refused
//! messages sent again.
//!
//! Not modelled: the 82489DX's own wires (five, unpublished), buses joined by cluster managers (see
//! [`ClusterBus`](super::ClusterBus)), the bootstrap messages of a P6; a message that arrives other than it was sent though
//! its checksum happens to fit (it is taken as damaged); an EOI message on top of another message (the EOI message goes
//! alone); several focus processors, or two agents out of step that tie in a lowest-priority arbitration (the lowest-numbered
//! takes it).
//!
//! A message whose first cycle is at edge *a* has its targets sampled at *a* + 19 cycles, is taken at *a* + 20, and
//! ends at *a* + 21, where the next one may begin; lowest-priority messages and remote reads go on beyond the second
//! status cycle. [`BusEffect::Attempt`] is reported where the outcome is decided.
//!
//! Who drives what in arbitration and status cycles goes over the [`Line`](line::Line), so that a stuck wire spoils what
//! it carries, and nothing else.

mod agent_set;
mod bus_clock;
mod carried;
mod contention;
mod end_of_interrupt;
mod faults;
mod frame;
mod line;
mod plan;
mod probe;
mod progress;
mod reception;
mod status;
mod wire_cycles;

pub use faults::{SerialFault, SerialFaultError, SerialFaultKind, Wire};
pub use wire_cycles::{
    END_OF_INTERRUPT_STATUS, FIRST_STATUS, WireCycle, end_of_interrupt_cycles, lowest_priority_cycles, wire_cycles,
};

use super::addressees::Addressees;
use super::{
    Agent, ArbitrationIds, BusEffect, BusError, Interconnect, Reach, Request, Targets, Undispatched, WireChange,
};
use crate::generation::Knobs;
use crate::time::{ClockDomain, Duration, Time};
use bus_clock::BusClock;
use carried::{Load, OnBus, Pending};
use faults::Faults;
use frame::Format;
use line::Line;
use plan::Plan;
use probe::Probe;
use std::collections::VecDeque;

/// What one agent wants to send.
#[derive(Debug, Clone, Default)]
struct Sender {
    /// The newest message; what it replaced may still be on the bus.
    pending: Option<Pending>,
    /// EOI messages: first cycle of arbitration, vector.
    end_of_interrupts: VecDeque<(u64, u8)>,
}

impl Sender {
    fn wants_end_of_interrupt(&self, edge: u64) -> bool {
        self.end_of_interrupts.front().is_some_and(|&(from, _)| from <= edge)
    }
    fn wants_message(&self, edge: u64) -> bool {
        self.pending.is_some_and(|pending| pending.from <= edge)
    }
    /// First cycle in which it may arbitrate.
    fn from(&self) -> Option<u64> {
        let message = self.pending.map(|pending| pending.from);
        let end_of_interrupt = self.end_of_interrupts.front().map(|&(from, _)| from);
        message.into_iter().chain(end_of_interrupt).min()
    }
}

/// The serial bus.
///
/// ```
/// use sim::ClockDomain;
/// use sim::bus::SerialBus;
///
/// let bus = SerialBus::new(&[0, 1, 14])?.with_clock(ClockDomain::new(50_000, 1));
/// assert!(SerialBus::new(&[0, 0]).is_err()); // ids are those of arbitration
/// # let _ = bus;
/// # Ok::<(), sim::bus::BusError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SerialBus {
    clock: BusClock,
    knobs: Knobs,
    ids: ArbitrationIds,
    senders: Vec<Sender>,
    on_bus: Option<OnBus>,
    /// First cycle in which the bus is free.
    free_from: u64,
    /// Senders of the latest attempts, newest last: what [`skip`](Interconnect::skip) shares attempts out by.
    recent: VecDeque<Agent>,
    faults: Faults,
    /// The instant of the last event.
    now: Time,
    plan: Plan,
    addressees: Addressees,
    /// A list that is empty, for the next messages on the bus.
    spare: Vec<Pending>,
    /// Somebody looks at the wires.
    probe: Option<Box<Probe>>,
}

/// Attempts remembered. Senders that retry for ever, however many, repeat after at most 63 attempts (tried for up to 15
/// agents), with noise after at most 64 times as many.
const RECENT_MAX: usize = 4096;

/// Default PICCLK period, exactly 60 ns: "16.67 MHz" (typical board; LKML-2001).
const PICCLK: ClockDomain = ClockDomain::new(60_000, 1);

impl SerialBus {
    /// A bus whose agents have these APIC ids, by agent. PICCLK has a period of 60 ns.
    ///
    /// # Errors
    /// If the ids cannot share a serial bus.
    pub fn new(apic_ids: &[u8]) -> Result<Self, BusError> {
        Ok(Self {
            clock: BusClock::new(PICCLK),
            knobs: Knobs::default(),
            ids: ArbitrationIds::new(apic_ids)?,
            senders: vec![Sender::default(); apic_ids.len()],
            on_bus: None,
            free_from: 0,
            recent: VecDeque::new(),
            faults: Faults::default(),
            now: Time::ZERO,
            plan: Plan::NOTHING,
            addressees: Addressees::default(),
            spare: Vec::new(),
            probe: None,
        })
    }

    /// The same bus with another PICCLK. Choose before the faults and the first request.
    #[must_use]
    pub fn with_clock(self, clock: ClockDomain) -> Self {
        Self { clock: BusClock::new(clock), ..self }
    }

    /// The same bus with these knobs.
    #[must_use]
    pub fn with_knobs(self, knobs: Knobs) -> Self {
        Self { knobs, ..self }
    }

    /// The same bus with injected faults.
    ///
    /// # Errors
    /// If a fault is impossible on this bus, or two contradict each other.
    pub fn with_faults(self, faults: Vec<SerialFault>) -> Result<Self, SerialFaultError> {
        let faults = Faults::new(faults, self.agents())?;
        let mut bus = Self { clock: self.clock.with_gaps(faults.clock_gaps()), faults, ..self };
        bus.plan();
        Ok(bus)
    }

    /// The arbitration ids as they are now.
    pub const fn arbitration_ids(&self) -> &ArbitrationIds {
        &self.ids
    }

    fn agents(&self) -> Agent {
        self.senders.len() as Agent
    }

    /// The wires as they are read at the edge that ends `cycle`.
    fn line(&self, cycle: u64) -> Line {
        if self.faults.has_stuck_wires() { self.faults.line(self.clock.instant(cycle)) } else { Line::default() }
    }

    /// Arbitration ids that an injected fault has changed by now.
    fn corrupt_ids(&mut self, now: Time) {
        while let Some((agent, id)) = self.faults.corrupt_id(now) {
            self.ids.corrupt(agent, id);
        }
    }

    /// Do all cycles last equally many picoseconds? Only then can the state recur.
    fn has_whole_period(&self) -> bool {
        let cycles = u64::from(u32::MAX);
        let clock = self.clock.domain();
        clock.instant(1).as_ps().checked_mul(cycles) == Some(clock.instant(cycles).as_ps())
    }
}

impl Interconnect for SerialBus {
    /// From a request a picosecond before an edge to the sample of an EOI message there.
    fn minimum_latency(&self) -> Duration {
        let rounded_up = self.clock.domain().span(Format::EndOfInterrupt.first_status());
        let rounding = Duration::from_ps(u64::from(!self.has_whole_period()));
        rounded_up - rounding + Duration::from_ps(1)
    }

    /// # Panics
    /// If the sender is not on the bus.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        // An arbitration at or before `at` has all its contenders: requests come in the order of their times. It must
        // not see this one, nor lose a message that this one replaces.
        while let Some(edge) = self.plan.cycle
            && self.on_bus.is_none()
            && self.clock.instant(edge) <= at
        {
            self.arbitrate(edge);
            self.plan();
        }
        let from = self.clock.first_after(at) + u64::from(extra_cycles);
        match request {
            Request::Message(message) => {
                self.senders[usize::from(message.source)].pending = Some(Pending::new(message, from));
            }
            Request::EndOfInterrupt { source, vector } => {
                self.senders[usize::from(source)].end_of_interrupts.push_back((from, vector));
            }
        }
        if self.on_bus.is_none() {
            self.plan(); // what is on the bus goes on
        }
    }

    fn next_event(&self) -> Option<Time> {
        (self.plan.at != Time::NEVER).then_some(self.plan.at)
    }

    fn bound(&self) -> Time {
        self.plan.bound
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some(cycle) = self.plan.cycle else { return };
        self.now = self.plan.at;
        self.corrupt_ids(self.now);
        match self.on_bus.take() {
            Some(on_bus) => self.progress(on_bus, targets, effects),
            None => self.arbitrate(cycle),
        }
        self.plan();
    }

    /// A sender may have two: the one on the bus and the one that replaced it.
    fn undispatched(&self) -> Vec<Undispatched> {
        let stalled_since = if self.next_event().is_none() { self.faults.dead_since(Time::NEVER) } else { None };
        let report = |pending: &Pending| pending.report(&self.clock, stalled_since);
        let mut messages = Vec::new();
        for (agent, sender) in (0..).zip(&self.senders) {
            let carried: &[Pending] = match self.on_bus.as_ref().map(|on_bus| &on_bus.load) {
                Some(Load::Messages(pendings)) => pendings,
                _ => &[],
            };
            messages.extend(carried.iter().filter(|pending| pending.message.source == agent).map(report));
            messages.extend(sender.pending.as_ref().map(report));
        }
        messages
    }

    fn state(&self, words: &mut Vec<u64>) {
        let base = self.plan.cycle.unwrap_or(self.free_from);
        words.extend([self.ids.word(), u64::from(self.on_bus.is_some())]);
        if let Some(on_bus) = &self.on_bus {
            on_bus.state(base, words);
        }
        if !self.has_whole_period() {
            words.push(base); // rounded cycles differ: never recurs
        }
        let begun = self.on_bus.as_ref().map_or(self.now, |on_bus| self.clock.instant(on_bus.start));
        self.faults.state(begun, self.now, words);
        for sender in &self.senders {
            words.push((sender.end_of_interrupts.len() as u64) << 1 | u64::from(sender.pending.is_some()));
            if let Some(pending) = &sender.pending {
                words.extend([u64::from(pending.message.number), pending.from.saturating_sub(base)]);
            }
            for &(from, vector) in &sender.end_of_interrupts {
                words.extend([u64::from(vector), from.saturating_sub(base)]);
            }
        }
    }

    /// `period` is the distance of two equal [`state`](Self::state)s, `attempts` counts all attempts within it, at most
    /// 4096: each sender gets its own share.
    fn skip(&mut self, periods: u64, period: Duration, attempts: u64) {
        let cycles = self.clock.domain().cycles(period).saturating_mul(periods);
        let mut by_sender = vec![0_u64; self.senders.len()];
        for &source in self.recent.iter().rev().take(attempts as usize) {
            by_sender[usize::from(source)] += periods;
        }
        if self.probe.is_some() {
            self.show_again(period, periods);
        }
        let skip = |pending: &mut Pending| pending.skip(cycles, by_sender[usize::from(pending.message.source)]);
        self.free_from += cycles;
        self.now += Duration::from_ps(period.as_ps().saturating_mul(periods));
        for sender in &mut self.senders {
            sender.pending.iter_mut().for_each(skip);
            sender.end_of_interrupts.iter_mut().for_each(|(from, _)| *from += cycles);
        }
        if let Some(on_bus) = &mut self.on_bus {
            on_bus.start += cycles;
            if let Load::Messages(pendings) = &mut on_bus.load {
                pendings.iter_mut().for_each(skip);
            }
        }
        self.plan();
    }

    fn fork(&self) -> Option<Box<dyn Interconnect>> {
        self.probe.is_none().then(|| Box::new(self.clone()) as Box<dyn Interconnect>)
    }

    /// With a stuck wire a sender may be told that a message was taken that was not.
    fn reach(&self) -> Reach {
        if self.faults.has_stuck_wires() { Reach::Unpromised } else { Reach::Everybody }
    }

    fn probe(&mut self) {
        self.attach_probe();
    }

    fn take_wires(&mut self, into: &mut Vec<WireChange>) {
        self.take_seen(into);
    }

    fn name(&self) -> &'static str {
        "serial"
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod format_tests;

#[cfg(test)]
mod fault_kind_tests;

#[cfg(test)]
mod fault_tests;

#[cfg(test)]
mod probe_tests;
