//! A bus that tries the same message again and again is proven to repeat itself, and CPUs may then poll past its next
//! attempt. Whoever does something that an attempt sees must still be seen by it, at its instant.

use crate::code::{Body, Code, send, serial, settings};
use crate::compare::{differing, lines};
use crate::running::{USUAL, attempt};
use sim::{Generation, Machine, Program, Time};

/// CPU 0 sends three interrupts of one class to CPU 1, whose class has room for two, and sleeps: so CPU 1 alone acts.
const SENDER: Body = |cpu, _| {
    for vector in [0x41, 0x42] {
        send(cpu, 1, vector);
        while cpu.read_register(0x300) & 0x1000 != 0 {
            cpu.pause();
        }
    }
    cpu.irq_save();
    send(cpu, 1, 0x43);
    cpu.halt();
};

/// What CPU 1 does after it has polled for a while, by number: let its interrupts in, switch its APIC off and on, raise its
/// task priority, send a message itself, nothing.
const DEEDS: [Body; 5] = [
    |cpu, _| cpu.irq_restore(true),
    |cpu, _| {
        cpu.write_register(0x0F0, 0xFF);
        cpu.delay_us(1);
        cpu.write_register(0x0F0, 0x1FF);
    },
    |cpu, _| cpu.write_register(0x080, 0x50),
    |cpu, _| send(cpu, 2, 0xF1),
    |_, _| {},
];

fn holder(deed: usize, operand: u32) -> Code {
    const HOLDERS: [Body; 5] = [
        |cpu, n| hold(cpu, n, 0),
        |cpu, n| hold(cpu, n, 1),
        |cpu, n| hold(cpu, n, 2),
        |cpu, n| hold(cpu, n, 3),
        |cpu, n| hold(cpu, n, 4),
    ];
    Code { run: HOLDERS[deed], operand, ..Code::default() }
}

fn hold(cpu: sim::Cpu<'_>, operand: u32, deed: usize) {
    cpu.irq_save();
    cpu.delay_us(40 + operand);
    for _ in 0..operand % 7 {
        cpu.delay_cycles(u64::from(operand) * 37 % 500);
        cpu.read_register(0x220);
    }
    DEEDS[deed](cpu, operand);
    for _ in 0..60 {
        cpu.delay_us(1);
        cpu.read_register(0x220);
    }
    cpu.irq_restore(true);
    cpu.halt();
}

// Seen failing on an engine that let a CPU poll on after its own deed: the message was taken at the end of its polls.
#[test]
fn a_deed_between_polls_is_seen_by_the_next_attempt() {
    for deed in 0..DEEDS.len() {
        for operand in 0..20 {
            let machine = |elision| {
                let idle = Code { run: |cpu, _| (0..9).for_each(|_| cpu.halt()), ..Code::default() };
                let sender = Code { run: SENDER, ..Code::default() };
                let programs = [sender, holder(deed, operand), idle].map(Program::closed);
                let mut settings = settings(Generation::P6, serial(3), programs);
                settings.limit = Time::from_us(400);
                settings.elision = elision;
                Machine::new(settings).expect("the machine is possible")
            };
            let expected = lines(&attempt(machine(false), USUAL[0].1), true);
            for (elision, execution) in USUAL {
                let different = differing(&expected, &lines(&attempt(machine(elision), execution), true));
                assert!(different.is_empty(), "deed {deed}, {operand}, {execution:?}:\n{}", different.join("\n"));
            }
        }
    }
}
