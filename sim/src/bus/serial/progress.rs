//! What happens to a message on the bus, status cycle by status cycle (status table, SDM vol. 3 §10.13.2.3).

use super::carried::{Load, OnBus, Pending, Phase};
use super::faults::Faults;
use super::frame::{Format, Payload};
use super::{RECENT_MAX, SerialBus, status};
use crate::bus::{Agent, AttemptOutcome, BusEffect, DeliveryMode, Message, Response, Targets};
use crate::generation::{ArbitrationUpdate, BusyClear, FocusCycles, LowestPriorityCycles, StartUpResend};

impl SerialBus {
    /// The next phase of what is on the bus.
    pub(super) fn progress(&mut self, mut on_bus: OnBus, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        match (&on_bus.load, on_bus.phase) {
            (Load::EndOfInterrupt { .. }, Phase::Sample) => {
                self.ids.rotate(on_bus.source);
                on_bus.phase = Phase::Status;
                self.on_bus = Some(on_bus);
            }
            (Load::EndOfInterrupt { vector }, _) => {
                effects.push(BusEffect::EndOfInterrupt { vector: *vector });
                self.free_from = on_bus.end();
            }
            (Load::Jabber, _) => {
                effects.push(BusEffect::Noise);
                self.free_from = on_bus.end();
            }
            (Load::Collision(_), Phase::Sample) => self.sample_collision(on_bus, effects),
            (Load::Message(pending), phase) => {
                let pending = *pending;
                self.message(on_bus, pending, phase, targets, effects);
            }
            (Load::Collision(pendings), _) => {
                let sources: Vec<Agent> = pendings.iter().map(|pending| pending.message.source).collect();
                for source in sources {
                    status::errors(AttemptOutcome::ChecksumError, source, self.agents(), effects);
                }
                self.resend(on_bus);
            }
        }
    }

    fn message(
        &mut self,
        on_bus: OnBus,
        pending: Pending,
        phase: Phase,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        match phase {
            Phase::Sample => self.sample(on_bus, pending, targets, effects),
            Phase::Status => self.status(on_bus, pending.message, targets, effects),
            Phase::Decision => self.decide(on_bus, pending, targets, effects),
            Phase::End => self.dispatched(&on_bus, pending.message, effects),
        }
    }

    /// First status cycle.
    fn sample(&mut self, mut on_bus: OnBus, pending: Pending, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let message = pending.message;
        let start = self.clock.instant(on_bus.start);
        let working = self.faults.working_wires(start);
        let payload = Payload::of(&message);
        let damaged = self.faults.noise(start) || Faults::damages(&payload, working, self.knobs.checksum);
        on_bus.phase = Phase::Status;
        if damaged || working != 3 {
            // Over a dead wire no start bit, or no answer, gets through: where the checksum still fits, nobody answers.
            let outcome = if damaged { AttemptOutcome::ChecksumError } else { AttemptOutcome::AcceptError };
            on_bus.cycles = Format::Short.cycles();
            return self.attempted(on_bus, pending, outcome, effects);
        }
        match message.mode {
            DeliveryMode::LowestPriority => self.sample_lowest_priority(on_bus, pending, targets, effects),
            DeliveryMode::RemoteRead => {
                // Always reported successful, so that a hung target cannot hang the debugger (82801BA p. 117).
                let (_, takers) = status::sample(targets, self.agents(), &message);
                on_bus.takers = takers;
                self.attempted(on_bus, pending, AttemptOutcome::Accepted, effects);
            }
            _ => {
                let (outcome, takers) = status::sample(targets, self.agents(), &message);
                on_bus.takers = takers;
                self.attempted(on_bus, pending, outcome, effects);
            }
        }
    }

    /// Lowest priority: a focus processor takes it at once; otherwise those with a slot take part, and the outcome is
    /// known in the third status cycle only.
    fn sample_lowest_priority(
        &mut self,
        mut on_bus: OnBus,
        pending: Pending,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        let message = pending.message;
        on_bus.cycles -= u64::from(self.knobs.lowest_priority_cycles == LowestPriorityCycles::ThirtyThree);
        match status::participants(targets, self.agents(), &message) {
            Err(outcome) => self.attempted(on_bus, pending, outcome, effects),
            Ok(takers) => {
                let focus = takers.iter().find(|&agent| targets.bid(agent, &message).focus);
                on_bus.takers = focus.map_or(takers, |focus| [focus].into_iter().collect());
                if focus.is_none() {
                    self.on_bus = Some(on_bus);
                    return;
                }
                if self.knobs.focus_cycles == FocusCycles::TwentyOne {
                    on_bus.cycles = Format::Short.cycles();
                }
                self.attempted(on_bus, pending, AttemptOutcome::Accepted, effects);
            }
        }
    }

    /// The outcome is known: it is reported, and the arbitration ids follow it.
    fn attempted(
        &mut self,
        mut on_bus: OnBus,
        mut pending: Pending,
        outcome: AttemptOutcome,
        effects: &mut Vec<BusEffect>,
    ) {
        let message = pending.message;
        self.report(&mut pending, on_bus.start, outcome, effects);
        self.update_ids(on_bus.source, outcome);
        on_bus.outcome = Some(outcome);
        on_bus.load = Load::Message(pending);
        if outcome == AttemptOutcome::Retry && !self.gives_up(&message) {
            return self.resend(on_bus);
        }
        self.on_bus = Some(on_bus);
    }

    fn report(&mut self, pending: &mut Pending, start: u64, outcome: AttemptOutcome, effects: &mut Vec<BusEffect>) {
        pending.attempted(start, outcome);
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(pending.message.source);
        effects.push(BusEffect::Attempt { message: pending.message, outcome });
    }

    /// Which messages move the ids on (knob `arbitration_update`).
    fn update_ids(&mut self, source: Agent, outcome: AttemptOutcome) {
        let moves = match self.knobs.arbitration_update {
            ArbitrationUpdate::StatusTable => matches!(outcome, AttemptOutcome::Accepted | AttemptOutcome::Retry),
            ArbitrationUpdate::EveryRound => true,
            ArbitrationUpdate::AcceptedOnly => outcome == AttemptOutcome::Accepted,
        };
        if moves {
            self.ids.rotate(source);
        }
    }

    /// Messages of agents out of step: their symbols are wired-OR, and found damaged.
    fn sample_collision(&mut self, mut on_bus: OnBus, effects: &mut Vec<BusEffect>) {
        let Load::Collision(pendings) = &mut on_bus.load else { return };
        let mut pendings = std::mem::take(pendings);
        for pending in &mut pendings {
            self.report(pending, on_bus.start, AttemptOutcome::ChecksumError, effects);
        }
        self.update_ids(on_bus.source, AttemptOutcome::ChecksumError);
        on_bus.load = Load::Collision(pendings);
        on_bus.outcome = Some(AttemptOutcome::ChecksumError);
        on_bus.phase = Phase::Status;
        self.on_bus = Some(on_bus);
    }

    /// Second status cycle: the message is taken, or its failure recorded.
    fn status(&mut self, mut on_bus: OnBus, message: Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        match on_bus.outcome {
            Some(AttemptOutcome::Accepted) if on_bus.is_remote_read() => {
                on_bus.data =
                    on_bus.takers.iter().next().map(|agent| targets.remote_register(agent, message.vector & 0x3F));
                on_bus.phase = Phase::Decision;
                self.on_bus = Some(on_bus);
            }
            Some(AttemptOutcome::Accepted) => {
                if message.is_init_deassert() {
                    self.ids.resynchronise(|agent| targets.apic_id(agent));
                }
                effects.extend(on_bus.takers.iter().map(|agent| BusEffect::Deliver { agent, message }));
                self.accepted(on_bus, message, effects);
            }
            Some(outcome) => {
                if outcome != AttemptOutcome::Retry {
                    status::errors(outcome, on_bus.source, self.agents(), effects);
                }
                if self.gives_up(&message) {
                    on_bus.phase = Phase::End;
                    self.on_bus = Some(on_bus);
                } else {
                    self.resend(on_bus);
                }
            }
            None => {
                // the arbitration for the lowest priority begins: eight cycles of priority, four of arbitration id
                on_bus.phase = Phase::Decision;
                self.on_bus = Some(on_bus);
            }
        }
    }

    /// Third status cycle of a lowest-priority message; data status of a remote read.
    fn decide(&mut self, mut on_bus: OnBus, pending: Pending, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let message = pending.message;
        if on_bus.is_remote_read() {
            effects.push(BusEffect::RemoteRead { message, value: on_bus.data });
            return self.accepted(on_bus, message, effects);
        }
        let key = |&agent: &Agent| (targets.bid(agent, &message).priority, std::cmp::Reverse(self.ids.of(agent)));
        let winner = on_bus.takers.iter().min_by_key(key);
        // Only the winner drives the third status cycle: it may have lost its slot since (SDM vol. 3 §10.13.2.3).
        let outcome = match winner.map(|agent| targets.response(agent, &message)) {
            Some(Response::Accept) => AttemptOutcome::Accepted,
            Some(Response::Retry) => AttemptOutcome::Retry,
            Some(Response::Silent | Response::Refuse) | None => AttemptOutcome::AcceptError,
        };
        let mut pending = pending;
        self.report(&mut pending, on_bus.start, outcome, effects);
        // The ids moved at the second status cycle, whatever the third one says (82093AA §3.2.3).
        self.update_ids(on_bus.source, AttemptOutcome::Accepted);
        on_bus.load = Load::Message(pending);
        match (outcome, winner) {
            (AttemptOutcome::Accepted, Some(agent)) => {
                effects.push(BusEffect::Deliver { agent, message });
                self.accepted(on_bus, message, effects);
            }
            (AttemptOutcome::Retry, _) => self.resend(on_bus),
            _ => {
                status::errors(AttemptOutcome::AcceptError, on_bus.source, self.agents(), effects);
                self.resend(on_bus);
            }
        }
    }

    /// A message was accepted; the sender's delivery status clears now or at its end (knob `busy_clear`).
    fn accepted(&mut self, mut on_bus: OnBus, message: Message, effects: &mut Vec<BusEffect>) {
        match self.knobs.busy_clear {
            BusyClear::EndOfMessage => {
                on_bus.phase = Phase::End;
                self.on_bus = Some(on_bus);
            }
            BusyClear::StatusCycle => self.dispatched(&on_bus, message, effects),
        }
    }

    /// A failed start-up message is not sent again (knob `start_up_resend`).
    fn gives_up(&self, message: &Message) -> bool {
        message.mode == DeliveryMode::StartUp && self.knobs.start_up_resend == StartUpResend::Never
    }

    /// The attempt failed: each sender arbitrates again at once, with its newer message if it has one.
    fn resend(&mut self, on_bus: OnBus) {
        self.free_from = on_bus.end();
        let failed = match on_bus.load {
            Load::Message(pending) => vec![pending],
            Load::Collision(pendings) => pendings,
            Load::EndOfInterrupt { .. } | Load::Jabber => Vec::new(),
        };
        for pending in failed {
            self.senders[usize::from(pending.message.source)].pending.get_or_insert(pending);
        }
    }

    /// The bus is done with a message.
    fn dispatched(&mut self, on_bus: &OnBus, message: Message, effects: &mut Vec<BusEffect>) {
        let busy_still = self.senders[usize::from(message.source)].pending.is_some();
        effects.push(BusEffect::Dispatched { message, busy_still });
        self.free_from = on_bus.end();
    }
}
