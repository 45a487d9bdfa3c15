//! What happens to a message on the bus, status cycle by status cycle (status table, SDM vol. 3 §10.13.2.3).
//!
//! Not modelled: see the [module](super).

use super::agent_set::AgentSet;
use super::carried::{Load, OnBus, Pending, Phase};
use super::frame::Format;
use super::line::drop_out;
use super::status::{self, Answers, First, Second};
use super::{RECENT_MAX, SerialBus};
use crate::bus::{AttemptOutcome, BusEffect, DeliveryMode, Message, Targets};
use crate::generation::{ArbitrationUpdate, BusyClear, FocusCycles, LowestPriorityCycles, StartUpResend};

/// First cycle of the arbitration for the lowest priority, and its length: eight cycles of priority, four of arbitration
/// id.
const LOWEST_PRIORITY: (u64, u64) = (21, 12);

impl SerialBus {
    /// The next phase of what is on the bus.
    pub(super) fn progress(&mut self, on_bus: OnBus, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let first = match &on_bus.load {
            Load::Messages(pendings) => pendings[0].message,
            Load::EndOfInterrupts(_) | Load::Jabber(_) if on_bus.phase == Phase::Sample => {
                return self.sample_end_of_interrupt(on_bus, targets);
            }
            Load::EndOfInterrupts(_) | Load::Jabber(_) => return self.end_of_interrupt_status(&on_bus, effects),
        };
        match on_bus.phase {
            Phase::Sample => self.sample(on_bus, &first, targets, effects),
            Phase::Status => self.status(on_bus, &first, targets, effects),
            Phase::Decision if first.mode == DeliveryMode::RemoteRead => self.remote_data(on_bus, effects),
            Phase::Decision => self.decide(on_bus, &first, targets, effects),
            Phase::End => self.dispatched(on_bus, effects),
        }
    }

    /// First status cycle. Of a short message the answers of the second one are sampled too.
    fn sample(&mut self, mut on_bus: OnBus, message: &Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        on_bus.heard = self.heard(&on_bus, targets);
        if self.probe.is_some() {
            self.show_payload(&on_bus, targets);
        }
        let format = on_bus.load.format();
        let lowest_priority = format == Format::LowestPriority;
        let focus = if lowest_priority { self.focus(&on_bus, message, targets) } else { AgentSet::default() };
        let first = First::read(self.first_status(&on_bus, focus), lowest_priority);
        on_bus.phase = Phase::Status;
        match (first, format) {
            (First::Damaged, _) => {
                on_bus.cycles = Format::Short.cycles();
                self.attempted(on_bus, AttemptOutcome::ChecksumError, effects);
            }
            (First::Focus, _) => {
                on_bus.takers = focus;
                on_bus.cycles = match self.knobs.focus_cycles {
                    FocusCycles::TwentyOne => Format::Short.cycles(),
                    FocusCycles::ThirtyFour => Format::LowestPriority.cycles(),
                };
                self.attempted(on_bus, AttemptOutcome::Accepted, effects);
            }
            (First::Good, Format::LowestPriority) => {
                on_bus.cycles -= u64::from(self.knobs.lowest_priority_cycles == LowestPriorityCycles::ThirtyThree);
                self.on_bus = Some(on_bus);
            }
            (First::Good, _) => {
                let answers = Answers::of(targets, self.addressed(&on_bus, targets), message);
                let outcome = status::outcome(self.read(on_bus.next_cycle(), answers.together()));
                let taken = outcome == AttemptOutcome::Accepted;
                on_bus.takers = if taken { answers.accepting } else { AgentSet::default() };
                // Always reported successful, so that a hung target cannot hang the debugger (82801BA p. 117).
                let reported = if format == Format::RemoteRead { AttemptOutcome::Accepted } else { outcome };
                self.attempted(on_bus, reported, effects);
            }
        }
    }

    /// The focus processor, if there is one (SDM vol. 3 §10.6.2.4).
    fn focus(&mut self, on_bus: &OnBus, message: &Message, targets: &dyn Targets) -> AgentSet {
        let answers = Answers::of(targets, self.addressed(on_bus, targets), message);
        answers.accepting.iter().find(|&agent| targets.bid(agent, message).focus).into_iter().collect()
    }

    /// The outcome is known in a status cycle before its effect: it is reported, and the arbitration ids follow it.
    fn attempted(&mut self, mut on_bus: OnBus, outcome: AttemptOutcome, effects: &mut Vec<BusEffect>) {
        self.report(&mut on_bus, outcome, effects);
        self.update_ids(on_bus.load.senders(), outcome);
        if outcome == AttemptOutcome::Retry && !messages(&on_bus).any(|message| self.gives_up(&message)) {
            return self.failed(on_bus, effects); // nothing takes effect in the second status cycle
        }
        self.on_bus = Some(on_bus);
    }

    fn report(&mut self, on_bus: &mut OnBus, outcome: AttemptOutcome, effects: &mut Vec<BusEffect>) {
        on_bus.outcome = Some(outcome);
        let Load::Messages(pendings) = &mut on_bus.load else { return };
        for pending in pendings {
            pending.attempted(on_bus.start, outcome);
            if self.recent.len() == RECENT_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(pending.message.source);
            effects.push(BusEffect::Attempt { message: pending.message, outcome });
        }
    }

    /// Which messages move the ids on (knob `arbitration_update`).
    pub(super) fn update_ids(&mut self, senders: AgentSet, outcome: AttemptOutcome) {
        let moves = match self.knobs.arbitration_update {
            ArbitrationUpdate::StatusTable => matches!(outcome, AttemptOutcome::Accepted | AttemptOutcome::Retry),
            ArbitrationUpdate::EveryRound => true,
            ArbitrationUpdate::AcceptedOnly => outcome == AttemptOutcome::Accepted,
        };
        if moves {
            match senders.iter().next() {
                Some(only) if senders.len() == 1 => self.ids.rotate(only),
                _ => self.ids.rotate_all(&senders.iter().collect::<Vec<_>>()),
            }
        }
    }

    /// Second status cycle: the message is taken, or its failure recorded.
    fn status(&mut self, mut on_bus: OnBus, message: &Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        match on_bus.outcome {
            None => self.lowest_priority(on_bus, message, targets, effects),
            Some(AttemptOutcome::Accepted) if on_bus.load.format() == Format::RemoteRead => {
                // Several that answer drive their data together.
                let registers = on_bus.takers.iter().map(|agent| targets.remote_register(agent, message.vector & 0x3F));
                let data = registers.reduce(|data, register| data | register);
                on_bus.data = data.and_then(|data| self.data_heard(&on_bus, data));
                on_bus.phase = Phase::Decision;
                self.on_bus = Some(on_bus);
            }
            Some(AttemptOutcome::Accepted) => {
                if message.is_init_deassert() {
                    self.ids.resynchronise(|agent| targets.apic_id(agent));
                }
                self.taken(on_bus, effects);
            }
            Some(_) => self.failed(on_bus, effects),
        }
    }

    /// Second status cycle of a lowest-priority message without focus processor: those with a slot arbitrate. The ids
    /// have moved on by then, whatever comes of it (status table; 82093AA §3.2.3), so that ties are broken by the new ones.
    fn lowest_priority(
        &mut self,
        mut on_bus: OnBus,
        message: &Message,
        targets: &dyn Targets,
        effects: &mut Vec<BusEffect>,
    ) {
        let answers = Answers::of(targets, self.addressed(&on_bus, targets), message);
        match Second::read(self.read(on_bus.next_cycle(), answers.slots())) {
            Second::End(outcome) => {
                self.report(&mut on_bus, outcome, effects);
                self.update_ids(on_bus.load.senders(), outcome);
                self.failed(on_bus, effects);
            }
            Second::Arbitrate => {
                self.update_ids(on_bus.load.senders(), AttemptOutcome::Accepted);
                let key = |agent| {
                    let inverted = !targets.bid(agent, message).priority; // the wire carries it so: the lowest wins
                    u32::from(inverted) << 4 | u32::from(self.ids.of(agent))
                };
                let (first, cycles) = LOWEST_PRIORITY;
                let left = drop_out(answers.accepting, cycles, key, |cycle| self.line(on_bus.start + first + cycle));
                let keys = left.iter().fold(0, |keys, agent| keys | key(agent));
                if self.probe.is_some() {
                    self.show_bids(on_bus.start + first - 1, cycles, keys);
                }
                on_bus.takers = left.iter().next().into_iter().collect();
                on_bus.phase = Phase::Decision;
                self.on_bus = Some(on_bus);
            }
        }
    }

    /// Third status cycle of a lowest-priority message. Only the winner drives it: it may have lost its slot since.
    fn decide(&mut self, mut on_bus: OnBus, message: &Message, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let answers = Answers::of(targets, on_bus.takers, message).with_room(targets, message);
        let outcome = status::outcome(self.read(on_bus.next_cycle(), answers.together()));
        self.report(&mut on_bus, outcome, effects);
        on_bus.takers = answers.accepting;
        if outcome == AttemptOutcome::Accepted {
            self.taken(on_bus, effects);
        } else {
            self.failed(on_bus, effects);
        }
    }

    /// Data status of a remote read.
    fn remote_data(&mut self, on_bus: OnBus, effects: &mut Vec<BusEffect>) {
        let value = on_bus.data;
        effects.extend(messages(&on_bus).map(|message| BusEffect::RemoteRead { message, value }));
        self.done(on_bus, effects);
    }

    /// The agents that take a message get it.
    fn taken(&mut self, on_bus: OnBus, effects: &mut Vec<BusEffect>) {
        for message in messages(&on_bus) {
            effects.extend(on_bus.takers.iter().map(|agent| BusEffect::Deliver { agent, message }));
        }
        self.done(on_bus, effects);
    }

    /// Nothing more to decide: the sender's delivery status clears now or at the end (knob `busy_clear`).
    fn done(&mut self, mut on_bus: OnBus, effects: &mut Vec<BusEffect>) {
        match self.knobs.busy_clear {
            BusyClear::EndOfMessage => {
                on_bus.phase = Phase::End;
                self.on_bus = Some(on_bus);
            }
            BusyClear::StatusCycle => self.dispatched(on_bus, effects),
        }
    }

    /// The attempt failed. Errors are recorded; each sender arbitrates again at once, with its newer message if it has
    /// one; a message that is never sent again is done.
    fn failed(&mut self, mut on_bus: OnBus, effects: &mut Vec<BusEffect>) {
        let outcome = on_bus.outcome.unwrap_or(AttemptOutcome::AcceptError);
        status::errors(outcome, on_bus.load.senders(), on_bus.noticed(outcome), self.agents(), effects);
        self.free(on_bus.end());
        let Load::Messages(pendings) = &mut on_bus.load else { return };
        pendings.retain(|pending| {
            let given_up = self.gives_up(&pending.message);
            if !given_up {
                self.senders[usize::from(pending.message.source)].pending.get_or_insert(*pending);
            }
            given_up
        });
        if pendings.is_empty() {
            return self.recycle(on_bus.load);
        }
        for message in messages(&on_bus).filter(|message| message.mode == DeliveryMode::RemoteRead) {
            effects.push(BusEffect::RemoteRead { message, value: None });
        }
        self.done(on_bus, effects);
    }

    /// A failed start-up message is not sent again (knob `start_up_resend`), a remote read never (82801BA p. 117).
    fn gives_up(&self, message: &Message) -> bool {
        match message.mode {
            DeliveryMode::StartUp => self.knobs.start_up_resend == StartUpResend::Never,
            DeliveryMode::RemoteRead => true,
            _ => false,
        }
    }

    /// The bus is done with what it carries.
    fn dispatched(&mut self, on_bus: OnBus, effects: &mut Vec<BusEffect>) {
        self.free(on_bus.end());
        for message in messages(&on_bus) {
            let busy_still = self.senders[usize::from(message.source)].pending.is_some();
            effects.push(BusEffect::Dispatched { message, busy_still });
        }
        self.recycle(on_bus.load);
    }

    /// Keeps the list of messages for the next ones.
    fn recycle(&mut self, load: Load) {
        if let Load::Messages(mut pendings) = load {
            pendings.clear();
            self.spare = pendings;
        }
    }
}

/// The messages that are on the bus together.
fn messages(on_bus: &OnBus) -> impl Iterator<Item = Message> + '_ {
    let pendings: &[Pending] = match &on_bus.load {
        Load::Messages(pendings) => pendings,
        Load::EndOfInterrupts(_) | Load::Jabber(_) => &[],
    };
    pendings.iter().map(|pending| pending.message)
}
