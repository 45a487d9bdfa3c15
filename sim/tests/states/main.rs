//! What each state of a CPU blocks and accepts: wait-for-SIPI, HLT, shutdown, system-management mode, NMI handler, STI
//! shadow (SDM vol. 3 §6.7.1, 8.4, 10.4.7.3, 26.6.2, 34.8), in whole machines on both executors.

mod asleep;
mod halted_timer;
mod machine;
mod nmi_blocking;
mod operations;
mod start_up;
mod sti;
mod windows;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();
