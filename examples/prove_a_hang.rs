//! Two CPUs that wait for each other: a hang that is proven, and the same loop in a form that cannot be.
//!
//! Run it with `cargo run --example prove_a_hang`. It uses the hardware crate `sim` alone.
#![allow(clippy::print_stdout, reason = "an example shows what comes out")]

use sim::bus::IdealBus;
use sim::{
    Closed, Cpu, CpuSettings, Ending, Execution, Generation, Machine, MachineSettings, Outcome, Program, Proof,
    Software, StopRule, Time,
};
use std::error::Error;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// Milestone: the wait is over.
const THROUGH: u32 = 1;

/// Waits until the other CPU has spoken, and only then speaks itself: with two of them nobody ever does.
fn after_you(cpu: Cpu<'_>) {
    let own = cpu.number();
    let other = 1 - own;
    while cpu.load(other) == 0 {
        cpu.pause();
    }
    cpu.store(own, 1);
    cpu.reached(THROUGH);
}

/// The program as a type without any state of its own: Closed.
#[derive(Clone, Copy)]
struct AfterYou;

impl Software for AfterYou {
    fn run(&self, cpu: Cpu<'_>) {
        after_you(cpu);
    }
}

impl Closed for AfterYou {}

fn main() -> Result<(), Box<dyn Error>> {
    let closed = play(|| Program::closed(AfterYou))?;
    println!("closed: {:?}, last event at {} us", closed.ending, closed.last_effective);
    for cpu in &closed.cpus {
        if let Some(period) = cpu.period {
            println!("  CPU{} repeats itself every {period} us", cpu.cpu);
        }
    }

    // A host closure may count in a place that no proof looks at, so nothing is ever proven of one.
    let open = play(|| Program::from_fn(after_you))?;
    println!("open:   {:?}", open.ending);
    for cpu in &open.cpus {
        if let Some(period) = cpu.suspected_period {
            println!("  CPU{} seems to repeat itself every {period} us, which proves nothing", cpu.cpu);
        }
    }

    assert_eq!(open.ending, Ending::Deadline);
    if sim::PROOFS {
        assert_eq!(closed.ending, Ending::Proven(Proof::Recurrence));
    }
    Ok(())
}

/// Runs two CPUs with this program for at most a simulated millisecond.
fn play(program: impl Fn() -> Program) -> Result<Outcome, Box<dyn Error>> {
    let generation = Generation::XApic;
    let cpu = |apic_id| CpuSettings::default().with(|cpu| cpu.apic_id = apic_id);
    let machine = Machine::new(MachineSettings::new(generation, Box::new(IdealBus::default())).with(|machine| {
        machine.words = vec![0; 2];
        machine.cpus = vec![(cpu(0), program()), (cpu(1), program())];
        machine.limit = Time::from_us(1_000);
        machine.stop = StopRule::All(vec![(0, THROUGH), (1, THROUGH)]);
    }))?;
    Ok(machine.run(Execution::default())?)
}

#[test]
fn it_comes_out_so() -> Result<(), Box<dyn Error>> {
    main()
}
