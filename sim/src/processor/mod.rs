//! One simulated CPU: its clock, its local APIC, and the software that runs on it.
//!
//! An operation of software comes in by [`cpu`] and the boundary (`coroutine`), begins in [`turns`], and takes effect in
//! [`effects`]. What comes before it is decided by [`reasons`] and [`by_itself`], and done by [`handlers`] and
//! [`activity`]. [`search`] and [`recurrence`] prove that a CPU repeats itself. The state that all of them work on is
//! [`core`]; it is made of the small types of [`pending`], [`latches`], [`local_events`], [`account`], [`facts`].
//!
//! Not modelled: instructions between operations, caches, exceptions, machine checks.

mod account;
mod activity;
mod activity_kind;
mod by_itself;
mod command_pairs;
mod core;
mod cpu;
mod effects;
mod facts;
mod handlers;
mod latches;
mod late_priority;
mod local_events;
mod nesting;
mod next;
mod operation;
mod pending;
mod reasons;
mod recurrence;
mod search;
mod settings;
mod software;
mod store_buffer;
mod storing;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod straight;
mod telling;
mod turns;

pub use account::{Frame, LastSend, OpenWait, Provenance};
pub use activity_kind::Activity;
pub use command_pairs::Misdirected;
pub(crate) use core::{Core, Outgoing, Outgone};
pub use cpu::{Cpu, CpuAt};
pub use effects::hooks::TOLD_ONLY;
pub(crate) use facts::Fact;
pub use local_events::{LocalEvent, Pin};
pub use operation::Kind;
pub(crate) use settings::Common;
pub use settings::{CpuSettings, Start};
pub use software::{Closed, Program, Software};

/// A CPU with its software.
pub(crate) type Processor = crate::coroutine::Owned<Core>;
