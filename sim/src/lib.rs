//! The hardware of apicsim: CPUs, their local APICs, the buses between them, shared memory and time. It knows no
//! software: what runs on a CPU is whatever implements [`Software`].
//!
//! # A first machine
//!
//! Software is ordinary blocking code. It gets a [`Cpu`], and every method of that is one *operation*: it has a cost in
//! core cycles, takes effect at the end of that cost, and interrupts may come before it. Between two operations no time
//! passes. Here CPU 0 sends one interrupt to CPU 1, which sleeps in HLT:
//!
//! ```
//! use sim::bus::SerialBus;
//! use sim::{
//!     Closed, Cpu, CpuSettings, Ending, Execution, Generation, Machine, MachineSettings, Program, Software, StopRule, Time,
//! };
//!
//! const TAKEN: u32 = 1;
//!
//! #[derive(Clone, Copy)]
//! struct OneIpi;
//!
//! impl Software for OneIpi {
//!     fn run(&self, cpu: Cpu<'_>) {
//!         if cpu.number() == 0 {
//!             cpu.write_register(0x310, 1 << 24); // ICR high: physical destination, APIC id 1
//!             cpu.write_register(0x300, 0x41); // ICR low: FIXED, vector 41h; this write sends
//!         }
//!         cpu.halt();
//!     }
//!
//!     fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
//!         assert_eq!(vector, 0x41);
//!         cpu.write_register(0x0B0, 0); // EOI
//!         cpu.reached(TAKEN);
//!     }
//! }
//!
//! impl Closed for OneIpi {}
//!
//! let generation = Generation::P6;
//! let cpu = |apic_id| CpuSettings::default().with(|cpu| cpu.apic_id = apic_id);
//! let machine = Machine::new(MachineSettings::new(generation, Box::new(SerialBus::new(&[0, 1])?)).with(|machine| {
//!     machine.cpus = vec![(cpu(0), Program::closed(OneIpi)), (cpu(1), Program::closed(OneIpi))];
//!     machine.limit = Time::from_us(1_000);
//!     machine.stop = StopRule::Any(vec![TAKEN]);
//! }))?;
//! let outcome = machine.run(Execution::default())?;
//!
//! assert_eq!(outcome.ending, Ending::Stopped);
//! assert_eq!(outcome.milestones[0].at.to_string(), "1.52"); // simulated µs
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The 1.52 µs are: two register writes of 20 cycles of 2 ns; the next edge of PICCLK strictly after them, at 120 ns; 20
//! bus cycles of 60 ns until the message is taken; 20 core cycles to wake from HLT and 60 to enter the handler; one more
//! register write.
//!
//! # How a run ends
//!
//! [`Ending`] says it: the [`StopRule`] was met, or the time limit came, or the machine is *proven* to do nothing but the
//! same for ever. The proof compares the live stack, the saved registers and what software can see of its CPU; so it is
//! made for [`Closed`] programs only, whose whole state is there. A closure of the host is Open
//! ([`Program::from_fn`]): it may count in a place that nobody compares, and is never proven to hang. On hosts for which
//! [`PROOFS`] is false nothing is proven by recurrence.
//!
//! # One result
//!
//! [`Outcome::digest`] is a hash over every event. It does not depend on [`Execution`] (which executor, how many
//! workers, how long a window), nor on [`MachineSettings::elision`], nor on who observes the run ([`Machine::observed`]). What may happen
//! either way is asked of the machine's one [`Chooser`].
//!
//! # Where to look
//!
//! | module | what |
//! |---|---|
//! | [`apic`] | one local APIC: registers, ICR, acceptance, priorities, EOI |
//! | [`bus`] | the [`Interconnect`](bus::Interconnect) trait; serial, front-side, cluster and ideal bus, point-to-point fabric |
//! | [`io_apic`], [`devices`] | I/O APIC; the interval timer on its pin 2 |
//! | [`check`] | the checker that no IPI is lost, duplicated or from nowhere |
//! | [`Machine`], [`MachineSettings`] | building and running |
//! | [`Cpu`], [`Software`], [`Program`] | what software sees, and what it is |
//! | [`Outcome`] | what a run leaves behind |
//! | [`Observer`], [`Told`], [`Event`], [`What`] | what it hands out while it goes on; [`Recording`] keeps all of it; [`Interest`]: which of it |
//! | [`Handle`], [`Budget`] | ending a run before its time |
//! | [`Generation`], [`Knobs`], [`Costs`] | what differs between parts, and what documents dispute |
//!
//! Not modelled: each module's first lines say what it leaves out. What software asks for and this version lacks ends the
//! run with [`RunError`]; nothing is silently skipped.
pub mod apic;
pub mod bus;
pub mod check;
mod choice;
mod coroutine;
pub mod devices;
mod engine;
mod generation;
pub mod io_apic;
mod memory;
mod named;
mod processor;
mod queue;
mod run_error;
mod slots;
mod stream;
mod time;

pub use choice::{ChoicePoint, Chooser, Label, Recorded, Seeded};
pub use coroutine::{AllocationWatch, PROOFS, Site, Stacks};
pub use engine::*;
pub use generation::*;
pub use memory::{Key, Writer};
pub use named::Named;
pub use processor::{
    Activity, Closed, Cpu, CpuAt, CpuSettings, Frame, Kind, LastSend, LocalEvent, Misdirected, OpenWait, Pin, Program,
    Provenance, Software, Start, TOLD_ONLY,
};
pub use run_error::RunError;
pub use stream::{Access, Context, Event, Interest, Source, Told, What};
pub use time::{ClockDomain, Duration, Time};
