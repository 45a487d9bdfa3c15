//! The hardware of apicsim.
pub mod apic;
pub mod bus;
mod choice;
mod engine;
mod generation;
mod memory;
mod processor;
mod stream;
mod time;

pub use choice::{ChoicePoint, Chooser, Label, Recorded, Seeded};
pub use engine::*;
pub use generation::{Costs, DelayRule, FullTarget, Generation, IcrWriteWhileBusy, Knobs, NmiWhenPending, Slots};
pub use memory::{Key, Writer};
pub use processor::{
    Closed, Cpu, CpuSettings, Frame, Kind, LastSend, OpenWait, PROOFS, Program, Provenance, Software, WaitRecord,
};
pub use stream::{Access, Context, Event, Source, What};
pub use time::{ClockDomain, Duration, Time};
