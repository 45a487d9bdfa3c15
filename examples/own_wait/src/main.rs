//! apicsim with what this crate has.

use std::process::ExitCode;

/// Software that allocates is Open: a counter on the heap would make a false proof.
#[global_allocator]
static ALLOCATOR: apicsim::sim::AllocationWatch = apicsim::sim::AllocationWatch::new();

fn main() -> ExitCode {
    apicsim::cli::main_with(own_wait::own_code())
}
