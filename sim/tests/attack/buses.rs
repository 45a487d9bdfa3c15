//! The interconnects of random machines: every kind, some with faults.

use crate::draw::Draw;
use sim::bus::{
    Agent, Cluster, ClusterBus, FrontSideBus, IdealBus, Interconnect, Latencies, PhysicalScope, PointToPointFabric,
    SerialBus, SerialFault, SerialFaultKind, ShorthandScope, Wire,
};
use sim::{ClockDomain, Duration, Knobs, Time};

/// Kinds of interconnects that [`bus`] knows.
pub(crate) const KINDS: u32 = 8;

/// Is the bus of this kind, or a part of it, a serial one?
pub(crate) fn is_serial(kind: u32) -> bool {
    kind <= 1 || kind == 4
}

/// The id of the I/O agent, and that of a cluster's manager, on a serial bus.
const IO_ID: u8 = 14;
const MANAGER_ID: u8 = 13;

/// An interconnect of `kind` for `cpus` CPUs and the I/O agent.
pub(crate) fn bus(kind: u32, cpus: Agent, knobs: Knobs, aligned: bool, draw: &mut Draw) -> Box<dyn Interconnect> {
    match kind {
        0 | 1 => {
            let ids: Vec<u8> = (0..cpus as u8).chain([IO_ID]).collect();
            let bus = serial(&ids, knobs, aligned, draw);
            if kind == 0 { Box::new(bus) } else { faulty(bus, cpus, draw) }
        }
        2 => Box::new(front_side(aligned, draw)),
        3 => {
            let buses: Vec<u8> = (0..cpus).map(|cpu| (cpu % 2) as u8).collect();
            Box::new(front_side(aligned, draw).with_buses(&buses).with_buffers(1 + draw.below(3) as usize))
        }
        4 => {
            let clock = draw.one_in(2);
            let segment = |ids: &[u8]| -> Box<dyn Interconnect> {
                let bus = SerialBus::new(ids).expect("the ids are different").with_knobs(knobs);
                let bus = if clock && !aligned { bus.with_clock(ClockDomain::new(100_000, 3)) } else { bus };
                Box::new(bus)
            };
            clustered(cpus, knobs, draw, segment)
        }
        5 => {
            let node = |ids: &[u8]| -> Box<dyn Interconnect> {
                Box::new(FrontSideBus::new().with_manager(ids.len() as Agent - 1))
            };
            clustered(cpus, knobs, draw, node)
        }
        6 => Box::new(IdealBus::new(Duration::from_ns(if aligned { 100 } else { 90 + u64::from(draw.below(200)) }))),
        _ => {
            let sockets: Vec<u16> = (0..=cpus).map(|agent| agent / 2).collect();
            Box::new(PointToPointFabric::new(&sockets, latencies(aligned, draw)).expect("there are agents"))
        }
    }
}

fn latencies(aligned: bool, draw: &mut Draw) -> Latencies {
    let unit = if aligned { 100_000 } else { 61_000 + u64::from(draw.below(50_000)) };
    let latency = |steps: u32| Duration::from_ps(unit * u64::from(steps));
    let own = 1 + draw.below(2);
    let same = own + draw.below(3);
    Latencies { own: latency(own), same_socket: latency(same), cross_socket: latency(same + draw.below(5)) }
}

fn serial(ids: &[u8], knobs: Knobs, aligned: bool, draw: &mut Draw) -> SerialBus {
    let bus = SerialBus::new(ids).expect("the ids are different").with_knobs(knobs);
    let clocks = [ClockDomain::new(60_000, 1), ClockDomain::new(30_001, 1), ClockDomain::new(100_000, 3)];
    if aligned { bus.with_clock(ClockDomain::new(50_000, 1)) } else { bus.with_clock(draw.of(&clocks)) }
}

/// One or two things are wrong with its wires, for a while or for ever.
fn faulty(bus: SerialBus, cpus: Agent, draw: &mut Draw) -> Box<dyn Interconnect> {
    let agent = draw.below(u32::from(cpus)) as Agent;
    let kinds = [
        SerialFaultKind::ChecksumNoise { every: 1 + draw.below(5) },
        SerialFaultKind::StuckWire { wire: Wire::Picd1, driven: false },
        SerialFaultKind::StuckWire { wire: Wire::Picd0, driven: true },
        SerialFaultKind::StuckWire { wire: Wire::Picd0, driven: false },
        SerialFaultKind::LostClock,
        SerialFaultKind::ArbitrationId { agent: 0, id: draw.below(16) as u8 },
        SerialFaultKind::Jabber { agent },
    ];
    let fault = |draw: &mut Draw, from: u64, length: u64| SerialFault {
        from: Time::from_us(from),
        until: (!draw.one_in(3)).then(|| Time::from_us(from + length)),
        kind: draw.of(&kinds),
    };
    let froms = [5, 30].map(|least| least + 5 * u64::from(draw.below(20)));
    let first = fault(draw, froms[0], 50);
    let second = fault(draw, froms[1], 30);
    let faults = if draw.one_in(2) { vec![first] } else { vec![first, second] };
    // Two of one kind at one time are no fault that a bus can have.
    let bus = bus.clone().with_faults(faults).or_else(|_| bus.with_faults(vec![first])).expect("a possible fault");
    Box::new(bus)
}

fn front_side(aligned: bool, draw: &mut Draw) -> FrontSideBus {
    let mut bus = FrontSideBus::new();
    if !aligned && draw.one_in(2) {
        bus = bus.with_timing(ClockDomain::new(20_000, 3), 8 + draw.below(10));
    }
    let from = Time::from_us(10 + u64::from(draw.below(60)));
    match draw.below(6) {
        0 => bus.stall(from, (!draw.one_in(3)).then(|| from + Duration::from_us(40))),
        1 => bus.retry_redirectable(from, Some(from + Duration::from_us(90)), (draw.one_in(2)).then_some(20)),
        2 if draw.one_in(2) => bus.retry_redirectable(from, None, None),
        _ => {}
    }
    bus
}

/// Clusters of two CPUs, the I/O agent in the first.
fn clustered(
    cpus: Agent,
    knobs: Knobs,
    draw: &mut Draw,
    segment: impl Fn(&[u8]) -> Box<dyn Interconnect>,
) -> Box<dyn Interconnect> {
    let cluster = |number: Agent| {
        let mut members: Vec<Agent> = (2 * number..cpus.min(2 * number + 2)).collect();
        members.extend((number == 0).then_some(cpus));
        let id = |agent: Agent| if agent == cpus { IO_ID } else { agent as u8 };
        let ids: Vec<u8> = members.iter().map(|&agent| id(agent)).chain([MANAGER_ID]).collect();
        Cluster { number: number as u8, segment: segment(&ids), members, manager_id: u32::from(MANAGER_ID) }
    };
    let mut bus = ClusterBus::new((0..cpus.div_ceil(2)).map(cluster).collect())
        .and_then(|bus| bus.with_links(Duration::from_ns(300), 1 + draw.below(3) as usize))
        .expect("every agent has its place")
        .with_knobs(knobs)
        .with_scopes(
            draw.of(&[PhysicalScope::Machine, PhysicalScope::Cluster]),
            draw.of(&[ShorthandScope::Machine, ShorthandScope::Cluster]),
        );
    if draw.one_in(6) {
        bus.kill_link(Time::from_us(60), 1);
    }
    Box::new(bus)
}
