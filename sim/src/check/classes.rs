//! Agents by what a broadcast looks at: whoever is of one class has one standing to it, unless he is the sender.
//!
//! Not modelled: see the [module](super).

use crate::bus::Agent;

/// How many classes there are.
const CLASSES: usize = 32;

/// The members of each class, a bit an agent.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    members: Vec<Vec<u64>>,
    /// The class of each agent.
    of: Vec<u8>,
    /// How many members each class has.
    counts: [u32; CLASSES],
}

impl Classes {
    /// Of `agents` agents, all of class `first`.
    pub(super) fn new(agents: usize, first: usize) -> Self {
        let mut classes = Self {
            members: vec![vec![0; agents.div_ceil(64)]; CLASSES],
            of: vec![first as u8; agents],
            counts: [0; CLASSES],
        };
        (0..agents).for_each(|agent| classes.flip(agent, first));
        classes.counts[first] = agents as u32;
        classes
    }

    /// `agent` is of class `class` from now on.
    pub(super) fn change(&mut self, agent: Agent, class: usize) {
        let agent = usize::from(agent);
        let old = usize::from(std::mem::replace(&mut self.of[agent], class as u8));
        self.flip(agent, old);
        self.flip(agent, class);
        self.counts[old] -= 1;
        self.counts[class] += 1;
    }

    fn flip(&mut self, agent: usize, class: usize) {
        self.members[class][agent / 64] ^= 1 << (agent % 64);
    }

    /// Each class that somebody else than `sender` is of: one of those others, and all members.
    pub(super) fn others(&self, sender: Agent) -> impl Iterator<Item = (Agent, &[u64])> {
        let (word, bit) = (usize::from(sender) / 64, 1 << (sender % 64));
        let occupied = self.counts.iter().zip(&self.members).filter(|(count, _)| **count > 0);
        occupied.filter_map(move |(_, members)| {
            let rest = |(place, &bits): (usize, &u64)| (place, if place == word { bits & !bit } else { bits });
            let (place, bits) = members.iter().enumerate().map(rest).find(|(_, bits)| *bits != 0)?;
            Some(((place * 64) as Agent + bits.trailing_zeros() as Agent, &**members))
        })
    }
}
