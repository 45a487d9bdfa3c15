//! The clustered machines that Linux knows, as lists of clusters of four CPUs.
//!
//! Not modelled: what differs between them beyond their buses (mailboxes, timers, firmware).

use super::{Cluster, ClusterBus, ClusterError, PhysicalScope, ShorthandScope};
use crate::bus::{Agent, FrontSideBus, Interconnect, SerialBus, SerialFaultError};

/// CPUs a cluster: a logical destination has four bits for them (SDM vol. 3 §10.6.2.2).
const CLUSTER: Agent = 4;

/// Id of the I/O agent on a serial segment. CPUs have 1, 2, 4 and 8; ids decide arbitration only.
const IO_ID: u8 = 14;

/// Id of the manager on a serial segment.
const MANAGER_ID: u8 = 13;

/// Numbers of the clusters with their agents. The I/O agent comes after the CPUs, and is on the first cluster.
fn clusters(cpus: Agent) -> impl Iterator<Item = (u8, Vec<Agent>)> {
    (0..cpus.div_ceil(CLUSTER).max(1)).map(move |cluster| {
        let mut members: Vec<Agent> = (cluster * CLUSTER..cpus.min((cluster + 1) * CLUSTER)).collect();
        if cluster == 0 {
            members.push(cpus);
        }
        (u8::try_from(cluster).unwrap_or(u8::MAX), members)
    })
}

impl ClusterBus {
    /// NUMA-Q: quads of Pentium III on serial buses, whose ids have 1 << (CPU in the quad) in their low four bits; physical
    /// destinations and shorthands stay in the quad (Linux numaq_32.c). `segment` may change each quad's bus, which has
    /// these agents and the manager: its clock, its knobs, its faults.
    ///
    /// # Errors
    /// If there are more CPUs than 16 clusters hold, or `segment` gives a quad impossible faults.
    pub fn numa_q(
        cpus: Agent,
        segment: impl Fn(SerialBus, &[Agent]) -> Result<SerialBus, SerialFaultError>,
    ) -> Result<Self, ClusterError> {
        let build = |(number, members): (u8, Vec<Agent>)| {
            let id = |(local, &agent): (u8, &Agent)| if agent == cpus { IO_ID } else { 1 << local };
            let ids: Vec<u8> = (0..).zip(&members).map(id).chain([MANAGER_ID]).collect();
            let bus = SerialBus::new(&ids).map_err(|error| ClusterError::Segment { number, error })?;
            let bus = segment(bus, &members).map_err(|error| ClusterError::Faults { number, error })?;
            let segment: Box<dyn Interconnect> = Box::new(bus);
            Ok(Cluster { number, members, segment, manager_id: u32::from(MANAGER_ID) })
        };
        Self::new(clusters(cpus).map(build).collect::<Result<_, _>>()?)
    }

    /// Summit, and ES7000 with xAPIC parts: nodes of Xeons on front-side buses. Ids are unique in the machine, and node
    /// controllers forward physical destinations (as E8870 table 4-7 says of its own; shorthands stay in the node, because
    /// Linux summit_32.c and es7000_32.c send sequences instead). `segment` may change each node's bus.
    ///
    /// # Errors
    /// If there are more CPUs than 16 clusters hold.
    pub fn front_side_nodes(cpus: Agent, segment: impl Fn(FrontSideBus) -> FrontSideBus) -> Result<Self, ClusterError> {
        let build = |(number, members): (u8, Vec<Agent>)| {
            let bus = segment(FrontSideBus::new().with_manager(members.len() as Agent));
            Cluster { number, members, segment: Box::new(bus), manager_id: u32::from(u8::MAX) }
        };
        let bus = Self::new(clusters(cpus).map(build).collect())?;
        Ok(bus.with_scopes(PhysicalScope::Machine, ShorthandScope::Cluster))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{delivered, message, run, send};
    use super::super::super::testing_agents::{Fellows, logical};
    use super::*;
    use crate::time::Time;

    #[test]
    fn presets_join_clusters_of_four() {
        let agents = Fellows::clustered(3, 4);
        let mut numa_q = ClusterBus::numa_q(11, |bus, _| Ok(bus)).expect("it is possible");
        let mut summit = ClusterBus::front_side_nodes(11, |bus| bus).expect("it is possible");
        for bus in [&mut numa_q, &mut summit] {
            send(bus, 0, logical(0, 0, 0x24));
            send(bus, 1, logical(9, 0, 0x12));
            let receivers: Vec<Agent> =
                delivered(&run(bus, &agents, Time::NEVER)).iter().map(|&(_, agent)| agent).collect();
            assert_eq!(receivers.len(), 2, "{receivers:?}");
            assert!(receivers.contains(&10) && receivers.contains(&5), "{receivers:?}");
        }
        // A physical destination: only a node controller forwards it.
        send(&mut numa_q, 50_000_000, message(0, 1, 0x24));
        assert_eq!(delivered(&run(&mut numa_q, &agents, Time::from_us(90))), []);
        send(&mut summit, 50_000_000, message(0, 1, 0x24));
        assert_eq!(delivered(&run(&mut summit, &agents, Time::from_us(90))).len(), 1);
    }

    #[test]
    fn a_quad_may_have_faults_of_its_own() {
        use super::super::super::{SerialFault, SerialFaultKind};
        let jabber = |agent| SerialFault { from: Time::ZERO, until: None, kind: SerialFaultKind::Jabber { agent } };
        let second_quad = |agent| {
            ClusterBus::numa_q(
                8,
                move |bus, members| {
                    if members.contains(&4) { bus.with_faults(vec![jabber(agent)]) } else { Ok(bus) }
                },
            )
        };
        let mut bus = second_quad(1).expect("it is possible");
        let agents = Fellows::clustered(3, 4);
        send(&mut bus, 0, logical(0, 0, 0x02));
        send(&mut bus, 0, logical(4, 0, 0x12));
        let receivers = delivered(&run(&mut bus, &agents, Time::from_us(50)));
        assert_eq!(receivers.iter().map(|&(_, agent)| agent).collect::<Vec<_>>(), [1], "only the first quad works");
        let error = SerialFaultError::NoSuchAgent { fault: 0, agent: 9, agents: 5 };
        assert_eq!(second_quad(9).err(), Some(ClusterError::Faults { number: 1, error }), "four CPUs and the manager");
    }

    #[test]
    fn too_many_cpus_are_refused() {
        let error = ClusterBus::numa_q(65, |bus, _| Ok(bus)).err();
        assert_eq!(error, Some(ClusterError::TooManyClusters { clusters: 17 }));
        assert!(ClusterBus::front_side_nodes(64, |bus| bus).is_ok());
    }
}
