//! One sender: its messages that were sent and are not settled, and what is known of the others by their numbers.
//!
//! Not modelled: see the [module](super).

use super::identity::Sender;
use super::record::Record;
use super::standings::Standing;
use crate::bus::{Agent, Message};

/// What a message that is not open is to its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlisted {
    /// No such message was ever sent.
    NeverSent,
    /// It was replaced, and may be delivered all the same.
    Replaced,
    /// It is settled, but somebody might still get it.
    Forgotten,
    /// It is settled.
    Settled,
}

/// What is known of one sender. Mostly it has one message under way, or none.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// Its next message has this number at least.
    next_number: u32,
    /// Messages from the first to before the second number were replaced, but an attempt that was on the wire then
    /// may still deliver one of them.
    replaced: (u32, u32),
    /// Messages below were settled while somebody might still have got them.
    forgotten_below: u32,
    /// The open records, in no order; after them memory for further ones.
    records: Vec<Record>,
    open: usize,
    /// The ledger has noted that there may be some.
    pub(super) noted: bool,
}

impl Source {
    /// The open records.
    #[inline]
    pub(super) fn open(&self) -> &[Record] {
        &self.records[..self.open]
    }

    /// The open records.
    #[inline]
    pub(super) fn open_mut(&mut self) -> &mut [Record] {
        &mut self.records[..self.open]
    }

    /// The oldest open record, if that is the one of message `number`: it mostly is.
    #[inline]
    pub(super) fn oldest(&mut self, number: u32) -> Option<&mut Record> {
        self.open_mut().first_mut().filter(|record| record.message.number == number)
    }

    /// The only open record, if it is the one of message `number`.
    #[inline(always)]
    pub(super) fn only(&self, number: u32) -> Option<&Record> {
        self.records.first().filter(|record| self.open == 1 && record.message.number == number)
    }

    /// Where among the open records that of message `number` is.
    #[inline]
    pub(super) fn find(&self, number: u32) -> Option<usize> {
        let open = self.open();
        match open.first() {
            Some(first) if first.message.number == number => Some(0),
            _ => open.iter().position(|record| record.message.number == number),
        }
    }

    /// Has it a message newer than `number` that is not dispatched?
    #[inline]
    pub(super) fn has_newer(&self, number: u32) -> bool {
        self.open > 1 && self.open().iter().any(|record| record.message.number > number && !record.dispatched)
    }

    /// What is message `number`, which has no record?
    pub(super) fn unlisted(&self, number: u32) -> Unlisted {
        let (from, to) = self.replaced;
        if number >= self.next_number {
            Unlisted::NeverSent
        } else if number >= from && number < to {
            Unlisted::Replaced
        } else if number < self.forgotten_below {
            Unlisted::Forgotten
        } else {
            Unlisted::Settled
        }
    }

    /// Message `number` is sent. False: the number was used before.
    #[inline]
    pub(super) const fn count(&mut self, number: u32) -> bool {
        if number < self.next_number {
            return false;
        }
        self.next_number = number + 1;
        true
    }

    /// Opens a record of `message`, which addresses `agent` and nobody else. False: there is no memory for it, or its number was
    /// used before, or the ledger does not know yet that there may be one.
    #[inline(always)]
    pub(super) fn insert_for_one(&mut self, message: &Message, agent: Agent, standing: Standing) -> bool {
        let Some(record) = self.records.get_mut(self.open) else { return false };
        if !self.noted || message.number < self.next_number {
            return false;
        }
        self.next_number = message.number + 1;
        self.open += 1;
        record.renew(message, Sender { agent: message.source, wide: false });
        record.standings.set_first(agent, standing);
        true
    }

    /// Opens a record of `message`, which addresses nobody yet.
    #[inline]
    pub(super) fn insert(&mut self, message: &Message, sender: Sender) -> &mut Record {
        let place = self.open;
        self.open += 1;
        if place >= self.records.len() {
            self.more_memory(message, sender);
        }
        let record = &mut self.records[place];
        record.renew(message, sender);
        record
    }

    #[cold]
    fn more_memory(&mut self, message: &Message, sender: Sender) {
        self.records.reserve_exact(1); // most senders have one message under way and never more
        self.records.push(Record::new(message, sender));
    }

    /// Closes the record at `place`, and keeps its memory.
    #[inline]
    fn remove(&mut self, place: usize) {
        self.open -= 1;
        if place != self.open {
            self.records.swap(place, self.open);
        }
    }

    /// Nothing more is expected of the message at `place`. With `remember` a later delivery to those who might get it is
    /// no mistake. Messages that were replaced before it was sent cannot come any more.
    #[inline]
    pub(super) fn settle(&mut self, place: usize, remember: bool) {
        let record = &self.records[place];
        let after = record.message.number + 1;
        if remember && record.standings.any(Standing::Allowed) {
            self.forgotten_below = self.forgotten_below.max(after);
        }
        self.remove(place);
        let (from, to) = self.replaced;
        if to > 0 {
            self.replaced = if after >= to { (0, 0) } else { (from.max(after), to) };
        }
    }

    /// The message at `place` was replaced by a newer one before the interconnect was done with it. If nobody got it
    /// yet, its record goes, so that a sender that replaces for ever needs no memory.
    pub(super) fn replace(&mut self, place: usize) {
        let record = &self.records[place];
        if record.is_delivered() {
            return;
        }
        let number = record.message.number;
        self.remove(place);
        let (from, to) = self.replaced;
        self.replaced = if from == to { (number, number + 1) } else { (from.min(number), to.max(number + 1)) };
    }

    /// How many records there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.records.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::receiver::Receiver;
    use super::*;

    #[test]
    fn a_sender_costs_a_few_hundred_bytes() {
        // with one message under way; one to many agents has two bits for each of them besides
        let fixed = size_of::<Source>() + size_of::<Record>() + size_of::<Receiver>();
        assert!(fixed <= 320, "{fixed}");
    }
}
