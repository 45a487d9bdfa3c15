//! The local APIC: a state machine that software reads and writes, and that the interconnect delivers to.
//!
//! Not modelled: APIC timer (its registers hold what is written, a non-zero initial count is refused), lowest-priority
//! delivery, SMI, INIT (but the level de-assert), start-up, remote read, external interrupts, the APIC base MSR, x2APIC
//! mode. What is asked of these comes back as `NotModelled`, so that the engine can say so.
//!
//! Nothing here acts on anything else: a write returns what must be sent, the engine sends it. After any call that
//! changes state, [`LocalApic::pending_vector`] says whether an interrupt waits for the core.

mod acceptance;
mod bits256;
mod destination;
mod error_status;
mod interrupt_command;
mod local_apic;
mod local_vector_table;
mod priority;
mod register_access;
mod registers;
#[cfg(test)]
mod testing;

pub use acceptance::{CoreState, Delivered};
pub use bits256::Bits256;
pub use error_status::{
    ILLEGAL_REGISTER, RECEIVE_ACCEPT_ERROR, RECEIVE_ILLEGAL_VECTOR, SEND_ACCEPT_ERROR, SEND_ILLEGAL_VECTOR,
};
pub use local_apic::{LocalApic, Preset};
pub use local_vector_table::LocalInterrupt;
pub use register_access::{WriteResult, Written};
pub use registers::register_name;
