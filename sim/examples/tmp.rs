#![allow(warnings)]
use sim::bus::*; use sim::*;
#[derive(Clone, Copy)] struct P(fn(Cpu<'_>, u32), u32);
impl Closed for P {}
impl Software for P { fn run(&self, cpu: Cpu<'_>) { (self.0)(cpu, self.1) } }
fn main() {
        let p = || Program::closed(P(|cpu, _| loop { cpu.load(0); cpu.pause(); }, 3));
        let o = Machine::new(MachineSettings { cpus: vec![(CpuSettings::default(), p()), (CpuSettings{apic_id:1,..Default::default()}, p())], words: vec![0;4], limit: Time::from_us(2000), keep_events: true, ..MachineSettings::new(Generation::XApic, Box::new(IdealBus::default())) }).unwrap().run(Execution::default()).unwrap();
        println!("{:?} {:x} {:?} {:?}", o.ending, o.digest, o.proven_at, o.allocations_watched);
}
