//! What surrounds a recorded call: the state of the ICR, and what the other CPUs do.
//!
//! Not modelled: an ICR that becomes busy by itself, other CPUs that answer late.

use crate::scenario::named::named;

named! {
    /// What the other CPUs of the recording machine do when the function waits for them.
    #[non_exhaustive]
    pub enum Others ("behaviour of others") {
        /// They take what was sent, by the kernel's own code, at once.
        Answer = "answer",
        /// Nothing.
        Silent = "silent",
    }
}

/// Delivery status of the recording APIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icr {
    /// Idle.
    Idle,
    /// Busy for ever.
    Stuck,
    /// Busy until this much delay has passed.
    ClearsAfter {
        /// That much.
        delay_ps: u64,
    },
}
