//! A message under way: who must get it, and who got it.
//!
//! Not modelled: when.

use super::identity::{Addressed, Sender};
use super::standings::{Standing, Standings};
use crate::bus::{Agent, DeliveryMode, Message};

/// A message under way.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) message: Message,
    pub(super) sender: Sender,
    pub(super) standings: Standings,
    pub(super) dispatched: bool,
    /// The interconnect says at the end that it still holds it.
    pub(super) carried: bool,
}

impl From<Addressed> for Standing {
    fn from(addressed: Addressed) -> Self {
        match addressed {
            Addressed::No => Self::Stranger,
            Addressed::Perhaps => Self::Allowed,
            Addressed::Certain => Self::Due,
        }
    }
}

impl Record {
    /// Of a message that addresses nobody yet.
    #[cold]
    pub(super) fn new(message: &Message, sender: Sender) -> Self {
        let (message, standings) = (*message, Standings::default());
        Self { message, sender, standings, dispatched: false, carried: false }
    }

    /// The same, in the memory of a message that is settled.
    #[inline]
    pub(super) fn renew(&mut self, message: &Message, sender: Sender) {
        (self.message, self.sender) = (*message, sender);
        (self.dispatched, self.carried) = (false, false);
        self.standings.clear();
    }

    /// Is `message`, of the same sender and number, as it was sent? As a derived comparison says, in a third of the time: it
    /// looks at bytes one by one, whereas these are next to each other and are loaded at once.
    #[inline]
    pub(super) const fn is_as_sent(&self, message: &Message) -> bool {
        const fn words(message: &Message) -> (u64, u64, u16, bool) {
            let Message { source: _, number: _, mode, vector, destination_mode, .. } = *message;
            let Message { destination, shorthand, level_triggered, asserted, written_at, queues, .. } = *message;
            let [d0, d1, d2, d3] = destination.to_le_bytes();
            let bytes = [vector, mode as u8, shorthand as u8, destination_mode as u8, d0, d1, d2, d3];
            let level = u16::from_le_bytes([level_triggered as u8, asserted as u8]);
            (written_at.as_ps(), u64::from_le_bytes(bytes), level, queues)
        }
        let (sent, got) = (words(&self.message), words(message));
        sent.0 == got.0 && sent.1 == got.1 && sent.2 == got.2 && sent.3 == got.3
    }

    /// Does one delivery settle it?
    pub(super) const fn for_one(&self) -> bool {
        matches!(self.message.mode, DeliveryMode::LowestPriority)
    }

    /// Did anybody get it?
    pub(super) const fn is_delivered(&self) -> bool {
        self.standings.any(Standing::Got)
    }

    /// Is somebody left out who had to get it? A message for one that was for somebody who is somebody else since may have
    /// been lost with him.
    pub(super) const fn is_owed(&self) -> bool {
        let settled = self.for_one() && (self.is_delivered() || self.standings.any(Standing::Allowed));
        self.standings.any(Standing::Due) && !settled
    }

    /// `agent` became somebody else while the message was under way: from now on it may get it, but need not.
    pub(super) fn reconsider(&mut self, agent: Agent, addressed: Addressed) {
        match (self.standings.get(agent), addressed) {
            (Standing::Got, _) | (Standing::Due, Addressed::Certain) | (Standing::Stranger, Addressed::No) => {}
            _ => {
                self.standings.set(agent, Standing::Allowed);
            }
        }
    }
}
