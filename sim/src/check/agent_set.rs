//! A set of agents: a few in place, or as many as there are in words of bits.

use crate::bus::Agent;

/// Agents kept in place, which unicasts and small multicasts never exceed.
const FEW: usize = 6;

/// A set of agents. Emptied, it keeps its memory, so that it allocates once at most.
#[derive(Debug, Clone, Default)]
pub(super) struct AgentSet {
    few: [Agent; FEW],
    few_len: u8,
    len: u16,
    /// Not empty once there were more than a few.
    words: Vec<u64>,
}

const fn place(agent: Agent) -> (usize, u64) {
    ((agent >> 6) as usize, 1 << (agent & 63))
}

impl AgentSet {
    pub(super) fn clear(&mut self) {
        self.few_len = 0;
        self.len = 0;
        self.words.clear();
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn few(&self) -> &[Agent] {
        &self.few[..usize::from(self.few_len)]
    }

    pub(super) fn contains(&self, agent: Agent) -> bool {
        let (word, bit) = place(agent);
        if self.words.is_empty() {
            return self.few().contains(&agent);
        }
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn insert(&mut self, agent: Agent) {
        if self.contains(agent) {
            return;
        }
        self.len += 1;
        if self.words.is_empty() {
            if let Some(slot) = self.few.get_mut(usize::from(self.few_len)) {
                *slot = agent;
                self.few_len += 1;
                return;
            }
            for index in 0..FEW {
                self.set_bit(self.few[index]);
            }
        }
        self.set_bit(agent);
    }

    fn set_bit(&mut self, agent: Agent) {
        let (word, bit) = place(agent);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= bit;
    }

    /// Was it in the set?
    pub(super) fn remove(&mut self, agent: Agent) -> bool {
        if !self.contains(agent) {
            return false;
        }
        self.len -= 1;
        if self.words.is_empty() {
            let index = self.few().iter().position(|&one| one == agent).expect("the set contains it");
            self.few_len -= 1;
            self.few.swap(index, usize::from(self.few_len));
        } else {
            let (word, bit) = place(agent);
            self.words[word] &= !bit;
        }
        true
    }

    /// The agents, lowest first. It allocates: for complaints only.
    pub(super) fn to_vec(&self) -> Vec<Agent> {
        if self.words.is_empty() {
            let mut agents = self.few().to_vec();
            agents.sort_unstable();
            return agents;
        }
        let bits = |(index, &word): (usize, &u64)| {
            (0..64).filter(move |bit| word & 1 << bit != 0).map(move |bit| (index * 64 + bit) as Agent)
        };
        self.words.iter().enumerate().flat_map(bits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_a_set_below_and_above_the_limit() {
        let mut set = AgentSet::default();
        for round in 1..=4_u32 {
            let mut model = BTreeSet::new();
            for step in 0..400_u32 {
                // A full-period sequence over 1024 numbers, cut to more and more agents.
                let number = (step * 421 + 97 * round) % 1024;
                let agent = (number % (4_u32 << (2 * round))) as Agent;
                if number & 512 == 0 {
                    set.insert(agent);
                    model.insert(agent);
                } else {
                    assert_eq!(set.remove(agent), model.remove(&agent));
                }
                assert_eq!((set.to_vec().len(), set.is_empty()), (model.len(), model.is_empty()));
                assert_eq!(set.contains(agent), model.contains(&agent));
            }
            assert_eq!(set.to_vec(), model.into_iter().collect::<Vec<_>>(), "round {round}");
            set.clear();
        }
    }
}
