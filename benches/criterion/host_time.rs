//! Host time: what a run, a poll, a switch and an IPI cost on this host, and the memory a CPU needs.
#![allow(missing_docs, reason = "criterion's macros make the items")]

use apicsim::matrix::{Axes, matrix};
use apicsim::scenario::{self, ARCHES, MAIN_VARIANTS, Request};
use apicsim::{Settings, run};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim::apic::{Mode, Preset};
use sim::bus::{FrontSideBus, IdealBus, Interconnect, Latencies, PointToPointFabric};
use sim::{
    Closed, Cpu, CpuSettings, Duration, Execution, Generation, Machine, MachineSettings, Program, Software, StopRule,
    Time,
};
use std::sync::atomic::{AtomicU64, Ordering};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// A program of one function.
#[derive(Clone, Copy)]
struct Only(fn(Cpu<'_>));

impl Closed for Only {}

impl Software for Only {
    fn run(&self, cpu: Cpu<'_>) {
        (self.0)(cpu);
    }
    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        cpu.write_register(0xB0, 0);
        cpu.fetch_add(0, 1);
    }
}

fn machine(bus: Box<dyn Interconnect>, programs: Vec<fn(Cpu<'_>)>) -> Machine {
    let generation = Generation::XApic;
    let cpu = |number: usize| CpuSettings::default().with(|cpu| cpu.apic_id = number as u32);
    Machine::new(MachineSettings::new(generation, bus).with(|machine| {
        machine.busy_visible = true;
        machine.words = vec![0; 4];
        machine.cpus =
            programs.into_iter().enumerate().map(|(n, program)| (cpu(n), Program::closed(Only(program)))).collect();
        machine.limit = Time::from_us(1_000_000_000);
        machine.stop = StopRule::Any(vec![1]);
        machine.elision = false;
    }))
    .expect("the machine is possible")
}

const POLLS: u32 = 100_000;

/// A lone CPU that polls its ICR, with the digest on; nothing is skipped.
fn polls(cpu: Cpu<'_>) {
    for _ in 0..POLLS {
        cpu.read_register(0x300);
    }
    cpu.reached(1);
}

/// The same many loads of a shared word: what a poll costs beyond one is the price of the register table.
fn loads(cpu: Cpu<'_>) {
    for _ in 0..POLLS {
        cpu.load(0);
    }
    cpu.reached(1);
}

fn spins(cpu: Cpu<'_>) {
    for _ in 0..10_000u32 {
        cpu.load(0);
    }
    cpu.reached(1);
}

fn sleeps(cpu: Cpu<'_>) {
    loop {
        cpu.halt();
    }
}

const ROUND_TRIPS: u32 = 1_000;

/// Sends to CPU1, polls until idle, and waits until its handler has counted.
fn sends(cpu: Cpu<'_>) {
    for round in 0..ROUND_TRIPS {
        cpu.write_register(0x310, 1 << 24);
        cpu.write_register(0x300, 0xF0);
        while cpu.read_register(0x300) & 0x1000 != 0 {
            cpu.pause();
        }
        while cpu.load(0) <= round {
            cpu.pause();
        }
    }
    cpu.reached(1);
}

fn runs(criterion: &mut Criterion) {
    for (name, variant) in [("hung, with its proof", "before"), ("1.1 simulated s", "merged")] {
        let mut request = Request::new("nmi-stall");
        request.variant = Some(variant.to_owned());
        let scenario = scenario::load(&request).expect("a built-in scenario loads");
        criterion.bench_function(&format!("run nmi-stall {variant} ({name})"), |bencher| {
            bencher.iter(|| run(&scenario, &Settings::seeded(0)).expect("it runs").0.digest);
        });
    }
    criterion.bench_function("headline (27 runs)", |bencher| {
        bencher.iter(|| {
            let request = |arch: String, variant: String| {
                let mut request = Request::new("nmi-stall");
                (request.arch, request.variant) = (Some(arch), Some(variant));
                request
            };
            let axes =
                Axes { arches: &ARCHES, optional: &[], variants: &MAIN_VARIANTS, crash_cpus: &[], triggers: &[] };
            matrix(axes, &Settings::seeded(0), request).expect("it runs").rows.len()
        });
    });
}

fn engine(criterion: &mut Criterion) {
    let ideal = || Box::new(IdealBus::new(Duration::from_ns(100)));
    criterion.bench_function(&format!("{POLLS} polls of a lone CPU"), |bencher| {
        bencher.iter(|| machine(ideal(), vec![polls]).run(Execution::default()).expect("it runs").digest);
    });
    criterion.bench_function(&format!("{POLLS} loads of a lone CPU"), |bencher| {
        bencher.iter(|| machine(ideal(), vec![loads]).run(Execution::default()).expect("it runs").digest);
    });
    // 64 CPUs that each see every other as awake: each window is a switch for each CPU.
    criterion.bench_function("64 CPUs x 10000 loads, a switch every window", |bencher| {
        bencher.iter(|| machine(ideal(), vec![spins; 64]).run(Execution::default()).expect("it runs").digest);
    });
    criterion.bench_function(&format!("{ROUND_TRIPS} IPI round trips on a front-side bus"), |bencher| {
        bencher.iter(|| {
            machine(Box::new(FrontSideBus::new()), vec![sends, sleeps])
                .run(Execution::default())
                .expect("it runs")
                .digest
        });
    });
}

/// CPU 0 sends an NMI to all others each 10 µs of 1 ms.
fn broadcasts(cpu: Cpu<'_>) {
    for _ in 0..100 {
        cpu.delay_us(10);
        cpu.write_register(0x300, 0xC_4400);
        while cpu.read_register(0x300) & 0x1000 != 0 {
            cpu.pause();
        }
    }
    cpu.reached(1);
}

/// The same in x2APIC mode, for 100 µs.
fn wide_broadcasts(cpu: Cpu<'_>) {
    for _ in 0..10 {
        cpu.delay_us(10);
        cpu.write_msr(0x830, 0xC_4400).expect("x2APIC mode");
    }
    cpu.reached(1);
}

/// Large machines. The figure to look at is the throughput: an element is a simulated µs, so that 20 000 elements a second are
/// 20 simulated ms a host second.
fn large(criterion: &mut Criterion) {
    let programs = |count: usize, first: fn(Cpu<'_>)| {
        let mut programs: Vec<fn(Cpu<'_>)> = vec![sleeps; count];
        programs[0] = first;
        programs
    };
    let mut group = criterion.benchmark_group("large machines");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("255 xAPIC CPUs, an NMI to all each 10 us, 1 simulated ms", |bencher| {
        bencher.iter(|| {
            let machine = machine(Box::new(FrontSideBus::new()), programs(255, broadcasts));
            machine.run(Execution::default()).expect("it runs").digest
        });
    });
    group.throughput(Throughput::Elements(100));
    group.bench_function("4096 x2APIC CPUs, an NMI to all each 10 us, 100 simulated us", |bencher| {
        bencher.iter(|| {
            let cpu = |number: usize, program| {
                let apic = Preset::default().with(|preset| preset.mode = Mode::X2Apic);
                let settings = CpuSettings::default().with(|cpu| {
                    cpu.apic_id = number as u32;
                    cpu.apic = apic;
                });
                (settings, Program::closed(Only(program)))
            };
            let sockets: Vec<u16> = (0..=4096).map(|agent| agent / 64).collect();
            let fabric = PointToPointFabric::new(&sockets, Latencies::default()).expect("there are agents");
            let machine = Machine::new(MachineSettings::new(Generation::X2Apic, Box::new(fabric)).with(|machine| {
                machine.cpus =
                    programs(4096, wide_broadcasts).into_iter().enumerate().map(|(n, p)| cpu(n, p)).collect();
                machine.words = vec![0; 4];
                machine.stop = StopRule::Any(vec![1]);
            }));
            machine.expect("the machine is possible").run(Execution::default()).expect("it runs").digest
        });
    });
}

/// Resident pages of this process, from the host; none where it does not say.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}

/// Resident KiB while a machine of so many CPUs, which have all run, is alive.
fn resident_kib(cpus: usize) -> Option<u64> {
    fn measures(cpu: Cpu<'_>) {
        cpu.delay_us(10);
        RESIDENT.store(resident_bytes().unwrap_or(0) / 1024, Ordering::Relaxed);
        cpu.reached(1);
    }
    static RESIDENT: AtomicU64 = AtomicU64::new(0);
    let mut programs: Vec<fn(Cpu<'_>)> = vec![sleeps; cpus - 1];
    programs.push(measures);
    machine(Box::new(FrontSideBus::new()), programs).run(Execution::default()).expect("it runs");
    Some(RESIDENT.load(Ordering::Relaxed)).filter(|&kib| kib > 0)
}

/// Printed, not timed. The first, small machine makes the host load the code; what the large one adds is what CPUs need.
fn memory(_: &mut Criterion) {
    resident_kib(50);
    if let Some((small, large)) = resident_kib(50).zip(resident_kib(250)) {
        let bytes = (large - small) * 1024 / 200;
        eprintln!("resident with 50 CPUs {small} KiB, with 250 CPUs {large} KiB: {bytes} bytes a CPU (limit 8192)");
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2))
        .warm_up_time(std::time::Duration::from_millis(500));
    targets = memory, runs, engine, large
}
criterion_main!(benches);
