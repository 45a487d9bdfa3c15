//! Hang means proven: no false hang, no false completion, and what cannot be proven is not.

use crate::support::{load, report};
use apicsim::{Settings, Verdict, run};
use sim::bus::IdealBus;
use sim::{
    Closed, Cpu, CpuSettings, Duration, Ending, Execution, Generation, Machine, MachineSettings, Outcome, Program,
    Proof, Software, StopRule, Time, Window,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn play(program: Program, limit_us: u64, execution: Execution) -> Outcome {
    let generation = Generation::XApic;
    let cpu = CpuSettings::default();
    let settings = MachineSettings::new(generation, Box::new(IdealBus::new(Duration::from_ns(100)))).with(|machine| {
        machine.words = vec![0; 4];
        machine.cpus = vec![(cpu, program)];
        machine.limit = Time::from_us(limit_us);
        machine.stop = StopRule::Any(vec![1]);
    });
    Machine::new(settings).unwrap().run(execution).unwrap()
}

const EXECUTIONS: [Execution; 2] = [Execution::Reference, Execution::Windowed { workers: 1, window: Window::Full }];

/// A program of one function, Closed.
#[derive(Clone, Copy)]
struct Only(fn(Cpu<'_>));

impl Closed for Only {}

impl Software for Only {
    fn run(&self, cpu: Cpu<'_>) {
        (self.0)(cpu);
    }
}

#[test]
fn a_closed_endless_loop_is_proven() {
    for execution in EXECUTIONS {
        let outcome = play(
            Program::closed(Only(|cpu| {
                while cpu.load(0) == 0 {
                    cpu.pause()
                }
            })),
            1_000,
            execution,
        );
        assert_eq!(outcome.ending, Ending::Proven(Proof::Recurrence));
        let period = outcome.cpus[0].period.unwrap();
        assert_eq!(period, Generation::XApic.core_clock().span(3 + 40), "a load and a PAUSE");
    }
}

#[test]
fn a_sleeping_machine_is_quiescent() {
    for execution in EXECUTIONS {
        let outcome = play(
            Program::closed(Only(|cpu| {
                cpu.irq_save();
                cpu.halt();
            })),
            1_000,
            execution,
        );
        assert_eq!(outcome.ending, Ending::Proven(Proof::Quiescent));
    }
}

/// A counter on the stack never recurs: the program ends by itself and is not called hung before.
#[test]
fn a_counter_on_the_stack_is_no_hang() {
    fn counts(cpu: Cpu<'_>) {
        for _ in 0..5_000 {
            cpu.load(0);
            cpu.pause();
        }
        cpu.reached(1);
    }
    for execution in EXECUTIONS {
        assert_eq!(play(Program::closed(Only(counts)), 1_000_000, execution).ending, Ending::Stopped);
    }
}

/// A wrapping counter does recur: 256 rounds are a period.
#[test]
fn a_wrapping_counter_is_a_hang() {
    fn wraps(cpu: Cpu<'_>) {
        let mut round = 0u8;
        while cpu.load(u16::from(round >> 7)) == 0 {
            round = round.wrapping_add(1);
        }
    }
    let outcome = play(Program::closed(Only(wraps)), 1_000_000, EXECUTIONS[1]);
    assert_eq!(outcome.ending, Ending::Proven(Proof::Recurrence));
    assert_eq!(outcome.cpus[0].period.unwrap(), Generation::XApic.core_clock().span(3 * 256));
}

/// The counter is in a static: the stack recurs, the program ends all the same. It is Open, and never proven.
#[test]
fn a_counter_in_a_static_is_never_proven() {
    static ROUNDS: AtomicU32 = AtomicU32::new(0);
    let program = || {
        ROUNDS.store(0, Ordering::Relaxed);
        Program::from_fn(|cpu| {
            while ROUNDS.fetch_add(1, Ordering::Relaxed) < 100_000 {
                cpu.pause();
            }
            cpu.reached(1);
        })
    };
    assert_eq!(play(program(), 1_000_000, EXECUTIONS[1]).ending, Ending::Stopped, "it ends, given time");
    let cut = play(program(), 100, EXECUTIONS[1]);
    assert_eq!(cut.ending, Ending::Deadline, "not proven, given little");
    assert_eq!(cut.cpus[0].period, None);
    assert!(cut.cpus[0].suspected_period.is_some(), "suspected, and no more");
}

/// The same with a counter in a captured cell.
#[test]
fn a_counter_in_a_captured_cell_is_never_proven() {
    let rounds = Arc::new(AtomicU32::new(0));
    let program = Program::from_fn(move |cpu| {
        while rounds.fetch_add(1, Ordering::Relaxed) < 100_000 {
            cpu.pause();
        }
        cpu.reached(1);
    });
    assert_eq!(play(program, 100, EXECUTIONS[1]).ending, Ending::Deadline);
}

/// A loop that waits for the clock reads the clock: that is an effective event, even in a Closed program.
#[test]
fn a_clock_deadline_loop_is_never_proven() {
    fn until(cpu: Cpu<'_>) {
        while cpu.clock() < Time::from_us(500) {
            cpu.pause();
        }
        cpu.reached(1);
    }
    for execution in EXECUTIONS {
        assert_eq!(play(Program::closed(Only(until)), 1_000, execution).ending, Ending::Stopped);
        assert_eq!(play(Program::closed(Only(until)), 100, execution).ending, Ending::Deadline);
    }
}

/// A loop that draws choices is not proven either.
#[test]
fn a_loop_that_chooses_is_never_proven() {
    fn chooses(cpu: Cpu<'_>) {
        while cpu.choose(0, 1 << 20) != 77 {
            cpu.pause();
        }
    }
    assert_eq!(play(Program::closed(Only(chooses)), 100, EXECUTIONS[1]).ending, Ending::Deadline);
}

/// A bounded wait in progress is never reported as a hang, wherever the run is cut.
#[test]
fn a_safe_wait_in_progress_is_no_hang() {
    for variant in ["rfc", "merged"] {
        for arch in ["i386/default", "i386/numaq", "x86_64/flat"] {
            let mut scenario = load("nmi-stall", arch, variant, &[]);
            for cut_us in [70, 1_000, 50_000, 100_000] {
                scenario.limit_ps = cut_us * 1_000_000;
                let (report, _) = run(&scenario, &Settings::seeded(0)).unwrap();
                assert_eq!(report.verdict, Verdict::Deadline, "{arch} {variant} cut at {cut_us} us");
                assert!(report.loops.iter().all(|spin| spin.cpu != 0), "CPU0 counts its rounds");
            }
        }
    }
}

/// A hang stays a hang however long one looks: the deadline never comes first. The last that happens is the end
/// of CPU 2's report, after 5 ms.
#[test]
fn a_proof_does_not_depend_on_the_limit() {
    let mut scenario = load("nmi-stall", "i386/default", "before", &[]);
    let expected = run(&scenario, &Settings::seeded(0)).unwrap().0;
    for limit_us in [6_000, 1_000_000, 100_000_000_000] {
        scenario.limit_ps = limit_us * 1_000_000;
        let (report, _) = run(&scenario, &Settings::seeded(0)).unwrap();
        assert_eq!((report.verdict, report.digest), (Verdict::Hung, expected.digest), "{limit_us} us");
    }
}

/// Every endless loop is reported with its first instant and its minimal period.
#[test]
fn loops_have_start_and_period() {
    let report = report("nmi-stall", "i386/default", "before", &[]);
    let loops: Vec<(u16, &str, u64)> =
        report.loops.iter().map(|spin| (spin.cpu, crate::support::function(&spin.at), spin.period.as_ps())).collect();
    // P6: a read costs 40 cycles, PAUSE 1, a load 3, of 2 ns each.
    let expected = [
        (0, "apic_wait_icr_idle", 82_000),
        (1, "flush_tlb_others", 8_000),
        (2, "die_nmi", 8_000),
        (3, "smp_call_function", 8_000),
    ];
    assert_eq!(loops, expected);
}
