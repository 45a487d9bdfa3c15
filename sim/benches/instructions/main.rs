//! The workloads whose instructions `benches/instructions.sh` counts. Each is one machine that runs once, so that two
//! runs of different length differ by nothing but the work that the length asks for.
//!
//! `instructions WORKLOAD LENGTH` runs one and prints what it did and the most memory that it had. `instructions events
//! WORKLOAD LENGTH` observes the run, and prints how many events there were.
#![allow(clippy::print_stdout, reason = "the script reads what this program prints")]

mod interrupts;
mod machine;
mod many_cpus;
mod one_cpu;

use sim::{Batch, Ending, Execution, Machine, MachineSettings, Observer, Proof};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// A workload.
struct Workload {
    name: &'static str,
    /// What its length counts.
    length: &'static str,
    machine: fn(u32) -> MachineSettings,
    /// Of so many CPUs, how many are asleep at the end: a machine that has not done its work would look cheap.
    asleep: fn(usize) -> usize,
}

const fn nobody(_: usize) -> usize {
    0
}

const fn all_but_one(cpus: usize) -> usize {
    cpus - 1
}

const fn all(cpus: usize) -> usize {
    cpus
}

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "answers-fsb",
        length: "pairs of IPIs",
        machine: interrupts::answers_on_a_front_side_bus,
        asleep: all_but_one,
    },
    Workload {
        name: "answers-ideal",
        length: "pairs of IPIs",
        machine: interrupts::answers_on_an_ideal_bus,
        asleep: all_but_one,
    },
    Workload {
        name: "bare-ideal",
        length: "pairs of IPIs",
        machine: interrupts::bare_on_an_ideal_bus,
        asleep: all_but_one,
    },
    Workload {
        name: "nmi-fsb",
        length: "NMIs to 254 CPUs",
        machine: interrupts::nmi_on_a_front_side_bus,
        asleep: all_but_one,
    },
    Workload {
        name: "nmi-ideal",
        length: "NMIs to 254 CPUs",
        machine: interrupts::nmi_on_an_ideal_bus,
        asleep: all_but_one,
    },
    Workload { name: "polls", length: "polls", machine: one_cpu::polls, asleep: nobody },
    Workload { name: "polls-elision", length: "polls", machine: one_cpu::polls_with_elision, asleep: nobody },
    Workload { name: "loads", length: "loads", machine: one_cpu::loads, asleep: nobody },
    Workload { name: "loads-elision", length: "loads", machine: one_cpu::loads_with_elision, asleep: nobody },
    Workload { name: "stores", length: "stores", machine: many_cpus::stores_beside_sleepers, asleep: all_but_one },
    Workload { name: "ended", length: "CPUs", machine: many_cpus::ended, asleep: nobody },
    Workload { name: "asleep", length: "CPUs", machine: many_cpus::asleep, asleep: all },
    Workload { name: "adds", length: "CPUs", machine: many_cpus::adds, asleep: nobody },
    Workload { name: "unicast", length: "CPUs", machine: many_cpus::unicast, asleep: nobody },
    Workload { name: "broadcast", length: "CPUs", machine: many_cpus::broadcast, asleep: nobody },
    Workload { name: "ring", length: "CPUs", machine: many_cpus::ring, asleep: nobody },
    Workload { name: "store-each", length: "CPUs", machine: many_cpus::store_each, asleep: nobody },
];

/// The most memory that this process has had, from the host; none where it does not say.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn usage() {
    println!("instructions [events] WORKLOAD LENGTH; benches/instructions.sh counts the instructions of each:");
    for workload in WORKLOADS {
        println!("  {:<16} {}", workload.name, workload.length);
    }
}

/// Counts the events of a run.
struct Count(usize);

impl Observer for Count {
    fn take(&mut self, batch: &Batch<'_>) {
        self.0 += batch.events.len();
    }
}

fn main() {
    // Cargo adds `--bench`: without a workload, this is no benchmark of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (observed, name, length) = match arguments[..] {
        ["events", name, length] => (true, name, length),
        [name, length] => (false, name, length),
        _ => return usage(),
    };
    let workload = WORKLOADS.iter().find(|workload| workload.name == name).expect("a workload of this name");
    let length = length.parse().expect("a length is a number");
    let machine = Machine::new((workload.machine)(length)).expect("the machine is possible");
    let mut count = Count(0);
    let outcome =
        if observed { machine.observed(Execution::default(), &mut count) } else { machine.run(Execution::default()) };
    let outcome = outcome.expect("it runs");
    let finished = outcome.cpus.iter().filter(|cpu| cpu.finished).count();
    let asleep = outcome.cpus.len() - finished;
    assert!(matches!(outcome.ending, Ending::Stopped | Ending::Proven(Proof::Quiescent)), "{:?}", outcome.ending);
    assert_eq!(asleep, (workload.asleep)(outcome.cpus.len()), "CPUs asleep at the end");
    print!("{name} {length} {:?} finished {finished} asleep {asleep} digest {:016x}", outcome.ending, outcome.digest);
    if observed {
        print!(" events {}", count.0);
    }
    drop(outcome); // a machine of many CPUs is not done before what it leaves behind is gone
    println!(" peak_kib {}", peak_kib().unwrap_or(0));
}
