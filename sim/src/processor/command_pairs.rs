//! What is remembered of the two writes that make a message: whether a handler wrote ICR high in between.
//!
//! Not modelled: nothing here decides where a message goes. ICR high holds what was written last (SDM vol. 3 §10.6.1);
//! that somebody else wrote it is only remembered, for reports.

use crate::bus::Message;
use crate::coroutine::Site;
use crate::time::Time;

/// A message that went elsewhere than the code that sent it had asked for: between its two writes a handler on the
/// same CPU wrote ICR high.
#[derive(Debug, Clone, Copy)]
pub struct Misdirected {
    /// The message, as it was sent.
    pub message: Message,
    /// The destination that its sender had written.
    pub intended: u32,
    /// The line that sent it.
    pub site: Site,
    /// The line of the handler that wrote ICR high last.
    pub overwritten_by: Site,
    /// When that was.
    pub overwritten_at: Time,
}

/// A write of ICR high whose write of ICR low has not come yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct HighWrite {
    pub(super) level: usize,
    pub(super) destination: u32,
    pub(super) overwritten: Option<(Site, Time)>,
}

/// What is remembered of a CPU's writes.
#[derive(Debug, Default)]
pub(crate) struct CommandPairs {
    /// Injected: the next write of ICR high is followed by a pulse at the NMI pin.
    pub(super) armed: bool,
    /// By level of nesting, the innermost last.
    pub(super) open: Vec<HighWrite>,
    /// The last one.
    pub(crate) misdirected: Option<Misdirected>,
}
