//! One simulated CPU: its clock, its local APIC, its copy of the shared words, and the software that runs on it.
//!
//! Not modelled: instructions between operations, caches, exceptions, machine checks.

mod activity;
mod boundary;
mod command_pair;
mod core;
mod effects;
mod facts;
mod interrupts;
mod local_events;
mod operation;
mod parking;
mod privileged;
mod settings;
mod software;
mod step;

pub use activity::Activity;
pub(crate) use boundary::{CoreBox, Flow};
pub use boundary::{Cpu, PROOFS};
pub use command_pair::Misdirected;
pub(crate) use core::{Core, Outgoing, Outgone};
pub use core::{Frame, LastSend, OpenWait, Provenance, WaitRecord};
pub(crate) use facts::Fact;
pub use local_events::LocalEvent;
pub use operation::Kind;
pub(crate) use settings::Common;
pub use settings::{CpuSettings, Start};
pub use software::{Closed, Program, Software};
