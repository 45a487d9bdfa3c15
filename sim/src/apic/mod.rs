//! The local APIC: a state machine that software reads and writes, and that the interconnect delivers to.
//!
//! Not modelled: each file's first lines say what it leaves out.
//!
//! Nothing here acts on anything else: a write returns what must be sent, the engine sends it. After any call that
//! changes state, [`LocalApic::pending_vector`] says whether an interrupt waits for the core, and
//! [`LocalApic::timer_expiry`] when the timer fires.

mod acceptance;
mod apic_base;
mod bits256;
mod class_slots;
mod core_sleep;
mod destination;
mod error_interrupt;
mod error_status;
mod fixed_interrupts;
mod interrupt_command;
mod local_apic;
mod local_vector_table;
mod mode;
mod model_specific;
mod peek;
mod pins;
mod priority;
mod priority_messages;
mod register_access;
mod registers;
#[cfg(test)]
mod testing;
mod timer;
mod told_priority;

pub use acceptance::{CoreState, Delivered};
pub use apic_base::{GeneralProtection, MSR_APIC_BASE};
pub use bits256::Bits256;
pub use class_slots::ClassSlots;
pub use error_status::*;
pub use local_apic::{Clocks, LocalApic, Preset};
pub use local_vector_table::{LocalInterrupt, LocalSource};
pub use mode::Mode;
pub use model_specific::{MSR_TIME_STAMP_COUNTER, MSR_TSC_DEADLINE};
pub use priority_messages::MSR_MISC_ENABLE;
pub use register_access::{WriteResult, Written};
pub use registers::{Access, Register, Row, TABLE, X2APIC_MSRS, register_name};
