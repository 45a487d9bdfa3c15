//! The front-side bus: interrupt transactions one after another, each finished by the chipset and never by its target.
//!
//! Not modelled: other traffic, deferred transactions, the special cycles by which CPUs tell the chipset their task
//! priorities (it knows them at once), a path of its own for device interrupts (the I/O agent asks for a bus like a CPU).
//!
//! # Several buses under one chipset
//!
//! The chipset shows every directed interrupt on all its buses (Intel 5000X MCH datasheet §5.6.1). Each bus has its own
//! queue and its own transactions. Agents of the sender's bus take a message at the response there, which also ends it
//! for the sender: such transactions are claimed at once and not deferred (§5.8). The chipset then drives it on the other
//! buses, as the priority agent before anybody else. Senders on different buses overlap until the chipset has no buffer
//! left; then it withholds grants from all senders (BPRI#, §5.8) until a message has been shown everywhere.
//!
//! # Redirectable interrupts
//!
//! A lowest-priority message costs two transactions. At the response of its own it is done for the sender, and the
//! chipset picks the addressed, enabled agent with the lowest task priority, of which it holds four bits; the lower APIC
//! id wins a tie (460GX §3.7, E8870 §3.7.8). It then drives the directed transaction with that agent's id on all buses
//! (5000X §5.6.3.2). If nobody takes part, nothing is driven.

mod buffers;
mod faults;
mod lane;
mod load;
mod plan;
mod queue;
mod retries;
mod transaction;

use super::addressees::Addressees;
use super::{Agent, BusEffect, Interconnect, Promises, Request, Targets, Undispatched};
use crate::time::{ClockDomain, Duration, Time};
use buffers::Buffers;
use faults::{Completion, Faults};
use lane::Lane;
use load::Load;
use plan::{Plan, Step};
use retries::Retries;

/// The front-side bus of Pentium 4 and Xeon.
///
/// ```
/// use sim::{ClockDomain, Time};
/// use sim::bus::{FrontSideBus, Interconnect};
///
/// let mut bus = FrontSideBus::new().with_timing(ClockDomain::new(10_000, 1), 12);
/// bus.stall(Time::from_us(35), None); // a chipset that completes nothing any more
/// assert!(bus.is_idle());
/// ```
#[derive(Debug, Clone)]
pub struct FrontSideBus {
    clock: ClockDomain,
    /// Length of a transaction.
    cycles: u64,
    lanes: Vec<Lane>,
    /// Bus of each agent; the others are on the first.
    bus_of: Vec<u8>,
    buffers: Buffers,
    /// The agent behind which other buses lie, and which may hold senders back.
    manager: Option<Agent>,
    /// The manager holds all senders back.
    held_back: bool,
    /// First cycle in which senders may have a bus again.
    senders_from: u64,
    faults: Faults,
    retries: Retries,
    plan: Plan,
    /// Its last request or event.
    seen_at: Time,
    addressees: Addressees,
}

/// Default bus clock: 100 MHz, period 10 ns.
const BCLK: ClockDomain = ClockDomain::new(10_000, 1);

/// Default length of an interrupt transaction, from grant to response: 120 ns. A free parameter; unloaded buses are
/// taken to need 8 to 15 cycles.
const TRANSACTION: u64 = 12;

/// The bus of an agent.
fn lane_of(bus_of: &[u8], agent: Agent) -> usize {
    bus_of.get(usize::from(agent)).map_or(0, |&bus| usize::from(bus))
}

impl Default for FrontSideBus {
    fn default() -> Self {
        Self::new()
    }
}

impl FrontSideBus {
    /// One idle bus: 100 MHz, 12 cycles a transaction.
    pub fn new() -> Self {
        Self {
            clock: BCLK,
            cycles: TRANSACTION,
            lanes: vec![Lane::default()],
            bus_of: Vec::new(),
            buffers: Buffers::new(1),
            manager: None,
            held_back: false,
            senders_from: 0,
            faults: Faults::default(),
            retries: Retries::default(),
            plan: Plan::NOTHING,
            seen_at: Time::ZERO,
            addressees: Addressees::default(),
        }
    }

    /// The same bus with another clock, and transactions of `cycles` (at least 1). Choose before the first request.
    #[must_use]
    pub fn with_timing(self, clock: ClockDomain, cycles: u32) -> Self {
        Self { clock, cycles: u64::from(cycles.max(1)), ..self }
    }

    /// Several buses under one chipset: `bus_of` gives the bus of each agent, from 0; agents beyond it are on bus 0. The
    /// chipset gets one message buffer a bus. Choose before the first request.
    #[must_use]
    pub fn with_buses(self, bus_of: &[u8]) -> Self {
        let buses = bus_of.iter().max().map_or(1, |&last| usize::from(last) + 1);
        Self { lanes: vec![Lane::default(); buses], bus_of: bus_of.to_vec(), buffers: Buffers::new(buses), ..self }
    }

    /// The same bus with room for so many messages in the chipset (at least 1): those that it must show on other buses
    /// or redirect, from the grant of their first transaction to the response of their last. A free parameter.
    #[must_use]
    pub fn with_buffers(self, buffers: usize) -> Self {
        Self { buffers: Buffers::new(buffers.max(1)), ..self }
    }

    /// The same bus with `manager` as the way to other buses: what it sends goes before all senders, and while it answers
    /// [`Retry`](crate::bus::Response::Retry) to the next message that addresses it, no sender gets a bus
    /// ([`room_again`](Interconnect::room_again) ends that). Directed interrupts cannot be retried (Intel 5000X MCH
    /// datasheet §5.8).
    #[must_use]
    pub fn with_manager(self, manager: Agent) -> Self {
        Self { manager: Some(manager), ..self }
    }

    /// Injects a fault: in [`from`, `until`) no transaction completes, and one that should have gets its response in
    /// the first cycle at or after `until`; without `until`, never (chipset back-pressure: Intel 5000X MCH datasheet
    /// §5.8). Call it before the bus has advanced to `from`.
    pub fn stall(&mut self, from: Time, until: Option<Time>) {
        self.faults.stall(from, until);
        self.respond_anew();
    }

    /// Injects a fault: in [`from`, `until`) the chipset answers redirectable transactions with a retry, at most `count`
    /// times in all; without `until` or `count`, for ever. Each retry costs a transaction; the sender asks for the bus
    /// again one cycle later, behind those that wait. (Directed ones cannot be retried: Intel 5000X MCH datasheet §5.8.)
    /// Call it before the bus has advanced to `from`.
    pub fn retry_redirectable(&mut self, from: Time, until: Option<Time>, count: Option<u32>) {
        self.faults.retry(from, until, count);
    }

    fn lane_of(&self, agent: Agent) -> usize {
        lane_of(&self.bus_of, agent)
    }

    fn is_manager(&self, agent: Agent) -> bool {
        self.manager == Some(agent)
    }

    /// Responses of what is granted may have moved.
    fn respond_anew(&mut self) {
        for index in 0..self.lanes.len() {
            if let Some(granted) = self.lanes[index].active.map(|active| active.granted) {
                let response = self.response(granted);
                self.lanes[index].active.iter_mut().for_each(|active| active.response = response);
            }
        }
        self.plan();
    }

    /// Grants at or before `at` precede a request at `at`. A bus with a manager is advanced by its owner first.
    fn grant_until(&mut self, at: Time) {
        while let Plan { next, step: Step::Grant(grantee), lane, .. } = self.plan
            && next.at <= at
            && self.manager.is_none()
        {
            self.give(next.cycle, grantee, lane);
        }
    }

    /// Do all cycles last equally many picoseconds? Only then can the state recur.
    fn has_whole_period(&self, cycles: u64) -> bool {
        self.clock.instant(1).as_ps().checked_mul(cycles) == Some(self.clock.instant(cycles).as_ps())
    }
}

impl Interconnect for FrontSideBus {
    /// From a request a picosecond before an edge to the response of its transaction.
    fn minimum_latency(&self) -> Duration {
        let whole = self.has_whole_period(self.cycles);
        self.clock.span(self.cycles) - Duration::from_ps(u64::from(!whole)) + Duration::from_ps(1)
    }

    /// A message that replaces a waiting one keeps its place in the queue: the agent has asked for the bus already. One of
    /// x2APIC mode waits behind it.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        self.grant_until(at);
        let from = self.clock.first_after(at) + u64::from(extra_cycles);
        let (source, may_replace) = match &request {
            Request::Message(message) => (message.source, !message.queues),
            Request::EndOfInterrupt { source, .. } => (*source, false),
        };
        let load = Load::Asked(request);
        let (lane, by_manager) = (self.lane_of(source), self.is_manager(source));
        if self.lanes[lane].active.is_some() {
            self.take_back_grant(lane, at);
        }
        self.seen_at = at;
        let lane = &mut self.lanes[lane];
        if !(may_replace && lane.holds(source)) {
            let queue = if by_manager { &mut lane.chipset } else { &mut lane.waiting };
            queue.push(load, from);
        } else if let Some(old) = lane.replace(source, load).as_ref().and_then(Load::asked) {
            self.retries.forget(old);
        }
        if lane.active.is_none() {
            self.plan(); // whoever has a bus keeps it
        }
    }

    fn next_event(&self) -> Option<Time> {
        let at = self.plan.next.at;
        (at != Time::NEVER).then_some(at)
    }

    fn bound(&self) -> Time {
        self.plan.bound.at
    }

    fn times(&self) -> (Time, Time) {
        (self.plan.next.at, self.plan.bound.at)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Plan { next, step, lane, .. } = self.plan;
        if next.at == Time::NEVER {
            return;
        }
        self.seen_at = next.at;
        match step {
            Step::Grant(grantee) => self.grant(next.cycle, grantee, lane, targets),
            Step::Response => self.respond(next.cycle, lane, targets, effects),
        }
    }

    /// Senders may have a bus again from the first edge after `at`.
    fn room_again(&mut self, at: Time) {
        if self.held_back {
            self.held_back = false;
            self.senders_from = self.clock.first_after(at);
            self.plan();
        }
    }

    /// A redirected message, and one that other buses are shown, arrive after their senders are done.
    fn promises(&self) -> Promises {
        Promises { delivers_before_dispatch: false, ..Promises::ALL }
    }

    /// Attempts are retries, and one more once granted.
    fn undispatched(&self) -> Vec<Undispatched> {
        self.undispatched_at(self.seen_at)
    }

    fn undispatched_at(&self, at: Time) -> Vec<Undispatched> {
        let mut messages = Vec::new();
        for lane in &self.lanes {
            let stalled_since = match lane.active.map(|active| self.completion(active.granted)) {
                Some(Completion::Never { since }) => Some(since),
                Some(Completion::At(_)) | None => None,
            };
            lane.undispatched(self.clock, at, &self.retries, stalled_since, &mut messages);
        }
        messages.sort_by_key(|undispatched| undispatched.message.source); // stable: the granted one stays first
        messages
    }

    /// What the chipset has to drive: the senders are done.
    fn in_transit(&self) -> Vec<Undispatched> {
        let mut messages: Vec<super::Message> = self.lanes.iter().flat_map(Lane::driven).copied().collect();
        messages.sort_by_key(|message| (message.source, message.number));
        messages.dedup();
        messages.iter().map(|message| self.retries.report(message, self.clock, false)).collect()
    }

    fn state(&self, words: &mut Vec<u64>) {
        let next = self.next_event().map(|_| self.plan.next.cycle);
        let base = next.unwrap_or_else(|| self.lanes.iter().map(|lane| lane.free_from).max().unwrap_or(0));
        words.extend([u64::from(next.is_some()), u64::from(self.held_back)]);
        words.push(self.senders_from.saturating_sub(base));
        if !self.has_whole_period(u64::from(u32::MAX)) {
            words.push(base); // rounded cycles differ: never recurs
        }
        self.faults.state(self.clock.instant(base), words);
        self.lanes.iter().for_each(|lane| lane.state(base, words));
    }

    /// `period` is the distance of two equal [`state`](Self::state)s, `attempts` counts all retries within it, at most
    /// 1024: each sender gets its own share. Injected faults stay where they are.
    fn skip(&mut self, periods: u64, period: Duration, attempts: u64) {
        let cycles = self.clock.cycles(period).saturating_mul(periods);
        self.seen_at += Duration::from_ps(period.as_ps().saturating_mul(periods));
        self.senders_from += cycles;
        self.retries.skip(cycles, periods, attempts);
        self.lanes.iter_mut().for_each(|lane| lane.skip(cycles));
        self.respond_anew();
    }

    fn fork(&self) -> Option<Box<dyn Interconnect>> {
        Some(Box::new(self.clone()))
    }

    fn name(&self) -> &'static str {
        "fsb"
    }
}

#[cfg(test)]
mod tests;
