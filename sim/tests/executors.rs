//! The windowed executor and the reference executor give one event stream, on random machines.

use sim::apic::Preset;
use sim::bus::{
    Agent, Cluster, ClusterBus, FrontSideBus, IdealBus, Interconnect, Latencies, PhysicalScope, PointToPointFabric,
    SerialBus, ShorthandScope,
};
use sim::{
    Closed, ClusterBusy, Cpu, CpuSettings, DeviceInterrupt, Duration, Execution, Generation, Knobs, Machine,
    MachineSettings, Outcome, Program, Seeded, Software, StopRule, Time, Window,
};
use std::sync::Arc;

/// Small, fast, and a plain function of its state: what the random programs decide by.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as u32
}

/// Random operations: registers, IPIs, shared words, delays, sleeps, interrupt flag.
#[derive(Clone, Copy)]
struct Random {
    seed: u64,
    cpus: u32,
    operations: u32,
}

impl Closed for Random {}

impl Random {
    fn operation(&self, cpu: Cpu<'_>, state: &mut u64) {
        let word = (next(state) % 6) as u16;
        match next(state) % 16 {
            0 => cpu.store(word, next(state) % 3),
            1 => {
                cpu.fetch_add(word, 1);
            }
            2 => {
                cpu.exchange(word, next(state) % 3);
            }
            3..=5 => {
                cpu.load(word);
            }
            6 => cpu.delay_us(next(state) % 4),
            7 => cpu.sleep_until(cpu.clock() + Duration::from_ns(u64::from(next(state) % 3000))),
            8 | 9 => self.send(cpu, state),
            10 => {
                let flags = cpu.irq_save();
                for _ in 0..next(state) % 40 {
                    cpu.load(word);
                    cpu.pause();
                }
                cpu.irq_restore(flags);
            }
            11 => cpu.write_register(0x80, (next(state) % 16) << 4),
            12 => {
                // A bounded spin on a word: parks if nobody writes it for long enough.
                cpu.wait_begin(7);
                for _ in 0..next(state) % 400 {
                    if cpu.load(word) == 2 {
                        break;
                    }
                    cpu.pause();
                }
                cpu.wait_end(0);
            }
            13 => {
                cpu.choose(1, 5);
            }
            14 => {
                cpu.read_register(0x300);
            }
            _ => cpu.reached(3),
        }
    }

    fn send(&self, cpu: Cpu<'_>, state: &mut u64) {
        cpu.wait_begin(1);
        let mut polls = 0;
        while cpu.read_register(0x300) & 0x1000 != 0 && polls < 300 {
            cpu.pause();
            polls += 1;
        }
        cpu.wait_end(u32::from(polls == 300));
        let to = next(state) % self.cpus;
        let nmi = next(state).is_multiple_of(5);
        cpu.write_register(0x310, to << 24);
        cpu.write_register(0x300, if nmi { 0x400 } else { 0xF0 + next(state) % 4 });
    }
}

impl Software for Random {
    fn run(&self, cpu: Cpu<'_>) {
        let mut state = self.seed ^ u64::from(cpu.number()) << 32;
        for _ in 0..self.operations {
            self.operation(cpu, &mut state);
        }
        cpu.write_register(0x80, 0);
        cpu.irq_restore(true);
        // For ever, on a word that may or may not change: parked, skipped, woken, proven.
        loop {
            cpu.load(1);
            cpu.pause();
        }
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        if vector & 1 == 0 {
            cpu.fetch_add(4, 1);
        }
        cpu.write_register(0xB0, 0);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        cpu.fetch_add(5, 1);
    }
}

#[derive(Clone, Copy)]
struct Setup {
    seed: u64,
    elision: bool,
    keep_events: bool,
}

/// Clusters of two CPUs, the I/O agent in the first. A seed in three has room for one message only.
fn clustered(cpus: Agent, seed: u64, segment: impl Fn(&[u8]) -> Box<dyn Interconnect>) -> Box<dyn Interconnect> {
    let cluster = |number: Agent| {
        let mut members: Vec<Agent> = (2 * number..cpus.min(2 * number + 2)).collect();
        members.extend((number == 0).then_some(cpus));
        let ids: Vec<u8> =
            members.iter().map(|&agent| if agent == cpus { 14 } else { agent as u8 }).chain([13]).collect();
        Cluster { number: number as u8, segment: segment(&ids), members, manager_id: 13 }
    };
    let cluster_busy = if seed.is_multiple_of(2) { ClusterBusy::FirstLeg } else { ClusterBusy::BothLegs };
    let mut bus = ClusterBus::new((0..cpus.div_ceil(2)).map(cluster).collect())
        .and_then(|bus| bus.with_links(Duration::from_ns(300), 1 + (seed % 3) as usize))
        .expect("every agent has its place")
        .with_knobs(Knobs { cluster_busy, ..Knobs::default() })
        .with_scopes(PhysicalScope::Machine, ShorthandScope::Machine);
    if seed.is_multiple_of(5) {
        bus.kill_link(Time::from_us(200), 1);
    }
    Box::new(bus)
}

fn bus(kind: u32, cpus: Agent, seed: u64) -> (Generation, Box<dyn Interconnect>) {
    let serial =
        |ids: &[u8]| -> Box<dyn Interconnect> { Box::new(SerialBus::new(ids).expect("the ids are different")) };
    match kind {
        0 => {
            let ids: Vec<u8> = (0..cpus as u8).chain([14]).collect();
            (Generation::P6, serial(&ids))
        }
        1 => (Generation::XApic, Box::new(FrontSideBus::new())),
        2 => (Generation::XApic, Box::new(IdealBus::new(Duration::from_ns(100)))),
        3 => (Generation::P6, clustered(cpus, seed, serial)),
        4 => {
            let node = |ids: &[u8]| -> Box<dyn Interconnect> {
                Box::new(FrontSideBus::new().with_manager(ids.len() as Agent - 1))
            };
            (Generation::XApic, clustered(cpus, seed, node))
        }
        5 => {
            let buses: Vec<u8> = (0..cpus).map(|cpu| (cpu % 2) as u8).collect();
            (Generation::XApic, Box::new(FrontSideBus::new().with_buses(&buses).with_buffers(1 + (seed % 2) as usize)))
        }
        _ => {
            let sockets: Vec<u16> = (0..=cpus).map(|agent| agent / 2).collect();
            let fabric = PointToPointFabric::new(&sockets, Latencies::default()).expect("there are agents");
            (Generation::XApic, Box::new(fabric))
        }
    }
}

fn machine(setup: Setup) -> Machine {
    let mut state = setup.seed;
    let cpus = 2 + next(&mut state) % 4;
    let bus_kind = next(&mut state) % 7;
    let (generation, bus) = bus(bus_kind, cpus as Agent, setup.seed);
    let random = Random { seed: setup.seed, cpus, operations: 60 + next(&mut state) % 200 };
    let counters: Vec<Time> = (0..3).map(|_| Time::from_ps(u64::from(next(&mut state)) % 400_000_000)).collect();
    let settings = |cpu: u32| CpuSettings {
        apic_id: cpu as u8,
        apic: Preset { ldr: 1 << (24 + cpu), lvt_performance: Some(0x400), ..Preset::default() },
        interrupts_enabled: true,
        performance_counter: if cpu == 1 { counters.clone() } else { vec![] },
    };
    let devices = (0..6).map(|n| DeviceInterrupt {
        at: Time::from_ps(u64::from(next(&mut state)) % 300_000_000),
        vector: 0x31 + n,
        destination: (next(&mut state) % cpus) as u8,
    });
    Machine::new(MachineSettings {
        generation,
        knobs: Knobs { jitter_cycles: next(&mut setup.seed.clone()) % 3, ..Knobs::default() },
        costs: generation.costs(),
        core_clock: generation.core_clock(),
        bus,
        busy_visible: bus_kind != 2,
        words: vec![0; 6],
        device_interrupts: devices.collect(),
        cpus: (0..cpus).map(|cpu| (settings(cpu), Program::closed(random))).collect(),
        dead_apics: if setup.seed.is_multiple_of(7) { vec![(Time::from_us(40), 1)] } else { vec![] },
        chooser: Arc::new(Seeded(setup.seed)),
        limit: Time::from_us(3_000),
        stop: StopRule::Never,
        keep_events: setup.keep_events,
        elision: setup.elision,
    })
    .expect("the machine is possible")
}

fn run(setup: Setup, execution: Execution) -> Outcome {
    machine(setup).run(execution).expect("everything that the programs use is modelled")
}

fn windowed(workers: usize, window: Window) -> Execution {
    Execution::Windowed { workers, window }
}

/// The first event in which two runs of a seed differ: what a failing comparison is debugged by.
fn first_difference(seed: u64, a: (bool, Execution), b: (bool, Execution)) -> String {
    let events = |(elision, execution)| run(Setup { seed, elision, keep_events: true }, execution).events;
    let (a, b) = (events(a), events(b));
    for index in 0..a.len().max(b.len()) {
        if a.get(index) != b.get(index) {
            let show = |events: &[sim::Event]| -> String {
                let part = events.iter().skip(index.saturating_sub(4)).take(9);
                part.map(|e| format!("\n  {} {:?} {:?}", e.time, e.source, e.what)).collect()
            };
            return format!("event {index}:{}\nagainst{}", show(&a), show(&b));
        }
    }
    format!("equal events ({} and {}), other ends", a.len(), b.len())
}

#[test]
fn executors_agree_on_random_machines() {
    let odd = Window::AtMost(Duration::from_ps(33_337));
    for seed in 0..100 {
        let reference = run(Setup { seed, elision: false, keep_events: false }, Execution::Reference);
        let cases = [
            (true, Execution::Reference),
            (false, windowed(1, Window::Full)),
            (true, windowed(1, Window::Full)),
            (true, windowed(1, Window::Half)),
            (true, windowed(1, odd)),
            (true, windowed(3, Window::Full)),
        ];
        for (elision, execution) in cases {
            let other = run(Setup { seed, elision, keep_events: false }, execution);
            assert!(
                reference.digest == other.digest && reference.ending == other.ending,
                "seed {seed}, elision {elision}, {execution:?}: {:?} against {:?}; {}",
                reference.ending,
                other.ending,
                first_difference(seed, (false, Execution::Reference), (elision, execution)),
            );
            assert_eq!(reference.last_effective, other.last_effective, "seed {seed}");
            assert_eq!(reference.milestones, other.milestones, "seed {seed}");
        }
    }
}
