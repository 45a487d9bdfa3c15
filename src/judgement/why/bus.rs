//! What the bus does with a message that is not dispatched: who refuses it, who is served before it, what stops it.

use super::chain::Chain;
use crate::judgement::messages::{destination, what};
use crate::judgement::state::{MessageState, Stall};
use crate::scenario::FaultName;
use sim::bus::AttemptOutcome;

impl Chain<'_> {
    pub(super) fn bus_says(&mut self, held: &MessageState) {
        if self.is_mute(held) {
            return;
        }
        if let Some(stall) = self.state.stall(held) {
            return self.stalled(stall);
        }
        let every = every(held);
        match held.attempts.map(|attempts| attempts.outcome) {
            Some(AttemptOutcome::Retry) => {
                self.say(format!("the bus carries it again and again: Retry{every}"));
                self.manager_without_room(held);
                self.refusers(&held.message);
            }
            Some(AttemptOutcome::AcceptError) if !self.state.refusers(&held.message).is_empty() => {
                self.say(format!("its full target stays silent: an accept error, resent{every}"));
                self.refusers(&held.message);
            }
            Some(AttemptOutcome::AcceptError) => {
                self.say(format!("no APIC answers to that destination: an accept error, resent{every}"));
                self.root("no APIC answers to the destination");
                self.silent_targets(held);
            }
            Some(AttemptOutcome::ChecksumError) => {
                self.say(format!("an agent found it damaged: a checksum error, resent{every}"));
                self.root("messages arrive damaged");
            }
            Some(AttemptOutcome::Accepted) | None => self.turn(held),
        }
    }

    /// Was the sender's APIC dead already? Then no bus has ever got the message.
    fn is_mute(&mut self, held: &MessageState) -> bool {
        let sender = self.state.cpus.get(usize::from(held.message.source));
        let Some(since) = sender.and_then(|cpu| cpu.dead_since).filter(|&since| since <= held.sent) else {
            return false;
        };
        let sender = self.agent(held.message.source);
        self.say(format!(
            "the APIC of {sender} itself is dead since {since} us (injected fault): no bus gets its messages"
        ));
        self.root(format!("the APIC of {sender} is dead (injected)"));
        true
    }

    /// A bus, or a link, that carries nothing.
    fn stalled(&mut self, stall: Stall) {
        let root = match stall.fault {
            FaultName::StuckWire => "a stuck wire",
            FaultName::LostClock => "the serial bus has lost its clock",
            FaultName::DeadLink => "a dead link between clusters",
            FaultName::FsbLock => "the front-side bus is locked by another agent",
            _ => "the front-side bus is stalled",
        };
        self.say(stopped(stall));
        self.root(format!("{root} (injected)"));
    }

    /// Nobody refuses but the manager that would carry the message to another cluster: what it holds, and why still.
    fn manager_without_room(&mut self, held: &MessageState) {
        let carried: Vec<&MessageState> = self.state.in_transit().collect();
        let nobody = self.state.refusers(&held.message).is_empty();
        let Some(first) = carried.first().filter(|_| nobody) else { return };
        let others = match carried.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let message = first.message;
        let sender = self.agent(message.source);
        let what = format!("{} to {} from {sender}{others}", what(&message), destination(&message));
        self.say(format!("the cluster manager has no room: it still holds {what}"));
        match self.state.stall(first) {
            Some(stall) => self.stalled(stall),
            None => self.root("a cluster manager has no room"),
        }
    }

    /// Why a message has not been attempted: a permanent accept error keeps its arbitration id, and so starves all whose
    /// ids are lower.
    fn turn(&mut self, held: &MessageState) {
        let failing = |other: &&MessageState| {
            other.message.source != held.message.source
                && other.attempts.is_some_and(|attempts| attempts.outcome == AttemptOutcome::AcceptError)
        };
        let Some(other) = self.state.undispatched().find(failing) else {
            return self.others_traffic(held);
        };
        let message = other.message;
        let sender = self.agent(message.source);
        let every = every(other);
        self.say(format!(
            "{} to {} from {sender} starves it: an accept error, resent{every} with an arbitration id that stays higher",
            what(&message),
            destination(&message)
        ));
        self.root(format!("starved by an accept error of {sender}"));
        self.silent_targets(other);
    }

    /// Somebody else has the bus.
    fn others_traffic(&mut self, held: &MessageState) {
        self.say("it waits for its turn on the bus".to_owned());
        self.manager_without_room(held);
        if let Some(agent) = self.state.injected.jabberer(self.state.now) {
            let agent = self.agent(agent);
            self.say(format!("{agent} sends EOI messages without end, which go before all others (injected fault)"));
            self.root(format!("{agent} jabbers (injected)"));
        }
        self.root("its message waits for its turn on the bus");
    }
}

/// What stops a bus, or a link.
pub(super) fn stopped(stall: Stall) -> String {
    let what = match stall.fault {
        FaultName::StuckWire => "a wire of the serial bus is stuck",
        FaultName::LostClock => "the serial bus has no clock",
        FaultName::DeadLink => "the link to another cluster is dead",
        FaultName::FsbLock => "the front-side bus is locked",
        _ => "the front-side bus completes no interrupt transaction",
    };
    format!("{what} since {} us (injected fault)", stall.since)
}

fn every(held: &MessageState) -> String {
    let period = held.attempts.and_then(|attempts| attempts.period);
    period.map(|period| format!(" every {period} us")).unwrap_or_default()
}
