//! The checker's face: the facts that it is told, and what follows from each.
//!
//! Not modelled: see the [module](super).

use super::checks::Checks;
use super::directory::Directory;
use super::identity::{Addressed, Identity, Rules};
use super::ledger::{Ledger, Record, Unlisted};
use super::shadow::Shadow;
use super::violation::{Subject, Violation};
use crate::bus::{Agent, DeliveryMode, Domains, Message};
use crate::generation::{ClusterFifteen, Generation};
use crate::time::Time;

/// Complaints that are kept; further ones are counted.
const KEPT: usize = 64;

/// What a checker must know of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl CheckerSettings {
    /// Did somebody get a vector that a silent, full target did not?
    fn is_missed_in_silence(self, record: &Record) -> bool {
        self.silent_when_full && record.message.mode == DeliveryMode::Fixed && !record.got.is_empty()
    }
}

/// How much a checker has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
/// A message costs time in proportion to its targets (in xAPIC mode a logical one: to the CPUs, of which there are 255
/// at most), and no memory is allocated once as many messages were under way at a time as ever will be.
#[derive(Debug, Clone)]
pub struct Checker {
    settings: CheckerSettings,
    directory: Directory,
    ledger: Ledger,
    shadows: Vec<Shadow>,
    violations: Vec<Violation>,
    found: u64,
    counts: Counts,
}

impl Checker {
    /// A checker of CPUs that take no part yet.
    pub fn new(settings: CheckerSettings) -> Self {
        let rules = Rules::new(settings.generation, settings.cluster_fifteen);
        Self {
            settings,
            directory: Directory::new(rules, settings.cpus),
            ledger: Ledger::default(),
            shadows: vec![Shadow::default(); usize::from(settings.cpus)],
            violations: Vec::new(),
            found: 0,
            counts: Counts::default(),
        }
    }

    /// The checker of a machine with several domains of ids.
    #[must_use]
    pub fn with_domains(mut self, domains: Domains) -> Self {
        self.directory.domains = Some(domains);
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

    fn complain(&mut self, violation: Violation) {
        if !self.settings.checks.has(violation.check()) {
            return;
        }
        self.found += 1;
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    const fn subject(&self, message: &Message) -> Subject {
        Subject { message: *message, cpus: self.settings.cpus }
    }

    /// `agent` is now `identity`. To be told at the start, and whenever a part of it changes.
    ///
    /// # Panics
    /// If `agent` is no CPU. So do all facts about what a CPU takes or is.
    pub fn identity(&mut self, agent: Agent, identity: Identity, at: Time) {
        if self.directory.identity(agent) != Some(&identity) {
            self.directory.set(agent, identity, at);
            self.ledger.identity_changed(agent, &self.directory);
        }
    }

    /// `agent` is faulted from now on: nothing is expected of it, nor of its messages.
    pub fn exempt(&mut self, agent: Agent) {
        self.directory.exempt(agent);
        self.ledger.exempt(agent, &self.directory);
    }

    /// `message` was asked of the interconnect.
    pub fn sent(&mut self, message: &Message, at: Time) {
        self.counts.sent += 1;
        if !self.ledger.send(*message, &self.directory) {
            self.complain(Violation::SentTwice { message: self.subject(message), at });
        }
    }

    /// The sender of `message` wrote its ICR again while it was pending, and the new message took its place. To be
    /// told before the new one is sent. The old one may be delivered all the same, if it is on the wire.
    pub fn replaced(&mut self, message: &Message, at: Time) {
        match self.ledger.find(message) {
            Some(place) => self.ledger.replace(place),
            None => self.not_pending(message, true, at),
        }
    }

    fn not_pending(&mut self, message: &Message, replaced: bool, at: Time) {
        if !self.directory.is_exempt(message.source) {
            self.complain(Violation::NotPending { message: self.subject(message), replaced, at });
        }
    }

    /// `agent` got `message`.
    pub fn delivered(&mut self, agent: Agent, message: &Message, at: Time) {
        self.counts.delivered += 1;
        self.note_delivery(agent, message, at);
        let Some(identity) = self.directory.identity(agent).copied() else { return };
        let sure = !self.directory.is_exempt(agent);
        let shadow = &mut self.shadows[usize::from(agent)];
        match message.mode {
            // An illegal vector sets no IRR bit (SDM vol. 3 §10.5.2).
            DeliveryMode::Fixed | DeliveryMode::LowestPriority if message.vector >= 16 => {
                self.counts.merged += u64::from(shadow.request(message.vector, sure && identity.requests()));
            }
            DeliveryMode::Nmi => shadow.request_nmi(sure && !identity.in_reset),
            _ => {}
        }
    }

    /// The message's side of a delivery.
    fn note_delivery(&mut self, agent: Agent, message: &Message, at: Time) {
        let subject = self.subject(message);
        let place = match self.ledger.find(message) {
            Some(place) => place,
            None => match self.ledger.unlisted(message) {
                Unlisted::Replaced => self.ledger.reopen(*message, &self.directory),
                Unlisted::Forgotten => return,
                // Nothing was owed by it any more, so its end was early: another domain of ids may still get it.
                Unlisted::Settled if self.directory.is_exempt(message.source) => return,
                Unlisted::NeverSent => return self.complain(Violation::NeverSent { message: subject, agent, at }),
                Unlisted::Settled => {
                    return self.complain(Violation::DeliveredAfterItsEnd { message: subject, agent, at });
                }
            },
        };
        let record = self.ledger.record(place);
        let sent = Subject { message: record.message, ..subject };
        let sender = record.sender;
        let again = record.got.contains(agent);
        let second = record.for_one() && !record.got.is_empty();
        let expected = record.due.remove(agent) | record.allowed.remove(agent);
        record.got.insert(agent);
        if sent != subject {
            self.complain(Violation::Altered { message: subject, sent, agent, at });
        } else if again {
            self.complain(Violation::DuplicatedDelivery { message: subject, agent, at });
        } else if second {
            self.complain(Violation::DeliveredToTwo { message: subject, agent, at });
        } else if !expected && self.directory.addressed_since(sender, message, agent) == Addressed::No {
            self.complain(Violation::DeliveredToStranger { message: subject, agent, at });
        }
        if self.settings.late_deliveries {
            self.settle_if_done(place);
        }
    }

    /// With late deliveries: a message that is dispatched and owed to nobody is settled.
    fn settle_if_done(&mut self, place: u32) {
        let record = self.ledger.record(place);
        if record.dispatched && !record.is_owed() {
            self.ledger.settle(place, true);
        }
    }

    /// The interconnect is done with `message`. `still_busy`: the delivery status of its sender stays "send pending",
    /// because a newer message is pending.
    pub fn dispatched(&mut self, message: &Message, still_busy: bool, at: Time) {
        let place = match self.ledger.find(message) {
            Some(place) => place,
            None if self.ledger.unlisted(message) == Unlisted::Replaced => {
                self.ledger.reopen(*message, &self.directory)
            }
            None => return self.not_pending(message, false, at),
        };
        if std::mem::replace(&mut self.ledger.record(place).dispatched, true) {
            return self.not_pending(message, false, at);
        }
        self.check_delivery_status(message, still_busy, at);
        if self.settings.late_deliveries {
            self.settle_if_done(place);
        } else {
            self.check_delivered(place, at);
            self.ledger.settle(place, false);
        }
    }

    fn check_delivery_status(&mut self, message: &Message, still_busy: bool, at: Time) {
        let newer = self.ledger.has_newer(message);
        let wrong = still_busy && !newer || !still_busy && newer && !self.settings.sends_overlap;
        if wrong && !self.directory.is_exempt(message.source) {
            let message = self.subject(message);
            self.complain(Violation::WrongDeliveryStatus { message, still_busy, at });
        }
    }

    /// Did everybody get the message at `place` who had to?
    fn check_delivered(&mut self, place: u32, at: Time) {
        let settings = self.settings;
        let record = self.ledger.record(place);
        let given_up =
            settings.start_up_may_fail && record.message.mode == DeliveryMode::StartUp && record.got.is_empty();
        if record.is_owed() && !given_up && !settings.is_missed_in_silence(record) {
            let (message, missing, dispatched) = (record.message, record.due.to_vec(), record.dispatched);
            let message = self.subject(&message);
            self.complain(Violation::LostIpi { message, missing, dispatched, at });
        }
    }

    /// A local interrupt of `agent` (timer, LINT, error, performance counter) with `vector` got into its IRR.
    pub fn requested_locally(&mut self, agent: Agent, vector: u8) {
        self.shadows[usize::from(agent)].request(vector, true);
    }

    /// `agent` entered the handler of `vector`, which came from its IRR, or is the spurious vector. (That of an ExtINT
    /// comes from elsewhere, and is not to be told.)
    pub fn taken(&mut self, agent: Agent, vector: u8, at: Time) {
        self.counts.taken += 1;
        let spurious = self.directory.identity(agent).is_some_and(|identity| identity.spurious_vector == vector);
        if !self.shadows[usize::from(agent)].take(vector, spurious) && !self.directory.is_exempt(agent) {
            self.complain(Violation::TakenButNotDelivered { agent, vector, at });
        }
    }

    /// A local interrupt of `agent` is an NMI.
    pub fn nmi_requested_locally(&mut self, agent: Agent) {
        self.shadows[usize::from(agent)].request_nmi(true);
    }

    /// `agent` entered its NMI handler.
    pub fn nmi_taken(&mut self, agent: Agent, at: Time) {
        self.counts.taken += 1;
        if !self.shadows[usize::from(agent)].take_nmi() && !self.directory.is_exempt(agent) {
            self.complain(Violation::NmiFromNowhere { agent, latched: false, at });
        }
    }

    /// `agent` was reset: by INIT, or because its APIC was globally disabled. What it had not taken is gone (SDM vol. 3
    /// §10.4.7.3, §10.4.3).
    pub fn reset(&mut self, agent: Agent) {
        self.shadows[usize::from(agent)].reset();
    }

    /// At the end of the run `agent` has these IRR registers, of 32 vectors each, and an NMI that waits or none.
    pub fn end_of_run(&mut self, agent: Agent, irr: &[u32; 8], nmi_latched: bool, at: Time) {
        if self.directory.is_exempt(agent) {
            return;
        }
        let shadow = self.shadows[usize::from(agent)];
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
        if let Some(place) = self.ledger.find(message) {
            self.ledger.record(place).carried = true;
        }
    }

    /// The run has ended, and all that is [`carried`](Self::carried) has been told: what else is owed is lost.
    pub fn finish(&mut self, at: Time) {
        let settings = self.settings;
        let given_up = |record: &Record| {
            settings.start_up_may_fail && record.message.mode == DeliveryMode::StartUp && record.dispatched
                || settings.is_missed_in_silence(record)
        };
        let owed = |record: &&Record| record.is_owed() && !record.carried && !given_up(record);
        let lost: Vec<_> = self.ledger.open().filter(owed).cloned().collect();
        for record in lost {
            let message = self.subject(&record.message);
            let missing = record.due.to_vec();
            self.complain(Violation::LostIpi { message, missing, dispatched: record.dispatched, at });
        }
    }
}
