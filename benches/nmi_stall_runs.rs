//! Runs the scenario `nmi-stall` so many times: `nmi_stall_runs VARIANT COUNT`. It has no clock: `benches/instructions.sh`
//! takes the time of two processes with different counts, and the difference is what the runs cost.
#![allow(clippy::print_stdout, reason = "the script reads what this program prints")]

use apicsim::scenario::{self, Request};
use apicsim::{Settings, run};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

fn main() {
    // Cargo adds `--bench`: without a variant and a count, this is no benchmark of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [variant, count] = &arguments[..] else {
        return println!("nmi_stall_runs VARIANT COUNT; benches/instructions.sh takes the time");
    };
    let mut request = Request::new("nmi-stall");
    request.variant = Some(variant.clone());
    let scenario = scenario::load(&request).expect("a built-in scenario loads");
    let mut digest = 0;
    for _ in 0..count.parse::<u32>().expect("a count is a number") {
        digest = run(&scenario, &Settings::seeded(0)).expect("it runs").0.digest;
    }
    println!("nmi-stall {variant}, {count} runs, digest {}", apicsim::report::digest::written(digest));
}
