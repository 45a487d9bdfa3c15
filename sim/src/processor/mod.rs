//! One simulated CPU: its clock, its local APIC, its copy of the shared words, and the software that runs on it.
//!
//! Not modelled: instructions between operations, caches, SMM, INIT and start-up (they need a reset of the coroutine,
//! for which the boundary leaves room), machine checks.

mod boundary;
mod core;
mod effects;
mod interrupts;
mod operation;
mod parking;
mod settings;
mod software;
mod step;

pub(crate) use boundary::{CoreBox, Flow};
pub use boundary::{Cpu, PROOFS};
pub(crate) use core::{Core, Outgoing, Outgone};
pub use core::{Frame, LastSend, OpenWait, Provenance, WaitRecord};
pub use operation::Kind;
pub(crate) use settings::Common;
pub use settings::CpuSettings;
pub use software::{Closed, Program, Software};
