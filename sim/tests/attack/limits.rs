//! What no machine can do, and delays without an end: errors that name the CPU, and no proof of what was never proven.

use crate::child::in_child;
use crate::code::{Body, Code, ideal, send, settings};
use crate::guards::execution;
use crate::running::attempt;
use sim::{Cpu, Generation, LocalEvent, Machine, Program, Time};

/// A handler that asks for itself again, with interrupts open, until so many are on each other.
fn nest(cpu: Cpu<'_>, deepest: u32) {
    cpu.write_register(0x0B0, 0);
    if cpu.fetch_add(1, 1) + 1 < deepest {
        cpu.write_register(0x300, 0x4_00F1);
        cpu.enable_interrupts();
        let reached = cpu.load(1);
        while cpu.load(1) == reached {
            cpu.pause();
        }
    }
}

fn nesting(deepest: u32) -> Code {
    Code {
        run: |cpu, _| {
            send(cpu, 1, 0x4_00F1);
            cpu.delay_us(100);
            cpu.reached(1);
        },
        interrupt: |cpu, _, deepest| nest(cpu, deepest),
        operand: deepest,
        ..Code::default()
    }
}

/// Every access to a shared word, of a word that is not there.
const ACCESSES: [Body; 7] = [
    |cpu, word| {
        let _ = cpu.load(word as u16);
    },
    |cpu, word| cpu.store(word as u16, 1),
    |cpu, word| {
        let _ = cpu.exchange(word as u16, 1);
    },
    |cpu, word| {
        let _ = cpu.fetch_add(word as u16, 1);
    },
    |cpu, word| {
        let _ = cpu.fetch_or(word as u16, 1);
    },
    |cpu, word| {
        let _ = cpu.fetch_and(word as u16, 1);
    },
    |cpu, word| {
        let _ = cpu.compare_exchange(word as u16, 0, 1);
    },
];

/// Delays that outlast time itself: 213 days.
const DELAYS: [(&str, Body); 7] = [
    ("max", |cpu, _| cpu.delay_cycles(u64::MAX)),
    ("max-10", |cpu, _| {
        cpu.load(0);
        cpu.delay_cycles(u64::MAX - 10);
        for _ in 0..5 {
            cpu.load(0);
        }
    }),
    ("max-1", |cpu, _| cpu.delay_cycles(u64::MAX - 1)),
    ("half", |cpu, _| {
        cpu.delay_cycles(u64::MAX / 2);
        cpu.delay_cycles(u64::MAX / 2);
        cpu.delay_cycles(u64::MAX / 2);
    }),
    ("us", |cpu, _| {
        for _ in 0..5000 {
            cpu.delay_us(u32::MAX);
        }
    }),
    ("sleep", |cpu, _| cpu.sleep_until(Time::from_ps(u64::MAX - 1))),
    ("two", |cpu, _| {
        cpu.irq_save();
        cpu.delay_cycles(u64::MAX - 3);
        cpu.delay_cycles(u64::MAX - 3);
    }),
];

fn delay(name: &str) -> Code {
    let (_, run) = DELAYS.into_iter().find(|(known, _)| *known == name).expect("a listed delay");
    Code { run, ..Code::default() }
}

/// A kind, its number or name, workers; for delays, a limit in seconds or `never`, and `open` or `closed`.
pub(crate) fn case(words: &[&str]) -> String {
    let number = |place: usize| words.get(place).and_then(|word| word.parse::<u32>().ok()).unwrap_or_default();
    let closed = words.last() != Some(&"open");
    let code = match words[0] {
        "nest" => nesting(number(1)),
        "word" => Code { run: ACCESSES[number(1) as usize], operand: number(3), ..Code::default() },
        "delay" => delay(words[1]),
        other => panic!("no case {other}"),
    };
    let program = if closed { Program::closed(code) } else { Program::open(code) };
    let mut settings = settings(Generation::XApic, ideal(), [Program::closed(Code::default()), program]);
    settings.cpus[0].0.local_events = vec![(Time::from_us(1), LocalEvent::LoseCommand)];
    if words[0] == "delay" {
        settings.limit =
            if words[3] == "never" { Time::NEVER } else { Time::from_us(1_000_000 * u64::from(number(3))) };
    }
    match attempt(Machine::new(settings).expect("the machine is possible"), execution(words[2])) {
        Ok(outcome) => format!("{:?}, {} milestones", outcome.ending, outcome.milestones.len()),
        Err(failure) => format!("{:?} of {:?} {}", failure.kind, failure.cpu, failure.text),
    }
}

const WORKERS: [&str; 3] = ["1", "3", "0"];

#[test]
fn sixty_four_handlers_nest() {
    for workers in WORKERS {
        for deepest in [1, 10, 63] {
            let case = format!("limit nest {deepest} {workers}");
            let result = in_child(&case).expect(&case);
            assert!(!result.contains("CPU") && !result.contains("of Some"), "{case}: {result}");
        }
    }
}

// Old: a panic of the simulator, "handlers of CPU1 nest more than 64 deep".
#[test]
fn more_than_sixty_four_handlers_are_an_error_of_software() {
    for workers in WORKERS {
        for deepest in [70, 1000] {
            let case = format!("limit nest {deepest} {workers}");
            assert_eq!(in_child(&case).expect(&case), "Nesting of Some(1) ", "{case}");
        }
    }
}

// Old: a panic of the simulator, "index out of bounds".
#[test]
fn a_word_that_is_not_there_is_an_error_of_software() {
    for workers in WORKERS {
        for access in 0..ACCESSES.len() {
            for word in [4, 1000, 65_535] {
                let case = format!("limit word {access} {workers} {word}");
                let expected = format!("NoSuchWord of Some(1) {word} of 4");
                assert_eq!(in_child(&case).expect(&case), expected, "{case}");
            }
        }
    }
}

// Old: Proven(Quiescent) for `max` and `two`, in all executions.
#[test]
fn a_delay_however_long_is_no_proof() {
    let mut wrong = Vec::new();
    for (name, _) in DELAYS {
        for way in ["1 1 closed", "0 1 closed", "1 never closed", "0 never closed", "3 never open"] {
            let case = format!("limit delay {name} {way}");
            let ended = in_child(&case);
            // At a limit that no instant reaches, time may end first; it is still no proof.
            let never = way.contains("never") && ended.result.as_deref() == Some("Stopped, 0 milestones");
            if ended.result.as_deref() != Some("Deadline, 0 milestones") && !never {
                wrong.push(format!("{case}: hung {}, {:?}, {}", ended.hung, ended.result, ended.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
