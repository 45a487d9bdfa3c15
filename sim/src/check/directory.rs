//! Who there is, and who of them a message addresses, without asking everybody.
//!
//! Not modelled: see the [module](super).

use super::classes::Classes;
use super::domains;
use super::groups::{Group, Groups};
use super::identity::{Addressed, ApicMode, Identity, Modes, Rules, Sender};
use super::logical_index::LogicalIndex;
use super::standings::{Standing, Standings};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Domains, Message, Shorthand};
use crate::generation::{ClusterFifteen, Generation};
use crate::time::Time;

/// What is known of one agent.
#[derive(Debug, Clone, Copy)]
struct Entry {
    identity: Identity,
    /// When it changed last.
    changed: Time,
    exempt: bool,
    /// What it must take, if it is addressed.
    takes: Modes,
}

impl Entry {
    const OFF: Self = Self { identity: Identity::OFF, changed: Time::ZERO, exempt: false, takes: Modes::NONE };

    /// What a broadcast looks at, as a number: its class.
    #[inline]
    const fn class(&self) -> usize {
        let Identity { mode, software_enabled, in_reset, .. } = self.identity;
        mode as usize | (software_enabled as usize) << 2 | (in_reset as usize) << 3 | (self.exempt as usize) << 4
    }
}

/// Bits of an id that a logical destination in x2APIC mode names; the index looks at no more.
const INDEXED: u32 = 0xF_FFFF;

/// Whom to ask whether a message addresses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Everybody,
    /// The sender only.
    Own,
    /// Those of an id.
    Physical(u32),
    /// Those of a logical id.
    Logical(u32),
}

/// The agents by their identities.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    rules: Rules,
    /// Domains of ids, where there are several.
    domains: Option<Domains>,
    /// There are domains, or somebody is exempt.
    special: bool,
    entries: Vec<Entry>,
    classes: Classes,
    /// When any of them changed last.
    changed: Time,
    /// How many are in xAPIC mode.
    narrow: usize,
    /// How many are in x2APIC mode.
    wide: usize,
    /// All that take part, by a hash of the id as physical destinations name it.
    by_id: Groups,
    hash_shift: u32,
    by_logical_id: LogicalIndex,
}

impl Directory {
    pub(super) fn new(rules: Rules, cpus: Agent) -> Self {
        let cpus = cpus as usize;
        let hash_bits = (2 * cpus.max(1)).next_power_of_two().ilog2();
        Self {
            rules,
            domains: None,
            special: false,
            entries: vec![Entry::OFF; cpus],
            classes: Classes::new(cpus, Entry::OFF.class()),
            changed: Time::ZERO,
            narrow: 0,
            wide: 0,
            by_id: Groups::new(1 << hash_bits, cpus),
            hash_shift: u32::BITS - hash_bits,
            by_logical_id: LogicalIndex::new(cpus),
        }
    }

    /// There are several domains of ids.
    pub(super) fn set_domains(&mut self, domains: Domains) {
        self.domains = Some(domains);
        self.special = true;
    }

    #[inline]
    pub(super) fn identity(&self, agent: Agent) -> Option<&Identity> {
        self.entries.get(agent as usize).map(|entry| &entry.identity)
    }

    /// Is `agent` exempt? What is no CPU never is.
    #[inline]
    pub(super) fn is_exempt(&self, agent: Agent) -> bool {
        self.entries.get(agent as usize).is_some_and(|entry| entry.exempt)
    }

    pub(super) fn exempt(&mut self, agent: Agent) {
        let entry = &mut self.entries[agent as usize];
        entry.exempt = true;
        self.classes.change(agent, entry.class());
        self.special = true;
    }

    /// `agent` as a sender; an I/O agent has destinations of 8 bits.
    #[inline]
    pub(super) fn sender(&self, agent: Agent) -> Sender {
        Sender { agent, wide: self.wide > 0 && self.is_wide(agent) }
    }

    #[inline(never)]
    fn is_wide(&self, agent: Agent) -> bool {
        self.identity(agent).is_some_and(|identity| identity.mode == ApicMode::X2Apic)
    }

    pub(super) fn set(&mut self, agent: Agent, identity: Identity, at: Time) {
        let entry = &mut self.entries[agent as usize];
        let old = std::mem::replace(&mut entry.identity, identity);
        entry.changed = at;
        entry.takes = Modes::taken_by(&self.rules, &identity);
        self.classes.change(agent, entry.class());
        self.changed = self.changed.max(at);
        self.by_logical_id.change(agent, &old, &identity);
        if (old.mode, old.id) == (identity.mode, identity.id) {
            return;
        }
        for (mode, count) in [(ApicMode::XApic, &mut self.narrow), (ApicMode::X2Apic, &mut self.wide)] {
            *count += usize::from(identity.mode == mode);
            *count -= usize::from(old.mode == mode);
        }
        let group = match identity.mode {
            ApicMode::Off => None,
            ApicMode::XApic => Some(self.id_group(identity.id & self.rules.id_mask)),
            ApicMode::X2Apic => Some(self.id_group(identity.id)),
        };
        self.by_id.put(agent, group);
    }

    /// Fibonacci hashing: ids come in strides, and must not fall together for that.
    #[inline]
    fn id_group(&self, id: u32) -> Group {
        (id & INDEXED).wrapping_mul(0x9E37_79B9) >> self.hash_shift
    }

    /// Must `agent` take `message`? One that is exempt never must.
    #[inline]
    pub(super) fn addressed(&self, sender: Sender, message: &Message, agent: Agent) -> Addressed {
        let Some(entry) = self.entries.get(agent as usize) else { return Addressed::No };
        let matched = self.rules.addressed(sender, message, agent, &entry.identity);
        self.as_far_as_it_gets(matched, sender, message, agent)
    }

    /// `agent` is addressed as `matched` says, unless the message gets nowhere near it, or nothing is expected.
    #[inline]
    fn as_far_as_it_gets(&self, matched: Addressed, sender: Sender, message: &Message, agent: Agent) -> Addressed {
        if self.special { self.as_far_as_it_gets_here(matched, sender, message, agent) } else { matched }
    }

    fn as_far_as_it_gets_here(&self, matched: Addressed, sender: Sender, message: &Message, agent: Agent) -> Addressed {
        let mut addressed = matched;
        if let Some(domains) = &self.domains {
            addressed = addressed.min(domains::reach(domains, self.rules.cluster_fifteen, message, agent));
        }
        let open = self.is_exempt(agent) || self.is_exempt(sender.agent);
        if open { addressed.min(Addressed::Perhaps) } else { addressed }
    }

    /// Must `agent` have taken `message`, which was under way for a while? If it changed since the message was
    /// written, nobody knows.
    pub(super) fn addressed_since(&self, sender: Sender, message: &Message, agent: Agent) -> Addressed {
        let changed = self.entries.get(agent as usize).is_some_and(|entry| entry.changed >= message.written_at);
        if changed { Addressed::Perhaps } else { self.addressed(sender, message, agent) }
    }

    /// Who alone is addressed by `message`, just sent, and how, where that is plain: one id, and everybody in xAPIC mode. Else
    /// [`enrol_now`](Self::enrol_now) says it.
    #[inline(always)]
    pub(super) fn only_addressee(&self, message: &Message) -> Option<(Agent, Standing)> {
        if self.special || self.wide > 0 {
            return None;
        }
        let agent = self.only_candidate(Sender { agent: message.source, wide: false }, message)?;
        let Entry { identity, takes, .. } = self.entries.get(usize::from(agent))?;
        let is_matched = identity.id & self.rules.id_mask == message.destination;
        (is_matched && identity.mode == ApicMode::XApic)
            .then_some((agent, if takes.has(message.mode) { Standing::Due } else { Standing::Allowed }))
    }

    /// Gives everybody the standing to `message`, just sent.
    #[inline(always)]
    pub(super) fn enrol_now(&self, sender: Sender, message: &Message, standings: &mut Standings) {
        if let Some(agent) = self.only_candidate(sender, message) {
            let Entry { identity, takes, .. } = &self.entries[agent as usize];
            let matched = self.rules.matched_by_id(message.destination, identity);
            let matched = if takes.has(message.mode) { matched } else { matched.min(Addressed::Perhaps) };
            standings.set_first(agent, self.as_far_as_it_gets(matched, sender, message, agent).into());
        } else {
            self.enrol_many(sender, message, standings);
        }
    }

    /// The only agent that `message` may address by its id, if it is clear that there is no other.
    #[inline]
    fn only_candidate(&self, sender: Sender, message: &Message) -> Option<Agent> {
        let destination = message.destination;
        if message.shorthand != Shorthand::None
            || message.destination_mode != DestinationMode::Physical
            || message.mode == DeliveryMode::Init
            || destination == u32::MAX
        {
            return None;
        }
        if destination >= self.rules.id_mask && !sender.wide || sender.wide && self.narrow > 0 {
            return None; // another mode, or everybody
        }
        self.by_id.only(self.id_group(destination))
    }

    fn enrol_many(&self, sender: Sender, message: &Message, standings: &mut Standings) {
        if self.goes_by_class(sender, message) {
            return self.enrol_classes(sender, message, standings);
        }
        let mut visit = |agent| {
            let standing = Standing::from(self.addressed(sender, message, agent));
            if standing != Standing::Stranger {
                standings.set(agent, standing);
            }
        };
        match self.scope(sender, message) {
            Scope::Everybody => {
                standings.fill(self.entries.len(), |agent| self.addressed(sender, message, agent).into());
            }
            Scope::Own => visit(sender.agent),
            Scope::Physical(destination) => self.physical(destination, &mut visit),
            Scope::Logical(destination) => self.logical(destination, &mut visit),
        }
    }

    /// Gives everybody the standing to `message`, which was under way for a while.
    pub(super) fn enrol_since(&self, sender: Sender, message: &Message, standings: &mut Standings) {
        if self.changed < message.written_at {
            return self.enrol_now(sender, message, standings);
        }
        standings.fill(self.entries.len(), |agent| self.addressed_since(sender, message, agent).into());
    }

    /// Is `message` a broadcast whose standing to an agent follows from its class, and from whether it is the sender?
    #[inline]
    fn goes_by_class(&self, sender: Sender, message: &Message) -> bool {
        let shorthand = matches!(message.shorthand, Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf);
        let broadcast = shorthand || message.shorthand == Shorthand::None && self.is_broadcast(sender, message);
        broadcast && self.domains.is_none()
    }

    /// One agent of each class answers for all of it, and the sender for itself.
    fn enrol_classes(&self, sender: Sender, message: &Message, standings: &mut Standings) {
        let standing = |agent| Standing::from(self.addressed(sender, message, agent));
        for (agent, members) in self.classes.others(sender.agent) {
            standings.set_strangers(members, standing(agent));
        }
        if usize::from(sender.agent) < self.entries.len() {
            standings.set(sender.agent, standing(sender.agent));
        }
    }

    #[inline]
    fn scope(&self, sender: Sender, message: &Message) -> Scope {
        let Message { shorthand, destination_mode, destination, .. } = *message;
        match (shorthand, destination_mode) {
            _ if message.is_init_deassert() => Scope::Everybody,
            (Shorthand::Own, _) => Scope::Own,
            (Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf, _) => Scope::Everybody,
            (Shorthand::None, _) if self.may_be_broadcast(sender, message) => Scope::Everybody,
            (Shorthand::None, DestinationMode::Physical) => Scope::Physical(destination),
            // on the 82489DX logical destinations are open
            (Shorthand::None, DestinationMode::Logical) if self.rules.generation == Generation::I82489Dx => {
                Scope::Everybody
            }
            (Shorthand::None, DestinationMode::Logical) => Scope::Logical(destination),
        }
    }

    /// May the destination field address everybody?
    #[inline]
    fn may_be_broadcast(&self, sender: Sender, message: &Message) -> bool {
        let mask = match message.destination_mode {
            DestinationMode::Physical => self.rules.id_mask,
            DestinationMode::Logical => 0xFF,
        };
        let narrow = !sender.wide || self.narrow > 0;
        message.destination == u32::MAX || narrow && message.destination & mask == mask
    }

    /// Does the destination field address everybody for sure, whatever the ids?
    #[inline]
    fn is_broadcast(&self, sender: Sender, message: &Message) -> bool {
        let for_wide = if sender.wide { message.destination == u32::MAX } else { self.wide == 0 };
        for_wide && self.may_be_broadcast(sender, message)
    }

    /// In xAPIC mode the low bits of a destination are all that matters.
    fn physical(&self, destination: u32, visit: &mut dyn FnMut(Agent)) {
        self.by_id.each(self.id_group(destination), visit);
        if destination > self.rules.id_mask && self.narrow > 0 {
            self.by_id.each(self.id_group(destination & self.rules.id_mask), visit);
        }
    }

    /// In x2APIC mode the logical id names the id: cluster in bits 31:16, members in 15:0.
    fn logical(&self, destination: u32, visit: &mut dyn FnMut(Agent)) {
        if self.narrow > 0 {
            let every_cluster = self.rules.cluster_fifteen == ClusterFifteen::EveryCluster;
            self.by_logical_id.candidates(destination as u8, every_cluster, visit);
        }
        if self.wide > 0 {
            let mut members = destination & 0xFFFF;
            while members != 0 {
                self.by_id.each(self.id_group(destination >> 16 << 4 | members.trailing_zeros()), visit);
                members &= members - 1;
            }
        }
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
