//! A loop that is about to end is never called hung, whatever it reads and whenever the change comes.

use crate::code::{Code, ideal, send, serial, settings};
use crate::running::{attempt, windowed};
use sim::apic::Mode;
use sim::io_apic::IoApicVersion;
use sim::{Cpu, Ending, Execution, Generation, LineChange, Machine, Program, StopRule, Time, Window};

/// The bit of vector F0 in its register.
const F0: u32 = 0x1_0000;

/// One kind of place that a loop may read. `changes` is the message by which the other CPU changes it; 0: its store.
struct Kind {
    name: &'static str,
    x2apic: bool,
    changed: fn(Cpu<'_>) -> bool,
    message: u32,
}

const KINDS: [Kind; 12] = [
    Kind { name: "a word", x2apic: false, changed: |cpu| cpu.load(0) != 0, message: 0 },
    Kind { name: "a register", x2apic: false, changed: |cpu| cpu.read_register(0x270) & F0 != 0, message: 0xF0 },
    Kind { name: "the page", x2apic: false, changed: |cpu| cpu.read_memory(0xFEE0_0270) & F0 != 0, message: 0xF0 },
    Kind {
        name: "a model-specific register",
        x2apic: true,
        changed: |cpu| cpu.read_msr(0x827).unwrap_or_default() & u64::from(F0) != 0,
        message: 0xF0,
    },
    Kind {
        name: "the page's trigger mode",
        x2apic: false,
        changed: |cpu| cpu.read_memory(0xFEE0_0260) & 2 != 0, // IRR of C1h
        message: 0xC1,
    },
    // These change by a handler of the polling CPU itself.
    Kind { name: "CR8", x2apic: false, changed: |cpu| cpu.read_cr8() == 5, message: 0x400 },
    Kind {
        name: "the task priority by RDMSR",
        x2apic: true,
        changed: |cpu| cpu.read_msr(0x808).unwrap_or_default() == 0x50,
        message: 0x400,
    },
    Kind {
        name: "the processor priority in the page",
        x2apic: false,
        changed: |cpu| cpu.read_memory(0xFEE0_00A0) == 0x50,
        message: 0x400,
    },
    Kind { name: "CPUID", x2apic: false, changed: |cpu| cpu.identification(1)[3] & 1 << 9 == 0, message: 0x401 },
    Kind {
        name: "APIC_BASE",
        x2apic: false,
        changed: |cpu| cpu.read_msr(0x1B).unwrap_or_default() & 1 << 11 == 0,
        message: 0x401,
    },
    Kind {
        name: "a port and a word",
        x2apic: false,
        changed: |cpu| cpu.read_port(0x61) != 0 || cpu.load(0) != 0,
        message: 0,
    },
    Kind {
        name: "two registers and a word",
        x2apic: false,
        changed: |cpu| {
            cpu.read_register(0x170);
            cpu.load(1);
            cpu.read_memory(0xFEE0_0270) & F0 != 0
        },
        message: 0xF0,
    },
];

/// A poll of kind `operand & 0xFF`, after `operand >> 8` other operations; its period is a delay of 1 µs.
fn poll(cpu: Cpu<'_>, operand: u32) {
    let kind = &KINDS[operand as usize & 0xFF];
    cpu.irq_save();
    for _ in 0..operand >> 8 {
        cpu.pause();
    }
    while !(kind.changed)(cpu) {
        cpu.delay_us(1);
    }
    cpu.reached(1);
}

/// The handler changes what its program reads.
fn change_priority(cpu: Cpu<'_>, operand: u32) {
    if KINDS[operand as usize & 0xFF].message == 0x401 {
        let _ = cpu.write_msr(0x1B, 0xFEE0_0000); // the APIC is off
    } else if KINDS[operand as usize & 0xFF].x2apic {
        let _ = cpu.write_msr(0x808, 0x50);
    } else {
        cpu.write_cr8(5);
    }
}

/// Waits `operand >> 8` tenths of a microsecond, and makes the change.
fn change(cpu: Cpu<'_>, operand: u32) {
    let kind = &KINDS[operand as usize & 0xFF];
    let tenths = operand >> 8;
    cpu.delay_us(tenths / 10);
    cpu.delay_cycles(u64::from(tenths % 10) * 200);
    match kind.message {
        0 => cpu.store(0, 1),
        message if kind.x2apic => {
            let _ = cpu.write_msr(0x830, u64::from(message));
        }
        message => send(cpu, 0, message),
    }
}

fn machine(kind: u32, tenths: u32, prefix: u32, elision: bool) -> Machine {
    let x2apic = KINDS[kind as usize].x2apic;
    let poller = Code { run: poll, nmi: change_priority, operand: kind | prefix << 8, ..Code::default() };
    let changer = Code { run: change, operand: kind | tenths << 8, ..Code::default() };
    let generation = if x2apic { Generation::X2Apic } else { Generation::XApic };
    let mut settings = settings(generation, ideal(), [Program::closed(poller), Program::closed(changer)]);
    for (cpu, _) in &mut settings.cpus {
        cpu.apic.mode = if x2apic { Mode::X2Apic } else { Mode::XApic };
    }
    settings.limit = Time::from_us(10_000);
    settings.stop = StopRule::Any(vec![1]);
    settings.elision = elision;
    Machine::new(settings).expect("the machine is possible")
}

const WAYS: [(bool, Execution); 4] = [
    (true, windowed(1, Window::Full)),
    (false, windowed(1, Window::Full)),
    (true, Execution::Reference),
    (false, Execution::Reference),
];

/// How many of these runs did not see the change.
fn missed(kind: u32, instants: impl Iterator<Item = (u32, u32)>) -> Option<String> {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (tenths, prefix) in instants {
        tried += 1;
        let endings = WAYS.map(|(elision, execution)| {
            attempt(machine(kind, tenths, prefix, elision), execution).map(|outcome| outcome.ending)
        });
        if endings.iter().any(|ending| *ending != Ok(Ending::Stopped)) {
            wrong.push((tenths, prefix, endings));
        }
    }
    let name = KINDS[kind as usize].name;
    wrong.first().map(|first| format!("{name}: {} of {tried}, the first {first:?}", wrong.len()))
}

// Old: Proven(Recurrence) at 10 of 400 instants for the model-specific register, in all executions.
#[test]
fn a_poll_sees_a_change_at_each_of_400_instants() {
    let wrong: Vec<String> =
        (0..KINDS.len() as u32).filter_map(|kind| missed(kind, (100..500).map(|tenths| (tenths, 0)))).collect();
    assert!(wrong.is_empty(), "(tenths of a microsecond, operations before):\n{}", wrong.join("\n"));
}

// Old: Proven(Recurrence) in 13 of 350 cases for each of the two polls of the page.
#[test]
fn a_poll_sees_a_change_at_other_alignments() {
    let wrong: Vec<String> = (0..KINDS.len() as u32)
        .filter_map(|kind| missed(kind, (1..8).flat_map(|prefix| (250..400).step_by(3).map(move |at| (at, prefix)))))
        .collect();
    assert!(wrong.is_empty(), "(tenths of a microsecond, operations before):\n{}", wrong.join("\n"));
}

/// Delivery status, read in each way: it ends when the serial bus is done, which nobody announces.
fn busy_poll(cpu: Cpu<'_>, operand: u32) {
    for _ in 0..operand >> 2 {
        cpu.pause();
    }
    for to in [1, 0, 1] {
        send(cpu, to, 0xF0);
        let busy = || match operand & 1 {
            0 => cpu.read_register(0x300),
            _ => cpu.read_memory(0xFEE0_0300),
        };
        while busy() & 0x1000 != 0 {}
    }
    cpu.reached(1);
}

#[test]
fn a_poll_of_the_delivery_status_sees_its_end() {
    for operand in 0..64 {
        for (elision, execution) in WAYS {
            let programs = [Program::closed(Code { run: busy_poll, operand, ..Code::default() })];
            let idle = [Program::closed(Code { run: |cpu, _| cpu.halt(), ..Code::default() })];
            let mut settings = settings(Generation::P6, serial(2), programs.into_iter().chain(idle));
            settings.stop = StopRule::Any(vec![1]);
            settings.elision = elision;
            let outcome = attempt(Machine::new(settings).expect("the machine is possible"), execution);
            assert_eq!(
                outcome.map(|outcome| outcome.ending),
                Ok(Ending::Stopped),
                "{operand}, {elision}, {execution:?}"
            );
        }
    }
}

/// A pin of the I/O APIC: remote IRR, bit 14, rises when the level interrupt of pin 0 is taken by the masked CPU 1.
fn pin_poll(cpu: Cpu<'_>, operand: u32) {
    for _ in 0..operand {
        cpu.pause();
    }
    cpu.write_memory(0xFEC0_0000, 0x10);
    while cpu.read_memory(0xFEC0_0010) & 1 << 14 == 0 {
        cpu.delay_us(1);
    }
    cpu.reached(1);
}

#[test]
fn a_poll_of_the_io_apic_sees_its_pin() {
    for tenths in (300..1000).step_by(7) {
        for (elision, execution) in WAYS {
            let poller = Code { run: pin_poll, operand: tenths % 3, ..Code::default() };
            let other = Code { run: |cpu, _| cpu.irq_restore(false), ..Code::default() };
            let programs = [Program::closed(poller), Program::closed(other)];
            let mut settings = settings(Generation::XApic, ideal(), programs);
            settings.io_apic = Some(IoApicVersion::I82801);
            settings.io_apic_entries = vec![(0, 1 << 56 | 0x80D1)];
            settings.lines = vec![LineChange { at: Time::from_ps(u64::from(tenths) * 100_000), pin: 0, high: true }];
            settings.stop = StopRule::Any(vec![1]);
            settings.elision = elision;
            let outcome = attempt(Machine::new(settings).expect("the machine is possible"), execution);
            assert_eq!(
                outcome.map(|outcome| outcome.ending),
                Ok(Ending::Stopped),
                "{tenths}, {elision}, {execution:?}"
            );
        }
    }
}
