//! A delivery: what it is to the message, and what to the CPU.
//!
//! Not modelled: see the [module](super).

use super::checker::Checker;
use super::identity::Addressed;
use super::source::Unlisted;
use super::standings::Standing;
use super::violation::{Subject, Violation};
use crate::bus::{Agent, Message};
use crate::time::Time;

impl Checker {
    /// `agent` got `message`.
    #[inline(always)]
    pub fn delivered(&mut self, agent: Agent, message: &Message, at: Time) {
        if !self.delivered_plainly(agent, message) {
            self.delivered_somehow(agent, message, at);
        }
    }

    /// What most deliveries are: the oldest message of its sender, as it was sent, to one of several who may get it. False: it
    /// is another one, and nothing is noted.
    #[inline(always)]
    fn delivered_plainly(&mut self, agent: Agent, message: &Message) -> bool {
        let Some(receiver) = self.receivers.get_mut(agent as usize) else { return false };
        let Some(record) = self.ledger.oldest(message) else { return false };
        let may_settle = self.settings.late_deliveries && record.dispatched;
        if may_settle || record.for_one() || !record.is_as_sent(message) || !record.standings.gets(agent) {
            return false;
        }
        self.counts.delivered += 1;
        self.counts.merged += u64::from(receiver.get(message));
        true
    }

    #[inline(never)]
    fn delivered_somehow(&mut self, agent: Agent, message: &Message, at: Time) {
        self.counts.delivered += 1;
        while !self.note_delivery(agent, message, at) {
            if !self.is_reopened(agent, message, at) {
                break;
            }
        }
        if let Some(receiver) = self.receivers.get_mut(agent as usize) {
            self.counts.merged += u64::from(receiver.get(message));
        }
    }

    /// `agent` would have got `message` now, and an injected fault lost it: the message owes it nothing more.
    pub fn lost(&mut self, agent: Agent, message: &Message, at: Time) {
        while !self.note_delivery(agent, message, at) {
            if !self.is_reopened(agent, message, at) {
                break;
            }
        }
    }

    /// `agent` gets `message`, whose delivery an injected fault has kept back or doubled: the message owed it nothing.
    pub fn delivered_late(&mut self, agent: Agent, message: &Message) {
        self.counts.delivered += 1;
        if let Some(receiver) = self.receivers.get_mut(agent as usize) {
            self.counts.merged += u64::from(receiver.get(message));
        }
    }

    /// The message's side of a delivery. False: it is not under way.
    #[inline(always)]
    fn note_delivery(&mut self, agent: Agent, message: &Message, at: Time) -> bool {
        let Some(record) = self.ledger.find(message) else { return false };
        // Somebody else got it, and it was for one.
        let second = record.for_one() && record.is_delivered();
        let before = record.standings.set(agent, Standing::Got);
        let expected = matches!(before, Standing::Due | Standing::Allowed);
        if !expected || second || !record.is_as_sent(message) {
            self.question(agent, before, second, message, at);
        }
        if self.settings.late_deliveries && self.ledger.find(message).is_some_and(|record| record.dispatched) {
            self.settle_if_done(message);
        }
        true
    }

    /// `agent` got `message`, which is not under way. True: it was replaced, but on the wire then, and is under way again.
    #[cold]
    fn is_reopened(&mut self, agent: Agent, message: &Message, at: Time) -> bool {
        let subject = self.subject(message);
        match self.ledger.unlisted(message) {
            Unlisted::Replaced => {
                self.ledger.reopen(message, &self.directory);
                return true;
            }
            Unlisted::Forgotten => {}
            // Nothing was owed by it any more, so its end was early: another domain of ids may still get it.
            Unlisted::Settled if self.directory.is_exempt(message.source) => {}
            // It was owed to nobody, still on its way, and somebody became one whom it addresses.
            Unlisted::Settled if self.settings.late_deliveries && self.may_be_new(agent, message) => {}
            Unlisted::NeverSent => self.complain(Violation::NeverSent { message: subject, agent, at }),
            Unlisted::Settled => self.complain(Violation::DeliveredAfterItsEnd { message: subject, agent, at }),
        }
        false
    }

    /// Has `agent` become somebody else since `message` was written, so that it may address it now?
    fn may_be_new(&self, agent: Agent, message: &Message) -> bool {
        let sender = self.directory.sender(message.source);
        self.directory.addressed_since(sender, message, agent) == Addressed::Perhaps
    }

    /// What is wrong with a delivery to `agent`, which had the standing `before`? `second`: somebody else got the message,
    /// which was for one.
    #[cold]
    fn question(&mut self, agent: Agent, before: Standing, second: bool, message: &Message, at: Time) {
        let subject = self.subject(message);
        let Some(record) = self.ledger.find(message) else { return };
        let (sent, sender) = (Subject { message: record.message, ..subject }, record.sender);
        let unknown = before == Standing::Stranger;
        if sent != subject {
            self.complain(Violation::Altered { message: subject, sent, agent, at });
        } else if before == Standing::Got {
            self.complain(Violation::DuplicatedDelivery { message: subject, agent, at });
        } else if second {
            self.complain(Violation::DeliveredToTwo { message: subject, agent, at });
        } else if unknown && self.directory.addressed_since(sender, message, agent) == Addressed::No {
            self.complain(Violation::DeliveredToStranger { message: subject, agent, at });
        }
    }
}
