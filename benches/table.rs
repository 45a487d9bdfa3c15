//! One table at the end of `cargo bench`: what is simulated (exact, the same on every host) and host time, apart.
//!
//! Host time is a ratio in this one process: how many of the plainest run, one IPI on a healthy machine, another one takes.
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use apicsim::scenario::{self, Request, Scenario};
use apicsim::{Settings, price, run};
use std::time::{Duration, Instant};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

fn load(name: &str, arch: &str, variant: &str, sets: &[&str]) -> Scenario {
    let mut request = Request::new(name);
    (request.arch, request.variant) = (Some(arch.to_owned()), Some(variant.to_owned()));
    request.sets = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::load(&request).expect("a built-in scenario loads")
}

fn simulated() {
    println!("\nSimulated time in us: exact, the same on every host");
    println!(
        "{:<18} {:<10} {:>10} {:>10} {:>16} {:>16}",
        "machine", "variant", "one NMI", "one FIXED", "crash, healthy", "crash, stuck"
    );
    for arch in
        ["i386/default", "i386/bigsmp", "x86_64/flat", "x86_64/physflat", "modern/xapic-flat", "modern/x2apic-phys"]
    {
        for variant in ["before", "rfc", "merged", "modern"] {
            let price = price(&load("normal-dispatch", arch, variant, &[])).expect("the machine runs");
            // A full slot class on a serial bus; elsewhere a front-side bus that stops.
            let stuck = if arch.starts_with("i386/") { "stall=slots" } else { "stall=fsb" };
            let crash = ["stall=none", stuck].map(|stall| {
                let (report, _) = run(&load("kdump", arch, variant, &[stall]), &Settings::seeded(0)).expect("it runs");
                report.from_crash.map_or_else(|| "never".to_owned(), |span| span.to_string())
            });
            let span = |span: Option<sim::Duration>| span.map_or_else(|| "-".to_owned(), |span| span.to_string());
            let (nmi, fixed) = (span(price.nmi), span(price.fixed));
            println!("{arch:<18} {variant:<10} {nmi:>10} {fixed:>10} {:>16} {:>16}", crash[0], crash[1]);
        }
    }
}

/// Host time of one run: the least of ten rounds of as many as fill a while.
#[expect(clippy::disallowed_methods, reason = "host time is what is measured here, and printed as such")]
fn host_time(scenario: &Scenario) -> Duration {
    let round = |count: u32| {
        let begin = Instant::now();
        for seed in 0..count {
            std::hint::black_box(run(scenario, &Settings::seeded(seed.into())).expect("it runs"));
        }
        begin.elapsed() / count
    };
    let once = round(1).max(Duration::from_nanos(1));
    let count = (20_000_000 / once.as_nanos()).clamp(1, 1_000) as u32;
    (0..10).map(|_| round(count)).min().unwrap_or(once)
}

fn host() {
    let jitter = "knobs.jitter_picclk=20";
    let cases = [
        ("normal-dispatch, i386/default", load("normal-dispatch", "i386/default", "before", &[])),
        ("the same, with jitter", load("normal-dispatch", "i386/default", "before", &[jitter])),
        (
            "the same, under load",
            load("normal-dispatch", "i386/default", "before", &[jitter, "load=[{ preset = \"ipis\" }]"]),
        ),
        ("normal-dispatch, x86_64/flat", load("normal-dispatch", "x86_64/flat", "before", &[])),
        ("normal-dispatch, modern/x2apic-phys", load("normal-dispatch", "modern/x2apic-phys", "modern", &[])),
        ("nmi-stall before: hung, with its proof", load("nmi-stall", "i386/default", "before", &[])),
        ("nmi-stall merged: 100 simulated ms", load("nmi-stall", "i386/default", "merged", &[])),
        ("kdump merged, healthy", load("kdump", "i386/default", "merged", &["stall=none"])),
    ];
    println!("\nHost time of one run: of this host, and as a ratio to the first line");
    println!("{:<40} {:>12} {:>8}", "run", "us", "ratio");
    let mut first = None;
    for (name, scenario) in cases {
        let took = host_time(&scenario);
        let first = *first.get_or_insert(took);
        println!("{name:<40} {:>12.1} {:>8.2}", took.as_secs_f64() * 1e6, took.as_secs_f64() / first.as_secs_f64());
    }
}

fn main() {
    simulated();
    host();
}
