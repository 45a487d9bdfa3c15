//! Faults of messages, the same four on every interconnect. CPU 0 sends 41h to CPU 1, which sleeps, and 100 µs later 42h. What
//! is right follows from what each fault says, and from SDM vol. 3 §10.8.4: of two vectors of a class the higher one goes
//! first.

use crate::code::{Code, fabric, ideal, send, serial, settings};
use crate::running::recorded;
use sim::bus::{ClusterBus, FrontSideBus, Interconnect, MessageEffect, MessageFault};
use sim::{
    Context, Duration, Ending, Event, Execution, Generation, Machine, Outcome, Program, Proof, Source, Time, What,
    Window,
};

const LATE_US: u64 = 30;

fn buses() -> Vec<(Generation, Box<dyn Interconnect>)> {
    vec![
        (Generation::P6, serial(2)),
        (Generation::XApic, Box::new(FrontSideBus::new())),
        (Generation::XApic, ideal()),
        (Generation::XApic, fabric(2)),
        (Generation::XApic, Box::new(ClusterBus::front_side_nodes(2, |bus| bus).expect("two CPUs"))),
    ]
}

fn run(place: usize, fault: Option<MessageFault>, elision: bool, execution: Execution) -> (Outcome, Vec<Event>) {
    let (generation, bus) = buses().remove(place);
    let sender = Code {
        run: |cpu, _| {
            send(cpu, 1, 0x41);
            cpu.delay_us(100);
            send(cpu, 1, 0x42);
        },
        ..Code::default()
    };
    let sleeper = Code {
        run: |cpu, _| {
            loop {
                cpu.halt();
            }
        },
        ..Code::default()
    };
    let mut settings = settings(generation, bus, [sender, sleeper].map(Program::closed));
    settings.message_faults = fault.into_iter().collect();
    settings.limit = Time::from_us(1_000_000);
    settings.elision = elision;
    let (outcome, events) = recorded(Machine::new(settings).expect("it is possible"), execution);
    (*outcome.expect("nothing fails"), events)
}

/// What CPU 1 took, and when.
fn taken((_, events): &(Outcome, Vec<Event>)) -> Vec<(u8, Time)> {
    let entered = |event: &Event| match (event.source, event.what) {
        (Source::Cpu(1), What::Entered(Context::Interrupt(vector))) => Some((vector, event.time)),
        _ => None,
    };
    events.iter().filter_map(entered).collect()
}

fn vectors(taken: &[(u8, Time)]) -> Vec<u8> {
    taken.iter().map(|(vector, _)| *vector).collect()
}

/// The run in many executions: of one result.
fn outcome(place: usize, fault: Option<MessageFault>) -> (Outcome, Vec<Event>) {
    let (reference, events) = run(place, fault, false, Execution::Reference);
    for elision in [false, true] {
        for (workers, window) in [(1, Window::Full), (2, Window::AtMost(Duration::from_ps(1))), (2, Window::Half)] {
            let (other, _) = run(place, fault, elision, Execution::Windowed { workers, window });
            assert_eq!((other.digest, other.ending), (reference.digest, reference.ending), "{place} {fault:?}");
            assert_eq!(other.proven_at, reference.proven_at, "{place} {fault:?}");
        }
    }
    assert_eq!(reference.ending, Ending::Proven(Proof::Quiescent), "{place} {fault:?}");
    (reference, events)
}

#[test]
fn a_message_is_lost_late_doubled_or_not_noticed_on_every_bus() {
    let first = |effect| Some(MessageFault::all(effect).with(|fault| fault.count = Some(1)));
    let late = Duration::from_us(LATE_US);
    for place in 0..buses().len() {
        let usual = taken(&outcome(place, None));
        assert_eq!(vectors(&usual), [0x41, 0x42]);

        let lost = outcome(place, first(MessageEffect::Lose));
        assert_eq!(taken(&lost), usual[1..], "bus {place}: the second comes as ever");
        assert_eq!(lost.0.message_faults, [1]);
        assert!(lost.0.undispatched.is_empty(), "the sender hears nothing of it");

        let delayed = taken(&outcome(place, first(MessageEffect::Delay(late))));
        assert_eq!(vectors(&delayed), [0x41, 0x42]);
        // CPU 1 sleeps: it takes what comes at the next cycle of its clock.
        let later = delayed[0].1.since(usual[0].1).as_ps().abs_diff(late.as_ps());
        assert!(later < 10_000, "bus {place}: {} and not {LATE_US} us later", delayed[0].1.since(usual[0].1));

        let doubled = taken(&outcome(place, first(MessageEffect::Duplicate(late))));
        assert_eq!(vectors(&doubled), [0x41, 0x41, 0x42]);
        assert_eq!((doubled[0], doubled[2]), (usual[0], usual[1]), "bus {place}");

        // Alone it does not wake CPU 1; the second one does, and of one class the higher vector is served first.
        let unnoticed = taken(&outcome(place, first(MessageEffect::Unnoticed)));
        assert_eq!(vectors(&unnoticed), [0x42, 0x41]);
        assert_eq!(unnoticed[0], usual[1], "bus {place}");
    }
}

/// Both are not noticed: CPU 1 sleeps for ever, with two vectors in its IRR.
#[test]
fn nobody_is_woken_by_what_is_not_noticed() {
    for place in 0..buses().len() {
        let outcome = outcome(place, Some(MessageFault::all(MessageEffect::Unnoticed)));
        assert_eq!(taken(&outcome), []);
        let requested: Vec<u8> = outcome.0.cpus[1].requested.iter().map(|(vector, _)| *vector).collect();
        assert_eq!((requested, &outcome.0.message_faults[..]), (vec![0x41, 0x42], &[2][..]), "bus {place}");
    }
}

/// What comes late after everything else keeps the run from being proven before it has come.
#[test]
fn a_run_waits_for_what_is_late() {
    let late = Duration::from_us(700_000);
    let fault = MessageFault::all(MessageEffect::Delay(late)).with(|fault| fault.nth = 2);
    for place in 0..buses().len() {
        let taken = taken(&outcome(place, Some(fault)));
        assert_eq!(vectors(&taken), [0x41, 0x42], "bus {place}");
        assert!(taken[1].1 > Time::from_us(700_000));
    }
}
