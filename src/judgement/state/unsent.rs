//! Commands that never became a message, or have not yet.

use sim::Site;
use sim::Time;
use sim::bus::Message;

/// A command that has not become a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnsentMessage {
    /// What it asked for. It has no number.
    pub(crate) message: Message,
    pub(crate) site: Option<Site>,
    /// `None`: the write was dropped. Else a newer one took its place in the queue, then.
    pub(crate) replaced: Option<Time>,
}
