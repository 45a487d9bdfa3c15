//! A set of the agents of one bus.

use crate::bus::Agent;

/// Agents, one bit each: a serial bus has at most 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::bus) struct AgentSet(pub(super) u32);

impl AgentSet {
    /// The agents, lowest first.
    pub(in crate::bus) fn iter(self) -> impl Iterator<Item = Agent> {
        (0..32).filter(move |&agent| self.contains(agent))
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

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Agent> for AgentSet {
    fn from_iter<I: IntoIterator<Item = Agent>>(agents: I) -> Self {
        Self(agents.into_iter().fold(0, |set, agent| set | 1 << agent))
    }
}
