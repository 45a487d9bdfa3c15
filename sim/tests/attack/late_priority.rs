//! Writes of the task priority that reach the APIC late (Mobile Pentium 4 specification update, erratum Z47), and the interrupt
//! that has nothing left to acknowledge (SDM vol. 3 §10.9). What orders such a write is what orders a store (§11.10), and the read
//! of an APIC register that the erratum names.

use crate::code::{Code, ideal, settings};
use crate::executions::all;
use crate::running::recorded;
use sim::apic::{Mode, Preset};
use sim::{Context, Cpu, Event, Execution, Generation, LocalEvent, Machine, Outcome, Program, Time, TprWrite, What};

/// Registers of the page.
const TPR: u16 = 0x080;
const EOI: u16 = 0x0B0;
const IRR_40: u16 = 0x220;
const ISR_40: u16 = 0x120;

/// The write takes 20 cycles of 2 ns, CLI and STI 5, and the APIC has it so many cycles after the write.
const LATE_CYCLES: u32 = 100;

/// What is asked of the machine.
#[derive(Clone, Copy)]
struct Part {
    late: bool,
    acknowledge: u32,
    mode: Mode,
}

const LATE: Part = Part { late: true, acknowledge: 0, mode: Mode::XApic };

fn machine(part: Part, generation: Generation, program: Code, elision: bool) -> Machine {
    let mut settings = settings(generation, ideal(), [Program::closed(program)]);
    for (cpu, _) in &mut settings.cpus {
        cpu.apic = Preset::default().with(|preset| preset.mode = part.mode);
        cpu.interrupts_enabled = false;
    }
    settings.knobs.tpr_write = if part.late { TprWrite::Late } else { TprWrite::AtOnce };
    settings.costs.tpr_write = LATE_CYCLES;
    settings.costs.acknowledge = part.acknowledge;
    settings.limit = Time::from_us(1_000);
    settings.elision = elision;
    Machine::new(settings).expect("it is possible")
}

/// The run in every way: of one result.
fn run_on(part: Part, generation: Generation, program: Code) -> (Outcome, Vec<Event>) {
    let once = |elision, execution| {
        let (outcome, events) = recorded(machine(part, generation, program, elision), execution);
        (*outcome.expect("nothing fails"), events)
    };
    let (reference, events) = once(false, Execution::Reference);
    for way in all() {
        let (other, _) = once(way.elision, way.execution);
        assert_eq!((other.digest, other.ending), (reference.digest, reference.ending), "{way:?}");
        assert_eq!(other.proven_at, reference.proven_at, "{way:?}");
    }
    (reference, events)
}

fn run(part: Part, program: Code) -> (Outcome, Vec<Event>) {
    run_on(part, Generation::P6, program)
}

/// The milestones, in order.
fn reached((outcome, _): &(Outcome, Vec<Event>)) -> Vec<u32> {
    outcome.milestones.iter().map(|milestone| milestone.code).collect()
}

/// The vectors of the handlers that were entered, in order.
fn entered((_, events): &(Outcome, Vec<Event>)) -> Vec<u8> {
    let vector = |event: &Event| match event.what {
        What::Entered(Context::Interrupt(vector)) => Some(vector),
        _ => None,
    };
    events.iter().filter_map(vector).collect()
}

/// Vector 41 is requested, while the task priority is `priority`.
fn request(cpu: Cpu<'_>, priority: u32) {
    cpu.write_register(TPR, priority);
    cpu.write_register(0x300, 0x0004_0041);
    cpu.delay_us(1);
    assert!(cpu.read_register(IRR_40) == 2, "requested");
}

/// What may stand between the write and the CLI, whether it makes the write come first, and its name.
type Between = (fn(Cpu<'_>), bool, &'static str);

const BETWEEN: [Between; 16] = [
    (|_| {}, false, "nothing"),
    (|cpu| cpu.pause(), false, "PAUSE"),
    (|cpu| _ = cpu.load(0), false, "a load"),
    (|cpu| cpu.store(0, 1), false, "a store"),
    (|cpu| cpu.delay_cycles(u64::from(LATE_CYCLES) - 6), false, "time that is too short (CLI takes 5 cycles)"),
    (|cpu| _ = cpu.read_cr8(), false, "MOV from CR8"),
    (|cpu| _ = cpu.read_msr(0x10), false, "RDMSR"),
    (|cpu| _ = cpu.read_register(0x020), true, "a read of an APIC register: the erratum's workaround"),
    (|cpu| cpu.write_register(0x0D0, 1 << 24), true, "a write of an APIC register: uncached stores come in order"),
    (|cpu| cpu.fence(), true, "MFENCE"),
    (|cpu| _ = cpu.fetch_add(0, 1), true, "a locked operation"),
    (|cpu| _ = cpu.identification(0), true, "CPUID"),
    (|cpu| cpu.write_port(0x80, 1), true, "OUT"),
    (|cpu| _ = cpu.read_port(0x61), true, "IN"),
    (|cpu| cpu.delay_cycles(u64::from(LATE_CYCLES)), true, "time enough"),
    (|cpu| cpu.delay_us(1), true, "far more time"),
];

/// The erratum's own example: the priority is lowered, and CLI soon after; what it lets in is served before the CLI, or stays
/// pending until STI. It is not lost.
fn lowers(cpu: Cpu<'_>, between: u32) {
    request(cpu, 0x50);
    cpu.irq_restore(true);
    cpu.delay_us(1);
    cpu.write_register(TPR, 0);
    BETWEEN[between as usize].0(cpu);
    cpu.irq_save();
    cpu.delay_us(5);
    cpu.reached(1);
    assert!(cpu.read_register(TPR) == 0, "what was written is there in the end");
    cpu.irq_restore(true);
    cpu.delay_us(5);
    cpu.reached(2);
}

#[test]
fn cli_comes_before_a_lower_priority_unless_something_orders_it() {
    for (place, (_, orders, what)) in BETWEEN.into_iter().enumerate() {
        let program = Code {
            run: lowers,
            interrupt: |cpu, vector, _| {
                cpu.reached(u32::from(vector));
                cpu.write_register(EOI, 0);
            },
            operand: place as u32,
            ..Code::default()
        };
        let late = run(LATE, program);
        assert_eq!(reached(&late), if orders { [0x41, 1, 2] } else { [1, 0x41, 2] }, "{what}");
        let at_once = run(Part { late: false, ..LATE }, program);
        assert_eq!(reached(&at_once), [0x41, 1, 2], "{what}");
    }
}

/// The priority is raised, and STI soon after. What is out by then is delivered.
fn raises(cpu: Cpu<'_>, orders: u32) {
    request(cpu, 0);
    cpu.write_register(TPR, 0x50);
    if orders == 1 {
        cpu.read_register(0x020);
    }
    cpu.irq_restore(true);
    cpu.delay_us(5);
    cpu.reached(1);
    cpu.write_register(TPR, 0);
    cpu.delay_us(5);
    cpu.reached(2);
}

/// Tells which vector came, and whether it is in service; an interrupt that is not wants no EOI.
fn tells(cpu: Cpu<'_>, vector: u8, _: u32) {
    let in_service = cpu.read_register(ISR_40) == 2;
    assert!(in_service == (vector == 0x41), "the ISR bit");
    cpu.reached(u32::from(vector));
    if in_service {
        cpu.write_register(EOI, 0);
    } else {
        assert!(cpu.read_register(IRR_40) == 2, "what was pending still is");
    }
}

#[test]
fn an_interrupt_comes_before_a_higher_priority() {
    let program = |operand| Code { run: raises, interrupt: tells, operand, ..Code::default() };
    let at_once = Part { late: false, ..LATE };
    for (part, orders, expected) in [
        (at_once, 0, vec![1, 0x41, 2]),
        (at_once, 1, vec![1, 0x41, 2]),
        (LATE, 0, vec![0x41, 1, 2]), // although its class is kept out by what was written before STI
        (LATE, 1, vec![1, 0x41, 2]),
    ] {
        let ended = run(part, program(orders));
        assert_eq!(reached(&ended), expected, "late {} orders {orders}", part.late);
    }
}

/// The same, and the acknowledge cycle comes after the APIC has the priority: nothing is left to acknowledge. SVR is 1FF.
#[test]
fn nothing_is_left_to_acknowledge() {
    let program = Code { run: raises, interrupt: tells, ..Code::default() };
    // STI is done 5 cycles after the write, a shadow of one operation is over one later; the APIC has the value after 100.
    for (acknowledge, expected) in
        [(0, vec![0x41, 1, 2]), (80, vec![0x41, 1, 2]), (100, vec![0xFF, 1, 0x41, 2]), (5_000, vec![0xFF, 1, 0x41, 2])]
    {
        let ended = run(Part { acknowledge, ..LATE }, program);
        assert_eq!(reached(&ended), expected, "{acknowledge}");
        let vectors: Vec<u8> = expected.iter().filter(|&&code| code > 2).map(|&code| code as u8).collect();
        assert_eq!(entered(&ended), vectors);
    }
}

/// One with the number of the spurious vector that is pending itself is not what the spurious interrupt takes.
#[test]
fn a_pending_interrupt_with_the_spurious_number_stays() {
    let program = Code {
        run: |cpu, _| {
            cpu.write_register(0x300, 0x0004_00FF);
            cpu.delay_us(1);
            cpu.write_register(TPR, 0xF0);
            cpu.irq_restore(true);
            cpu.delay_us(5);
            cpu.reached(1);
            assert!(cpu.read_register(0x270) == 1 << 31, "it is pending");
            cpu.write_register(TPR, 0);
            cpu.delay_us(5);
            cpu.reached(2);
        },
        interrupt: |cpu, vector, _| {
            let in_service = cpu.read_register(0x170) == 1 << 31;
            cpu.reached(u32::from(vector) + u32::from(in_service));
            if in_service {
                cpu.write_register(EOI, 0);
            }
        },
        ..Code::default()
    };
    assert_eq!(reached(&run(Part { acknowledge: 1_000, ..LATE }, program)), [0xFF, 1, 0x100, 2]);
}

/// It is told once, at the instant at which the APIC has it: 20 cycles for the write and 100 more, of 2 ns; a sleep is woken by it.
#[test]
fn it_comes_by_itself() {
    let program = Code {
        run: |cpu, _| {
            request(cpu, 0x50);
            cpu.write_register(TPR, 0);
            cpu.enable_interrupts();
            cpu.halt();
            cpu.reached(1);
        },
        interrupt: tells,
        ..Code::default()
    };
    let ended = run(LATE, program);
    let (_, events) = &ended;
    let is_write =
        |event: &&Event| matches!(event.what, What::Write { access, value: 0 } if access.operand == u32::from(TPR));
    let written = events.iter().find(is_write).expect("it is written").time;
    let told: Vec<u64> = events
        .iter()
        .filter(|event| event.what == What::Local(LocalEvent::PriorityWritten) && event.time > written)
        .map(|event| event.time.as_ps() - written.as_ps())
        .collect();
    assert_eq!(told, [u64::from(LATE_CYCLES) * 2_000]);
    assert_eq!(reached(&ended), [0x41, 1]);
}

/// What is no store to the page is not late: CR8, a locked access, a WRMSR in x2APIC mode.
#[test]
fn only_stores_are_late() {
    fn lowers_by(cpu: Cpu<'_>, how: u32) {
        let x2apic = how == 2;
        let write = |register: u16, value: u32| {
            if x2apic {
                _ = cpu.write_msr(0x800 + u32::from(register) / 16, u64::from(value))
            } else {
                cpu.write_register(register, value)
            }
        };
        cpu.write_cr8(5);
        if x2apic {
            _ = cpu.write_msr(0x83F, 0x41);
        } else {
            write(0x300, 0x0004_0041);
        }
        cpu.delay_us(1);
        cpu.irq_restore(true);
        cpu.delay_us(1);
        match how {
            0 => cpu.write_cr8(0),
            1 => _ = cpu.exchange_register(TPR, 0),
            _ => write(TPR, 0),
        }
        cpu.irq_save();
        cpu.delay_us(5);
        cpu.reached(1);
    }
    for (how, mode) in [(0, Mode::XApic), (1, Mode::XApic), (2, Mode::X2Apic)] {
        let program = Code {
            run: lowers_by,
            interrupt: |cpu, vector, how| {
                cpu.reached(u32::from(vector));
                if how == 2 { _ = cpu.write_msr(0x80B, 0) } else { cpu.write_register(EOI, 0) }
            },
            operand: how,
            ..Code::default()
        };
        let ended = run_on(Part { mode, ..LATE }, Generation::X2Apic, program);
        assert_eq!(reached(&ended), [0x41, 1], "{how}");
        let told = ended.1.iter().filter(|event| event.what == What::Local(LocalEvent::PriorityWritten)).count();
        assert_eq!(told, usize::from(how == 1), "{how}");
    }
}

/// INIT comes after the write, and resets what was written; the next life begins with a priority of 0 that nothing late changes.
#[test]
fn an_init_leaves_nothing_late() {
    let program = Code {
        run: |cpu, _| {
            cpu.write_register(TPR, 0x50);
            cpu.drive_pin(0, sim::Pin::Init);
            cpu.delay_us(5);
        },
        reset: |cpu, _| {
            cpu.delay_us(5);
            if cpu.read_register(TPR) == 0 {
                cpu.reached(7);
            }
        },
        ..Code::default()
    };
    let mut ended = run(LATE, program);
    ended.0.milestones.truncate(1);
    assert_eq!(reached(&ended), [7]);
}
