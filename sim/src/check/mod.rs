//! The checker: is every IPI delivered to whom it must be, once, and taken as often as it was delivered?
//!
//! It is told facts and complains about histories that no correct machine has. It trusts no decision of the model: it
//! matches destinations by itself and keeps an IRR of its own for each CPU. It shares messages, time and the names of
//! generations with the model, and no code of the local APIC.
//!
//! It is conservative: what documents leave open (a CPU in reset, a software-disabled APIC, destinations across APIC
//! modes, an APIC whose registers change while a message is under way) is allowed either way, so that a complaint is
//! always a mistake of the machine.
//!
//! Not modelled: priorities (which of two vectors is taken first), timing (that a delivery comes soon), what the core
//! makes of SMI, INIT, start-up and ExtINT messages after it got them, the content of a remote read, ISR and EOI, the
//! 32-bit logical destinations of the 82489DX.

mod agent_bits;
mod checker;
mod checks;
mod classes;
mod delivery;
mod directory;
mod domains;
mod groups;
mod identity;
mod ledger;
mod logical_index;
mod receiver;
mod record;
mod settings;
mod shadow;
mod source;
mod standings;
#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod tests;
mod violation;

pub use checker::{Checker, Counts};
pub use checks::{Check, Checks, NoSuchCheck};
pub use identity::{ApicMode, Identity};
pub use settings::CheckerSettings;
pub use violation::{Subject, Violation};
