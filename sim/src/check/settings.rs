//! What a checker must know of the machine.
//!
//! Not modelled: who the CPUs are, which [`identity`](super::Checker::identity) tells.

use super::checks::Checks;
use super::record::Record;
use crate::bus::{Agent, DeliveryMode};
use crate::generation::{ClusterFifteen, Generation};

/// What a checker must know of the machine.
///
/// ```
/// use sim::Generation;
/// use sim::check::{CheckerSettings, Checks};
///
/// let settings = CheckerSettings::new(4, Generation::XApic).with(|checker| checker.late_deliveries = true);
/// assert_eq!((settings.cpus, settings.checks), (4, Checks::ALL));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckerSettings {
    /// CPUs, which are the agents from 0 on. Agents above are I/O agents: they send, and receive nothing.
    pub cpus: Agent,
    /// Generation: the width of an id.
    pub generation: Generation,
    /// How logical destinations F1H to FEH are read.
    pub cluster_fifteen: ClusterFifteen,
    /// A start-up message that fails is not sent again (knob `start_up_resend`): that nobody got it is no loss.
    pub start_up_may_fail: bool,
    /// A full target stays silent (knob `full_target`): beside one that accepts nobody notices, and it misses the message.
    pub silent_when_full: bool,
    /// A sender may send while a message of it is pending, and both are delivered: the ideal bus.
    pub sends_overlap: bool,
    /// A message may be dispatched before it is delivered: its way goes over several buses. Losses are then noticed at
    /// the end of the run.
    pub late_deliveries: bool,
    /// What to look for.
    pub checks: Checks,
}

impl CheckerSettings {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl CheckerSettings {
    /// Of a machine with one bus, which says "dispatched" no earlier than it delivers; all checks are on.
    pub const fn new(cpus: Agent, generation: Generation) -> Self {
        Self {
            cpus,
            generation,
            cluster_fifteen: ClusterFifteen::Exact,
            start_up_may_fail: true,
            silent_when_full: false,
            sends_overlap: false,
            late_deliveries: false,
            checks: Checks::ALL,
        }
    }

    /// Did somebody get a vector that a silent, full target did not?
    const fn is_missed_in_silence(&self, record: &Record) -> bool {
        self.silent_when_full && matches!(record.message.mode, DeliveryMode::Fixed) && record.is_delivered()
    }

    /// May a start-up message be given up that goes nowhere?
    const fn gives_up(&self, record: &Record) -> bool {
        self.start_up_may_fail && matches!(record.message.mode, DeliveryMode::StartUp)
    }

    /// The interconnect is done with the message of `record`: did somebody miss it who had to get it?
    #[inline]
    pub(super) const fn is_lost_at_its_end(&self, record: &Record) -> bool {
        if !record.is_owed() {
            return false;
        }
        let given_up = self.gives_up(record) && !record.is_delivered();
        !given_up && !self.is_missed_in_silence(record)
    }

    /// The run has ended: is the message of `record` neither delivered to all who had to get it nor on its way?
    pub(super) const fn is_lost_at_last(&self, record: &Record) -> bool {
        let given_up = self.gives_up(record) && record.dispatched;
        record.is_owed() && !record.carried && !given_up && !self.is_missed_in_silence(record)
    }
}
