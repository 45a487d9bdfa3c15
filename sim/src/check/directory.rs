//! Who there is, and who of them a message addresses, without asking everybody.
//!
//! Not modelled: see the [module](super).

use super::domains;
use super::identity::{Addressed, ApicMode, Identity, Rules, Sender};
use crate::bus::{Agent, DestinationMode, Domains, Message, Shorthand};
use crate::time::Time;

/// The agents by their identities.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    rules: Rules,
    /// Domains of ids, where there are several.
    pub(super) domains: Option<Domains>,
    identities: Vec<Identity>,
    /// When each identity changed last.
    changed: Vec<Time>,
    exempt: Vec<bool>,
    /// Ids of all that take part, as physical destinations name them, in order.
    by_id: Vec<(u32, Agent)>,
    /// Those in xAPIC mode, in order.
    narrow: Vec<Agent>,
}

impl Directory {
    pub(super) fn new(rules: Rules, cpus: Agent) -> Self {
        let cpus = usize::from(cpus);
        Self {
            rules,
            domains: None,
            identities: vec![Identity::OFF; cpus],
            changed: vec![Time::ZERO; cpus],
            exempt: vec![false; cpus],
            by_id: Vec::new(),
            narrow: Vec::new(),
        }
    }

    pub(super) fn identity(&self, agent: Agent) -> Option<&Identity> {
        self.identities.get(usize::from(agent))
    }

    /// Is `agent` exempt? What is no CPU never is.
    pub(super) fn is_exempt(&self, agent: Agent) -> bool {
        self.exempt.get(usize::from(agent)).is_some_and(|&exempt| exempt)
    }

    pub(super) fn exempt(&mut self, agent: Agent) {
        self.exempt[usize::from(agent)] = true;
    }

    /// `agent` as a sender; an I/O agent has destinations of 8 bits.
    pub(super) fn sender(&self, agent: Agent) -> Sender {
        let wide = self.identity(agent).is_some_and(|identity| identity.mode == ApicMode::X2Apic);
        Sender { agent, wide }
    }

    fn key(&self, identity: &Identity) -> u32 {
        if identity.mode == ApicMode::XApic { identity.id & self.rules.id_mask() } else { identity.id }
    }

    pub(super) fn set(&mut self, agent: Agent, identity: Identity, at: Time) {
        let old = std::mem::replace(&mut self.identities[usize::from(agent)], identity);
        self.changed[usize::from(agent)] = at;
        if (old.mode, old.id) == (identity.mode, identity.id) {
            return;
        }
        if let Ok(place) = self.by_id.binary_search(&(self.key(&old), agent)) {
            self.by_id.remove(place);
        }
        if let Ok(place) = self.narrow.binary_search(&agent) {
            self.narrow.remove(place);
        }
        if identity.mode != ApicMode::Off {
            let entry = (self.key(&identity), agent);
            if let Err(place) = self.by_id.binary_search(&entry) {
                self.by_id.insert(place, entry);
            }
        }
        if identity.mode == ApicMode::XApic
            && let Err(place) = self.narrow.binary_search(&agent)
        {
            self.narrow.insert(place, agent);
        }
    }

    /// Must `agent` take `message`? One that is exempt never must.
    pub(super) fn addressed(&self, sender: Sender, message: &Message, agent: Agent) -> Addressed {
        let Some(identity) = self.identity(agent) else { return Addressed::No };
        let mut addressed = self.rules.addressed(sender, message, agent, identity);
        if let Some(domains) = &self.domains {
            addressed = addressed.min(domains::reach(domains, self.rules.cluster_fifteen, message, agent));
        }
        let open = self.is_exempt(agent) || self.is_exempt(sender.agent);
        if open { addressed.min(Addressed::Perhaps) } else { addressed }
    }

    /// Must `agent` have taken `message`, which was under way for a while? If it changed since the message was
    /// written, nobody knows.
    pub(super) fn addressed_since(&self, sender: Sender, message: &Message, agent: Agent) -> Addressed {
        let changed = self.changed.get(usize::from(agent)).is_some_and(|&at| at >= message.written_at);
        if changed { Addressed::Perhaps } else { self.addressed(sender, message, agent) }
    }

    /// Calls `visit` at least for every agent that `message` may address, for some more than once.
    pub(super) fn candidates(&self, sender: Sender, message: &Message, mut visit: impl FnMut(Agent)) {
        match message.shorthand {
            Shorthand::Own if !message.is_init_deassert() => visit(sender.agent),
            Shorthand::None if !message.is_init_deassert() && !self.is_broadcast(sender, message.destination) => {
                match message.destination_mode {
                    DestinationMode::Physical => self.physical(message.destination, &mut visit),
                    DestinationMode::Logical => self.logical(message.destination, &mut visit),
                }
            }
            _ => (0..self.identities.len() as Agent).for_each(visit),
        }
    }

    /// May the destination field address everybody?
    fn is_broadcast(&self, sender: Sender, destination: u32) -> bool {
        let narrow = !sender.wide || !self.narrow.is_empty();
        let mask = self.rules.id_mask();
        destination == u32::MAX || narrow && destination & mask == mask
    }

    fn with_id(&self, id: u32, visit: &mut impl FnMut(Agent)) {
        let start = self.by_id.partition_point(|&(other, _)| other < id);
        self.by_id[start..].iter().take_while(|&&(other, _)| other == id).for_each(|&(_, agent)| visit(agent));
    }

    fn physical(&self, destination: u32, visit: &mut impl FnMut(Agent)) {
        self.with_id(destination, visit);
        let cut = destination & self.rules.id_mask();
        if cut != destination && !self.narrow.is_empty() {
            self.with_id(cut, visit);
        }
    }

    /// In x2APIC mode the logical id names the id: cluster in bits 31:16, members in 15:0.
    fn logical(&self, destination: u32, visit: &mut impl FnMut(Agent)) {
        self.narrow.iter().for_each(|&agent| visit(agent));
        if self.narrow.len() < self.by_id.len() {
            let members = (0..16).filter(|member| destination & 1 << member != 0);
            members.for_each(|member| self.with_id((destination >> 16) << 4 | member, visit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::DeliveryMode;
    use crate::generation::{ClusterFifteen, Generation};
    use std::collections::BTreeSet;

    /// The short cuts must find whom asking everybody finds.
    #[test]
    fn candidates_leave_nobody_out() {
        let flat = u32::MAX;
        for generation in [Generation::P6, Generation::XApic, Generation::X2Apic] {
            for mixed in [0_u32, 1, 3] {
                let mut directory = Directory::new(Rules::new(generation, ClusterFifteen::EveryCluster), 40);
                for agent in 0..40_u32 {
                    let wide = generation == Generation::X2Apic && agent % 4 >= mixed;
                    let mode = if wide { ApicMode::X2Apic } else { ApicMode::XApic };
                    let dfr = if agent % 3 == 0 { 0x0FFF_FFFF } else { flat };
                    let identity = Identity {
                        mode,
                        id: agent * 7,
                        ldr: agent << 26,
                        dfr,
                        software_enabled: true,
                        ..Identity::OFF
                    };
                    directory.set(agent as Agent, Identity { id: 99, ..identity }, Time::ZERO);
                    directory.set(agent as Agent, identity, Time::ZERO);
                }
                directory.set(5, Identity::OFF, Time::ZERO);
                for destination in (0..0x400).chain([0x0001_0083, 0x0002_FFFF, 0xFFFF_FFFF, 0xFFFF_FFF0]) {
                    check(&directory, destination);
                }
            }
        }
    }

    fn check(directory: &Directory, destination: u32) {
        for destination_mode in [DestinationMode::Physical, DestinationMode::Logical] {
            for wide in [false, true] {
                let message = Message {
                    source: 1,
                    number: 0,
                    mode: DeliveryMode::Nmi,
                    vector: 0,
                    destination_mode,
                    destination,
                    shorthand: Shorthand::None,
                    level_triggered: false,
                    asserted: true,
                    written_at: Time::ZERO,
                    queues: false,
                };
                let sender = Sender { agent: 1, wide };
                let mut candidates = BTreeSet::new();
                directory.candidates(sender, &message, |agent| {
                    candidates.insert(agent);
                });
                let all = (0..40).filter(|&agent| directory.addressed(sender, &message, agent) != Addressed::No);
                let missed: Vec<_> = all.filter(|agent| !candidates.contains(agent)).collect();
                assert!(missed.is_empty(), "{destination_mode:?} {destination:X} wide {wide}: {missed:?}");
            }
        }
    }
}
