//! Scripts: local APICs poked by hand, one operation a line, on the simulated machine.
//!
//! The format, and what each operation prints, is in `docs/script.md`. A script runs as software of the simulated
//! CPUs: nothing here knows what an APIC does.
//!
//! Not modelled: what the CPUs execute between two operations (the guest's own instructions take no time), a real-mode
//! trampoline, firmware.

mod answer;
mod commands;
mod conductor;
mod guest;
mod instant;
mod machine;
mod mailbox;
mod model;
mod names;
mod notebook;
mod pace;
mod parse;
mod print;
mod run;
mod session;
mod software;
mod state;
mod work;

pub(crate) use print::names;
pub(crate) use run::{Ends, Looks, run_observed};

pub use crate::machine::{Found, IcrReads};
pub use answer::{Answer, Seen};
pub use machine::Board;
pub use model::{Action, Asked, Counted, Init, Line, Script, Work};
pub use print::{document, text};
pub use run::{End, Reply, Transcript, run};
pub use session::{Session, Step};
