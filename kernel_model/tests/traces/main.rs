//! Every kernel path makes exactly the accesses of `kernel.md`, whose sections the modules cite.

mod broadcasts;
mod called_in;
mod crash;
mod csd_lock_wait;
mod idle;
mod io_apic;
mod irq_work;
mod local_apic;
mod masks;
mod modern;
mod modern_calls;
mod modern_crash;
mod modern_io_apic;
mod modern_panic;
mod modern_start_up;
mod others;
mod own_wait;
mod printing;
mod recorder;
mod release;
mod shared;
mod start_up;
mod stop;
mod tables;
mod variants;
mod waits;
