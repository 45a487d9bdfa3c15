//! What is reported of messages: each with what became of it at each CPU, and which of them are asked for.

use crate::scenario::named::named;
use sim::Time;
use std::collections::BTreeMap;

named! {
    /// What became of a message at a CPU.
    ///
    /// ```
    /// use apicsim::MessageFate;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(MessageFate::AcceptError.name(), "accept-error");
    /// ```
    #[non_exhaustive]
    pub enum MessageFate ("fate") {
        /// The CPU took it.
        Taken = "taken",
        /// It waits at the CPU: in the IRR, or in a latch of the core.
        Pending = "pending",
        /// The same was requested there already: two became one.
        Merged = "merged",
        /// A target answers Retry: it is sent again.
        Retried = "retried",
        /// No target answers: it is sent again.
        AcceptError = "accept-error",
        /// A newer message of its sender took its place.
        Replaced = "replaced",
        /// The write that asked for it found the ICR busy, and was dropped.
        Dropped = "dropped",
        /// It waited at the CPU when an INIT, or the end of its APIC, wiped it.
        Cleared = "cleared",
        /// The CPU's APIC did not take it, or made nothing of it.
        Ignored = "ignored",
        /// A fault of the machine lost it.
        Lost = "lost",
        /// It is not there yet.
        UnderWay = "under-way",
    }
}

/// What became of a message at a CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::{MessageFate, MessageFilter, messages};
/// let lost = MessageFilter::default().with(|filter| filter.fate = Some(MessageFate::Lost));
/// let (_, found) = messages(&load(&Request::new("lost-ipi"))?, &Settings::seeded(0), lost)?;
/// assert!(found.messages[0].fates.iter().any(|fate| fate.fate == MessageFate::Lost && fate.cpu.is_some()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FateReport {
    /// The CPU; `None` where the message reached none, or it is not decided which.
    pub cpu: Option<u16>,
    /// What became of it there.
    pub fate: MessageFate,
    /// When that came about, or since when it is so.
    pub at: Option<Time>,
    /// Why, in a few words.
    pub because: String,
}

/// A message of a run.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::{MessageFilter, messages};
/// let (_, found) = messages(&load(&Request::new("lost-ipi"))?, &Settings::seeded(0), MessageFilter::default())?;
/// assert!(found.messages.iter().any(|message| message.from.is_some() && message.at.is_some()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageReport {
    /// Its number among its sender's; a command that has not become a message has none.
    pub number: Option<u32>,
    /// The CPU that sent it; `None`: the I/O agent.
    pub from: Option<u16>,
    /// When.
    pub sent: Time,
    /// `function (file:line)`; a device has none.
    pub at: Option<String>,
    /// `FIXED FD`, `NMI`.
    pub what: String,
    /// `physical 02`, `all but itself`.
    pub to: String,
    /// What became of it.
    pub fates: Vec<FateReport>,
}

impl MessageReport {
    /// Its place in a list: when it was sent, by whom, as which.
    pub(super) const fn place(&self) -> (Time, Option<u16>, Option<u32>) {
        (self.sent, self.from, self.number)
    }
}

/// Which messages, and which of their fates, are asked for. What is `None` is not asked about.
///
/// ```
/// use apicsim::{MessageFate, MessageFilter};
///
/// let lost_to_cpu_2 = MessageFilter::default().with(|filter| {
///     filter.to = Some(2);
///     filter.fate = Some(MessageFate::Lost);
/// });
/// assert_eq!(lost_to_cpu_2.vector, None);
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Sent by this CPU.
    pub from: Option<u16>,
    /// At this CPU.
    pub to: Option<u16>,
    /// With this vector.
    pub vector: Option<u8>,
    /// With this end.
    pub fate: Option<MessageFate>,
}

impl Filter {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

/// The messages of a run.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::{MessageFilter, messages};
/// let (_, found) = messages(&load(&Request::new("lost-ipi"))?, &Settings::seeded(0), MessageFilter::default())?;
/// assert!(found.messages.iter().all(|message| !message.fates.is_empty()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MessagesReport {
    /// In the order in which they were sent; the first ten thousand.
    pub messages: Vec<MessageReport>,
    /// How many there are.
    pub total: u64,
    /// How many fates of each kind they have.
    pub totals: BTreeMap<MessageFate, u64>,
}
