//! The machines that the workloads run on. All that is not said here is the default: checker and digest on, events not
//! kept, polls skipped.

use sim::apic::{Mode, Preset};
use sim::bus::{IdealBus, Interconnect, Latencies, PointToPointFabric};
use sim::{Closed, CpuSettings, Duration, Generation, MachineSettings, Program, StopRule, Time};

/// What CPU 0 reaches at the end of a workload that stops there.
pub(crate) const DONE: u32 = 1;

/// Agents of a socket of the point-to-point fabric.
const SOCKET: u32 = 16;

pub(crate) fn ideal_bus() -> Box<dyn Interconnect> {
    Box::new(IdealBus::new(Duration::from_ns(100)))
}

/// So many CPUs with the same software in xAPIC mode. The run stops when `DONE` is reached.
pub(crate) fn xapic(bus: Box<dyn Interconnect>, cpus: u32, software: impl Closed + Copy) -> MachineSettings {
    let cpu = |apic_id| (CpuSettings::default().with(|cpu| cpu.apic_id = apic_id), Program::closed(software));
    MachineSettings::new(Generation::XApic, bus).with(|machine| {
        machine.cpus = (0..cpus).map(cpu).collect();
        machine.words = vec![0; 4];
        machine.limit = Time::from_us(1_000_000_000);
        machine.stop = StopRule::Any(vec![DONE]);
    })
}

/// So many CPUs with the same software in x2APIC mode on a point-to-point fabric. The run ends when nothing can happen any
/// more.
pub(crate) fn x2apic(cpus: u32, software: impl Closed + Copy) -> MachineSettings {
    // One agent more than CPUs: the I/O agent, to which EOIs go.
    let sockets: Vec<u16> = (0..=cpus).map(|agent| (agent / SOCKET) as u16).collect();
    let fabric = PointToPointFabric::new(&sockets, Latencies::default()).expect("there are agents");
    let apic = Preset::default().with(|preset| preset.mode = Mode::X2Apic);
    let cpu = |apic_id| {
        (
            CpuSettings::default().with(|cpu| {
                cpu.apic_id = apic_id;
                cpu.apic = apic;
            }),
            Program::closed(software),
        )
    };
    MachineSettings::new(Generation::X2Apic, Box::new(fabric)).with(|machine| {
        machine.cpus = (0..cpus).map(cpu).collect();
        machine.words = vec![0; 4];
        machine.limit = Time::from_us(1_000_000_000);
    })
}
