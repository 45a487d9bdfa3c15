//! The windowed executor and the reference executor give one event stream, on random machines.

use sim::apic::{LocalSource, Mode, Preset};
use sim::bus::{
    Agent, Cluster, ClusterBus, FrontSideBus, IdealBus, Interconnect, Latencies, PhysicalScope, PointToPointFabric,
    SerialBus, SerialFault, SerialFaultKind, ShorthandScope, Wire,
};
use sim::io_apic::IoApicVersion;
use sim::{
    Closed, ClusterBusy, Cpu, CpuSettings, DeviceInterrupt, Duration, Execution, Generation, Knobs, LineChange,
    LocalEvent, Machine, MachineSettings, Outcome, Program, Seeded, Software, Start, Time, Window,
};
use std::sync::Arc;

/// Small, fast, and a plain function of its state: what the random programs decide by.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as u32
}

/// Random operations: registers of every kind, IPIs of every kind, shared words, delays, sleeps, interrupt flag.
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
        match next(state) % 24 {
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
            15 => cpu.reached(3),
            _ => self.rare_operation(cpu, state),
        }
    }

    fn rare_operation(&self, cpu: Cpu<'_>, state: &mut u64) {
        match next(state) % 10 {
            0 => {
                // one-shot or periodic, sometimes masked
                cpu.write_register(0x3E0, [0x0, 0x3, 0xB][next(state) as usize % 3]);
                cpu.write_register(0x320, ((next(state) % 4) << 16) | (0xE0 + next(state) % 4));
                cpu.write_register(0x380, 200 + next(state) % 4000);
            }
            1 => {
                cpu.read_register(0x390);
            }
            2 => {
                cpu.enable_interrupts();
                cpu.read_register(0xA0);
            }
            3 => {
                let faulted = cpu.read_msr([0x1B, 0x10, 0x802, 0x839, 0x6E0][next(state) as usize % 5]).is_err();
                cpu.fetch_add(3, u32::from(faulted));
            }
            4 => {
                // mode changes, legal and not; the page goes away and comes back
                let bits = u64::from(next(state) % 4) << 10;
                let _ = cpu.write_msr(0x1B, 0xFEE0_0000 | bits);
                let _ = cpu.write_msr(0x83F, 0x51);
            }
            5 => cpu.write_cr8(next(state) as u8 % 4),
            6 => cpu.write_register(0x0F0, 0xFF | (next(state) % 4).min(1) << 8),
            7 => {
                cpu.write_register(0x280, 0);
                cpu.read_register(0x280);
                cpu.read_memory(0xFEC0_0010 + next(state) % 2 * 0x20_0010);
                // a pin: edge or level, to somebody
                let pin = 0x10 + 2 * (next(state) % 3);
                cpu.write_memory(0xFEC0_0000, pin + 1);
                cpu.write_memory(0xFEC0_0010, (next(state) % self.cpus) << 24);
                cpu.write_memory(0xFEC0_0000, pin);
                cpu.write_memory(0xFEC0_0010, 0xD1 + next(state) % 4 + ((next(state) % 2) << 15));
            }
            _ => {
                let low = [0x4500, 0x4600, 0x4608, 0x4200, 0x41F1, 0x88F2, 0xC41F3, 0x404F1, 0xC500, 0x8500, 0x0302];
                cpu.write_register(0x310, (next(state) % self.cpus) << 24);
                cpu.write_register(0x300, low[next(state) as usize % low.len()]);
            }
        }
    }

    fn live(&self, cpu: Cpu<'_>, mut state: u64, operations: u32) {
        for _ in 0..operations {
            self.operation(cpu, &mut state);
        }
        cpu.write_register(0x380, 0); // no timer: else nothing can be proven
        cpu.write_register(0x80, 0);
        cpu.irq_restore(true);
        // For ever, on a word that may or may not change: parked, skipped, woken, proven.
        loop {
            cpu.load(1);
            cpu.pause();
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
        self.live(cpu, self.seed ^ u64::from(cpu.number()) << 32, self.operations);
    }

    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        cpu.write_register(0x0F0, 0x1FF);
        self.live(cpu, self.seed ^ u64::from(vector) << 40 ^ u64::from(cpu.number()) << 32, self.operations / 2);
    }

    fn reset(&self, cpu: Cpu<'_>) {
        self.live(cpu, self.seed ^ 0xAA << 40, self.operations / 2);
    }

    fn system_management(&self, cpu: Cpu<'_>) {
        cpu.delay_us(1);
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

/// Pins 0 and 1 go up and down.
fn lines(state: &mut u64) -> Vec<LineChange> {
    let change = |_| LineChange {
        at: Time::from_ps(u64::from(next(state)) % 300_000_000),
        pin: (next(state) % 2) as u8,
        high: next(state).is_multiple_of(2),
    };
    (0..30).map(change).collect()
}

fn serial_bus(ids: &[u8]) -> SerialBus {
    SerialBus::new(ids).expect("the ids are different")
}

/// A seed in three has something wrong with its wires.
fn faulty(bus: SerialBus, seed: u64) -> Box<dyn Interconnect> {
    let kind = match seed % 18 {
        0 => SerialFaultKind::ChecksumNoise { every: 3 },
        3 => SerialFaultKind::StuckWire { wire: Wire::Picd1, driven: false },
        6 => SerialFaultKind::StuckWire { wire: Wire::Picd0, driven: true },
        9 => SerialFaultKind::LostClock,
        12 => SerialFaultKind::ArbitrationId { agent: 0, id: 1 },
        15 => SerialFaultKind::Jabber { agent: 1 },
        _ => return Box::new(bus),
    };
    let until = seed.is_multiple_of(2).then(|| Time::from_us(120));
    Box::new(bus.with_faults(vec![SerialFault { from: Time::from_us(60), until, kind }]).expect("a possible fault"))
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

fn bus(kind: u32, cpus: Agent, seed: u64) -> Box<dyn Interconnect> {
    match kind {
        0 => {
            let ids: Vec<u8> = (0..cpus as u8).chain([14]).collect();
            faulty(serial_bus(&ids), seed)
        }
        1 => Box::new(FrontSideBus::new()),
        2 => Box::new(IdealBus::new(Duration::from_ns(100))),
        3 => clustered(cpus, seed, |ids| Box::new(serial_bus(ids))),
        4 => {
            let node = |ids: &[u8]| -> Box<dyn Interconnect> {
                Box::new(FrontSideBus::new().with_manager(ids.len() as Agent - 1))
            };
            clustered(cpus, seed, node)
        }
        5 => {
            let buses: Vec<u8> = (0..cpus).map(|cpu| (cpu % 2) as u8).collect();
            Box::new(FrontSideBus::new().with_buses(&buses).with_buffers(1 + (seed % 2) as usize))
        }
        _ => {
            let sockets: Vec<u16> = (0..=cpus).map(|agent| agent / 2).collect();
            Box::new(PointToPointFabric::new(&sockets, Latencies::default()).expect("there are agents"))
        }
    }
}

fn machine(setup: Setup) -> Machine {
    let mut state = setup.seed;
    let cpus = 2 + next(&mut state) % 4;
    let bus_kind = next(&mut state) % 7;
    let generation = match (bus_kind, next(&mut state) % 4) {
        (0 | 3, 0) => Generation::I82489Dx,
        (0 | 3, 1) => Generation::Pentium,
        (0 | 3, _) => Generation::P6,
        (_, 0 | 1) => Generation::XApic,
        (_, _) => Generation::X2Apic,
    };
    let bus = bus(bus_kind, cpus as Agent, setup.seed);
    let random = Random { seed: setup.seed, cpus, operations: 60 + next(&mut state) % 200 };
    let at = |state: &mut u64| Time::from_ps(u64::from(next(state)) % 400_000_000);
    let mut local_events: Vec<(Time, LocalEvent)> = (0..3)
        .map(|_| (at(&mut state), LocalEvent::Interrupt(LocalSource::PerformanceCounter)))
        .chain([(Time::from_us(33), LocalEvent::SystemManagement(Duration::from_us(7)))])
        .chain([(Time::from_us(50), LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high: true, vector: 0x20 }))])
        .collect();
    match next(&mut state) % 6 {
        0 => local_events.push((Time::from_us(90), LocalEvent::Init)),
        1 => local_events.push((Time::from_us(90), LocalEvent::Shutdown)),
        2 => local_events.push((Time::from_us(90), LocalEvent::JamDeliveryStatus)),
        _ => {}
    }
    let x2apic = generation == Generation::X2Apic && next(&mut state).is_multiple_of(3);
    let settings = |cpu: u32| CpuSettings {
        apic_id: cpu,
        apic: Preset {
            mode: if x2apic && cpu > 0 { Mode::X2Apic } else { Mode::XApic },
            ldr: 1 << (24 + cpu),
            lvt_performance: Some(0x400),
            lvt_lint0: Some(0x700),
            ..Preset::default()
        },
        start: if cpu == 2 { Start::WaitForStartUp } else { Start::Running },
        local_events: if cpu == 1 { local_events.clone() } else { vec![] },
        ..CpuSettings::default()
    };
    let devices = (0..6).map(|n| DeviceInterrupt {
        at: Time::from_ps(u64::from(next(&mut state)) % 300_000_000),
        vector: 0x31 + n,
        destination: (next(&mut state) % cpus) as u8,
    });
    Machine::new(MachineSettings {
        knobs: Knobs { jitter_cycles: next(&mut setup.seed.clone()) % 3, ..Knobs::default() },
        busy_visible: bus_kind != 2,
        words: vec![0; 6],
        device_interrupts: devices.collect(),
        cpus: (0..cpus).map(|cpu| (settings(cpu), Program::closed(random))).collect(),
        dead_apics: if setup.seed.is_multiple_of(7) { vec![(Time::from_us(40), 1)] } else { vec![] },
        chooser: Arc::new(Seeded(setup.seed)),
        limit: Time::from_us(3_000),
        io_apic: Some(IoApicVersion::I82801),
        lines: lines(&mut state),
        keep_events: setup.keep_events,
        elision: setup.elision,
        ..MachineSettings::new(generation, bus)
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

/// Seeds 0 to 99, or the one that `SEED` names: what a failure prints.
fn seeds() -> std::ops::Range<u64> {
    let only = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
    only.map_or(0..100, |seed| seed..seed + 1)
}

#[test]
fn executors_agree_on_random_machines() {
    let odd = Window::AtMost(Duration::from_ps(33_337));
    for seed in seeds() {
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
