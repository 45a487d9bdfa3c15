//! The checker's face: the facts that it is told, and what follows from each.
//!
//! Not modelled: see the [module](super).

use super::directory::Directory;
use super::identity::{Identity, Rules};
use super::ledger::Ledger;
use super::receiver::Receiver;
use super::settings::CheckerSettings;
use super::source::Unlisted;
use super::violation::{Subject, Violation};
use crate::bus::{Agent, Domains, Message};
use crate::time::Time;

/// Complaints that are kept; further ones are counted.
const KEPT: usize = 64;

/// How much a checker has seen.
///
/// ```
/// # use sim::bus::*;
/// # use sim::check::*;
/// # use sim::*;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # let here = |id| Identity { mode: ApicMode::XApic, id, software_enabled: true, ..Identity::OFF };
/// # let mut checker = Checker::new(CheckerSettings::new(2, Generation::P6));
/// # (0..2).for_each(|cpu| checker.identity(cpu, here(cpu.into()), Time::ZERO));
/// checker.sent(&message, Time::ZERO);
/// checker.delivered(1, &message, Time::from_us(1));
/// checker.taken(1, 0x41, Time::from_us(2));
/// let counts = checker.counts();
/// assert_eq!((counts.sent, counts.delivered, counts.merged, counts.taken), (1, 1, 0, 1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Messages sent.
    pub sent: u64,
    /// Deliveries; of a message to three CPUs, three.
    pub delivered: u64,
    /// Deliveries of a vector that was in the IRR already.
    pub merged: u64,
    /// Vectors and NMIs taken.
    pub taken: u64,
}

/// The checker.
///
/// Facts come in the order of their instants, and at one instant in the machine's: the interconnect first, then each
/// CPU's interrupt, then its effect. Every CPU must be introduced by [`identity`](Self::identity) before its first
/// message.
///
/// A message costs time in proportion to its targets, and no memory is allocated once as many messages were under way at
/// a time as ever will be.
///
/// ```
/// # use sim::bus::*;
/// # use sim::check::*;
/// # use sim::*;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # let here = |id| Identity { mode: ApicMode::XApic, id, software_enabled: true, ..Identity::OFF };
/// # let mut checker = Checker::new(CheckerSettings::new(2, Generation::P6));
/// # (0..2).for_each(|cpu| checker.identity(cpu, here(cpu.into()), Time::ZERO));
/// checker.sent(&message, Time::ZERO);
/// checker.dispatched(&message, false, Time::from_us(1)); // and nobody got it
/// assert!(matches!(checker.violations(), [Violation::LostIpi { missing, .. }] if missing == &[1]));
/// ```
#[derive(Debug, Clone)]
pub struct Checker {
    pub(super) settings: CheckerSettings,
    pub(super) directory: Directory,
    pub(super) ledger: Ledger,
    pub(super) receivers: Vec<Receiver>,
    violations: Vec<Violation>,
    found: u64,
    pub(super) counts: Counts,
}

impl Checker {
    /// A checker of CPUs that take no part yet.
    pub fn new(settings: CheckerSettings) -> Self {
        let rules = Rules::new(settings.generation, settings.cluster_fifteen);
        Self {
            settings,
            directory: Directory::new(rules, settings.cpus),
            ledger: Ledger::new(settings.cpus as usize + 1),
            receivers: vec![Receiver::new(); settings.cpus as usize],
            violations: Vec::new(),
            found: 0,
            counts: Counts::default(),
        }
    }

    /// The checker of a machine with several domains of ids.
    #[must_use]
    pub fn with_domains(mut self, domains: Domains) -> Self {
        self.directory.set_domains(domains);
        self
    }

    /// How many CPUs there are: agents from there on are I/O agents.
    pub const fn cpus(&self) -> Agent {
        self.settings.cpus
    }

    /// The complaints, in the order in which they were noticed; the first 64 of them.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How many complaints there are, those that are not kept too.
    pub const fn found(&self) -> u64 {
        self.found
    }

    /// How much it has seen.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    #[cold]
    pub(super) fn complain(&mut self, violation: Violation) {
        if !self.settings.checks.has(violation.check()) {
            return;
        }
        self.found += 1;
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    pub(super) const fn subject(&self, message: &Message) -> Subject {
        Subject { message: *message, cpus: self.settings.cpus }
    }

    /// `agent` is now `identity`. To be told at the start, and whenever a part of it changes.
    ///
    /// # Panics
    /// If `agent` is no CPU. So do all facts about what a CPU takes or is.
    pub fn identity(&mut self, agent: Agent, identity: Identity, at: Time) {
        if self.directory.identity(agent) != Some(&identity) {
            self.directory.set(agent, identity, at);
            self.receivers[agent as usize].identify(&identity);
            self.ledger.identity_changed(agent, &self.directory);
        }
    }

    /// `agent` is faulted from now on: nothing is expected of it, nor of its messages.
    pub fn exempt(&mut self, agent: Agent) {
        self.directory.exempt(agent);
        self.receivers[agent as usize].exempt();
        self.ledger.exempt(agent, &self.directory);
    }

    /// `message` was asked of the interconnect.
    #[inline(always)]
    pub fn sent(&mut self, message: &Message, at: Time) {
        self.counts.sent += 1;
        let plain = self.directory.only_addressee(message);
        if !plain.is_some_and(|(agent, standing)| self.ledger.send_to_one(message, agent, standing)) {
            self.sent_somehow(message, at);
        }
    }

    #[inline(never)]
    fn sent_somehow(&mut self, message: &Message, at: Time) {
        if !self.ledger.send(message, &self.directory) {
            self.sent_twice(message, at);
        }
    }

    #[cold]
    fn sent_twice(&mut self, message: &Message, at: Time) {
        self.complain(Violation::SentTwice { message: self.subject(message), at });
    }

    /// The sender of `message` wrote its ICR again while it was pending, and the new message took its place. To be
    /// told before the new one is sent. The old one may be delivered all the same, if it is on the wire.
    pub fn replaced(&mut self, message: &Message, at: Time) {
        if !self.ledger.replace(message) {
            self.not_pending(message, true, at);
        }
    }

    #[cold]
    fn not_pending(&mut self, message: &Message, replaced: bool, at: Time) {
        if !self.directory.is_exempt(message.source) {
            self.complain(Violation::NotPending { message: self.subject(message), replaced, at });
        }
    }

    /// With late deliveries: a message that is dispatched and owed to nobody is settled.
    #[cold]
    pub(super) fn settle_if_done(&mut self, message: &Message) {
        let Some((place, source)) = self.ledger.locate(message) else { return };
        let record = &source.open()[place];
        if record.dispatched && !record.is_owed() {
            source.settle(place, true);
        }
    }

    /// The interconnect is done with `message`. `still_busy`: the delivery status of its sender stays "send pending",
    /// because a newer message is pending.
    #[inline(always)]
    pub fn dispatched(&mut self, message: &Message, still_busy: bool, at: Time) {
        if still_busy || !self.dispatched_plainly(message) {
            self.dispatched_somehow(message, still_busy, at);
        }
    }

    /// What most are: the only message of its sender that is under way, and all that it owed has come. False: it is another
    /// one, and nothing is noted.
    #[inline(always)]
    fn dispatched_plainly(&mut self, message: &Message) -> bool {
        let Some(source) = self.ledger.source(message.source) else { return false };
        let Some(record) = source.only(message.number) else { return false };
        if record.dispatched || record.is_owed() {
            return false;
        }
        source.settle(0, self.settings.late_deliveries);
        true
    }

    #[inline(never)]
    fn dispatched_somehow(&mut self, message: &Message, still_busy: bool, at: Time) {
        let settings = &self.settings;
        let Some((place, source)) = self.ledger.locate(message) else {
            return self.dispatched_unlisted(message, still_busy, at);
        };
        let newer = source.has_newer(message.number);
        let wrong = still_busy && !newer || !still_busy && newer && !settings.sends_overlap;
        let record = &mut source.open_mut()[place];
        if std::mem::replace(&mut record.dispatched, true) {
            return self.not_pending(message, false, at);
        }
        let late = settings.late_deliveries;
        let lost = !late && settings.is_lost_at_its_end(record);
        if lost || wrong {
            return self.end_oddly(message, (wrong, still_busy), lost, at);
        }
        if !late || !record.is_owed() {
            source.settle(place, late);
        }
    }

    /// The end of a message about which there is a complaint.
    #[cold]
    fn end_oddly(&mut self, message: &Message, (wrong, still_busy): (bool, bool), lost: bool, at: Time) {
        if wrong && !self.directory.is_exempt(message.source) {
            let message = self.subject(message);
            self.complain(Violation::WrongDeliveryStatus { message, still_busy, at });
        }
        if lost {
            self.complain_of_loss(message, at);
        }
        if self.settings.late_deliveries {
            self.settle_if_done(message);
        } else {
            self.ledger.settle(message, false);
        }
    }

    /// The interconnect is done with `message`, which is not under way: was it replaced, and on the wire then?
    #[cold]
    fn dispatched_unlisted(&mut self, message: &Message, still_busy: bool, at: Time) {
        if self.ledger.unlisted(message) == Unlisted::Replaced {
            self.ledger.reopen(message, &self.directory);
            self.dispatched(message, still_busy, at);
        } else {
            self.not_pending(message, false, at);
        }
    }

    #[cold]
    fn complain_of_loss(&mut self, message: &Message, at: Time) {
        let Some(record) = self.ledger.find(message) else { return };
        let (message, missing, dispatched) = (record.message, record.standings.due(), record.dispatched);
        let message = self.subject(&message);
        self.complain(Violation::LostIpi { message, missing, dispatched, at });
    }

    /// A local interrupt of `agent` (timer, LINT, error, performance counter) with `vector` got into its IRR.
    pub fn requested_locally(&mut self, agent: Agent, vector: u8) {
        self.receivers[agent as usize].shadow.request(vector, true);
    }

    /// `agent` entered the handler of `vector`, which came from its IRR, or is the spurious vector. (That of an ExtINT
    /// comes from elsewhere, and is not to be told.)
    pub fn taken(&mut self, agent: Agent, vector: u8, at: Time) {
        self.counts.taken += 1;
        if !self.receivers[agent as usize].take(vector) {
            self.taken_from_nowhere(agent, vector, at);
        }
    }

    #[cold]
    fn taken_from_nowhere(&mut self, agent: Agent, vector: u8, at: Time) {
        self.complain(Violation::TakenButNotDelivered { agent, vector, at });
    }

    /// A local interrupt of `agent` is an NMI.
    pub fn nmi_requested_locally(&mut self, agent: Agent) {
        self.receivers[agent as usize].shadow.request_nmi(true);
    }

    /// `agent` entered its NMI handler.
    pub fn nmi_taken(&mut self, agent: Agent, at: Time) {
        self.counts.taken += 1;
        if !self.receivers[agent as usize].take_nmi() {
            self.complain(Violation::NmiFromNowhere { agent, latched: false, at });
        }
    }

    /// `agent` was reset: by INIT, or because its APIC was globally disabled. What it had not taken is gone (SDM vol. 3
    /// §10.4.7.3, §10.4.3).
    pub fn reset(&mut self, agent: Agent) {
        self.receivers[agent as usize].shadow.reset();
    }

    /// At the end of the run `agent` has these IRR registers, of 32 vectors each, and an NMI that waits or none.
    pub fn end_of_run(&mut self, agent: Agent, irr: &[u32; 8], nmi_latched: bool, at: Time) {
        let receiver = &self.receivers[agent as usize];
        if receiver.is_exempt() {
            return;
        }
        let shadow = receiver.shadow;
        let difference = shadow.compare(irr);
        let (vanished, appeared) = (difference.vanished(), difference.appeared());
        if !vanished.is_empty() {
            self.complain(Violation::VanishedFromIrr { agent, vectors: vanished, at });
        }
        if !appeared.is_empty() {
            self.complain(Violation::AppearedInIrr { agent, vectors: appeared, at });
        }
        let (must, may) = shadow.nmi();
        if must && !nmi_latched {
            self.complain(Violation::VanishedNmi { agent, at });
        } else if nmi_latched && !may {
            self.complain(Violation::NmiFromNowhere { agent, latched: true, at });
        }
    }

    /// At the end of the run `message` is still on its way: the interconnect holds it, or is about to get it.
    pub fn carried(&mut self, message: &Message) {
        if let Some(record) = self.ledger.find(message) {
            record.carried = true;
        }
    }

    /// The run has ended, and all that is [`carried`](Self::carried) has been told: what else is owed is lost.
    pub fn finish(&mut self, at: Time) {
        let settings = self.settings;
        let lost = self.ledger.open().into_iter().filter(|record| settings.is_lost_at_last(record));
        let lost: Vec<_> = lost.map(|record| record.message).collect();
        lost.iter().for_each(|message| self.complain_of_loss(message, at));
    }
}
