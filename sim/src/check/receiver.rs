//! A CPU as a receiver: what it has been given and has not taken, and what it must keep of what it is given.
//!
//! Not modelled: see the [module](super).

use super::identity::Identity;
use super::shadow::Shadow;
use crate::bus::{DeliveryMode, Message};

/// What its identity means for what it gets is worked out when it changes, not at each message.
#[derive(Debug, Clone)]
pub(super) struct Receiver {
    pub(super) shadow: Shadow,
    /// A vector that is delivered to it certainly gets into its IRR.
    requests: bool,
    /// An NMI that is delivered to it is certainly latched.
    latches: bool,
    /// The vector that may be taken without having been delivered.
    spurious_vector: u8,
    exempt: bool,
}

impl Receiver {
    /// Of a CPU that takes no part yet.
    pub(super) fn new() -> Self {
        let spurious_vector = Identity::OFF.spurious_vector;
        Self { shadow: Shadow::default(), requests: false, latches: false, spurious_vector, exempt: false }
    }

    /// It is `identity` from now on.
    pub(super) const fn identify(&mut self, identity: &Identity) {
        self.requests = identity.requests() && !self.exempt;
        self.latches = !identity.in_reset && !self.exempt;
        self.spurious_vector = identity.spurious_vector;
    }

    /// Nothing is expected of it any more.
    pub(super) const fn exempt(&mut self) {
        (self.requests, self.latches, self.exempt) = (false, false, true);
    }

    #[inline]
    pub(super) const fn is_exempt(&self) -> bool {
        self.exempt
    }

    /// It got `message`. Did that merge with a vector that waits?
    #[inline(always)]
    pub(super) const fn get(&mut self, message: &Message) -> bool {
        if matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority) {
            // An illegal vector sets no IRR bit (SDM vol. 3 §10.5.2).
            return message.vector >= 16 && self.shadow.request(message.vector, self.requests);
        }
        if matches!(message.mode, DeliveryMode::Nmi) {
            self.shadow.request_nmi(self.latches);
        }
        false
    }

    /// It entered the handler of `vector`. Could it, or is nothing expected of it?
    #[inline]
    pub(super) const fn take(&mut self, vector: u8) -> bool {
        self.shadow.take(vector, vector == self.spurious_vector) || self.exempt
    }

    /// It entered its NMI handler. Could it, or is nothing expected of it?
    pub(super) const fn take_nmi(&mut self) -> bool {
        self.shadow.take_nmi() || self.exempt
    }
}
