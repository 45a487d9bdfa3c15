//! EOI messages on the bus (SDM vol. 3 §10.13, EOI rows of the status table in §10.13.2.3).
//!
//! Not modelled: I/O agents that refuse an EOI message (the table has a row for it).

use super::SerialBus;
use super::agent_set::AgentSet;
use super::carried::{Heard, Load, OnBus, Phase};
use super::status::{self, First, TAKEN};
use crate::bus::{Agent, AttemptOutcome, BusEffect, Targets};

impl SerialBus {
    /// First status cycle.
    pub(super) fn sample_end_of_interrupt(&mut self, mut on_bus: OnBus, targets: &dyn Targets) {
        on_bus.heard = self.heard(&on_bus, targets);
        if self.probe.is_some() {
            self.show_payload(&on_bus, targets);
        }
        let first = First::read(self.first_status(&on_bus, AgentSet::default()), false);
        on_bus.phase = Phase::Status;
        let answer = if on_bus.heard == Heard::Clearly { TAKEN } else { 0 };
        let outcome = match first {
            First::Good | First::Focus => status::outcome(self.read(on_bus.next_cycle(), answer)),
            First::Damaged => AttemptOutcome::ChecksumError,
        };
        self.update_ids(on_bus.load.senders(), outcome);
        on_bus.outcome = Some(outcome);
        self.on_bus = Some(on_bus);
    }

    /// Second status cycle: the I/O agents have it, or it is sent again before anything else of its sender.
    pub(super) fn end_of_interrupt_status(&mut self, on_bus: &OnBus, effects: &mut Vec<BusEffect>) {
        self.free(on_bus.end());
        let outcome = on_bus.outcome.unwrap_or(AttemptOutcome::ChecksumError);
        let sent: &[(Agent, u8)] = match &on_bus.load {
            Load::EndOfInterrupts(sent) => sent,
            Load::Messages(_) | Load::Jabber(_) => &[],
        };
        if outcome == AttemptOutcome::Accepted {
            // Several that are accepted are equal, and one message for the I/O agents.
            let heard = sent.first().filter(|_| on_bus.heard == Heard::Clearly);
            effects.extend(heard.map(|&(_, vector)| BusEffect::EndOfInterrupt { vector }));
            return;
        }
        status::errors(outcome, on_bus.load.senders(), on_bus.noticed(outcome), self.agents(), effects);
        effects.push(BusEffect::Noise); // it may go on like this for ever
        for &(agent, vector) in sent {
            self.senders[usize::from(agent)].end_of_interrupts.push_front((on_bus.start, vector));
        }
    }
}
