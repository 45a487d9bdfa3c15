//! From a machine's description to its interconnect, with the faults that act on it.

use crate::scenario::{Again, Bus, Fault, FaultKind, Machine};
use sim::bus::{
    Agent, ClusterBus, FrontSideBus, IdealBus, Interconnect, Latencies, PointToPointFabric, SerialBus, SerialFault,
    SerialFaultKind,
};
use sim::{ClockDomain, Duration, Knobs, Time};

/// APIC id of the I/O agent on a serial bus: the last one (hardware.md §3.1: ids 0 to 14).
pub(crate) const IO_AGENT_ID: u8 = 14;

/// Default way between two cluster managers: 1 µs, a free parameter.
const HOP_PS: u64 = 1_000_000;
/// Default room of a cluster manager: 4 messages, a free parameter.
const QUEUE_DEPTH: u32 = 4;

/// The bus refuses these agents; why, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What an interconnect is built from, beside the machine.
pub(crate) struct Parts<'a> {
    pub(crate) machine: &'a Machine,
    /// APIC ids of the CPUs.
    pub(crate) ids: Vec<u32>,
    pub(crate) knobs: Knobs,
    pub(crate) faults: &'a [Fault],
    /// Messages that arrive damaged.
    pub(crate) damage: Vec<SerialFault>,
    /// Front-side bus cycles of a transaction.
    pub(crate) transaction_cycles: u32,
    pub(crate) ideal_delivery_ps: u64,
    pub(crate) cluster_hop_ps: Option<u64>,
}

impl Parts<'_> {
    /// The interconnect.
    ///
    /// # Errors
    /// If these agents cannot share it.
    pub(crate) fn build(&self) -> Result<Box<dyn Interconnect>, Refused> {
        let refused = |error: &dyn std::fmt::Display| Refused(error.to_string());
        let cpus = self.machine.cpus as u16;
        Ok(match self.machine.bus {
            Bus::Serial => {
                let io_agent = self.machine.io_agent.then_some(IO_AGENT_ID);
                let ids: Vec<u8> = self.ids.iter().map(|id| *id as u8).chain(io_agent).collect();
                let bus = self.serial(SerialBus::new(&ids).map_err(|error| refused(&error))?);
                let agents: Vec<Agent> = (0..ids.len() as Agent).collect();
                Box::new(bus.with_faults(self.wire_faults(&agents)).map_err(|error| refused(&error))?)
            }
            Bus::Fsb => Box::new(self.front_side(FrontSideBus::new())),
            Bus::Ideal => Box::new(IdealBus::new(Duration::from_ps(self.ideal_delivery_ps))),
            Bus::Fabric => {
                let sockets: Vec<u16> = (0..=cpus).map(|agent| agent / self.machine.cpus_per_socket as u16).collect();
                Box::new(PointToPointFabric::new(&sockets, Latencies::default()).map_err(|error| refused(&error))?)
            }
            Bus::Cluster => {
                let bus = if self.machine.generation.profile().serial {
                    ClusterBus::numa_q(cpus, |bus, agents| self.serial(bus).with_faults(self.wire_faults(agents)))
                } else {
                    ClusterBus::front_side_nodes(cpus, |bus| self.front_side(bus))
                };
                let hop = Duration::from_ps(self.cluster_hop_ps.unwrap_or(HOP_PS));
                let depth = self.machine.cluster_queue_depth.unwrap_or(QUEUE_DEPTH) as usize;
                let bus = bus.and_then(|bus| bus.with_links(hop, depth)).map_err(|error| refused(&error))?;
                let mut bus = bus.with_knobs(self.knobs);
                for fault in self.faults {
                    if let FaultKind::DeadLink { cluster } = fault.kind {
                        bus.kill_link(Time::from_ps(fault.at_ps), cluster);
                    }
                }
                Box::new(bus)
            }
        })
    }

    /// A serial bus as the machine has it, without its faults.
    fn serial(&self, bus: SerialBus) -> SerialBus {
        let period = self.machine.picclk_period_ps();
        bus.with_clock(ClockDomain::new(period, 1)).with_knobs(self.knobs)
    }

    /// The faults of a serial bus with these agents: those of one agent are for the bus that it is on, the others for
    /// every bus of the machine.
    fn wire_faults(&self, agents: &[Agent]) -> Vec<SerialFault> {
        let place = |agent: Agent| agents.iter().position(|&other| other == agent).map(|place| place as Agent);
        let fault = |fault: &Fault| {
            let FaultKind::Wires { until_ps, fault: kind } = fault.kind else { return None };
            let kind = match kind {
                SerialFaultKind::ArbitrationId { agent, id } => {
                    SerialFaultKind::ArbitrationId { agent: place(agent)?, id }
                }
                SerialFaultKind::Jabber { agent } => SerialFaultKind::Jabber { agent: place(agent)? },
                of_all => of_all,
            };
            Some(SerialFault { from: Time::from_ps(fault.at_ps), until: until_ps.map(Time::from_ps), kind })
        };
        let here = |fault: &SerialFault| {
            let SerialFaultKind::Damage { from: Some(from), vectors, mode, nth, every, count } = fault.kind else {
                return Some(*fault);
            };
            let kind = SerialFaultKind::Damage { from: Some(place(from)?), vectors, mode, nth, every, count };
            Some(SerialFault { kind, ..*fault })
        };
        self.faults.iter().filter_map(fault).chain(self.damage.iter().filter_map(here)).collect()
    }

    fn front_side(&self, bus: FrontSideBus) -> FrontSideBus {
        let period = self.machine.fsb_period_ps();
        let mut bus = bus.with_timing(ClockDomain::new(period, 1), self.transaction_cycles);
        for fault in self.faults {
            let from = Time::from_ps(fault.at_ps);
            match fault.kind {
                FaultKind::FsbStall { until_ps } => bus.stall(from, until_ps.map(Time::from_ps)),
                FaultKind::FsbLock { until_ps, again: None } => bus.stall(from, until_ps.map(Time::from_ps)),
                FaultKind::FsbLock { until_ps, again: Some(Again { held_ps, every_ps }) } => {
                    let until_ps = until_ps.unwrap_or(fault.at_ps);
                    for at in (fault.at_ps..until_ps).step_by(every_ps as usize) {
                        bus.stall(Time::from_ps(at), Some(Time::from_ps((at + held_ps).min(until_ps))));
                    }
                }
                FaultKind::FsbRetry { until_ps, count } => {
                    bus.retry_redirectable(from, until_ps.map(Time::from_ps), count);
                }
                _ => {}
            }
        }
        bus
    }
}
