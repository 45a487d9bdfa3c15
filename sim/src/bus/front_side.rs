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

use super::front_side_faults::{Completion, Faults};
use super::front_side_lane::{Active, Grantee, Lane, Load, Waiting};
use super::redirection::lowest_task_priority;
use super::{
    Agent, AttemptOutcome, BusEffect, DeliveryMode, Interconnect, Message, Promises, Request, Response, Targets,
    Undispatched,
};
use crate::time::{ClockDomain, Duration, Time};
use std::collections::VecDeque;

/// The front-side bus of Pentium 4 and Xeon.
#[derive(Debug, Clone)]
pub struct FrontSideBus {
    clock: ClockDomain,
    /// Length of a transaction.
    cycles: u64,
    lanes: Vec<Lane>,
    /// Bus of each agent; the others are on the first.
    bus_of: Vec<u8>,
    /// How many messages the chipset has room for.
    buffers: usize,
    /// The agent behind which other buses lie, and which may hold senders back.
    manager: Option<Agent>,
    /// The manager holds all senders back.
    held_back: bool,
    /// First cycle in which senders may have a bus again.
    senders_from: u64,
    faults: Faults,
    /// Senders of the latest retries, newest last: what [`skip`](Interconnect::skip) shares attempts out by.
    recent: VecDeque<Agent>,
}

/// Default bus clock: 100 MHz, period 10 ns.
const BCLK: ClockDomain = ClockDomain::new(10_000, 1);

/// Default length of an interrupt transaction, from grant to response: 120 ns. A free parameter; unloaded buses are
/// taken to need 8 to 15 cycles.
const TRANSACTION: u64 = 12;

/// Retries remembered: more than one period of senders that are retried for ever.
const RECENT_MAX: usize = 1024;

/// What happens next on one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The response: before grants of the same cycle, so that the chipset finds what it has to show.
    Response,
    /// A grant.
    Grant(Grantee),
}

impl Default for FrontSideBus {
    fn default() -> Self {
        Self::new()
    }
}

/// Must the chipset find the target? (Redirection hint, A3: Intel 5000X MCH datasheet §5.6.3.)
fn is_redirectable(message: &Message) -> bool {
    message.mode == DeliveryMode::LowestPriority
}

impl FrontSideBus {
    /// One idle bus: 100 MHz, 12 cycles a transaction.
    pub fn new() -> Self {
        Self {
            clock: BCLK,
            cycles: TRANSACTION,
            lanes: vec![Lane::default()],
            bus_of: Vec::new(),
            buffers: 1,
            manager: None,
            held_back: false,
            senders_from: 0,
            faults: Faults::default(),
            recent: VecDeque::new(),
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
        Self { lanes: vec![Lane::default(); buses], bus_of: bus_of.to_vec(), buffers: buses, ..self }
    }

    /// The same bus with room for so many messages in the chipset (at least 1): those that it must show on other buses
    /// or redirect, from the grant of their first transaction to the response of their last. A free parameter.
    #[must_use]
    pub fn with_buffers(self, buffers: usize) -> Self {
        Self { buffers: buffers.max(1), ..self }
    }

    /// The same bus with `manager` as the way to other buses: what it sends goes before all senders, and while it answers
    /// [`Retry`](Response::Retry) to the next message that addresses it, no sender gets a bus
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
    }

    /// Injects a fault: in [`from`, `until`) the chipset answers redirectable transactions with a retry, at most `count`
    /// times in all; without `until` or `count`, for ever. Each retry costs a transaction; the sender asks for the bus
    /// again one cycle later, behind those that wait. (Directed ones cannot be retried: Intel 5000X MCH datasheet §5.8.)
    /// Call it before the bus has advanced to `from`.
    pub fn retry_redirectable(&mut self, from: Time, until: Option<Time>, count: Option<u32>) {
        self.faults.retry(from, until, count);
    }

    fn lane_of(&self, agent: Agent) -> usize {
        self.bus_of.get(usize::from(agent)).map_or(0, |&bus| usize::from(bus))
    }

    fn is_manager(&self, agent: Agent) -> bool {
        self.manager == Some(agent)
    }

    fn completion(&self, granted: u64) -> Completion {
        self.faults.completion(self.clock, granted + self.cycles)
    }

    /// Will the chipset have work with this message after its first transaction?
    fn needs_buffer(&self, load: &Load) -> bool {
        load.message().is_some_and(|message| self.lanes.len() > 1 || is_redirectable(message))
    }

    /// Messages that occupy a buffer of the chipset.
    fn buffered(&self) -> usize {
        let active = self.lanes.iter().filter_map(|lane| lane.active.as_ref()).map(|active| &active.load);
        let queued = self.lanes.iter().flat_map(|lane| &lane.chipset).map(|waiting| &waiting.load);
        let queued = queued.filter(|load| !matches!(load, Load::Message(_)));
        let mut names: Vec<(Agent, u32)> = active
            .filter(|load| self.needs_buffer(load))
            .chain(queued)
            .filter_map(Load::message)
            .map(|message| (message.source, message.number))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    fn lane_grant(&self, lane: &Lane) -> Option<(u64, Grantee)> {
        let full = || {
            let next = lane.waiting.front();
            next.is_some_and(|next| self.needs_buffer(&next.load)) && self.buffered() >= self.buffers
        };
        let may_send = lane.active.is_none() && !self.held_back && !full();
        lane.grant(may_send.then_some(self.senders_from))
    }

    /// The next event: cycle, step, bus.
    fn next_step(&self) -> Option<(u64, Step, usize)> {
        let of_lane = |(index, lane): (usize, &Lane)| match &lane.active {
            None => self.lane_grant(lane).map(|(cycle, grantee)| (cycle, Step::Grant(grantee), index)),
            Some(active) => match self.completion(active.granted) {
                Completion::At(cycle) => Some((cycle, Step::Response, index)),
                Completion::Never { .. } => None,
            },
        };
        self.lanes.iter().enumerate().filter_map(of_lane).min()
    }

    /// Grants the bus, unless the manager holds senders back.
    fn grant(&mut self, cycle: u64, grantee: Grantee, lane: usize, targets: &dyn Targets) {
        let next = self.lanes[lane].waiting.front().map(|waiting| waiting.load);
        if let (Grantee::Sender, Some(manager), Some(Load::Message(message))) = (grantee, self.manager, next)
            && targets.addressed(manager, &message)
            && targets.response(manager, &message) == Response::Retry
        {
            self.held_back = true;
            return;
        }
        self.lanes[lane].give(grantee, cycle);
    }

    /// The response of what was on bus `lane`, in `cycle`.
    fn respond(
        &mut self,
        cycle: u64,
        lane: usize,
        active: Active,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        match active.load {
            Load::EndOfInterrupt { vector, .. } => effects.push(BusEffect::EndOfInterrupt { vector }),
            Load::Message(message) if is_redirectable(&message) => {
                if !self.is_manager(message.source) && self.faults.takes_retry(self.clock.instant(cycle)) {
                    return self.retry(cycle, lane, active, message, effects);
                }
                self.redirect(cycle, lane, message, targets, effects);
                self.dispatched(message, effects);
            }
            Load::Message(message) => {
                self.deliver(lane, message, targets, effects);
                for (_, other) in self.lanes.iter_mut().enumerate().filter(|&(index, _)| index != lane) {
                    other.chipset.push_back(Waiting::new(Load::Shown(message), cycle));
                }
                self.dispatched(message, effects);
            }
            Load::Shown(message) => self.deliver(lane, message, targets, effects),
            Load::Redirected { message, winner } => {
                if self.lane_of(winner) == lane && targets.addressed(winner, &message) {
                    effects.push(BusEffect::Deliver { agent: winner, message });
                }
            }
        }
    }

    /// Every addressed agent of the bus takes the message, whatever its state (Intel 5000X MCH datasheet §5.8).
    fn deliver(&self, lane: usize, message: Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let agents = (0..targets.agents()).filter(|&agent| self.lane_of(agent) == lane);
        let addressed = agents.filter(|&agent| targets.addressed(agent, &message));
        effects.extend(addressed.map(|agent| BusEffect::Deliver { agent, message }));
    }

    /// The chipset finds the target of `message`, and drives the directed transaction on all buses. A message that the
    /// manager sends is driven by the chipset already, so it needs no second transaction; one that addresses the manager
    /// is redirected at its destination (E8870 table 4-7).
    fn redirect(
        &mut self,
        cycle: u64,
        lane: usize,
        message: Message,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        if let Some(manager) = self.manager.filter(|&manager| targets.addressed(manager, &message)) {
            effects.push(BusEffect::Deliver { agent: manager, message });
            return;
        }
        let Some(winner) = lowest_task_priority(targets, &message) else { return };
        let driven = self.is_manager(message.source).then_some(lane);
        if driven == Some(self.lane_of(winner)) {
            effects.push(BusEffect::Deliver { agent: winner, message });
        }
        for (_, other) in self.lanes.iter_mut().enumerate().filter(|&(index, _)| Some(index) != driven) {
            other.chipset.push_back(Waiting::new(Load::Redirected { message, winner }, cycle));
        }
    }

    /// The chipset has no resources now: the sender asks again, with its newer message if it has one.
    fn retry(&mut self, cycle: u64, lane: usize, active: Active, message: Message, effects: &mut Vec<BusEffect>) {
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(message.source);
        effects.push(BusEffect::Attempt { message, outcome: AttemptOutcome::Retry });
        if self.lanes[lane].waiting_message(message.source).is_none() || message.queues {
            let mut retries = active.retries;
            retries.add(active.granted);
            self.lanes[lane].waiting.push_back(Waiting { load: active.load, from: cycle + 1, retries });
        }
    }

    /// The sender is done with its message.
    fn dispatched(&mut self, message: Message, effects: &mut Vec<BusEffect>) {
        let lane = self.lane_of(message.source);
        let busy_still = self.lanes[lane].waiting_message(message.source).is_some();
        effects.push(BusEffect::Dispatched { message, busy_still });
    }

    /// Grants at or before `at` precede a request at `at`. A bus with a manager is advanced by its owner first.
    fn grant_until(&mut self, at: Time) {
        while let Some((cycle, Step::Grant(grantee), lane)) = self.next_step()
            && self.clock.instant(cycle) <= at
            && self.manager.is_none()
        {
            self.lanes[lane].give(grantee, cycle);
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
        let (source, load) = match request {
            Request::Message(message) => (message.source, Load::Message(message)),
            Request::EndOfInterrupt { source, vector } => (source, Load::EndOfInterrupt { source, vector }),
        };
        let by_manager = self.is_manager(source);
        let lane = self.lane_of(source);
        let lane = &mut self.lanes[lane];
        match lane.waiting_message(source) {
            Some(waiting) if matches!(load, Load::Message(message) if !message.queues) => {
                *waiting = Waiting::new(load, waiting.from);
            }
            _ if by_manager => lane.chipset.push_back(Waiting::new(load, from)),
            _ => lane.waiting.push_back(Waiting::new(load, from)),
        }
    }

    fn next_event(&self) -> Option<Time> {
        self.next_step().map(|(cycle, ..)| self.clock.instant(cycle))
    }

    fn bound(&self) -> Time {
        let granted = |lane: &Lane| match &lane.active {
            Some(active) => Some(active.granted),
            None => self.lane_grant(lane).map(|(cycle, _)| cycle),
        };
        let responses = self.lanes.iter().filter_map(granted).filter_map(|granted| match self.completion(granted) {
            Completion::At(cycle) => Some(self.clock.instant(cycle)),
            Completion::Never { .. } => None,
        });
        responses.min().unwrap_or(Time::NEVER)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some((cycle, step, lane)) = self.next_step() else { return };
        match step {
            Step::Grant(grantee) => self.grant(cycle, grantee, lane, targets),
            Step::Response => {
                self.lanes[lane].free_from = cycle;
                self.senders_from = self.senders_from.max(cycle); // whoever waited for a buffer gets it now, not before
                if let Some(active) = self.lanes[lane].active.take() {
                    self.respond(cycle, lane, active, targets, effects);
                }
            }
        }
    }

    /// Senders may have a bus again from the first edge after `at`.
    fn room_again(&mut self, at: Time) {
        if self.held_back {
            self.held_back = false;
            self.senders_from = self.clock.first_after(at);
        }
    }

    /// A redirected message, and one that other buses are shown, arrive after their senders are done.
    fn promises(&self) -> Promises {
        Promises { delivers_before_dispatch: false, ..Promises::ALL }
    }

    /// Attempts are retries, and one more once granted.
    fn undispatched(&self) -> Vec<Undispatched> {
        let mut messages = Vec::new();
        for lane in &self.lanes {
            let stalled_since = match lane.active.map(|active| self.completion(active.granted)) {
                Some(Completion::Never { since }) => Some(since),
                Some(Completion::At(_)) | None => None,
            };
            lane.undispatched(self.clock, stalled_since, &mut messages);
        }
        messages.sort_by_key(|undispatched| undispatched.message.source); // stable: the granted one stays first
        messages
    }

    fn state(&self, words: &mut Vec<u64>) {
        let next = self.next_step().map(|(cycle, ..)| cycle);
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
        let recent = &self.recent;
        let share = |source: Agent| {
            let retried = recent.iter().rev().take(attempts as usize).filter(|&&sender| sender == source);
            retried.count() as u64 * periods
        };
        self.senders_from += cycles;
        self.lanes.iter_mut().for_each(|lane| lane.skip(cycles, share));
    }

    fn name(&self) -> &'static str {
        "fsb"
    }
}

#[cfg(test)]
#[path = "front_side_tests.rs"]
mod tests;
