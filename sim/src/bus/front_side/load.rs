//! What a transaction of a front-side bus carries.
//!
//! Not modelled: the phases within a transaction (arbitration, request, response, data): it is one span of cycles.

use crate::bus::{Agent, Message, Request};

/// What a transaction carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// What an agent of this bus asks for.
    Asked(Request),
    /// A directed message of another bus, by the chipset.
    Shown(Message),
    /// A redirected message, by the chipset: directed to `winner`.
    Redirected {
        /// The message.
        message: Message,
        /// Whose id the chipset has put in.
        winner: Agent,
    },
}

impl Load {
    /// The message, if it carries one.
    pub(super) const fn message(&self) -> Option<&Message> {
        match self {
            Self::Asked(Request::Message(message)) | Self::Shown(message) | Self::Redirected { message, .. } => {
                Some(message)
            }
            Self::Asked(Request::EndOfInterrupt { .. }) => None,
        }
    }

    /// The message, if its sender has sent it here.
    pub(super) const fn asked(&self) -> Option<&Message> {
        match self {
            Self::Asked(Request::Message(message)) => Some(message),
            Self::Asked(Request::EndOfInterrupt { .. }) | Self::Shown(_) | Self::Redirected { .. } => None,
        }
    }

    pub(super) fn state(&self, words: &mut Vec<u64>) {
        words.extend(match self {
            Self::Asked(Request::Message(m)) => [u64::from(m.source) << 2, u64::from(m.number)],
            Self::Asked(Request::EndOfInterrupt { source, vector }) => {
                [u64::from(*source) << 2 | 1, u64::from(*vector)]
            }
            Self::Shown(m) => [u64::from(m.source) << 2 | 2, u64::from(m.number)],
            Self::Redirected { message, winner } => {
                [u64::from(message.source) << 2 | 3, u64::from(*winner) << 32 | u64::from(message.number)]
            }
        });
    }
}
