//! The kernel's functions on a machine that no scenario describes: the hang of 2007, put together by hand, and the fix.
//!
//! Run it with `cargo run --example kernel_on_own_machine`. CPU 1 has its interrupts off for good, and two interrupts of one
//! priority class fill its slots: it refuses a third, again and again, and the ICR of CPU 0 stays busy. Then CPU 0 sends an NMI.
#![allow(clippy::print_stdout, reason = "an example shows what comes out")]

use apicsim::adapter::{OnCpu, cpu_settings, shared_words};
use apicsim::kernel_model::{self, Arch, CpuMask, Kernel, Variant};
use sim::bus::SerialBus;
use sim::{
    Closed, Cpu, Ending, Execution, Generation, Machine, MachineSettings, Outcome, Program, Proof, Software, StopRule,
};
use std::error::Error;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// Milestone: CPU 0 is back from sending its NMI. Those of the kernel and of scenarios are below 1000.
const NMI_SENT: u32 = 1000;

/// What kernel code calls an NMI where it is given a vector.
const NMI_VECTOR: u8 = 2;

/// The software of both CPUs.
#[derive(Clone, Copy)]
struct Deaf(Kernel);

impl Software for Deaf {
    fn run(&self, cpu: Cpu<'_>) {
        let (kernel, on_cpu) = (&self.0, OnCpu::exact(cpu));
        if cpu.number() == 1 {
            cpu.irq_save();
            loop {
                cpu.pause();
            }
        }
        cpu.delay_us(5);
        for vector in 0x51..=0x53 {
            kernel_model::send_IPI_mask(kernel, &on_cpu, CpuMask::of(1), vector);
        }
        kernel_model::send_IPI_mask(kernel, &on_cpu, CpuMask::of(1), NMI_VECTOR);
        cpu.reached(NMI_SENT);
        kernel_model::cpu_idle(&on_cpu);
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        kernel_model::do_interrupt(&self.0, &OnCpu::exact(cpu), vector);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        kernel_model::do_nmi(&self.0, &OnCpu::exact(cpu));
    }
}

impl Closed for Deaf {}

fn main() -> Result<(), Box<dyn Error>> {
    for variant in [Variant::Before, Variant::Merged] {
        let outcome = play(variant, Execution::default())?;
        assert_eq!(outcome.digest, play(variant, Execution::Reference)?.digest);
        match outcome.milestones.first() {
            Some(sent) => println!("{}: the NMI is sent after {} us", variant.name(), sent.at),
            None => println!("{}: {:?}, {} undispatched", variant.name(), outcome.ending, outcome.undispatched.len()),
        }
        let expected = match (variant, sim::PROOFS) {
            (Variant::Merged, _) => Ending::Stopped,
            (_, true) => Ending::Proven(Proof::Recurrence),
            (_, false) => Ending::Deadline,
        };
        assert_eq!(outcome.ending, expected);
    }
    Ok(())
}

/// Two CPUs on a serial bus, under one wait.
fn play(variant: Variant, execution: Execution) -> Result<Outcome, Box<dyn Error>> {
    let kernel = Kernel::new(Arch::I386Default, variant, 2);
    let ids: Vec<u8> = (0..2).map(|cpu| kernel.arch.apic_id(cpu) as u8).collect();
    let machine =
        Machine::new(MachineSettings::new(Generation::P6, Box::new(SerialBus::new(&ids)?)).with(|machine| {
            machine.words = shared_words(&kernel);
            machine.cpus = (0..2).map(|cpu| (cpu_settings(&kernel, cpu), Program::closed(Deaf(kernel)))).collect();
            machine.stop = StopRule::Any(vec![NMI_SENT]);
        }))?;
    Ok(machine.run(execution)?)
}

#[test]
fn it_comes_out_so() -> Result<(), Box<dyn Error>> {
    main()
}
