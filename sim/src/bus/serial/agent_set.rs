//! A set of the agents of one bus.

use crate::bus::Agent;

/// Agents, one bit each: a serial bus has at most 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::bus) struct AgentSet(pub(super) u32);

impl AgentSet {
    /// The agents, lowest first.
    pub(in crate::bus) fn iter(self) -> impl Iterator<Item = Agent> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let lowest = (rest != 0).then(|| rest.trailing_zeros() as Agent);
            rest &= rest.wrapping_sub(1);
            lowest
        })
    }

    pub(super) const fn contains(self, agent: Agent) -> bool {
        self.0 >> agent & 1 != 0
    }

    /// Those of them that are not in `others`.
    pub(super) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those that are in either.
    pub(super) const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(super) const fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Agent> for AgentSet {
    fn from_iter<I: IntoIterator<Item = Agent>>(agents: I) -> Self {
        Self(agents.into_iter().fold(0, |set, agent| set | 1 << agent))
    }
}
