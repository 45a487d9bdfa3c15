//! What comes between the two writes of a message: a pulse at the NMI pin, exactly there, and what the report keeps of a
//! handler that wrote ICR high in between. On both executors.

use sim::apic::{Mode, Preset};
use sim::bus::{IdealBus, Message};
use sim::{
    Closed, Cpu, CpuSettings, Event, Execution, Generation, LocalEvent, Machine, MachineSettings, Outcome, Program,
    Recording, Software, Time, What, Window,
};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

const ICR_LOW: u16 = 0x300;
const ICR_HIGH: u16 = 0x310;
const MSR_COMMAND: u32 = 0x830;

/// CPU 1's program and its NMI handler; the other CPUs sleep, and end the interrupts that they get.
#[derive(Clone, Copy)]
struct Code {
    run: fn(Cpu<'_>),
    nmi: fn(Cpu<'_>),
}

impl Closed for Code {}

impl Software for Code {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() == 1 {
            cpu.delay_us(5);
            (self.run)(cpu);
        }
        loop {
            cpu.halt();
        }
    }
    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        cpu.write_register(0xB0, 0);
    }
    fn non_maskable(&self, cpu: Cpu<'_>) {
        if cpu.number() == 1 {
            (self.nmi)(cpu);
        }
    }
}

/// Sends vector 41h to CPU 0.
const SENDS: fn(Cpu<'_>) = |cpu| {
    cpu.write_register(ICR_HIGH, 0);
    cpu.write_register(ICR_LOW, 0x41);
};

/// Four CPUs; the pin of CPU 1 is armed at 1 µs.
fn run(mode: Mode, run: fn(Cpu<'_>), nmi: fn(Cpu<'_>)) -> (Outcome, Vec<Event>) {
    let machine = || {
        let cpus = (0..4).map(|number| {
            let armed = vec![(Time::from_us(1), LocalEvent::ArmNmiPulse)];
            let settings = CpuSettings::default().with(|cpu| {
                cpu.apic_id = number;
                cpu.apic = Preset::default().with(|preset| {
                    preset.mode = mode;
                    preset.lvt_lint1 = Some(0x400);
                });
                cpu.local_events = if number == 1 { armed } else { Vec::new() };
            });
            (settings, Program::closed(Code { run, nmi }))
        });
        Machine::new(MachineSettings::new(Generation::X2Apic, Box::new(IdealBus::default())).with(|machine| {
            machine.cpus = cpus.collect();
            machine.limit = Time::from_us(100);
        }))
        .expect("the machine is possible")
    };
    let run = |execution| {
        let mut recording = Recording::default();
        let outcome = machine().observed(execution, &mut recording).expect("it runs");
        (outcome, recording.by_beginning())
    };
    let (reference, expected) = run(Execution::Reference);
    let (outcome, events) = run(Execution::Windowed { workers: 2, window: Window::Full });
    assert_eq!((outcome.digest, &events), (reference.digest, &expected));
    // Nobody listens: writes go straight.
    let unheard = machine().run(Execution::default()).expect("it runs");
    let found = |outcome: &Outcome| outcome.cpus.iter().map(|cpu| format!("{:?}", cpu.misdirected)).collect::<Vec<_>>();
    assert_eq!((unheard.digest, found(&unheard)), (outcome.digest, found(&outcome)));
    (outcome, events)
}

/// What CPU 1 sent, in order: vector and destination.
fn sent((_, events): &(Outcome, Vec<Event>)) -> Vec<(u8, u32)> {
    let message = |what: &What| match what {
        What::Sent(message) => Some((message.vector, message.destination)),
        _ => None,
    };
    events.iter().filter_map(|event| message(&event.what)).collect()
}

/// The message that went elsewhere, and the destination that was meant.
fn misdirected((outcome, _): &(Outcome, Vec<Event>)) -> Option<(Message, u32)> {
    outcome.cpus[1].misdirected.map(|found| (found.message, found.intended))
}

#[test]
fn a_handler_that_sends_redirects_the_message_that_it_interrupted() {
    let outcome = run(Mode::XApic, SENDS, |cpu| {
        cpu.write_register(ICR_HIGH, 3 << 24);
        cpu.write_register(ICR_LOW, 0x42);
    });
    assert_eq!(sent(&outcome), [(0x42, 3), (0x41, 3)]);
    let (message, intended) = misdirected(&outcome).expect("it is kept");
    assert_eq!((message.vector, message.destination, intended), (0x41, 3, 0));
}

#[test]
fn the_pulse_comes_after_the_exchange_of_builds_for_the_erratum_too() {
    let outcome = run(
        Mode::XApic,
        |cpu| {
            cpu.exchange_register(ICR_HIGH, 0);
            cpu.exchange_register(ICR_LOW, 0x41);
        },
        |cpu| {
            cpu.exchange_register(ICR_HIGH, 2 << 24);
            cpu.exchange_register(ICR_LOW, 0x42);
        },
    );
    assert_eq!(sent(&outcome), [(0x42, 2), (0x41, 2)]);
    assert!(misdirected(&outcome).is_some());
}

/// The handler is over when ICR low is written, and the first messages have made room for what leaves a CPU: so the last
/// one goes straight where nobody listens.
#[test]
fn a_later_message_is_redirected_too() {
    let code: fn(Cpu<'_>) = |cpu| {
        for _ in 0..4 {
            cpu.write_register(ICR_LOW, 0x43);
            cpu.delay_us(1);
        }
        cpu.write_register(ICR_HIGH, 0);
        cpu.delay_us(5);
        cpu.write_register(ICR_LOW, 0x41);
    };
    let found = run(Mode::XApic, code, |cpu| cpu.write_register(ICR_HIGH, 2 << 24));
    assert_eq!(misdirected(&found).map(|(message, intended)| (message.destination, intended)), Some((2, 0)));
}

#[test]
fn a_handler_that_does_not_write_icr_high_does_no_harm() {
    let nothing: fn(Cpu<'_>) = |_| {};
    let shorthand: fn(Cpu<'_>) = |cpu| cpu.write_register(ICR_LOW, 0xC_0042);
    let restores: fn(Cpu<'_>) = |cpu| {
        let high = cpu.read_register(ICR_HIGH);
        cpu.write_register(ICR_HIGH, 3 << 24);
        cpu.write_register(ICR_LOW, 0x42);
        cpu.write_register(ICR_HIGH, high);
    };
    for (nmi, before) in [(nothing, None), (shorthand, Some(0x42)), (restores, Some(0x42))] {
        let outcome = run(Mode::XApic, SENDS, nmi);
        let vectors: Vec<u8> = sent(&outcome).iter().map(|(vector, _)| *vector).collect();
        assert_eq!(vectors, before.into_iter().chain([0x41]).collect::<Vec<_>>());
        assert_eq!(sent(&outcome).last(), Some(&(0x41, 0)));
        assert!(misdirected(&outcome).is_none());
    }
}

/// The interrupted send is by shorthand: its destination is not looked at.
#[test]
fn a_message_by_shorthand_goes_where_it_says() {
    let outcome = run(
        Mode::XApic,
        |cpu| {
            cpu.write_register(ICR_HIGH, 0);
            cpu.write_register(ICR_LOW, 0xC_0041);
        },
        |cpu| {
            cpu.write_register(ICR_HIGH, 3 << 24);
            cpu.write_register(ICR_LOW, 0x42);
        },
    );
    assert_eq!(sent(&outcome).len(), 2);
    assert!(misdirected(&outcome).is_none());
}

/// One pulse only, at the first destination that is written after it was armed; a later send is left alone.
#[test]
fn the_pulse_comes_once() {
    let outcome = run(
        Mode::XApic,
        |cpu| {
            SENDS(cpu);
            cpu.delay_us(5);
            SENDS(cpu);
        },
        |cpu| {
            cpu.write_register(ICR_HIGH, 3 << 24);
            cpu.write_register(ICR_LOW, 0x42);
        },
    );
    assert_eq!(sent(&outcome), [(0x42, 3), (0x41, 3), (0x41, 0)]);
}

/// In x2APIC mode the write holds both halves, and the pulse comes after it.
#[test]
fn one_write_of_both_halves_is_not_harmed() {
    let outcome = run(
        Mode::X2Apic,
        |cpu| cpu.write_msr(MSR_COMMAND, 0x41).expect("x2APIC mode has it"),
        |cpu| cpu.write_msr(MSR_COMMAND, 3 << 32 | 0x42).expect("x2APIC mode has it"),
    );
    assert_eq!(sent(&outcome), [(0x41, 0), (0x42, 3)]);
    assert!(misdirected(&outcome).is_none());
}
