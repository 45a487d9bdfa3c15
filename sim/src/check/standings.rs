//! What each agent is to one message. Few agents are kept in place, many in words of bits.

use crate::bus::Agent;

/// What an agent is to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not addressed.
    Stranger = 0,
    /// It must get it.
    Due = 1,
    /// It may get it, but need not.
    Allowed = 2,
    /// It got it.
    Got = 3,
}
use Standing::{Allowed, Due, Got, Stranger};

/// Agents kept in place, which unicasts and small multicasts never exceed.
const FEW: usize = 6;

/// The standing of every agent. Cleared, it keeps its memory, so that it allocates once at most.
#[derive(Debug, Clone)]
pub(super) struct Standings {
    few: [(Agent, Standing); FEW],
    few_len: u8,
    /// How many are due, are allowed and got it, by standing. Of strangers, whom nobody counts: less than none.
    counts: [i32; 4],
    /// For 64 agents the low and the high bits of their standings. Not empty once there were more than a few.
    words: Vec<[u64; 2]>,
}

impl Default for Standings {
    fn default() -> Self {
        Self { few: [(0, Stranger); FEW], few_len: 0, counts: [0; 4], words: Vec::new() }
    }
}

const fn place(agent: Agent) -> (usize, u32) {
    (agent as usize / 64, (agent % 64) as u32)
}

impl Standings {
    /// All are strangers.
    pub(super) fn clear(&mut self) {
        self.few_len = 0;
        self.counts = [0; 4];
        self.words.clear();
    }

    /// Has anybody this standing? Not to be asked of strangers.
    pub(super) const fn any(&self, standing: Standing) -> bool {
        self.counts[standing as usize] > 0
    }

    pub(super) fn get(&self, agent: Agent) -> Standing {
        if self.words.is_empty() {
            let few = &self.few[..usize::from(self.few_len)];
            return few.iter().find(|(one, _)| *one == agent).map_or(Stranger, |&(_, standing)| standing);
        }
        let (word, bit) = place(agent);
        self.words.get(word).map_or(Stranger, |&word| standing_in(word, bit))
    }

    /// Changes the standing of `agent`; gives what it was.
    #[inline]
    pub(super) fn set(&mut self, agent: Agent, standing: Standing) -> Standing {
        let old = if !self.words.is_empty() {
            self.set_bits(agent, standing)
        } else if self.few_len > 0 && self.few[0].0 == agent {
            std::mem::replace(&mut self.few[0].1, standing)
        } else {
            self.set_few(agent, standing)
        };
        self.counts[old as usize] -= 1;
        self.counts[standing as usize] += 1;
        old
    }

    /// `agent`, who may get it, gets it. False: he may not, or it takes a longer look; then nothing has changed.
    #[inline(always)]
    pub(super) fn gets(&mut self, agent: Agent) -> bool {
        let (word, bit) = place(agent);
        let old = if self.words.is_empty() {
            if self.few_len == 0 || self.few[0].0 != agent {
                return false;
            }
            let old = self.few[0].1;
            if !matches!(old, Due | Allowed) {
                return false;
            }
            self.few[0].1 = Got;
            old
        } else if let Some([low, high]) = self.words.get_mut(word) {
            let mask = 1 << bit;
            let (is_due, is_allowed) = (*low & mask != 0, *high & mask != 0);
            if is_due == is_allowed {
                return false; // a stranger, or he got it
            }
            *low |= mask;
            *high |= mask;
            if is_due { Due } else { Allowed }
        } else {
            return false;
        };
        self.counts[old as usize] -= 1;
        self.counts[Got as usize] += 1;
        true
    }

    /// When all are strangers, gives `agent` another standing.
    #[inline]
    pub(super) const fn set_first(&mut self, agent: Agent, standing: Standing) {
        self.few[0] = (agent, standing);
        self.few_len = 1;
        self.counts[standing as usize] = 1;
    }

    fn set_few(&mut self, agent: Agent, standing: Standing) -> Standing {
        let len = usize::from(self.few_len);
        if let Some((_, old)) = self.few[..len].iter_mut().find(|(one, _)| *one == agent) {
            return std::mem::replace(old, standing);
        }
        let Some(slot) = self.few.get_mut(len) else { return self.spill(agent, standing) };
        *slot = (agent, standing);
        self.few_len += 1;
        Stranger
    }

    /// One more than the few.
    #[cold]
    fn spill(&mut self, agent: Agent, standing: Standing) -> Standing {
        for (one, old) in self.few {
            self.set_bits(one, old);
        }
        self.set_bits(agent, standing)
    }

    #[inline(always)]
    fn set_bits(&mut self, agent: Agent, standing: Standing) -> Standing {
        let (word, bit) = place(agent);
        if self.words.len() <= word {
            self.grow(word + 1);
        }
        let [low, high] = &mut self.words[word];
        let old = standing_in([*low, *high], bit);
        let (mask, standing) = (1 << bit, standing as u64);
        *low = if standing & 1 == 1 { *low | mask } else { *low & !mask };
        *high = if standing & 2 == 2 { *high | mask } else { *high & !mask };
        old
    }

    #[cold]
    fn grow(&mut self, words: usize) {
        self.words.resize(words, [0; 2]);
    }

    /// Gives each of the agents from 0 to below `agents` what `standing` says, when all are strangers. Nobody got it yet.
    pub(super) fn fill(&mut self, agents: usize, mut standing: impl FnMut(Agent) -> Standing) {
        for start in (0..agents).step_by(64) {
            let [mut low, mut high] = [0_u64; 2];
            for bit in 0..(agents - start).min(64) {
                let standing = standing((start + bit) as Agent) as u64;
                low |= (standing & 1) << bit;
                high |= (standing >> 1) << bit;
            }
            self.counts[Due as usize] += low.count_ones() as i32;
            self.counts[Allowed as usize] += high.count_ones() as i32;
            self.words.push([low, high]);
        }
    }

    /// Gives each agent whose bit is in `members`, a word for 64, this standing. They are strangers until then.
    pub(super) fn set_strangers(&mut self, members: &[u64], standing: Standing) {
        if standing == Stranger {
            return;
        }
        if self.words.len() < members.len() {
            self.words.resize(members.len(), [0; 2]);
        }
        let of_bit = |bit: u64| (standing as u64 >> bit & 1).wrapping_neg(); // all ones, or none
        let (low, high) = (of_bit(0), of_bit(1));
        let mut count = 0;
        for (word, bits) in self.words.iter_mut().zip(members) {
            word[0] |= bits & low;
            word[1] |= bits & high;
            count += bits.count_ones();
        }
        self.counts[standing as usize] += count as i32;
    }

    /// Nobody must get it any more: who had to is a stranger.
    pub(super) fn forgive(&mut self) {
        for (_, standing) in &mut self.few {
            if *standing == Due {
                *standing = Stranger;
            }
        }
        for [low, high] in &mut self.words {
            *low &= *high;
        }
        self.counts[Due as usize] = 0;
    }

    /// Who must get it, lowest first. It allocates: for complaints only.
    pub(super) fn due(&self) -> Vec<Agent> {
        if self.words.is_empty() {
            let few = self.few[..usize::from(self.few_len)].iter();
            let mut agents: Vec<_> = few.filter(|(_, standing)| *standing == Due).map(|&(agent, _)| agent).collect();
            agents.sort_unstable();
            return agents;
        }
        let agents = 0..self.words.len() * 64;
        agents.map(|agent| agent as Agent).filter(|&agent| self.get(agent) == Due).collect()
    }
}

const fn standing_in([low, high]: [u64; 2], bit: u32) -> Standing {
    const OF: [Standing; 4] = [Stranger, Due, Allowed, Got];
    OF[(low >> bit & 1 | (high >> bit & 1) << 1) as usize & 3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Like the set, but slow and plain.
    type Model = BTreeMap<Agent, Standing>;

    fn compare(standings: &Standings, model: &Model, agents: Agent) {
        let with = |standing| model.iter().filter(move |(_, one)| **one == standing).map(|(&agent, _)| agent);
        assert_eq!(standings.due(), with(Due).collect::<Vec<_>>());
        for standing in [Due, Allowed, Got] {
            assert_eq!(standings.any(standing), with(standing).next().is_some(), "{standing:?}");
        }
        for agent in 0..agents {
            assert_eq!(standings.get(agent), model.get(&agent).copied().unwrap_or(Stranger));
        }
    }

    #[test]
    fn standings_are_kept_below_and_above_the_limit() {
        let mut standings = Standings::default();
        for round in 1..=4_u32 {
            let mut model = Model::new();
            for step in 0..400_u32 {
                // A full-period sequence over 1024 numbers, cut to more and more agents.
                let number = (step * 421 + 97 * round) % 1024;
                let agent = (number % (4_u32 << (2 * round))) as Agent;
                let standing = [Due, Allowed, Got, Stranger][(number >> 8) as usize];
                let old = model.insert(agent, standing).unwrap_or(Stranger);
                assert_eq!(standings.set(agent, standing), old);
                compare(&standings, &model, 300);
                // Of the next one it may be that he gets it; who may not does not.
                let next = agent ^ 1;
                let may = matches!(model.get(&next), Some(Due | Allowed));
                let got = standings.gets(next);
                assert!(may || !got, "{round} {step}");
                assert!(got || !may || standings.words.is_empty(), "{round} {step}: among many nobody is overlooked");
                if got {
                    model.insert(next, Got);
                }
                compare(&standings, &model, 300);
                if step % 100 == 99 {
                    standings.forgive();
                    model.retain(|_, standing| *standing != Due);
                    compare(&standings, &model, 300);
                }
            }
            standings.clear();
            compare(&standings, &Model::new(), 300);
        }
    }

    #[test]
    fn a_class_of_strangers_is_as_set_one_by_one() {
        for agents in [1, 63, 64, 65, 200] {
            let mut standings = Standings::default();
            let mut model = Model::new();
            for (third, standing) in [Due, Stranger, Allowed].into_iter().enumerate() {
                let members: Vec<usize> = (0..agents).filter(|agent| agent % 3 == third).collect();
                let mut words = vec![0_u64; agents.div_ceil(64)];
                members.iter().for_each(|agent| words[agent / 64] |= 1 << (agent % 64));
                standings.set_strangers(&words, standing);
                model.extend(members.iter().map(|&agent| (agent as Agent, standing)));
            }
            compare(&standings, &model, 300);
            for agent in [0, 250] {
                let old = model.insert(agent, Stranger).unwrap_or(Stranger);
                assert_eq!(standings.set(agent, Stranger), old);
                compare(&standings, &model, 300);
            }
        }
    }

    #[test]
    fn filled_is_as_set_one_by_one() {
        for agents in [0, 1, 5, 63, 64, 65, 200] {
            let standing = |agent: Agent| [Stranger, Due, Allowed][(agent % 3) as usize];
            let mut standings = Standings::default();
            standings.fill(agents, standing);
            let mut model: Model = (0..agents as Agent).map(|agent| (agent, standing(agent))).collect();
            compare(&standings, &model, 300);
            let old = model.insert(250, Got).unwrap_or(Stranger);
            assert_eq!(standings.set(250, Got), old);
            compare(&standings, &model, 300);
        }
    }
}
