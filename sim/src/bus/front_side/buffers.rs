//! The chipset's message buffers: each holds a message from the grant of its first transaction to the response of its last.
//!
//! Not modelled: which buffer is whose; buffers for anything but messages.

use crate::bus::{Agent, Message};

/// A message in a buffer.
#[derive(Debug, Clone, Copy)]
struct Held {
    source: Agent,
    number: u32,
    /// Transactions to come, or under way.
    transactions: usize,
}

/// The buffers.
#[derive(Debug, Clone)]
pub(super) struct Buffers {
    /// How many senders may have filled before others wait. What the manager sends finds room always.
    room: usize,
    held: Vec<Held>,
}

impl Buffers {
    pub(super) const fn new(room: usize) -> Self {
        Self { room, held: Vec::new() }
    }

    pub(super) const fn are_full(&self) -> bool {
        self.held.len() >= self.room
    }

    /// So many transactions of `message` are to come.
    pub(super) fn expect(&mut self, message: &Message, transactions: usize) {
        let Message { source, number, .. } = *message;
        match self.held.iter_mut().find(|held| (held.source, held.number) == (source, number)) {
            Some(held) => held.transactions += transactions,
            None if transactions > 0 => self.held.push(Held { source, number, transactions }),
            None => {}
        }
    }

    /// One of them has ended.
    pub(super) fn end(&mut self, message: &Message) {
        let name = (message.source, message.number);
        let Some(index) = self.held.iter().position(|held| (held.source, held.number) == name) else { return };
        self.held[index].transactions -= 1;
        if self.held[index].transactions == 0 {
            self.held.swap_remove(index);
        }
    }
}
