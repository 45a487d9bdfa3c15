//! A loop that reads nothing, or not what changes, is hung whatever else happens: what its CPU read before the loop, and
//! messages that a fault keeps from it, are nothing to it. The verdict and the period are worked out by hand: a loop of a
//! delay of 1 µs and PAUSE, whose end nothing can bring about.

use crate::code::{Body, Code, ideal, send, settings};
use crate::compare::{differing, lines};
use crate::executions::all;
use crate::running::attempt;
use sim::bus::{MessageEffect, MessageFault};
use sim::{Cpu, Ending, Execution, Generation, Machine, Outcome, Program, Proof, Time};

fn looks_and_loops(cpu: Cpu<'_>) {
    cpu.load(1);
    loop {
        cpu.delay_us(1);
        cpu.pause();
    }
}

fn machine(other: Body, faults: &[MessageFault], elision: bool) -> Machine {
    let first = Code { run: |cpu, _| looks_and_loops(cpu), ..Code::default() };
    let other = Code { run: other, ..Code::default() };
    let mut settings = settings(Generation::XApic, ideal(), [first, other].map(Program::closed));
    settings.message_faults = faults.to_vec();
    settings.limit = Time::from_us(10_000);
    settings.elision = elision;
    Machine::new(settings).expect("it is possible")
}

/// The run in all executions: of one result.
fn outcome(other: Body, faults: &[MessageFault]) -> Outcome {
    let reference = attempt(machine(other, faults, false), Execution::Reference);
    let expected = lines(&reference, true);
    for way in all() {
        let found = attempt(machine(other, faults, way.elision), way.execution);
        assert_eq!(differing(&expected, &lines(&found, true)), Vec::<String>::new(), "{way:?}");
    }
    *reference.expect("nothing fails")
}

fn is_hung(outcome: &Outcome) {
    assert_eq!(outcome.ending, Ending::Proven(Proof::Recurrence));
    let period = outcome.cpus[0].period.expect("it is proven to repeat itself");
    assert!(period >= sim::Duration::from_us(1) && period < sim::Duration::from_us(2), "{period:?}");
    let polled = outcome.cpus[0].polled.iter().map(|access| access.kind).collect::<Vec<_>>();
    assert_eq!(polled, [sim::Kind::Delay, sim::Kind::Pause], "the word is not polled");
}

#[test]
fn what_was_read_on_the_way_to_the_loop_may_change_before_the_proof() {
    is_hung(&outcome(
        |cpu, _| {
            cpu.delay_us(2);
            cpu.store(1, 1);
        },
        &[],
    ));
}

/// The first proof stands: its instant is that of the other CPU's end, not 64 operations later.
#[test]
fn what_was_read_on_the_way_to_the_loop_may_change_after_the_proof() {
    let outcome = outcome(
        |cpu, _| {
            cpu.delay_us(1000);
            cpu.store(1, 1);
        },
        &[],
    );
    is_hung(&outcome);
    let proven_at = outcome.proven_at.expect("it is proven");
    assert!(proven_at < Time::from_us(1010), "{proven_at}");
}

#[test]
fn a_lost_message_reaches_nobody() {
    let lose = MessageFault::all(MessageEffect::Lose);
    let outcome = outcome(
        |cpu, _| {
            cpu.delay_us(1000);
            send(cpu, 0, 0x41);
        },
        &[lose],
    );
    is_hung(&outcome);
    assert_eq!(outcome.message_faults, [1]);
    let proven_at = outcome.proven_at.expect("it is proven");
    assert!(proven_at < Time::from_us(1010), "{proven_at}");
}
