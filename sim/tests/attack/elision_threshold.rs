//! When a proof is found is a result: the least limit that gives *proven* is the same in every execution, one
//! picosecond after `proven_at`; so are period and site at every limit around it.

use crate::compare::{differing, lines};
use crate::executions::drawn;
use crate::machines::{Setup, machine};
use crate::running::{USUAL, attempt};
use sim::bus::{IdealBus, Interconnect};
use sim::{
    Closed, Cpu, CpuSettings, Duration, Ending, Execution, Generation, Machine, MachineSettings, Outcome, Program,
    Software, Time,
};

/// A loop of a long period, and somebody who does something that it never reads, long after it is proven.
#[derive(Debug, Clone, Copy)]
struct Undisturbed {
    /// Delays in a period.
    delays: u32,
    /// What the other one does.
    disturbance: u8,
    after_us: u32,
}

impl Closed for Undisturbed {}

impl Software for Undisturbed {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() == 1 {
            return self.disturb(cpu);
        }
        cpu.irq_save();
        loop {
            cpu.load(1);
            for _ in 0..self.delays {
                cpu.delay_us(7);
            }
        }
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        cpu.delay_us(3);
    }

    fn system_management(&self, cpu: Cpu<'_>) {
        cpu.delay_us(2);
    }
}

impl Undisturbed {
    fn disturb(&self, cpu: Cpu<'_>) {
        cpu.delay_us(self.after_us);
        let send = |low: u32| {
            cpu.write_register(0x310, 0);
            cpu.write_register(0x300, low);
        };
        match self.disturbance {
            0 => send(0xF0), // masked: it changes an IRR that nobody reads
            1 => cpu.store(2, 5),
            2 => {
                cpu.store(1, 1);
                cpu.store(1, 0);
            }
            3 => send(0x400),
            _ => send(0x200),
        }
    }
}

fn undisturbed(program: Undisturbed, limit: Time, elision: bool) -> Machine {
    let bus: Box<dyn Interconnect> = Box::new(IdealBus::new(Duration::from_ns(100)));
    let cpu = |apic_id| (CpuSettings::default().with(|cpu| cpu.apic_id = apic_id), Program::closed(program));
    Machine::new(MachineSettings::new(Generation::XApic, bus).with(|machine| {
        machine.cpus = vec![cpu(0), cpu(1)];
        machine.words = vec![0; 4];
        machine.limit = limit;
        machine.elision = elision;
    }))
    .expect("the machine is possible")
}

fn is_proven(outcome: &Outcome) -> bool {
    matches!(outcome.ending, Ending::Proven(_))
}

/// The least limit for which `proven` holds, if it holds for `greatest`.
fn least_limit(greatest: Time, proven: impl Fn(Time) -> bool) -> Option<Time> {
    let (mut low, mut high) = (0, greatest.as_ps());
    if !proven(greatest) {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if proven(Time::from_ps(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(Time::from_ps(high))
}

const PROGRAMS: [Undisturbed; 6] = [
    Undisturbed { delays: 40, disturbance: 0, after_us: 20_000 },
    Undisturbed { delays: 40, disturbance: 1, after_us: 20_000 },
    Undisturbed { delays: 13, disturbance: 2, after_us: 9_000 },
    Undisturbed { delays: 40, disturbance: 3, after_us: 20_000 },
    Undisturbed { delays: 3, disturbance: 4, after_us: 5_000 },
    Undisturbed { delays: 1, disturbance: 0, after_us: 1_111 },
];

// Old: 20720.102085 us without elision, 20461.100835 with it or in short windows.
#[test]
fn the_least_limit_that_proves_is_one_and_follows_the_proof() {
    for program in PROGRAMS {
        let run = |limit, elision, execution| attempt(undisturbed(program, limit, elision), execution);
        let greatest = Time::from_us(200_000);
        let least = USUAL.map(|(elision, execution)| {
            let proven = |limit| run(limit, elision, execution).is_ok_and(|outcome| is_proven(&outcome));
            least_limit(greatest, proven)
        });
        assert!(least.iter().all(|limit| limit.is_some() && *limit == least[0]), "{program:?}: {least:?}");
        let proof = run(greatest, true, Execution::default()).ok().and_then(|outcome| outcome.proven_at);
        let just_after = proof.map(|at| at + Duration::from_ps(1));
        assert_eq!(least[0], just_after, "{program:?}: least limit, and one picosecond after the proof");
    }
}

// Old: at 20488 us Deadline or Proven(Recurrence), by execution.
#[test]
fn period_and_site_are_one_at_every_limit() {
    for program in PROGRAMS {
        let limits = [-3, -2, -1, 0, 1, 2, 3, 30].map(|steps: i64| {
            let ps = i64::from(program.after_us) * 1_000_000 + steps * 77_777_777;
            Time::from_ps(ps.unsigned_abs())
        });
        let later = (1..24).map(|step| Time::from_us(u64::from(program.after_us) + 61 * step));
        for limit in limits.into_iter().chain(later) {
            let expected = lines(&attempt(undisturbed(program, limit, false), Execution::Reference), true);
            for (elision, execution) in USUAL {
                let found = lines(&attempt(undisturbed(program, limit, elision), execution), true);
                let different = differing(&expected, &found);
                let way = format!("{program:?}, limit {limit}, elision {elision}, {execution:?}");
                assert!(different.is_empty(), "{way}:\n{}", different.join("\n"));
            }
        }
    }
}

/// Random machines that are tried at the limit of their proof.
const MACHINES: std::ops::Range<u64> = 0..240;

// Old: seed 7 at 612.604 us: Deadline without elision, Proven(Recurrence) with it.
#[test]
fn random_machines_agree_at_the_limit_of_their_proof() {
    let mut tried = 0;
    for seed in MACHINES {
        let plain = Setup::plain(seed);
        let Ok(outcome) = attempt(machine(plain), Execution::Reference) else { continue };
        if !is_proven(&outcome) {
            continue;
        }
        tried += 1;
        let at_limit = |limit| Setup { limit: Some(limit), ..plain };
        let proven =
            |limit| attempt(machine(at_limit(limit)), Execution::Reference).is_ok_and(|outcome| is_proven(&outcome));
        let proof = outcome.proven_at.map(|at| at + Duration::from_ps(1));
        let least = proof.or_else(|| least_limit(Time::from_us(1_000), proven)).expect("it was proven");
        assert!(proven(least), "seed {seed}: not proven at {least}");
        let just_before = Time::from_ps(least.as_ps() - 1);
        assert!(!proven(just_before), "seed {seed}: proven at {just_before}, before the proof");
        for limit in [just_before, least] {
            let expected = lines(&attempt(machine(at_limit(limit)), Execution::Reference), true);
            for way in drawn(seed) {
                let setup = Setup { elision: way.elision, ..at_limit(limit) };
                let different = differing(&expected, &lines(&attempt(machine(setup), way.execution), true));
                assert!(different.is_empty(), "SEED={seed}, limit {limit}, {way:?}:\n{}", different.join("\n"));
            }
        }
    }
    assert!(tried > 5, "only {tried} machines were proven");
}
