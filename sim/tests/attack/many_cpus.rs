//! Very many CPUs: a machine of them runs, or is refused in words; it never panics.

use crate::child::in_child;
use crate::code::{Code, fabric, ideal, settings};
use crate::guards::execution;
use sim::apic::{Mode, Preset};
use sim::bus::Interconnect;
use sim::{CpuSettings, Generation, Machine, Program};

fn machine(cpus: usize, bus: Box<dyn Interconnect>) -> Result<Machine, String> {
    let idle = Code {
        run: |cpu, _| {
            cpu.load(0);
            cpu.halt();
        },
        ..Code::default()
    };
    let mut settings = settings(Generation::X2Apic, bus, []);
    let preset = Preset::default().with(|preset| preset.mode = Mode::X2Apic);
    let cpu = |id| {
        (
            CpuSettings::default().with(|cpu| {
                cpu.apic_id = id;
                cpu.apic = preset;
            }),
            Program::closed(idle),
        )
    };
    settings.cpus = (0..cpus as u32).map(cpu).collect();
    Machine::new(settings).map_err(|error| error.to_string())
}

/// How many, and workers; or `build`: it is not run.
pub(crate) fn case(words: &[&str]) -> String {
    let cpus: usize = words[0].parse().expect("a number of CPUs");
    let bus = if words[1] == "build" { ideal() } else { fabric(cpus) };
    match machine(cpus, bus) {
        Err(error) => format!("refused: {error}"),
        Ok(_) if words[1] == "build" => String::from("built"),
        Ok(machine) => {
            // No catching here: a panic is what must not be.
            let outcome = machine.run(execution(words[1])).map(|outcome| (outcome.ending, outcome.cpus.len()));
            format!("{outcome:?}")
        }
    }
}

// Old: a panic, "address space for a stack".
#[test]
fn thirty_three_thousand_idle_cpus_run_or_are_refused() {
    for workers in ["1", "3"] {
        let case = format!("many 33000 {workers}");
        let result = in_child(&case).expect(&case);
        let ran = result == "Ok((Proven(Quiescent), 33000))";
        assert!(ran || result.starts_with("refused: "), "{case}: {result}");
    }
}

// Old: 65 536 CPUs and more are built, and their agent numbers wrap.
#[test]
fn more_cpus_than_there_are_numbers_are_refused() {
    // An agent is a 16-bit number, and the I/O agent comes after the CPUs.
    for cpus in [65_536, 65_537, 70_000, 131_072] {
        let case = format!("many {cpus} build");
        let result = in_child(&case).expect(&case);
        assert!(result.starts_with("refused: "), "{case}: {result}");
    }
}
