//! Timers and local events at awkward instants: in the past, at once, at one instant, off every clock edge, on a CPU
//! whose program has ended.

use crate::child::in_child;
use crate::code::{Body, Code, ideal, settings};
use crate::compare::{differing, lines};
use crate::guards::execution;
use crate::running::{USUAL, attempt, recorded};
use sim::apic::LocalSource;
use sim::{
    Access, ClockDomain, Context, Cpu, Duration, Generation, Kind, LocalEvent, Machine, Program, Source, Time, What,
};

/// Arms a deadline: below 1000 `operand` is microseconds in the past, else the nanoseconds ahead plus 1000.
fn deadline(cpu: Cpu<'_>, operand: u32) {
    cpu.delay_us(1_500);
    cpu.write_register(0x320, 2 << 17 | 0xE0);
    let now = cpu.read_msr(0x10).unwrap_or_default();
    let target = match operand {
        0 => 1,
        past @ 1..1000 => now - u64::from(past) * 2_500,
        ahead => now + u64::from(ahead - 1000) * 5 / 2,
    };
    let _ = cpu.write_msr(0x6E0, target);
    cpu.delay_us(50);
}

/// The write that arms the deadline.
const ARMING: Access = Access { kind: Kind::MsrWrite, operand: 0x6E0 };

fn one_shot(cpu: Cpu<'_>, operand: u32) {
    cpu.write_register(0x3E0, 0xB);
    cpu.write_register(0x320, 0xE0);
    cpu.write_register(0x380, operand);
}

fn deadline_machine(operand: u32, run: Body, elision: bool) -> Machine {
    let code = Code { run, operand, ..Code::default() };
    let mut settings = settings(Generation::X2Apic, ideal(), [Program::closed(code), Program::closed(Code::default())]);
    settings.limit = Time::from_us(3_000);
    settings.elision = elision;
    Machine::new(settings).expect("the machine is possible")
}

#[test]
fn a_deadline_in_the_past_is_due_at_once() {
    for operand in [0, 1, 7, 999, 1000, 1001, 1500, 3000] {
        let expected = lines(&attempt(deadline_machine(operand, deadline, false), USUAL[0].1), true);
        for (elision, execution) in USUAL {
            let (run, events) = recorded(deadline_machine(operand, deadline, elision), execution);
            assert_eq!(differing(&expected, &lines(&run, true)), [""; 0], "{operand}, {elision}, {execution:?}");
            run.expect("nothing fails");
            let is_arming = |what: What| matches!(what, What::Write { access, .. } if access == ARMING);
            let armed = events.iter().find(|event| is_arming(event.what)).expect("it is armed").time;
            let entered = events.iter().find(|event| event.what == What::Entered(Context::Interrupt(0xE0)));
            let entered = entered.expect("the timer interrupts").time;
            let due = armed + Duration::from_ns(u64::from(operand.saturating_sub(1000)));
            let in_time = entered <= due + Duration::from_us(1);
            assert!(armed <= entered && in_time, "{operand}: armed at {armed}, entered at {entered}");
        }
    }
}

#[test]
fn the_shortest_count_interrupts_a_program_that_has_ended_in_no_execution() {
    for operand in [1, 2, 3, 50] {
        let expected = lines(&attempt(deadline_machine(operand, one_shot, false), USUAL[0].1), true);
        for (elision, execution) in USUAL {
            let run = attempt(deadline_machine(operand, one_shot, elision), execution);
            assert_eq!(differing(&expected, &lines(&run, true)), [""; 0], "{operand}, {elision}, {execution:?}");
        }
    }
}

/// Local events by the picosecond, on a CPU whose clock has a long period.
fn events(offset: u64) -> Vec<(Time, LocalEvent)> {
    let at = |us: u64| Time::from_ps(us * 1_000_000 + offset);
    let counter = LocalEvent::Interrupt(LocalSource::PerformanceCounter);
    vec![
        (Time::ZERO, counter),
        (at(5), counter),
        (at(5), LocalEvent::SystemManagement(Duration::from_us(1))),
        (at(5), LocalEvent::LoseCommand),
        (at(9), LocalEvent::Init),
        (at(9), counter),
        (at(30), LocalEvent::Init),
    ]
}

/// What CPU 1 does, the offset in picoseconds, workers.
pub(crate) fn case(words: &[&str]) -> String {
    let run: Body = match words[0] {
        "ended" => |_, _| {},
        "halted" => |cpu, _| cpu.halt(),
        _ => |cpu, _| {
            loop {
                cpu.load(1);
                cpu.pause();
            }
        },
    };
    let code = Code { run, ..Code::default() };
    let mut settings = settings(Generation::XApic, ideal(), [Program::closed(Code::default()), Program::closed(code)]);
    settings.core_clock = ClockDomain::new(60_000, 1);
    // Everything is over soon enough for the INIT to find the CPU between two operations.
    settings.costs = settings.costs.with(|costs| {
        costs.interrupt_entry = 1;
        costs.iret = 1;
        costs.halt_wake = 1;
        costs.pause = 1;
        costs.load = 1;
    });
    let cpu = &mut settings.cpus[1].0;
    cpu.local_events = events(words[1].parse().expect("picoseconds"));
    cpu.apic.lvt_performance = Some(0x400);
    let (outcome, events) = recorded(Machine::new(settings).expect("the machine is possible"), execution(words[2]));
    let outcome = outcome.expect("nothing fails");
    let mine = events.iter().filter(|event| event.source == Source::Cpu(1));
    let initialised = mine.filter(|event| event.what == What::Initialised).map(|event| event.time.as_ps());
    format!("{:?} {:x} {:?}", outcome.ending, outcome.digest, initialised.collect::<Vec<_>>())
}

// Old: for an ended program the reference executor never ends, and the others act at 5.04 us, before the INIT of 9.
#[test]
fn a_local_event_off_every_clock_edge_happens_in_every_execution() {
    let mut wrong = Vec::new();
    for name in ["ended", "halted", "polling"] {
        for offset in [0, 1, 777, 30_001, 59_999, 60_000] {
            let ended = ["0", "1", "3"].map(|workers| in_child(&format!("local {name} {offset} {workers}")));
            // The INIT acts at the first edge of the CPU's clock at or after it; the second finds it initialised.
            let edge = (9_000_000_u64 + offset).next_multiple_of(60_000);
            let right = |result: &String| result.ends_with(&format!("[{edge}]"));
            let results = ended.each_ref().map(|ended| ended.result.as_ref());
            let agree = results.iter().all(|result| result.is_some_and(right) && *result == results[0]);
            if !agree && name != "polling" {
                let hung = ended.each_ref().map(|ended| ended.hung);
                wrong.push(format!("{name}, {offset} ps: hung {hung:?}, {results:?}, expected {edge}"));
            }
            if results.iter().any(|result| result.is_none() || *result != results[0]) && name == "polling" {
                wrong.push(format!("{name}, {offset} ps: {results:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
