//! Grants and responses: what becomes of a transaction, and what follows it.
//!
//! Not modelled: see the [module](super).

use super::FrontSideBus;
use super::lane::Grantee;
use super::load::Load;
use crate::bus::redirection::lowest_task_priority;
use crate::bus::{Agent, AttemptOutcome, BusEffect, DeliveryMode, Message, Request, Response, Targets};

/// Must the chipset find the target? (Redirection hint, A3: Intel 5000X MCH datasheet §5.6.3.)
const fn is_redirectable(message: &Message) -> bool {
    matches!(message.mode, DeliveryMode::LowestPriority)
}

/// Has the chipset work with a message beyond its first transaction? `several`: there are several buses.
const fn needs_buffer(several: bool, message: &Message) -> bool {
    several || is_redirectable(message)
}

impl FrontSideBus {
    /// Is it a message that occupies a buffer?
    pub(super) fn needs_buffer(&self, load: &Load) -> bool {
        load.message().is_some_and(|message| needs_buffer(self.lanes.len() > 1, message))
    }

    /// Grants bus `lane`, unless the manager holds senders back.
    #[inline]
    pub(super) fn grant(&mut self, cycle: u64, grantee: Grantee, lane: usize, targets: &dyn Targets) {
        match self.manager {
            Some(manager) if grantee == Grantee::Sender && self.is_full(manager, lane, targets) => {
                self.held_back = true;
                self.plan();
            }
            _ => self.give(cycle, grantee, lane),
        }
    }

    /// Has the manager no room for the message that is next on bus `lane`, which addresses it? It is asked for room first:
    /// as long as it has some, no CPU is looked at.
    #[inline(never)] // most buses have no manager
    fn is_full(&self, manager: Agent, lane: usize, targets: &dyn Targets) -> bool {
        let next = self.lanes[lane].waiting.front().and_then(Load::asked);
        next.is_some_and(|message| {
            targets.response(manager, message) == Response::Retry && targets.addressed(manager, message)
        })
    }

    /// Grants bus `lane` in `cycle`.
    pub(super) fn give(&mut self, cycle: u64, grantee: Grantee, lane: usize) {
        let response = self.response(cycle);
        let several = self.lanes.len() > 1;
        if let Some(message) = self.lanes[lane].give(grantee, cycle, response).and_then(Load::asked)
            && needs_buffer(several, message)
        {
            self.buffers.expect(message, 1);
        }
        self.plan();
    }

    /// The response on bus `lane`, in `cycle`.
    #[inline(never)] // so that a grant need not pay for its registers
    pub(super) fn respond(&mut self, cycle: u64, lane: usize, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some((load, granted)) = self.lanes[lane].end(cycle) else { return };
        self.senders_from = self.senders_from.max(cycle); // whoever waited for a buffer gets it now, not before
        match &load {
            Load::Asked(Request::EndOfInterrupt { vector, .. }) => {
                effects.push(BusEffect::EndOfInterrupt { vector: *vector });
            }
            Load::Asked(Request::Message(message)) if is_redirectable(message) => {
                if !self.is_manager(message.source) && self.faults.takes_retry(self.plan.next.at) {
                    self.retry(cycle, lane, granted, message, effects);
                } else {
                    self.redirect(cycle, lane, message, targets, effects);
                    self.dispatched(lane, message, effects);
                }
            }
            Load::Asked(Request::Message(message)) => {
                self.deliver(lane, message, targets, effects);
                if self.lanes.len() > 1 {
                    self.drive(Load::Shown(*message), message, cycle, Some(lane));
                }
                self.dispatched(lane, message, effects);
            }
            Load::Shown(message) => self.deliver(lane, message, targets, effects),
            Load::Redirected { message, winner } => {
                if self.lane_of(*winner) == lane && targets.addressed(*winner, message) {
                    effects.push(BusEffect::Deliver { agent: *winner, message: *message });
                }
            }
        }
        if self.needs_buffer(&load)
            && let Some(message) = load.message()
        {
            self.buffers.end(message);
        }
        self.plan();
    }

    /// Every addressed agent of the bus takes the message, whatever its state (Intel 5000X MCH datasheet §5.8).
    #[inline]
    fn deliver(&mut self, lane: usize, message: &Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let bus_of = &self.bus_of;
        self.addressees.each(targets, message, |agent| {
            if super::lane_of(bus_of, agent) == lane {
                effects.push(BusEffect::Deliver { agent, message: *message });
            }
        });
    }

    /// The chipset drives `load`, which carries `message`, on all buses but one.
    fn drive(&mut self, load: Load, message: &Message, cycle: u64, except: Option<usize>) {
        let mut transactions = 0;
        for (_, lane) in self.lanes.iter_mut().enumerate().filter(|&(index, _)| Some(index) != except) {
            lane.chipset.push(load, cycle);
            transactions += 1;
        }
        self.buffers.expect(message, transactions);
    }

    /// The chipset finds the target of `message`, and drives the directed transaction on all buses. A message that the
    /// manager sends is driven by the chipset already, so it needs no second transaction; one that addresses the manager
    /// is redirected at its destination (E8870 table 4-7).
    fn redirect(
        &mut self,
        cycle: u64,
        lane: usize,
        message: &Message,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        if let Some(manager) = self.manager.filter(|&manager| targets.addressed(manager, message)) {
            effects.push(BusEffect::Deliver { agent: manager, message: *message });
            return;
        }
        let Some(winner) = lowest_task_priority(&mut self.addressees, targets, message) else { return };
        let driven = self.is_manager(message.source).then_some(lane);
        if driven == Some(self.lane_of(winner)) {
            effects.push(BusEffect::Deliver { agent: winner, message: *message });
        }
        self.drive(Load::Redirected { message: *message, winner }, message, cycle, driven);
    }

    /// The chipset has no resources now: the sender asks again, with its newer message if it has one.
    fn retry(&mut self, cycle: u64, lane: usize, granted: u64, message: &Message, effects: &mut Vec<BusEffect>) {
        effects.push(BusEffect::Attempt { message: *message, outcome: AttemptOutcome::Retry });
        self.retries.add(message, granted);
        if message.queues || !self.lanes[lane].holds(message.source) {
            self.lanes[lane].waiting.push(Load::Asked(Request::Message(*message)), cycle + 1);
        } else {
            self.retries.forget(message);
        }
    }

    /// The sender, which is on bus `lane`, is done with its message.
    fn dispatched(&mut self, lane: usize, message: &Message, effects: &mut Vec<BusEffect>) {
        self.retries.forget(message);
        let busy_still = self.lanes[lane].holds(message.source);
        effects.push(BusEffect::Dispatched { message: *message, busy_still });
    }
}
