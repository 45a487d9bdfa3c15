//! Software that panics: the run ends with an error that says who and what, and nothing of the host is harmed.

use crate::child::in_child;
use crate::code::{Body, Code, ideal, settings};
use crate::compare::lines;
use crate::failures::Fault;
use crate::guards::execution;
use crate::running::attempt;
use sim::{Cpu, Generation, LocalEvent, Machine, Program, Software, Time};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, ThreadId};

/// Operations in a `Drop`.
struct Guard<'a>(Cpu<'a>);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.irq_restore(true);
        self.0.store(0, 7);
        self.0.delay_us(1);
    }
}

/// Notes where it was made and where it was dropped.
struct Resident {
    at: ThreadId,
    count: Rc<Cell<u32>>,
}

impl Resident {
    fn new() -> Self {
        MADE.fetch_add(1, Ordering::SeqCst);
        Self { at: thread::current().id(), count: Rc::new(Cell::new(0)) }
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        GONE.fetch_add(1, Ordering::SeqCst);
        if self.at != thread::current().id() {
            ELSEWHERE.fetch_add(1, Ordering::SeqCst);
        }
    }
}

static MADE: AtomicU32 = AtomicU32::new(0);
static GONE: AtomicU32 = AtomicU32::new(0);
static ELSEWHERE: AtomicU32 = AtomicU32::new(0);
#[expect(clippy::disallowed_types, reason = "software may hold the standard library's guards, which never move")]
static LOCKS: [std::sync::Mutex<u32>; 3] = [const { std::sync::Mutex::new(0) }; 3];

fn guarded() -> Program {
    Program::from_fn(|cpu| {
        let _guard = Guard(cpu);
        loop {
            cpu.pause();
        }
    })
}

fn resident() -> Program {
    Program::from_fn(|cpu| {
        let resident = Resident::new();
        let shared = Rc::clone(&resident.count);
        loop {
            shared.set(shared.get() + 1);
            cpu.fetch_add(1, 1);
            cpu.delay_us(1);
        }
    })
}

fn locking() -> Program {
    Program::from_fn(|cpu| {
        let lock = &LOCKS[usize::from(cpu.number())];
        loop {
            let mut held = lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *held += 1;
            cpu.fetch_add(1, 1);
            cpu.delay_us(3);
        }
    })
}

/// Panics in a handler.
struct Handlers(u8);

impl Software for Handlers {
    fn run(&self, cpu: Cpu<'_>) {
        let _guard = Guard(cpu);
        cpu.delay_us(10);
        match self.0 {
            0 => cpu.write_register(0x300, 0x4_00F1),
            1 => cpu.write_register(0x300, 0x4_0400),
            _ => {}
        }
        loop {
            cpu.pause();
        }
    }

    fn interrupt(&self, _cpu: Cpu<'_>, _vector: u8) {
        panic!("a handler panics");
    }

    fn reset(&self, _cpu: Cpu<'_>) {
        panic!("a handler panics");
    }
}

fn panicking() -> Program {
    Program::from_fn(|cpu| {
        cpu.delay_us(10);
        panic!("software panics");
    })
}

/// The programs of a case; CPU 0 is the one that panics.
fn programs(name: &str) -> Vec<Program> {
    match name {
        "others-guard" => vec![panicking(), guarded(), guarded()],
        "own-guard" => vec![
            Program::from_fn(|cpu| {
                let _guard = Guard(cpu);
                cpu.delay_us(10);
                panic!("software panics");
            }),
            guarded(),
        ],
        "formatted" => vec![Program::from_fn(|cpu| {
            cpu.delay_us(10);
            panic!("software {}", String::from("panics"));
        })],
        "others-reside" => vec![panicking(), resident(), resident()],
        "handler" => vec![Program::open(Handlers(0)), guarded()],
        "reset" => vec![Program::open(Handlers(2)), guarded()],
        "caught" => vec![caught(false)],
        "not-raised" => vec![caught(true)],
        "caught-dropped" => vec![
            Program::from_fn(|cpu| {
                cpu.delay_us(10);
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    let _guard = Guard(cpu);
                    panic!("software panics");
                }));
                loop {
                    cpu.pause();
                }
            }),
            guarded(),
        ],
        "reside" => vec![resident(), resident(), resident()],
        "lock" => vec![locking(), locking(), locking()],
        _ => panic!("no case {name}"),
    }
}

/// Catches its own panic, during which no operation is asked for, or does the same without one.
fn caught(calm: bool) -> Program {
    Program::from_fn(move |cpu| {
        cpu.delay_us(10);
        let panicked = calm || catch_unwind(|| panic!("software panics")).is_err();
        cpu.store(2, u32::from(panicked));
        cpu.delay_us(10);
    })
}

/// A name and workers (0: the reference executor).
pub(crate) fn case(words: &[&str]) -> String {
    let mut settings = settings(Generation::XApic, ideal(), programs(words[0]));
    if words[0] == "reset" {
        settings.cpus[0].0.local_events = vec![(Time::from_us(30), LocalEvent::Init)];
    }
    let outcome = attempt(Machine::new(settings).expect("the machine is possible"), execution(words[1]));
    let ran = match outcome {
        Ok(outcome) => format!("{:?} {:x}", outcome.ending, outcome.digest),
        Err(failure) => format!("{:?} of {:?} at {}: {}", failure.kind, failure.cpu, failure.at, failure.text),
    };
    let [made, gone, elsewhere] = [&MADE, &GONE, &ELSEWHERE].map(|count| count.load(Ordering::SeqCst));
    let free = LOCKS.iter().filter(|lock| !matches!(lock.try_lock(), Err(std::sync::TryLockError::WouldBlock))).count();
    format!("{ran}; alive {}, elsewhere {elsewhere}, free {free}", made - gone)
}

const WORKERS: [&str; 4] = ["1", "2", "3", "0"];

/// In every execution the case comes to `expected`, and nothing of the host is left over.
fn check(name: &str, expected: &str) {
    for workers in WORKERS {
        let case = format!("panic {name} {workers}");
        let expected = format!("{expected}; alive 0, elsewhere 0, free 3");
        assert_eq!(in_child(&case).expect(&case), expected, "{case}");
    }
}

fn panic_at(us: u64, message: &str) -> String {
    format!("{:?} of Some(0) at {}: {message}", Fault::Panic, us * 1_000_000)
}

// Old: `Machine::run` panics.
#[test]
fn a_panic_of_software_ends_the_run_with_its_message() {
    check("formatted", &panic_at(10, "software panics"));
    check("own-guard", &panic_at(10, "software panics"));
}

// Old: the process aborts (guards over freed cores).
#[test]
fn a_panic_of_software_harms_no_other_cpu() {
    check("others-guard", &panic_at(10, "software panics"));
    check("others-reside", &panic_at(10, "software panics"));
}

// Old: the process aborts.
#[test]
fn a_panic_in_a_handler_is_software_s_own() {
    for workers in WORKERS {
        for name in ["handler", "reset"] {
            let case = format!("panic {name} {workers}");
            let result = in_child(&case).expect(&case);
            let right = result.starts_with("Panic of Some(0)") && result.contains(": a handler panics; alive 0");
            assert!(right, "{case}: {result}");
        }
    }
}

#[test]
fn a_panic_that_software_catches_is_its_own_affair() {
    let calm = in_child("panic not-raised 1").expect("not-raised");
    let (calm, _) = calm.split_once(';').expect("the result has two parts");
    check("not-raised", calm);
    check("caught", calm);
}

// Old: the process aborts.
#[test]
fn a_caught_panic_that_dropped_operations_is_an_error() {
    for workers in WORKERS {
        let case = format!("panic caught-dropped {workers}");
        let result = in_child(&case).expect(&case);
        assert!(result.starts_with("PanicCaught of Some(0)"), "{case}: {result}");
    }
}

// Held on the old engine.
#[test]
fn what_software_holds_stays_on_its_thread_and_is_dropped() {
    let expected = |name: &str| {
        let result = in_child(&format!("panic {name} 1")).expect(name);
        result.split_once(';').map(|(ran, _)| ran.to_string()).expect("the result has two parts")
    };
    check("reside", &expected("reside"));
    check("lock", &expected("lock"));
}

/// Runs a machine when it is dropped, and says what came out.
struct RunsAtLast(std::sync::mpsc::Sender<(bool, Vec<String>)>);

impl Drop for RunsAtLast {
    fn drop(&mut self) {
        let body: Body = |cpu, _| {
            for _ in 0..100 {
                cpu.fetch_add(0, 1);
            }
            cpu.halt();
        };
        let programs = [Program::closed(Code { run: body, ..Code::default() })];
        let settings = settings(Generation::XApic, ideal(), programs);
        let machine = Machine::new(settings).expect("the machine is possible");
        let result = lines(&attempt(machine, sim::Execution::default()), true);
        let _ = self.0.send((std::thread::panicking(), result));
    }
}

/// On a thread that panics every operation would be taken for one of software that unwinds, and do nothing.
#[test]
fn a_machine_runs_on_a_thread_that_panics() {
    let (says, hears) = std::sync::mpsc::channel();
    drop(RunsAtLast(says.clone()));
    let quiet = std::thread::spawn(move || {
        let _last = RunsAtLast(says);
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(quiet.join().is_err());
    let (calm, panicking) = (hears.recv().expect("a result"), hears.recv().expect("a result"));
    assert_eq!((calm.0, panicking.0), (false, true));
    assert_eq!(calm.1, panicking.1);
}
