//! Simulated latency: what an IPI and the crash path cost in simulated time, under each way to wait.
//!
//! The measure is simulated picoseconds, not host time, so every sample of a benchmark is the same.
#![allow(missing_docs, reason = "criterion's macros make the items")]

use apicsim::scenario::{self, Request, Scenario, VARIANTS};
use apicsim::{Settings, price, price_under_load, run};
use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// Simulated time.
struct Simulated;

struct Microseconds;

impl ValueFormatter for Microseconds {
    fn scale_values(&self, _: f64, values: &mut [f64]) -> &'static str {
        values.iter_mut().for_each(|value| *value /= 1e6);
        "simulated us"
    }
    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        "1/simulated us"
    }
    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        self.scale_values(0.0, values)
    }
}

impl Measurement for Simulated {
    type Intermediate = ();
    type Value = u128;
    fn start(&self) -> Self::Intermediate {}
    fn end(&self, (): Self::Intermediate) -> u128 {
        0
    }
    fn add(&self, a: &u128, b: &u128) -> u128 {
        a + b
    }
    fn zero(&self) -> u128 {
        0
    }
    fn to_f64(&self, value: &u128) -> f64 {
        *value as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        &Microseconds
    }
}

fn load(name: &str, arch: &str, variant: &str, sets: &[&str]) -> Scenario {
    let mut request = Request::new(name);
    request.arch = Some(arch.to_owned());
    request.variant = Some(variant.to_owned());
    request.sets = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::load(&request).expect("a built-in scenario loads")
}

/// Reports `ps` for each iteration. The loop is real, because criterion chooses the number of iterations by host time.
fn report(criterion: &mut Criterion<Simulated>, name: &str, ps: u64) {
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| (0..iterations).map(|_| u128::from(std::hint::black_box(ps))).sum());
    });
}

/// One IPI to an idle CPU.
fn ipi(criterion: &mut Criterion<Simulated>) {
    for arch in ["i386/default", "x86_64/flat"] {
        for variant in VARIANTS {
            let scenario = load("normal-dispatch", arch, variant, &["machine.cpus=8"]);
            for (state, price) in [("idle", price(&scenario)), ("loaded", price_under_load(&scenario))] {
                let price = price.expect("the machine runs");
                let (nmi, fixed) = (price.nmi.expect("two CPUs"), price.fixed.expect("two CPUs"));
                report(criterion, &format!("NMI to an idle CPU/{arch}/{state}/{variant}"), nmi.as_ps());
                report(criterion, &format!("FIXED to an idle CPU/{arch}/{state}/{variant}"), fixed.as_ps());
            }
        }
    }
}

/// From the crash to the capture kernel: on an idle machine, and on one whose CPU2 is locked up.
fn crash_path(criterion: &mut Criterion<Simulated>) {
    for arch in ["i386/default", "i386/bigsmp", "x86_64/flat", "x86_64/physflat"] {
        for (state, set) in [("idle", "stall=none"), ("loaded", "stall=slots")] {
            for variant in VARIANTS {
                let scenario = load("kdump", arch, variant, &[set]);
                let (run, _) = run(&scenario, &Settings::seeded(0)).expect("the scenario runs");
                let name = format!("crash to capture kernel/{arch}/{state}/{variant}");
                match run.from_crash {
                    Some(span) => report(criterion, &name, span.as_ps()),
                    None => eprintln!("{name}: hangs for ever ({:?})", run.verdict),
                }
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(Simulated).sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(1)).measurement_time(std::time::Duration::from_millis(1));
    targets = ipi, crash_path
}
criterion_main!(benches);
