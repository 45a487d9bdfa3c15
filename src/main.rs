//! The command line.

use std::process::ExitCode;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

fn main() -> ExitCode {
    apicsim::cli::main_with(apicsim::OwnCode::default())
}
