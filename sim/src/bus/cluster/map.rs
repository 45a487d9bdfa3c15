//! Who is where in a clustered machine, and which messages leave their cluster.
//!
//! Not modelled: locality-dependent routing of more than 15 clusters (NUMA-Q), remapping of destinations by a manager.

use crate::bus::addressees::Addressees;
use crate::bus::{Agent, DeliveryMode, DestinationMode, Domains, Message, Shorthand, Targets};
use crate::generation::{ClusterFifteen, Knobs};
use std::cell::RefCell;

/// How far a physical destination reaches.
///
/// ```
/// use sim::bus::{ClusterBus, Interconnect, PhysicalScope, Reach, ShorthandScope};
///
/// let nodes = ClusterBus::front_side_nodes(8, |bus| bus)?.with_scopes(PhysicalScope::Machine, ShorthandScope::Cluster);
/// let Reach::Domains(domains) = nodes.reach() else { panic!("two nodes") };
/// assert_eq!((domains.physical, domains.shorthands), (PhysicalScope::Machine, ShorthandScope::Cluster));
/// # Ok::<(), sim::bus::ClusterError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PhysicalScope {
    /// The sender's cluster: each has a domain of physical ids of its own (NUMA-Q: Linux numaq_32.c sends to other quads
    /// in logical mode only, and device interrupts to "physical, all" stay in their quad).
    #[default]
    Cluster,
    /// The machine: node controllers forward a directed interrupt to the node of its target (E8870 table 4-7). It is a
    /// unicast: the broadcast id reaches every cluster.
    Machine,
}

/// How far a destination shorthand reaches.
///
/// See [`PhysicalScope`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ShorthandScope {
    /// The sender's cluster (NUMA-Q has no useful global broadcast: Linux numaq_32.c sends a sequence instead).
    #[default]
    Cluster,
    /// The machine. No document says so of any of these machines; for experiments.
    Machine,
}

/// What is wrong with a list of clusters.
///
/// ```
/// use sim::bus::{ClusterBus, ClusterError};
///
/// assert_eq!(ClusterBus::new(Vec::new()).err(), Some(ClusterError::NoCluster));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// There is nothing to build.
    #[error("a cluster bus needs at least one cluster")]
    NoCluster,
    /// A logical destination has four bits for the cluster.
    #[error("{clusters} clusters, but bits 7:4 of a logical destination can name 16 at most, and FFh addresses all")]
    TooManyClusters {
        /// How many were asked for.
        clusters: usize,
    },
    /// A number that bits 7:4 cannot hold.
    #[error("cluster {number}: a cluster number must be 0 to 15 (bits 7:4 of a logical destination)")]
    BadNumber {
        /// The number.
        number: u8,
    },
    /// Two clusters have one number.
    #[error("two clusters have the number {number}: bits 7:4 of a logical destination must tell them apart")]
    DuplicateNumber {
        /// The number.
        number: u8,
    },
    /// An agent is in two clusters, or twice in one.
    #[error("agent {agent} is listed twice: it has one place, in one cluster")]
    DuplicateAgent {
        /// The agent.
        agent: Agent,
    },
    /// Agents must be numbered without a gap.
    #[error("agent {agent} is in no cluster, but agents with higher numbers are")]
    MissingAgent {
        /// The agent.
        agent: Agent,
    },
    /// A manager without a queue can forward nothing.
    #[error("a cluster manager needs room for at least one message")]
    NoQueue,
    /// The ids of a cluster cannot share a serial bus.
    #[error("cluster {number}: {error}")]
    Segment {
        /// Its number.
        number: u8,
        /// What the serial bus says.
        error: crate::bus::BusError,
    },
    /// The serial bus of a cluster cannot have these faults.
    #[error("cluster {number}: {error}")]
    Faults {
        /// Its number.
        number: u8,
        /// What the serial bus says.
        error: crate::bus::SerialFaultError,
    },
}

/// A set of clusters, one bit for each place in the list.
pub(super) type ClusterSet = u16;

/// The places of a set, lowest first.
pub(super) fn places(set: ClusterSet) -> impl Iterator<Item = usize> {
    (0..ClusterSet::BITS as usize).filter(move |&place| set >> place & 1 != 0)
}

/// Who is where. A cluster is named by its place in the list; its number is what bits 7:4 of a destination say.
#[derive(Debug, Clone)]
pub(super) struct Map {
    numbers: Vec<u8>,
    members: Vec<Vec<Agent>>,
    /// Cluster, and number on its segment, of each agent.
    homes: Vec<(usize, Agent)>,
    pub(super) physical: PhysicalScope,
    pub(super) shorthands: ShorthandScope,
    pub(super) knobs: Knobs,
    /// Where a view of the agents, which is read only, looks for them.
    addressees: RefCell<Addressees>,
}

impl Map {
    /// From each cluster's number and members.
    pub(super) fn new(clusters: &[(u8, Vec<Agent>)]) -> Result<Self, ClusterError> {
        if clusters.is_empty() {
            return Err(ClusterError::NoCluster);
        }
        if clusters.len() > ClusterSet::BITS as usize {
            return Err(ClusterError::TooManyClusters { clusters: clusters.len() });
        }
        let mut numbers = Vec::new();
        let mut homes: Vec<(Agent, (usize, Agent))> = Vec::new();
        for (place, (number, members)) in clusters.iter().enumerate() {
            if *number > 0xF {
                return Err(ClusterError::BadNumber { number: *number });
            }
            if numbers.contains(number) {
                return Err(ClusterError::DuplicateNumber { number: *number });
            }
            numbers.push(*number);
            homes.extend(members.iter().zip(0..).map(|(&agent, local)| (agent, (place, local))));
        }
        homes.sort_unstable();
        for ((agent, _), expected) in homes.iter().zip(0..) {
            match agent.cmp(&expected) {
                std::cmp::Ordering::Less => return Err(ClusterError::DuplicateAgent { agent: *agent }),
                std::cmp::Ordering::Greater => return Err(ClusterError::MissingAgent { agent: expected }),
                std::cmp::Ordering::Equal => {}
            }
        }
        Ok(Self {
            numbers,
            members: clusters.iter().map(|(_, members)| members.clone()).collect(),
            homes: homes.into_iter().map(|(_, home)| home).collect(),
            physical: PhysicalScope::default(),
            shorthands: ShorthandScope::default(),
            knobs: Knobs::default(),
            addressees: RefCell::default(),
        })
    }

    pub(super) fn clusters(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn members(&self, place: usize) -> &[Agent] {
        &self.members[place]
    }

    /// Number of the cluster manager on the segment of a cluster: after the members.
    pub(super) fn manager(&self, place: usize) -> Agent {
        self.members[place].len() as Agent
    }

    /// The agent of the machine that has this number on the segment of a cluster. Managers come after all others, by place.
    pub(super) fn agent(&self, place: usize, local: Agent) -> Agent {
        let manager = || (self.agents() + place) as Agent;
        self.members[place].get(usize::from(local)).copied().unwrap_or_else(manager)
    }

    /// Cluster of an agent, and its number on the segment there.
    ///
    /// # Panics
    /// If the agent is in no cluster.
    pub(super) fn home(&self, agent: Agent) -> (usize, Agent) {
        self.homes[usize::from(agent)]
    }

    /// Number of an agent on the segment of the cluster at `place`, if it is there.
    pub(super) fn local(&self, place: usize, agent: Agent) -> Option<Agent> {
        self.homes.get(usize::from(agent)).filter(|home| home.0 == place).map(|home| home.1)
    }

    pub(super) fn agents(&self) -> usize {
        self.homes.len()
    }

    /// The place of the cluster with this number.
    pub(super) fn place(&self, number: u8) -> Option<usize> {
        self.numbers.iter().position(|&known| known == number)
    }

    /// Who is where, for a watcher.
    pub(super) fn domains(&self) -> Domains {
        let homes = self.homes.iter().map(|&(place, _)| self.numbers[place]).collect();
        Domains { homes, physical: self.physical, shorthands: self.shorthands }
    }

    /// The clusters but `place`.
    fn others(&self, place: usize) -> ClusterSet {
        let all = (0..self.clusters()).fold(0, |set, place| set | 1 << place);
        all & !(1 << place)
    }

    /// The other clusters to which the manager of cluster `from` must carry `message`.
    pub(super) fn remote(&self, from: usize, message: &Message, targets: &dyn Targets) -> ClusterSet {
        match (message.shorthand, message.destination_mode) {
            (Shorthand::Own, _) => 0,
            // one of all: only a cluster's own bus can find out which (SDM vol. 3 §10.6.2.2 does not support it)
            (Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf, _)
                if message.mode == DeliveryMode::LowestPriority =>
            {
                0
            }
            (Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf, _) => match self.shorthands {
                ShorthandScope::Cluster => 0,
                ShorthandScope::Machine => self.others(from),
            },
            (Shorthand::None, DestinationMode::Logical) => self.remote_logical(from, message),
            (Shorthand::None, DestinationMode::Physical) => match self.physical {
                PhysicalScope::Cluster => 0,
                PhysicalScope::Machine => self.addressed(message, targets) & self.others(from),
            },
        }
    }

    /// The clusters of the agents that `message` addresses.
    fn addressed(&self, message: &Message, targets: &dyn Targets) -> ClusterSet {
        let mut addressees = self.addressees.borrow_mut();
        let agents = addressees.of(targets, message);
        let places = agents.filter_map(|agent| self.homes.get(usize::from(agent)));
        places.fold(0, |set, &(place, _)| set | 1 << place)
    }

    /// Hierarchical cluster model: cluster in bits 7:4, FFh for all (SDM vol. 3 §10.6.2.2). A lowest-priority broadcast is
    /// not supported there; it stays in its cluster.
    fn remote_logical(&self, from: usize, message: &Message) -> ClusterSet {
        let destination = message.destination as u8;
        let every = match self.knobs.cluster_fifteen {
            ClusterFifteen::Exact => destination == 0xFF,
            ClusterFifteen::EveryCluster => destination >> 4 == 0xF,
        };
        if every {
            return if message.mode == DeliveryMode::LowestPriority { 0 } else { self.others(from) };
        }
        match self.place(destination >> 4) {
            Some(place) if destination & 0xF != 0 => 1 << place & self.others(from),
            _ => 0,
        }
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
