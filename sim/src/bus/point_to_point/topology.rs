//! Who is how far from whom on a point-to-point fabric.
//!
//! Not modelled: distances among sockets (each is next to each other one), and dies within a socket.

use crate::bus::{Agent, Message, Shorthand};
use crate::time::Duration;

/// Latencies from one interface to another. Free parameters: nobody published them.
///
/// ```
/// use sim::Duration;
/// use sim::bus::{Interconnect, Latencies, PointToPointFabric};
///
/// let near = Latencies { same_socket: Duration::from_ns(300), ..Latencies::default() };
/// assert_eq!(PointToPointFabric::new(&[0, 0, 1], near)?.minimum_latency(), Duration::from_ns(100)); // to itself
/// # Ok::<(), sim::bus::FabricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// To the sender itself.
    pub own: Duration,
    /// To another agent of the sender's socket.
    pub same_socket: Duration,
    /// To an agent of another socket.
    pub cross_socket: Duration,
}

impl Default for Latencies {
    /// 100, 400 and 850 ns. From the sender's store to the handler, 0.5 to 0.8 µs within a socket and 0.9 to 1.3 µs across
    /// are usual on Nehalem to Skylake (rule of thumb, no document); the middle of each, less 250 ns for the register write
    /// and the entry of the handler.
    fn default() -> Self {
        let ns = Duration::from_ns;
        Self { own: ns(100), same_socket: ns(400), cross_socket: ns(850) }
    }
}

/// Why a fabric cannot be built.
///
/// ```
/// use sim::bus::{FabricError, Latencies, PointToPointFabric};
///
/// assert_eq!(PointToPointFabric::new(&[], Latencies::default()).err(), Some(FabricError::NoAgent));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FabricError {
    /// Without agents there is nothing to connect.
    #[error("a point-to-point fabric needs the socket of at least one agent")]
    NoAgent,
    /// An agent's number has 16 bits.
    #[error("a point-to-point fabric connects at most 65536 agents, but the sockets of {agents} are given")]
    TooManyAgents {
        /// How many were asked for.
        agents: usize,
    },
    /// An engine cannot advance by nothing.
    #[error("each latency of a point-to-point fabric must be at least 1 ps, but the one to {distance} is 0")]
    NoLatency {
        /// Which one.
        distance: &'static str,
    },
}

/// How far away an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Distance {
    Own,
    Same,
    Cross,
}

impl Distance {
    pub(super) const ALL: [Self; 3] = [Self::Own, Self::Same, Self::Cross];
}

/// Sockets, who is in them, and latencies.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    /// By distance.
    latencies: [Duration; 3],
    /// Place of each agent's socket among all sockets.
    socket_of: Vec<u16>,
    /// Agents of each socket, lowest first.
    members: Vec<Vec<Agent>>,
}

impl Topology {
    /// From the number of each agent's socket; the I/O agent is the last one.
    pub(super) fn new(socket_of: &[u16], latencies: Latencies) -> Result<Self, FabricError> {
        if socket_of.is_empty() {
            return Err(FabricError::NoAgent);
        }
        if Agent::try_from(socket_of.len() - 1).is_err() {
            return Err(FabricError::TooManyAgents { agents: socket_of.len() });
        }
        let Latencies { own, same_socket, cross_socket } = latencies;
        let named = [("the sender itself", own), ("its socket", same_socket), ("other sockets", cross_socket)];
        if let Some(&(distance, _)) = named.iter().find(|(_, latency)| *latency == Duration::ZERO) {
            return Err(FabricError::NoLatency { distance });
        }
        let mut numbers = socket_of.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let mut members = vec![Vec::new(); numbers.len()];
        let mut places = Vec::with_capacity(socket_of.len());
        for (agent, socket) in (0..=Agent::MAX).zip(socket_of) {
            let place = numbers.partition_point(|number| number < socket);
            members[place].push(agent);
            places.push(place as u16);
        }
        Ok(Self { latencies: [own, same_socket, cross_socket], socket_of: places, members })
    }

    pub(super) fn agents(&self) -> usize {
        self.socket_of.len()
    }

    pub(super) fn io_agent(&self) -> Agent {
        (self.socket_of.len() - 1) as Agent
    }

    fn socket(&self, agent: Agent) -> u16 {
        self.socket_of[usize::from(agent)]
    }

    pub(super) fn distance(&self, from: Agent, to: Agent) -> Distance {
        if from == to {
            Distance::Own
        } else if self.socket(from) == self.socket(to) {
            Distance::Same
        } else {
            Distance::Cross
        }
    }

    pub(super) const fn latency(&self, distance: Distance) -> Duration {
        self.latencies[distance as usize]
    }

    pub(super) fn least_latency(&self) -> Duration {
        let [own, same, cross] = self.latencies;
        own.min(same).min(cross)
    }

    /// Is there any agent at that distance that the message may be for?
    pub(super) fn may_address(&self, message: &Message, distance: Distance) -> bool {
        match (distance, message.shorthand) {
            (Distance::Own, shorthand) => shorthand != Shorthand::AllExcludingSelf,
            (_, Shorthand::Own) => false,
            (Distance::Same, _) => self.members[usize::from(self.socket(message.source))].len() > 1,
            (Distance::Cross, _) => self.members.len() > 1,
        }
    }

    /// Calls `visit` for all agents at that distance from `source`, lowest first.
    pub(super) fn each(&self, source: Agent, distance: Distance, mut visit: impl FnMut(Agent)) {
        let own = self.socket(source);
        match distance {
            Distance::Own => visit(source),
            Distance::Same => {
                let members = self.members[usize::from(own)].iter().copied();
                members.filter(|&agent| agent != source).for_each(visit);
            }
            Distance::Cross => {
                let agents = (0..).zip(&self.socket_of);
                agents.filter(|&(_, &socket)| socket != own).for_each(|(agent, _)| visit(agent));
            }
        }
    }
}
