//! Software that does operation after operation while no time passes: the run ends with its line.

use crate::child::in_child;
use crate::code::{Body, Code, ideal, settings};
use crate::guards::execution;
use crate::running::attempt;
use sim::{Costs, Cpu, Generation, Machine, Program, Time};

/// A loop in which no time passes, and the line of its operation.
type Loop = (Body, u32);

#[rustfmt::skip]
const LOOPS: [(&str, Loop); 11] = [
    ("clock", (|cpu, _| { while cpu.clock() < Time::from_us(50) {} }, line!())),
    ("delay-us", (|cpu, _| loop { cpu.delay_us(0) }, line!())),
    ("delay-cycles", (|cpu, _| loop { cpu.delay_cycles(0) }, line!())),
    ("choice", (|cpu, _| loop { cpu.choose(1, 2); }, line!())),
    ("past", (|cpu, _| loop { cpu.sleep_until(Time::ZERO) }, line!())),
    ("present", (|cpu, _| loop { cpu.sleep_until(cpu.clock()) }, line!())),
    ("milestone", (|cpu, _| loop { cpu.reached(1) }, line!())),
    ("wait", (|cpu, _| loop { cpu.wait_begin(1); cpu.wait_end(0) }, line!())),
    ("free-pause", (|cpu, _| loop { cpu.pause() }, line!())),
    ("free-load", (|cpu, _| loop { cpu.load(1); cpu.pause() }, line!())),
    ("free-store", (|cpu, _| { let mut n = 0; loop { n += 1; cpu.store(1, n) } }, line!())),
];

/// Every operation is free.
fn free(costs: Costs) -> Costs {
    costs.with(|costs| {
        costs.register_read = 0;
        costs.register_write = 0;
        costs.pause = 0;
        costs.load = 0;
        costs.store = 0;
        costs.interrupt_entry = 0;
        costs.iret = 0;
        costs.halt_wake = 0;
        costs.irq_flag = 0;
    })
}

/// Just as many operations at one instant as are allowed, or fewer, again and again.
fn busy(cpu: Cpu<'_>, operations: u32) {
    for _ in 0..3 {
        for _ in 0..operations {
            cpu.clock();
        }
        cpu.delay_us(1);
    }
    cpu.reached(5);
}

/// So many operations at one instant, and then a HLT, which takes no time either.
fn halts(cpu: Cpu<'_>, operations: u32) {
    for _ in 0..operations {
        cpu.clock();
    }
    cpu.halt();
}
const LINE_OF_HALT: u32 = line!() - 2;

/// The name of a loop, or `busy` or `halts` and a number; workers; `closed` or `open`.
pub(crate) fn case(words: &[&str]) -> String {
    let found = LOOPS.iter().find(|(name, _)| *name == words[0]);
    let counted = if words[0] == "halts" { halts } else { busy as Body };
    let run = found.map_or(counted, |(_, (run, _))| *run);
    let operand = words.get(3).and_then(|number| number.parse().ok()).unwrap_or_default();
    let code = Code { run, operand, ..Code::default() };
    let program = if words[2] == "closed" { Program::closed(code) } else { Program::open(code) };
    let spin = Code { run: |cpu, _| while cpu.load(3) == 0 {}, ..Code::default() };
    let mut settings = settings(Generation::XApic, ideal(), [Program::closed(spin), program]);
    if words[0].starts_with("free") {
        settings.costs = free(settings.costs);
        settings.cpus[0].1 = Program::closed(Code::default());
    }
    match attempt(Machine::new(settings).expect("the machine is possible"), execution(words[1])) {
        Ok(outcome) => format!("{:?}, {} milestones", outcome.ending, outcome.milestones.len()),
        Err(failure) => format!("{:?} of {:?}, line {:?}", failure.kind, failure.cpu, failure.line),
    }
}

// Old: 11 of 11 never end.
#[test]
fn a_loop_in_which_no_time_passes_is_reported_with_its_line() {
    let mut wrong = Vec::new();
    for (name, (_, line)) in LOOPS {
        for way in ["1 closed", "1 open", "3 open", "0 closed"] {
            let ended = in_child(&format!("standstill {name} {way}"));
            let expected = format!("Standstill of Some(1), line Some({line})");
            if ended.result.as_deref() != Some(&expected) {
                let hung = if ended.hung { "hung" } else { "" };
                wrong.push(format!("{name} {way}: {hung} {:?} {}", ended.result, ended.status));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), LOOPS.len(), wrong.join("\n"));
}

#[test]
fn many_operations_at_one_instant_are_no_standstill() {
    let allowed = 1 << 20;
    for operations in [allowed - 10, allowed / 2, 1000] {
        for way in ["1 closed", "0 open"] {
            let case = format!("standstill busy {way} {operations}");
            let result = in_child(&case).expect(&case);
            assert!(result.ends_with(", 1 milestones"), "{case}: {result}");
        }
    }
}

/// `2^20` are allowed, and a HLT is one of them, whatever was straight about it.
#[test]
fn a_halt_is_an_operation_without_time_too() {
    let allowed = 1 << 20;
    let reported = format!("Standstill of Some(1), line Some({LINE_OF_HALT})");
    for way in ["1 closed", "3 open", "0 open"] {
        for (operations, fails) in [(allowed - 1, false), (allowed, true)] {
            let case = format!("standstill halts {way} {operations}");
            let result = in_child(&case).result.expect(&case);
            assert_eq!(result == reported, fails, "{case}: {result}");
            assert_eq!(result.starts_with("Standstill"), fails, "{case}: {result}");
        }
    }
}
