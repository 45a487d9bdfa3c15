//! How far a CPU may run before others: what reaches it is never older than what it has done. The right answer is the
//! reference executor's, which does one effect of the whole machine after the other.

use crate::machine::{Code, IDLE, INIT, INTERRUPT, Setup, reached};
use sim::bus::IdealBus;
use sim::{
    Cpu, CpuSettings, Ending, Execution, Generation, Machine, MachineSettings, Program, Recording, Time, Window,
};

const ALL_OTHERS: u32 = 0xC_4031;

/// Does something that shows in the event stream, every few nanoseconds.
fn keep_busy(cpu: Cpu<'_>) {
    for round in 0..400 {
        cpu.store(1, round);
    }
}

#[test]
fn whoever_is_initialised_may_send_at_once() {
    // No entry into a handler, 208 ns, lies between an INIT and what is at the reset vector (SDM vol. 3 §9.1). CPUs 2 and 3
    // write at one instant: an INIT for CPU 0, an interrupt for CPU 1, which nobody else is faster than.
    let of = |run: fn(Cpu<'_>)| {
        let reset: fn(Cpu<'_>) = |cpu| {
            cpu.write_register(0x300, ALL_OTHERS);
            cpu.halt();
        };
        let interrupt: fn(Cpu<'_>, u8) = |cpu, vector| {
            cpu.reached(u32::from(vector));
            keep_busy(cpu);
            cpu.write_register(0xB0, 0);
        };
        Program::closed(Code { run, interrupt, reset, ..IDLE })
    };
    let machine = || {
        let programs = [
            of(IDLE.run),
            of(IDLE.run),
            of(|cpu| {
                cpu.write_register(0x310, 0);
                cpu.write_register(0x300, INIT);
            }),
            of(|cpu| {
                cpu.write_register(0x310, 1 << 24);
                cpu.write_register(0x300, 0x4020);
            }),
        ];
        let cpus =
            (0..).zip(programs).map(|(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program));
        Machine::new(MachineSettings::new(Generation::XApic, Box::new(IdealBus::default())).with(|machine| {
            machine.words = vec![0; 2];
            machine.cpus = cpus.collect();
            machine.limit = Time::from_us(1_000);
        }))
        .expect("the machine is possible")
    };
    let run = |execution| {
        let mut recording = Recording::default();
        let outcome = machine().observed(execution, &mut recording).expect("it runs");
        (outcome, recording.by_beginning())
    };
    let (outcome, expected) = run(Execution::Reference);
    let (_, events) = run(Execution::Windowed { workers: 1, window: Window::Full });
    assert_eq!(expected, events);
    assert_eq!(reached(&outcome), [0x20, 0x31]);
}

#[test]
fn whoever_sees_a_store_may_answer_at_once() {
    // The answer comes after the visibility of the store and the latency of the bus, while the storing CPU goes on.
    let setup = Setup {
        code: Code {
            run: |cpu| {
                for round in 1..=8 {
                    cpu.delay_us(50);
                    cpu.store(0, round);
                    keep_busy(cpu);
                }
            },
            ..IDLE
        },
        sender: |cpu| {
            for round in 1..=8 {
                while cpu.load(0) != round {
                    cpu.pause();
                }
                cpu.write_register(0x300, ALL_OTHERS);
            }
        },
        ..Setup::default()
    };
    assert_eq!(reached(&setup.run()), [INTERRUPT + 0x31; 8]);
}

#[test]
fn an_older_store_concerns_nobody_who_has_written_since() {
    // CPU 0 stores a little before CPU 1, which then polls what it wrote itself: the older store, on its way when the loop is
    // found to repeat itself, never shows there. By the reference executor that is proven at once, at any limit.
    let machine = |limit| {
        let older = Program::closed(Code { run: |cpu| cpu.store(0, 7), ..IDLE });
        let newer = Program::closed(Code {
            run: |cpu| {
                cpu.delay_cycles(2);
                cpu.store(0, 5);
                while cpu.load(0) == 5 {}
            },
            ..IDLE
        });
        let settings = MachineSettings::new(Generation::XApic, Box::new(IdealBus::default()));
        let costs = settings.costs.with(|costs| costs.load = 1);
        Machine::new(settings.with(|machine| {
            machine.words = vec![0; 1];
            machine.cpus =
                vec![(CpuSettings::default(), older), (CpuSettings::default().with(|cpu| cpu.apic_id = 1), newer)];
            machine.costs = costs;
            machine.limit = limit;
        }))
        .expect("the machine is possible")
    };
    let mut proven = 0;
    for limit in (1..300).map(|ns| Time::from_ps(1_000 * ns)) {
        let [reference, windowed] = [Execution::Reference, Execution::Windowed { workers: 1, window: Window::Full }]
            .map(|execution| machine(limit).run(execution).expect("it runs"));
        assert_eq!((reference.ending, reference.proven_at), (windowed.ending, windowed.proven_at), "limit {limit}");
        proven += u32::from(matches!(reference.ending, Ending::Proven(_)));
    }
    assert!((100..299).contains(&proven), "the limits lie around the proof: {proven}");
}
