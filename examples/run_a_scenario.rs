//! A built-in scenario from Rust: under each wait and under several seeds, with the verdict, the cause and the token.
//!
//! Run it with `cargo run --example run_a_scenario`.
#![allow(clippy::print_stdout, reason = "an example shows what comes out")]

use apicsim::scenario::{self, Request, VARIANTS};
use apicsim::{Settings, Verdict, run};
use std::error::Error;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

fn main() -> Result<(), Box<dyn Error>> {
    for variant in VARIANTS {
        let mut request = Request::new("nmi-stall");
        request.variant = Some(variant.to_owned());
        // Up to five PICCLK of jitter a message: now the seed matters.
        request.sets = vec!["knobs.jitter_picclk=5".to_owned()];
        let scenario = scenario::load(&request)?;

        for seed in 0..4 {
            let (report, _) = run(&scenario, &Settings::seeded(seed))?;
            let after = report.from_crash.map_or("never".to_owned(), |span| format!("{span} us after the crash"));
            println!("{variant:<7} seed {seed}: {}, send returned {after}", report.verdict.name());
            if let Some(hang) = &report.hang {
                println!("        {}, because {}", hang.at, hang.cause);
            }
            // A property: a bounded wait always comes back. The token is what a failing test should print.
            assert!(variant == "before" || report.verdict == Verdict::Completed, "{}", report.token);
        }
    }
    Ok(())
}

#[test]
fn it_comes_out_so() -> Result<(), Box<dyn Error>> {
    main()
}
