//! Hand-made programs: plain functions with one number, Closed, and the machines that they run on.

use sim::bus::{IdealBus, Interconnect, Latencies, PointToPointFabric, SerialBus};
use sim::{Closed, Cpu, CpuSettings, Duration, Generation, MachineSettings, Program, Software, Time};

/// A piece of a program.
pub(crate) type Body = fn(Cpu<'_>, u32);

/// What one CPU runs: a function for each way in. All get `operand`.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) run: Body,
    pub(crate) interrupt: fn(Cpu<'_>, u8, u32),
    pub(crate) nmi: Body,
    pub(crate) start_up: Body,
    pub(crate) reset: Body,
    pub(crate) operand: u32,
}

impl Default for Code {
    /// Nothing runs; an interrupt is served and forgotten.
    fn default() -> Self {
        Self {
            run: |_, _| {},
            interrupt: |cpu, _, _| cpu.write_register(0x0B0, 0),
            nmi: |_, _| {},
            start_up: |_, _| {},
            reset: |_, _| {},
            operand: 0,
        }
    }
}

impl Closed for Code {}

impl Software for Code {
    fn run(&self, cpu: Cpu<'_>) {
        (self.run)(cpu, self.operand);
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        (self.interrupt)(cpu, vector, self.operand);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        (self.nmi)(cpu, self.operand);
    }

    fn start_up(&self, cpu: Cpu<'_>, _vector: u8) {
        (self.start_up)(cpu, self.operand);
    }

    fn reset(&self, cpu: Cpu<'_>) {
        (self.reset)(cpu, self.operand);
    }
}

/// Writes the ICR through the page.
pub(crate) fn send(cpu: Cpu<'_>, to: u32, low: u32) {
    cpu.write_register(0x310, to << 24);
    cpu.write_register(0x300, low);
}

/// The plainest bus: each message arrives after 100 ns.
pub(crate) fn ideal() -> Box<dyn Interconnect> {
    Box::new(IdealBus::new(Duration::from_ns(100)))
}

/// A serial bus for so many CPUs.
pub(crate) fn serial(cpus: u8) -> Box<dyn Interconnect> {
    let ids: Vec<u8> = (0..cpus).chain([14]).collect();
    Box::new(SerialBus::new(&ids).expect("the ids are different"))
}

/// A fabric of sockets of sixteen agents.
pub(crate) fn fabric(cpus: usize) -> Box<dyn Interconnect> {
    let sockets: Vec<u16> = (0..=cpus).map(|agent| (agent / 16) as u16).collect();
    Box::new(PointToPointFabric::new(&sockets, Latencies::default()).expect("there are agents"))
}

/// A machine of these programs; the limit is 200 µs.
pub(crate) fn settings(
    generation: Generation,
    bus: Box<dyn Interconnect>,
    programs: impl IntoIterator<Item = Program>,
) -> MachineSettings {
    let cpu =
        |(number, program): (usize, Program)| (CpuSettings::default().with(|cpu| cpu.apic_id = number as u32), program);
    MachineSettings::new(generation, bus).with(|machine| {
        machine.cpus = programs.into_iter().enumerate().map(cpu).collect();
        machine.words = vec![0; 4];
        machine.limit = Time::from_us(200);
    })
}
