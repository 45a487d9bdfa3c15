//! A set of agents, a bit for each.

use crate::bus::Agent;

/// The set.
#[derive(Debug, Clone, Default)]
pub(super) struct AgentBits {
    words: Vec<u64>,
    /// There may be some.
    any: bool,
}

impl AgentBits {
    /// An empty set with room for the agents from 0 to below `agents`; it grows if there are more.
    pub(super) fn new(agents: usize) -> Self {
        Self { words: vec![0; agents.div_ceil(64)], any: false }
    }

    #[inline]
    pub(super) fn insert(&mut self, agent: Agent) {
        let word = agent as usize / 64;
        self.any = true;
        match self.words.get_mut(word) {
            Some(word) => *word |= 1 << (agent % 64),
            None => self.insert_beyond(agent),
        }
    }

    #[cold]
    fn insert_beyond(&mut self, agent: Agent) {
        self.words.resize(agent as usize / 64 + 1, 0);
        self.insert(agent);
    }

    /// Keeps those for which `keep` says so, lowest first.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Agent) -> bool) {
        if !std::mem::take(&mut self.any) {
            return;
        }
        for (index, word) in self.words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                if !keep((index * 64) as Agent + bit as Agent) {
                    *word &= !(1 << bit);
                }
                left &= left - 1;
            }
            self.any |= *word != 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_set() {
        let mut bits = AgentBits::new(100);
        let mut members = |keep: fn(Agent) -> bool, more: &[Agent]| {
            more.iter().for_each(|&agent| bits.insert(agent));
            let mut seen = vec![];
            bits.retain(|agent| {
                seen.push(agent);
                keep(agent)
            });
            seen
        };
        assert_eq!(members(|agent| agent % 2 == 1, &[63, 0, 99, 64, 300, 63]), [0, 63, 64, 99, 300]);
        assert_eq!(members(|_| false, &[1]), [1, 63, 99]);
        assert!(members(|_| true, &[]).is_empty());
    }
}
