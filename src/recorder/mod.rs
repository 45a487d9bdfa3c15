//! A recording APIC: the ordered accesses of one kernel function, without a machine.
//!
//! Not modelled: time but that of delays and of readings of the time-stamp counter (1 µs); an ICR that becomes busy by itself
//! (it is idle, stuck, or becomes idle after so much delay); interrupts that come while the function runs.

mod conditions;
mod cpu;
mod listing;
mod machine;
mod others;
mod record;
mod recording;

pub(crate) use conditions::{Icr, Others};
pub(crate) use listing::{document, text};
pub(crate) use record::record;
