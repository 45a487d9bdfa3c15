//! The depth of software's stack: what fits works; what does not ends in words that name the CPU.

use crate::child::in_child;
use crate::code::{ideal, settings};
use crate::guards::execution;
use crate::running::attempt;
use sim::{Cpu, Generation, Machine, Program};
use std::hint::black_box;

/// So many frames of half a KiB, an operation in each.
#[inline(never)]
fn deep(cpu: Cpu<'_>, levels: u64) -> u64 {
    let local = black_box([levels; 64]);
    if levels == 0 {
        return 0;
    }
    cpu.load(0);
    deep(cpu, levels - 1) + local[3]
}

/// Frames without an operation: nothing that an operation checks can notice them in time.
#[inline(never)]
fn silent(levels: u64) -> u64 {
    let local = black_box([levels; 64]);
    if levels == 0 { 0 } else { silent(levels - 1) + black_box(local)[3] }
}

#[inline(never)]
fn large(cpu: Cpu<'_>) {
    let local = black_box([1_u8; 300_000]);
    cpu.load(u16::from(local[7]));
}

fn program(words: &[&str]) -> Program {
    let levels: u64 = words[1].parse().expect("a number of levels");
    match words[0] {
        "deep" => Program::from_fn(move |cpu| {
            cpu.delay_us(1);
            deep(cpu, levels);
        }),
        "silent" => Program::from_fn(move |cpu| {
            cpu.delay_us(1);
            let sum = silent(levels);
            cpu.store(0, sum as u32);
        }),
        _ => Program::from_fn(|cpu| {
            cpu.delay_us(1);
            large(cpu);
        }),
    }
}

/// What it does, how many levels, workers. CPU 1 is the one.
pub(crate) fn case(words: &[&str]) -> String {
    let spin = || {
        Program::from_fn(|cpu| {
            loop {
                cpu.fetch_add(1, 1);
                cpu.pause();
            }
        })
    };
    let settings = settings(Generation::XApic, ideal(), [spin(), program(words), spin()]);
    let outcome = attempt(Machine::new(settings).expect("the machine is possible"), execution(words[2]));
    match outcome {
        Ok(outcome) => format!("{:?}", outcome.ending),
        Err(failure) => format!("{:?} of CPU{}", failure.kind, failure.cpu.map_or(-1, i32::from)),
    }
}

#[test]
fn a_hundred_levels_fit() {
    for what in ["deep 100", "silent 100"] {
        for workers in ["1", "3", "0"] {
            let case = format!("stack {what} {workers}");
            assert_eq!(in_child(&case).expect(&case), "Deadline", "{case}");
        }
    }
}

// Old: a bare SIGSEGV.
#[test]
fn a_stack_that_is_used_up_is_reported_with_its_cpu() {
    for what in ["deep 1000", "deep 100000", "large 0", "silent 100000"] {
        for workers in ["1", "2", "3", "0"] {
            let case = format!("stack {what} {workers}");
            let ended = in_child(&case);
            let reported = ended.result.as_deref() == Some("StackExhausted of CPU1");
            let named = ["CPU1", "CPU 1"].iter().any(|name| ended.errors.contains(name));
            assert!(reported || (ended.result.is_none() && !ended.hung && named), "{case}: {ended:?}");
        }
    }
}
