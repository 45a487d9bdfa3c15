//! Stores that wait in their CPU, and IPIs in x2APIC mode that overtake them. What is right follows from SDM vol. 3: a write of an
//! x2APIC register orders nothing (§10.12.3), what empties a store buffer is in §11.10, what is serializing in §8.3, and a CPU sees
//! its own stores at once (§8.2.3.5).

use crate::code::{Code, fabric, ideal, settings};
use crate::executions::all;
use crate::running::recorded;
use sim::apic::{Mode, Preset};
use sim::{
    Cpu, Duration, Ending, Event, Execution, Generation, Machine, Outcome, Program, Proof, StopRule, Time, What,
    X2ApicSend,
};

/// The CPU that waits has got its answer.
const ANSWERED: u32 = 7;
/// How long a store waits, at most.
const WAITS_US: u64 = 5;

const COMMAND: u32 = 0x830;

fn machine(weak: bool, mode: Mode, programs: [Code; 2], on_fabric: bool, elision: bool) -> Machine {
    let bus = if on_fabric { fabric(2) } else { ideal() };
    let mut settings = settings(Generation::X2Apic, bus, programs.map(Program::closed));
    for (cpu, _) in &mut settings.cpus {
        cpu.apic = Preset::default().with(|preset| preset.mode = mode);
    }
    settings.knobs.x2apic_send = if weak { X2ApicSend::Weak } else { X2ApicSend::Strong };
    settings.costs.store_buffer = Duration::from_us(WAITS_US);
    settings.stop = StopRule::Any(vec![ANSWERED]);
    settings.limit = Time::from_us(1_000_000);
    settings.elision = elision;
    Machine::new(settings).expect("it is possible")
}

/// The run in every way: of one result.
fn run(weak: bool, mode: Mode, programs: [Code; 2], on_fabric: bool) -> (Outcome, Vec<Event>) {
    let once = |elision, execution| {
        let (outcome, events) = recorded(machine(weak, mode, programs, on_fabric, elision), execution);
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

fn reached((outcome, _): &(Outcome, Vec<Event>), code: u32) -> Option<Time> {
    outcome.milestones.iter().find(|milestone| milestone.code == code).map(|milestone| milestone.at)
}

/// Hands CPU 1 some work, tells it by an IPI, and waits for the answer. The operand says what stands between.
fn hands_over(cpu: Cpu<'_>, between: u32) {
    cpu.store(0, 1);
    assert!(cpu.load(0) == 1, "a CPU sees its own store");
    BETWEEN[between as usize].0(cpu);
    if cpu.write_msr(COMMAND, 1 << 32 | 0x41).is_err() {
        cpu.write_register(0x310, 1 << 24);
        cpu.write_register(0x300, 0x41);
    }
    while cpu.load(1) == 0 {
        cpu.pause();
    }
    cpu.reached(ANSWERED);
}

fn ends_interrupt(cpu: Cpu<'_>) {
    if cpu.write_msr(0x80B, 0).is_err() {
        cpu.write_register(0x0B0, 0);
    }
}

fn programs(between: usize) -> [Code; 2] {
    let sender = Code {
        run: hands_over,
        interrupt: |cpu, _, _| ends_interrupt(cpu),
        operand: between as u32,
        ..Code::default()
    };
    let worker = Code {
        run: |cpu, _| {
            loop {
                cpu.halt();
            }
        },
        interrupt: |cpu, _, _| {
            if cpu.load(0) == 1 {
                cpu.store(1, 1);
            }
            ends_interrupt(cpu);
        },
        ..Code::default()
    };
    [sender, worker]
}

/// What stands between the store and the IPI, whether it orders the store before it, and its name.
type Between = (fn(Cpu<'_>), bool, &'static str);

const BETWEEN: [Between; 20] = [
    (|_| {}, false, "nothing"),
    (|cpu| cpu.pause(), false, "PAUSE"),
    (|cpu| cpu.delay_us(1), false, "time that is too short"),
    (|cpu| _ = cpu.load(3), false, "a load"),
    (|cpu| cpu.store(3, 1), false, "a store"),
    (|cpu| cpu.irq_restore(!cpu.irq_save()), false, "CLI"),
    (|cpu| cpu.write_cr8(0), false, "MOV to CR8 (8.3: the one control register that is not serializing)"),
    (|cpu| _ = cpu.read_msr(0x10), false, "RDMSR"),
    (|cpu| _ = cpu.write_msr(0x808, 0), false, "a write of an x2APIC register"),
    (|cpu| _ = cpu.write_msr(0x6E0, 0), false, "a write of the TSC deadline"),
    (|cpu| cpu.fence(), true, "MFENCE"),
    (|cpu| _ = cpu.fetch_add(3, 1), true, "a locked operation"),
    (|cpu| _ = cpu.compare_exchange(3, 9, 1), true, "a locked operation that changes nothing"),
    (|cpu| _ = cpu.identification(0), true, "CPUID"),
    (|cpu| _ = cpu.write_msr(0x1B, cpu.read_msr(0x1B).unwrap_or_default()), true, "a write of another register"),
    (|cpu| cpu.write_port(0x80, 1), true, "OUT"),
    (|cpu| _ = cpu.read_port(0x61), true, "IN"),
    (|cpu| _ = cpu.read_register(0x20), true, "an uncached read"),
    (|cpu| cpu.delay_us(WAITS_US as u32 + 1), true, "time enough"),
    (
        |cpu| {
            let _ = cpu.write_msr(0x83F, 0x42); // an interrupt to itself, which orders nothing before it is taken
            cpu.delay_us(1);
        },
        true,
        "an interrupt",
    ),
];

#[test]
fn an_ipi_overtakes_a_store_unless_something_orders_it() {
    for (place, (_, orders, what)) in BETWEEN.into_iter().enumerate() {
        for on_fabric in [false, true] {
            let weak = run(true, Mode::X2Apic, programs(place), on_fabric);
            let expected = if orders { Ending::Stopped } else { Ending::Proven(Proof::Recurrence) };
            assert_eq!(weak.0.ending, expected, "{what}");
            if place < 2 {
                let strong = run(false, Mode::X2Apic, programs(place), on_fabric);
                assert_eq!(strong.0.ending, Ending::Stopped, "{what}");
                // A write of the register page is uncached, and comes after the stores before it.
                let page = run(true, Mode::XApic, programs(place), on_fabric);
                assert_eq!(page.0.ending, Ending::Stopped, "{what}");
            }
        }
    }
}

/// Three cycles of 400 ps until the store, 5 µs in the buffer, 100 ns until it is seen. Who looks every 10 ns sees it then.
#[test]
fn a_store_that_nothing_orders_is_seen_when_it_has_waited() {
    let stores = Code {
        run: |cpu, _| {
            cpu.store(0, 1);
            cpu.store(2, 5); // leaves when it has waited itself
            loop {
                cpu.halt();
            }
        },
        ..Code::default()
    };
    let looks = Code {
        run: |cpu, _| {
            while cpu.load(0) == 0 {
                cpu.delay_cycles(25);
            }
            if cpu.load(2) == 0 {
                cpu.reached(1);
            }
            cpu.delay_us(1);
            if cpu.load(2) == 5 {
                cpu.reached(ANSWERED);
            }
        },
        ..Code::default()
    };
    let weak = run(true, Mode::XApic, [stores, looks], false);
    let seen = reached(&weak, ANSWERED).expect("it is seen").as_ps() - 1_000_000;
    let first = 1_200 + WAITS_US * 1_000_000 + 100_000;
    assert!((first..first + 15_000).contains(&seen), "{seen}");
    let strong = reached(&run(false, Mode::XApic, [stores, looks], false), ANSWERED).expect("it is seen").as_ps();
    assert!((101_200 + 1_000_000..116_200 + 1_000_000).contains(&strong), "{strong}");
}

/// It is over when others have seen what was stored: 1.2 ns, then 100 ns; and then nobody reads the old value.
#[test]
fn a_fence_lasts_until_others_have_seen_the_stores() {
    let fences = Code {
        run: |cpu, _| {
            cpu.store(0, 1);
            cpu.fence();
            cpu.reached(ANSWERED);
        },
        ..Code::default()
    };
    for weak in [false, true] {
        let done = reached(&run(weak, Mode::X2Apic, [fences, Code::default()], false), ANSWERED);
        assert_eq!(done.map(Time::as_ps), Some(101_200), "weak: {weak}");
    }
    // Of two CPUs that store and then look (SDM vol. 3 §8.2.3.4), with a fence between one sees the other.
    fn one(cpu: Cpu<'_>, fence: u32) {
        let own = cpu.number();
        cpu.store(own, 1);
        if fence == 1 {
            cpu.fence();
        }
        let other = cpu.load(1 - own);
        cpu.store(2 + own, other + 1);
        cpu.delay_us(20);
        if cpu.load(2) == 1 && cpu.load(3) == 1 {
            cpu.reached(ANSWERED);
        }
    }
    for (fence, ending) in [(0, Ending::Stopped), (1, Ending::Proven(Proof::Quiescent))] {
        let code = Code { run: one, operand: fence, ..Code::default() };
        assert_eq!(run(true, Mode::X2Apic, [code, code], false).0.ending, ending, "fence: {fence}");
    }
}

/// Both write one word, CPU 1 later: in this order it leaves them, and in the end both see its value. Until then each sees its
/// own. More stores than there is room for push out the oldest.
#[test]
fn stores_leave_in_order_and_at_last_all_see_the_same() {
    fn writes(cpu: Cpu<'_>, _: u32) {
        let own = u32::from(cpu.number());
        cpu.delay_us(own);
        cpu.store(0, 1 + own);
        for _ in 0..40 {
            assert!(cpu.load(0) == 1 + own, "what it has written");
            cpu.delay_cycles(100);
        }
        cpu.delay_us(20);
        if cpu.load(0) == 2 {
            cpu.reached(8);
        }
        cpu.fetch_add(1, 1);
        cpu.delay_us(1);
        if own == 0 && cpu.load(1) == 2 {
            cpu.reached(ANSWERED);
        }
    }
    let code = Code { run: writes, ..Code::default() };
    let ended = run(true, Mode::X2Apic, [code, code], true);
    assert_eq!(ended.0.milestones.iter().filter(|milestone| milestone.code == 8).count(), 2);
    let many = Code {
        run: |cpu, _| {
            for value in 1..=58 {
                cpu.store(0, value);
            }
            loop {
                cpu.halt();
            }
        },
        ..Code::default()
    };
    let looks = Code {
        run: |cpu, _| {
            cpu.delay_us(1);
            if cpu.load(0) == 2 {
                cpu.reached(9);
            }
            cpu.delay_us(9);
            if cpu.load(0) == 58 {
                cpu.reached(ANSWERED);
            }
        },
        ..Code::default()
    };
    let pushed = run(true, Mode::X2Apic, [many, looks], false);
    assert!(reached(&pushed, 9).is_some() && reached(&pushed, ANSWERED).is_some());
}

/// INIT comes between two instructions: what was stored before it is not gone, and the start-up code sees it.
#[test]
fn an_init_does_not_undo_a_store() {
    let starts = Code {
        run: |cpu, _| {
            cpu.delay_us(1);
            let _ = cpu.write_msr(COMMAND, 1 << 32 | 0x4500);
            cpu.delay_us(1);
            if cpu.load(0) == 9 {
                cpu.reached(ANSWERED);
            }
        },
        ..Code::default()
    };
    let stores = Code {
        run: |cpu, _| {
            cpu.store(0, 9);
            cpu.delay_us(50);
        },
        ..Code::default()
    };
    let ended = run(true, Mode::X2Apic, [starts, stores], false);
    assert_eq!(ended.0.ending, Ending::Stopped);
    let initialised = ended.1.iter().filter(|event| event.what == What::Initialised).count();
    assert_eq!(initialised, 1);
}
