//! Values that are alive at an INIT or at the end of a run: their `Drop` runs, and what it asks of the CPU does
//! nothing.

use crate::child::in_child;
use crate::code::{ideal, settings};
use crate::running::{attempt, windowed};
use sim::{Cpu, Execution, Generation, LocalEvent, Machine, Program, Time, Window};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whose `Drop` asks the CPU for everything that a CPU can do.
struct Guard<'a>(Cpu<'a>);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let cpu = self.0;
        DROPPED.fetch_add(1, Ordering::SeqCst);
        cpu.irq_restore(true);
        cpu.store(0, 7);
        ANSWERS.fetch_add(cpu.fetch_add(0, 1) + cpu.load(0) + cpu.read_register(0x30), Ordering::SeqCst);
        ANSWERS.fetch_add(cpu.clock().as_ps() as u32, Ordering::SeqCst);
        cpu.write_register(0x300, 0x4_00F1);
        cpu.reached(9);
        cpu.wait_begin(1);
        cpu.delay_us(5);
        cpu.halt();
        cpu.sleep_until(Time::NEVER);
        DROPPED.fetch_add(100, Ordering::SeqCst);
    }
}

/// Drops that began, and a hundred for each that came to its end.
static DROPPED: AtomicU32 = AtomicU32::new(0);
/// The sum of what inert operations gave.
static ANSWERS: AtomicU32 = AtomicU32::new(0);

fn pause_for_ever(cpu: Cpu<'_>) {
    loop {
        cpu.pause();
    }
}

fn held(cpu: Cpu<'_>, plain: bool) -> Option<Guard<'_>> {
    (!plain).then(|| Guard(cpu))
}

/// The program that holds something, or the same one that holds nothing.
fn program(name: &str, plain: bool) -> Program {
    match name {
        "loop" => Program::from_fn(move |cpu| {
            let _guard = held(cpu, plain);
            pause_for_ever(cpu);
        }),
        "sleep" => Program::from_fn(move |cpu| {
            let _guard = held(cpu, plain);
            cpu.irq_save();
            cpu.halt();
        }),
        "delay" => Program::from_fn(move |cpu| {
            let _guard = held(cpu, plain);
            cpu.delay_us(100_000);
        }),
        "two" => Program::from_fn(move |cpu| {
            let _guard = held(cpu, plain);
            let inner = || {
                let _second = held(cpu, plain);
                pause_for_ever(cpu);
            };
            inner();
        }),
        "catch" => Program::from_fn(move |cpu| {
            if plain {
                pause_for_ever(cpu);
            }
            loop {
                let _ = catch_unwind(AssertUnwindSafe(|| cpu.pause()));
            }
        }),
        "catch-guard" => Program::from_fn(move |cpu| {
            loop {
                let _guard = held(cpu, plain);
                let _ = catch_unwind(AssertUnwindSafe(|| pause_for_ever(cpu)));
            }
        }),
        _ => panic!("no program {name}"),
    }
}

/// `name`, `plain` or `held`, `init` or `end`, workers (0: the reference executor).
pub(crate) fn case(words: &[&str]) -> String {
    let beside = Program::from_fn(|cpu| {
        loop {
            cpu.load(0);
            cpu.pause();
        }
    });
    let mut settings = settings(Generation::XApic, ideal(), [beside, program(words[0], words[1] == "plain")]);
    if words[2] == "init" {
        settings.cpus[1].0.local_events = vec![(Time::from_us(20), LocalEvent::Init)];
    }
    let outcome = attempt(Machine::new(settings).expect("the machine is possible"), execution(words[3]));
    let (dropped, answers) = (DROPPED.load(Ordering::SeqCst), ANSWERS.load(Ordering::SeqCst));
    let outcome = outcome.map(|outcome| format!("{:?} {:x}", outcome.ending, outcome.digest));
    format!("{outcome:?}; drops {dropped}, answers {answers}")
}

pub(crate) fn execution(workers: &str) -> Execution {
    match workers.parse() {
        Ok(0) => Execution::Reference,
        Ok(workers) => windowed(workers, Window::Full),
        Err(_) => windowed(1, Window::Half),
    }
}

const WORKERS: [&str; 4] = ["1", "2", "3", "0"];

/// What the guards of `name` come to, beside the same program without them; `drops` of them are dropped.
fn check(name: &str, end: &str, drops: u32) {
    let plain = in_child(&format!("guard {name} plain {end} 1")).expect(name);
    let (plain, _) = plain.split_once(';').expect("the result has two parts");
    let expected = format!("{plain}; drops {}, answers 0", drops * 101);
    for workers in WORKERS {
        let case = format!("guard {name} held {end} {workers}");
        assert_eq!(in_child(&case).expect(&case), expected, "{case}");
    }
}

// Old: the process aborts (panic in a destructor during cleanup).
#[test]
fn a_guard_at_an_init_is_dropped_and_does_nothing() {
    check("loop", "init", 1);
    check("delay", "init", 1);
    check("two", "init", 2);
}

// Old: the process aborts.
#[test]
fn a_guard_asleep_at_an_init_is_dropped_and_does_nothing() {
    check("sleep", "init", 1);
}

// Old: the process aborts.
#[test]
fn a_guard_at_the_end_is_dropped_and_does_nothing() {
    check("loop", "end", 1);
    check("delay", "end", 1);
    check("two", "end", 2);
}

// Old: the process aborts.
#[test]
fn a_guard_asleep_at_the_end_is_dropped_and_does_nothing() {
    check("sleep", "end", 1);
}

// Old: the run never ends.
#[test]
fn software_cannot_catch_an_init() {
    check("catch", "init", 0);
}

// Old: the run never ends.
#[test]
fn software_cannot_catch_the_end() {
    check("catch", "end", 0);
}

// Held on the old engine.
#[test]
fn software_that_catches_and_holds_a_guard_ends() {
    for end in ["init", "end"] {
        for workers in WORKERS {
            let case = format!("guard catch-guard held {end} {workers}");
            let ended = in_child(&case);
            assert!(!ended.hung && ended.result.is_some(), "{case}: {ended:?}");
        }
    }
}
