//! Build: from a scenario to a machine, its CPUs with their software, its bus, and the faults that act on them.
//!
//! [`assemble`] puts it together. `kernel` configures the kernel, `program` is what runs on its CPUs, `adapter` the only
//! place where that kernel and the simulated hardware meet.

pub mod adapter;
mod arrivals;
mod assembly;
mod costs;
mod cpu;
mod device_loads;
mod draw;
mod error;
mod goal;
mod hands;
pub(crate) mod interconnect;
mod io_apic;
mod kernel;
mod message_faults;
mod own_parts;
pub(crate) mod player;
pub(crate) mod program;

pub(crate) use adapter::as_set_up;
pub(crate) use assembly::dead_apics;
pub use assembly::{Choices, assemble};
pub(crate) use cpu::{faults_of_cpu, software};
pub(crate) use device_loads::device_interrupts;
pub use error::AssemblyError;
pub(crate) use goal::goal_milestones;
pub use hands::{Found, IcrReads};
pub(crate) use hands::{Hands, execute, initialise};
pub(crate) use kernel::{bound, delays, init_udelay, kernel, mps_timeout};
pub(crate) use message_faults::{damage, message_faults};
pub use own_parts::OwnParts;
pub(crate) use own_parts::fit;
