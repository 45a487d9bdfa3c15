//! A counter that no stack holds proves nothing; one that a stack holds is seen.

use crate::code::{Body, Code, ideal, settings};
use crate::running::{USUAL, attempt};
use sim::{Cpu, Duration, Ending, Generation, Machine, Outcome, Program, Proof, StopRule, Time};
use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::rc::Rc;

/// One round of a loop that polls, and ends at the thousandth.
fn round(cpu: Cpu<'_>, count: u32) {
    if count == 1000 {
        cpu.reached(1);
    }
    cpu.load(0);
    cpu.pause();
}

/// Places on the heap where a program may count.
const HEAPS: [(&str, Body); 8] = [
    ("Box", |cpu, _| {
        let mut count = Box::new(0_u32);
        loop {
            *black_box(&mut *count) += 1;
            round(cpu, *count);
        }
    }),
    ("Vec", |cpu, _| {
        let mut list = vec![0_u32; 4];
        loop {
            black_box(&mut list)[2] += 1;
            round(cpu, list[2]);
        }
    }),
    ("room in a Vec", |cpu, _| {
        let mut list: Vec<u32> = Vec::with_capacity(2);
        list.push(0);
        loop {
            let count = black_box(&mut list).pop().unwrap_or_default() + 1;
            list.push(count);
            round(cpu, black_box(&list)[0]);
        }
    }),
    ("String", |cpu, _| {
        let mut text = String::from("0000");
        let mut bytes = std::mem::take(&mut text).into_bytes();
        loop {
            let digits = black_box(&mut bytes);
            let mut place = 3;
            while digits[place] == b'9' && place > 0 {
                digits[place] = b'0';
                place -= 1;
            }
            digits[place] += 1;
            let number = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
            round(cpu, number);
        }
    }),
    ("Rc", |cpu, _| {
        let count = Rc::new(std::cell::Cell::new(0_u32));
        loop {
            black_box(&count).set(count.get() + 1);
            round(cpu, count.get());
        }
    }),
    ("VecDeque", |cpu, _| {
        let mut queue = VecDeque::from([0_u32]);
        loop {
            if let Some(count) = black_box(&mut queue).front_mut() {
                *count += 1;
            }
            round(cpu, queue[0]);
        }
    }),
    ("BTreeMap", |cpu, _| {
        let mut map = BTreeMap::from([(7, 0_u32)]);
        loop {
            *black_box(&mut map).entry(7).or_default() += 1;
            round(cpu, map[&7]);
        }
    }),
    ("a Box in every round", |cpu, _| {
        let mut count = Box::new(0_u32);
        loop {
            let next = Box::new(*black_box(&mut *count) + 1);
            count = next;
            round(cpu, *count);
        }
    }),
];

/// Loops that count in a local variable, and what they come to.
const LOCALS: [(&str, Body); 2] = [
    ("a word", |cpu, _| {
        let mut count = 0_u32;
        loop {
            *black_box(&mut count) += 1;
            round(cpu, count);
        }
    }),
    ("an array", |cpu, _| {
        let mut counts = [0_u32; 8];
        loop {
            black_box(&mut counts)[5] += 1;
            round(cpu, counts[5]);
        }
    }),
];

fn run(code: Body, elision: bool, execution: sim::Execution) -> Outcome {
    let beside = Code { run: |cpu, _| cpu.halt(), ..Code::default() };
    let programs = [Program::closed(beside), Program::closed(Code { run: code, ..Code::default() })];
    let mut settings = settings(Generation::XApic, ideal(), programs);
    settings.limit = Time::from_us(5_000);
    settings.stop = StopRule::Any(vec![1]);
    settings.elision = elision;
    *attempt(Machine::new(settings).expect("the machine is possible"), execution).expect("nothing fails")
}

// Old: Proven(Recurrence) for six of the eight heaps, in all nine executions.
#[test]
fn a_counter_on_the_heap_is_counted_to_its_end() {
    let mut wrong = Vec::new();
    for (name, code) in HEAPS {
        let endings = USUAL.map(|(elision, execution)| run(code, elision, execution).ending);
        if endings.iter().any(|ending| *ending != Ending::Stopped) {
            wrong.push(format!("{name}: {endings:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// Old: nothing is watched.
#[test]
fn this_binary_watches_allocations() {
    let (_, code) = HEAPS[0];
    assert!(run(code, true, USUAL[2].1).allocations_watched);
}

#[test]
fn a_counter_in_a_local_is_counted_to_its_end() {
    for (name, code) in LOCALS {
        for (elision, execution) in USUAL {
            let outcome = run(code, elision, execution);
            assert_eq!(outcome.ending, Ending::Stopped, "{name}, {elision}, {execution:?}");
        }
    }
}

/// A counter of eight bits never gets to a thousand: the loop repeats after 256 rounds, and no sooner.
#[test]
fn a_small_counter_in_a_local_gives_its_period() {
    let code: Body = |cpu, _| {
        let mut count = 0_u8;
        loop {
            let small = black_box(&mut count);
            *small = small.wrapping_add(1);
            round(cpu, u32::from(count));
        }
    };
    // A load of 3 cycles and a PAUSE of 40, 256 times, at 1250/3 ps a cycle; rounded up.
    let period = Duration::from_ps((256_u64 * 43 * 1250).div_ceil(3));
    for (elision, execution) in USUAL {
        let outcome = run(code, elision, execution);
        assert_eq!(outcome.ending, Ending::Proven(Proof::Recurrence), "{elision}, {execution:?}");
        assert_eq!(outcome.cpus[1].period, Some(period), "{elision}, {execution:?}");
    }
}
