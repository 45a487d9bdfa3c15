//! The only place where software and hardware meet: kernel_model's code on a simulated CPU.
//!
//! Scenarios build their machines by themselves. Who builds one of their own, [`sim::Machine`] with a bus, software and faults
//! that no scenario has, runs the kernel's functions there: an [`OnCpu`] is the [`Processor`](kernel_model::Processor) that they
//! ask for, over the [`Cpu`](sim::Cpu) that software gets. [`shared_words`] and [`cpu_settings`] are what a kernel that is up has
//! made of the memory and the local APICs.
//!
//! ```
//! use apicsim::adapter::{OnCpu, cpu_settings, shared_words};
//! use apicsim::kernel_model::{self, Arch, CallLock, Called, Kernel, Variant};
//! use apicsim::sim::bus::FrontSideBus;
//! use apicsim::sim::*;
//!
//! /// CPU 0 calls a function on all others, who are idle.
//! #[derive(Clone, Copy)]
//! struct OneCall(Kernel);
//!
//! /// The kernel's own milestones have lower numbers.
//! const RETURNED: u32 = 1000;
//!
//! impl Software for OneCall {
//!     fn run(&self, cpu: Cpu<'_>) {
//!         let on_cpu = OnCpu::exact(cpu);
//!         if cpu.number() == 0 {
//!             kernel_model::smp_call_function(&self.0, &on_cpu, Called::Nothing, true, CallLock::Take);
//!             cpu.reached(RETURNED);
//!         }
//!         kernel_model::cpu_idle(&on_cpu);
//!     }
//!
//!     fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
//!         kernel_model::do_interrupt(&self.0, &OnCpu::exact(cpu), vector);
//!     }
//! }
//!
//! impl Closed for OneCall {}
//!
//! let kernel = Kernel::new(Arch::X8664Flat, Variant::Merged, 4);
//! let machine = Machine::new(MachineSettings::new(Generation::XApic, Box::new(FrontSideBus::new())).with(|machine| {
//!     machine.words = shared_words(&kernel);
//!     machine.cpus = (0..4).map(|cpu| (cpu_settings(&kernel, cpu), Program::closed(OneCall(kernel)))).collect();
//!     machine.stop = StopRule::Any(vec![RETURNED]);
//! }))?;
//! let outcome = machine.run(Execution::default())?;
//! assert_eq!(outcome.ending, Ending::Stopped);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not modelled here: what a scenario adds, its roles, goals and explanations.

mod on_cpu;
mod set_up;

pub(crate) use on_cpu::CaptureKernel;
pub use on_cpu::{Delays, OnCpu};
pub(crate) use set_up::as_set_up;
pub(super) use set_up::initial_words;
pub use set_up::{cpu_settings, shared_words};
